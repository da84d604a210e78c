//! Merging by halves, in an order that depends on lengths alone.

use crate::cpu::parallel;

/// Merges the results of `reduce` on the leaves of `from..to`, at most `leaf` elements each, by halves. It
/// runs in parallel if there are several tasks of `task` elements; an element costs `ns` nanoseconds.
pub fn tree<A: Send>(
    (from, to, leaf, task): (usize, usize, usize, usize),
    ns: f64,
    reduce: impl Fn(usize, usize) -> A + Sync,
    merge: &(impl Fn(A, A) -> A + Sync),
) -> A {
    fn down<A>(
        (from, to, leaf, least): (usize, usize, usize, usize),
        end: &mut impl FnMut(usize, usize) -> A,
        merge: &impl Fn(A, A) -> A,
    ) -> A {
        if to - from <= least {
            return end(from, to);
        }
        // About the middle, a multiple of a leaf from the start.
        let mid = from + ((to - from) / 2).next_multiple_of(leaf);
        let a = down((from, mid, leaf, least), end, merge);
        merge(a, down((mid, to, leaf, least), end, merge))
    }
    let whole = |from, to| down((from, to, leaf, leaf), &mut |from, to| reduce(from, to), merge);
    if to - from <= task {
        return whole(from, to);
    }
    let mut tasks = Vec::new();
    down((from, to, leaf, task), &mut |from, to| tasks.push((from, to)), &|(), ()| ());
    let mut done: Vec<Option<A>> = tasks.iter().map(|_| None).collect();
    parallel::for_each_chunk(&mut done, 1, ns * task as f64, |i, done| {
        done[0] = Some(whole(tasks[i].0, tasks[i].1));
    });
    let mut done = done.into_iter().flatten();
    // invariant: each task has left its result
    down((from, to, leaf, task), &mut |_, _| done.next().expect("a result for each task"), merge)
}
