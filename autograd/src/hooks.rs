//! Functions that backward calls with a variable's gradient, and the gradients it keeps.

use std::sync::Arc;

use crate::Variable;
use crate::node::Node;
use crate::variable::{History, Leaf};

/// A function of a gradient, which may replace it.
pub(crate) type Hook = Box<dyn Fn(&Variable) -> Option<Variable> + Send + Sync>;

/// Where `retain_grad` keeps a gradient, and the node that puts it there.
pub(crate) struct Retained {
    pub(crate) slot: Arc<Leaf>,
    node: Arc<Node>,
}

/// Stops a hook from being called: see [`Variable::register_hook`].
pub struct HookHandle(Box<dyn FnOnce() + Send + Sync>);

impl HookHandle {
    /// Removes the hook.
    pub fn remove(self) {
        (self.0)();
    }
}

impl Variable {
    /// Keeps the gradient of a variable that an operation made: `grad` then returns it, as the hooks
    /// leave it. Like a leaf's, it accumulates.
    pub fn retain_grad(&self) {
        let history = self.history();
        let mut retained = self.0.retained.lock();
        if retained.is_none() {
            *retained = retain_in(&history, Leaf::new(&self.tensor()));
        }
    }

    /// Another place in the graph, after an operation in place: the gradient retained is then that of
    /// what the variable has become.
    pub(crate) fn rewire(&self, history: History) {
        *self.0.history.write() = history;
        let mut retained = self.0.retained.lock();
        if let Some(before) = retained.take() {
            if let Some(rare) = &mut before.node.state.lock().rare {
                rare.retained.retain(|(_, slot)| !Arc::ptr_eq(slot, &before.slot));
            }
            *retained = retain_in(&self.0.history.read(), before.slot);
        }
    }

    /// Calls `hook` with the gradient of this variable whenever `backward` has computed it; what it
    /// returns takes the gradient's place. A constant's hook is never called.
    pub fn register_hook(
        &self,
        hook: impl Fn(&Variable) -> Option<Variable> + Send + Sync + 'static,
    ) -> HookHandle {
        let hook: Arc<Hook> = Arc::new(Box::new(hook));
        match self.history() {
            History::Made(node, i) => {
                let watched = (i as usize, hook.clone());
                node.state.lock().rare.get_or_insert_default().hooks.push(watched);
                HookHandle(Box::new(move || {
                    if let Some(rare) = &mut node.state.lock().rare {
                        rare.hooks.retain(|(_, h)| !Arc::ptr_eq(h, &hook));
                    }
                }))
            }
            History::Leaf(leaf, _) => {
                leaf.hooks.lock().push(hook.clone());
                HookHandle(Box::new(move || leaf.hooks.lock().retain(|h| !Arc::ptr_eq(h, &hook))))
            }
            History::Constant => HookHandle(Box::new(|| ())),
        }
    }
}

/// Keeps the gradient of what an operation made in `slot`.
fn retain_in(history: &History, slot: Arc<Leaf>) -> Option<Box<Retained>> {
    let History::Made(node, i) = history else { return None };
    node.state.lock().rare.get_or_insert_default().retained.push((*i as usize, slot.clone()));
    Some(Box::new(Retained { slot, node: node.clone() }))
}
