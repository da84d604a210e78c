//! The queue of backward, ordered by sequence number, the latest first.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use crate::node::Edge;
use crate::{Result, Variable};

/// A leaf or an operation that waits for the gradients of its outputs.
pub(crate) struct Task<'g> {
    pub(crate) target: &'g Edge,
    pub(crate) grads: SmallVec<[Option<Variable>; 1]>,
}

/// A priority queue of tasks by sequence number. In a chain the next task is always the latest, so that one
/// has a slot outside of the tree. `'g` is the lifetime of the graph: a task borrows from it without counting
/// references.
#[derive(Default)]
pub(crate) struct Queue<'g> {
    /// If present, it is later than all tasks in `rest`.
    latest: Option<(u64, Task<'g>)>,
    rest: BTreeMap<u64, Task<'g>>,
}

impl<'g> Queue<'g> {
    /// Removes the latest task. No waiting task adds to its gradient.
    pub(crate) fn pop(&mut self) -> Option<Task<'g>> {
        self.latest.take().or_else(|| self.rest.pop_last()).map(|(_, task)| task)
    }

    /// Adds a gradient to the task of an edge's target, by `add` if it has one already.
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
            None => grad, // the first gradient is moved
            Some(sum) => add(sum, grad)?,
        });
        Ok(())
    }
}
