//! Hooks, which backward calls with a variable's gradient, and retained gradients.

use std::sync::Arc;

use crate::Variable;
use crate::node::Node;
use crate::variable::{History, Leaf};

/// A function of a gradient, which may replace it.
pub(crate) type Hook = Box<dyn Fn(&Variable) -> Option<Variable> + Send + Sync>;

/// A retained gradient, and the node that writes it.
pub(crate) struct Retained {
    pub(crate) slot: Arc<Leaf>,
    node: Arc<Node>,
}

/// A handle that removes a hook; see [`Variable::register_hook`].
pub struct HookHandle(Box<dyn FnOnce() + Send + Sync>);

impl HookHandle {
    /// Removes the hook.
    pub fn remove(self) {
        (self.0)();
    }
}

impl Variable {
    /// Retains the gradient of a variable that is not a leaf: `grad` returns it, after the hooks have run. It
    /// accumulates as a leaf's gradient does.
    pub fn retain_grad(&self) {
        let history = self.history();
        let mut retained = self.0.retained.lock();
        if retained.is_none() {
            *retained = retain_in(&history, Leaf::new(&self.tensor()));
        }
    }

    /// Moves the variable to another position in the graph, after an in-place operation. The retained
    /// gradient is then that of the new value.
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

    /// Calls `hook` with the gradient of this variable whenever `backward` has computed it. If the hook
    /// returns a gradient, that one replaces it. The hook of a constant is never called.
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

/// Retains the gradient of an operation's output in `slot`.
fn retain_in(history: &History, slot: Arc<Leaf>) -> Option<Box<Retained>> {
    let History::Made(node, i) = history else { return None };
    node.state.lock().rare.get_or_insert_default().retained.push((*i as usize, slot.clone()));
    Some(Box::new(Retained { slot, node: node.clone() }))
}
