//! What waits in backward, the latest operation first.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use crate::node::Edge;
use crate::{Result, Variable};

/// A leaf or an operation that waits for the gradients of its outputs.
pub(crate) struct Task<'g> {
    pub(crate) target: &'g Edge,
    pub(crate) grads: SmallVec<[Option<Variable>; 1]>,
}

/// Tasks by their number. In a chain the next one is always the latest, so that one has a place of
/// its own, before the tree. `'g` is the graph's life: a task borrows from it, and counts no references.
#[derive(Default)]
pub(crate) struct Queue<'g> {
    /// If there is one, it is later than all of the rest.
    latest: Option<(u64, Task<'g>)>,
    rest: BTreeMap<u64, Task<'g>>,
}

impl<'g> Queue<'g> {
    /// The latest task: nothing that still waits gives it a gradient.
    pub(crate) fn pop(&mut self) -> Option<Task<'g>> {
        self.latest.take().or_else(|| self.rest.pop_last()).map(|(_, task)| task)
    }

    /// Adds a gradient to what waits at an edge's end: with `add`, where there is one already.
    pub(crate) fn push(
        &mut self,
        edge: &'g Edge,
        grad: Variable,
        add: impl FnOnce(Variable, Variable) -> Result<Variable>,
    ) -> Result<()> {
        let (seq, output, outputs) = match edge {
            Edge::None => return Ok(()),
            Edge::Leaf(leaf) => (leaf.seq, 0, 1),
            Edge::Node(node, i) => (node.seq, *i as usize, node.outputs.len()),
        };
        let task = || Task { target: edge, grads: SmallVec::from_elem(None, outputs) };
        let last = self.latest.as_ref().map(|(n, _)| n).or(self.rest.keys().next_back());
        if last.is_none_or(|&n| seq > n)
            && let Some((n, before)) = self.latest.replace((seq, task()))
        {
            self.rest.insert(n, before);
        }
        let slot = match &mut self.latest {
            Some((n, task)) if *n == seq => &mut task.grads[output],
            _ => &mut self.rest.entry(seq).or_insert_with(task).grads[output],
        };
        *slot = Some(match slot.take() {
            None => grad, // the first is moved
            Some(sum) => add(sum, grad)?,
        });
        Ok(())
    }
}
