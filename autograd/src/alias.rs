//! Views and their bases. They share memory, so an in-place operation on one changes all of them, and each
//! gets a new position in the graph. The changed view is written into its base by `CopySlices`, and every
//! view becomes an `AsStrided` of the new base.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use smallvec::smallvec;
use taper_tensor::Tensor;

use crate::node::Grads;
use crate::record::record;
use crate::variable::History;
use crate::{Result, Variable};
use taper_tensor::Shape;

/// The origin of a view.
pub(crate) enum Source {
    /// The base, which is not a view itself, and the number of its rewirings when the view last followed it.
    Base(Variable, AtomicU64),
    /// A variable that the graph does not connect to the view, because this operation was not recorded, or
    /// has a user's own gradient rule.
    Hidden(&'static str),
}

impl Source {
    /// Returns the source of a view of `from`.
    pub(crate) fn of(from: &Variable) -> Self {
        match from.0.source.as_deref() {
            Some(Self::Hidden(op)) => Self::Hidden(op),
            Some(Self::Base(base, seen)) => {
                Self::Base(base.clone(), AtomicU64::new(seen.load(Ordering::Acquire)))
            }
            None => Self::Base(from.clone(), AtomicU64::new(from.0.rewired.load(Ordering::Acquire))),
        }
    }
}

impl Variable {
    /// Moves a view whose base was rewired to its new position in the graph.
    pub(crate) fn follow_base(&self) {
        let Some(Source::Base(base, seen)) = self.0.source.as_deref() else { return };
        let now = base.0.rewired.load(Ordering::Acquire);
        // This fails only for views of integers that require a gradient, which do not exist.
        if seen.swap(now, Ordering::AcqRel) != now
            && let Ok(strided) = base.seen_by(&self.data())
        {
            self.rewire(strided.history());
        }
    }

    /// Moves `self` to the position in the graph of the result of an in-place operation. The memory already
    /// holds the result's elements.
    #[track_caller]
    pub(crate) fn become_in_place(&self, result: &Self) -> Result<()> {
        let Some(Source::Base(base, _)) = self.0.source.as_deref() else {
            let history = result.history();
            // A named constant stays a constant if only constants were written to it.
            if !matches!((&history, &*self.origin()), (History::Constant, History::Leaf(..))) {
                self.rewire(history);
            }
            self.0.rewired.fetch_add(1, Ordering::AcqRel);
            return Ok(());
        };
        if base.is_requires_grad() || result.is_requires_grad() {
            base.rewire(base.copy_slices(&self.data(), result)?.history());
            base.0.rewired.fetch_add(1, Ordering::AcqRel);
        }
        Ok(())
    }

    /// Records a view of the memory of `self`, as a view of the base of `self` if `self` is a view.
    #[track_caller]
    pub(crate) fn strided(&self, view: Tensor) -> Result<Self> {
        let from = match self.0.source.as_deref() {
            Some(Source::Base(base, _)) => base,
            _ => self,
        };
        let (base, part) = (Layout::of(&from.tensor()), Layout::of(&view));
        let node = record("AsStrided", std::slice::from_ref(&from));
        // The graph would lose writes to elements outside the base.
        let node = if part.is_within(&base) { node.view() } else { node.opaque_view() };
        node.output(view, move |ctx| part.gradient(&base, ctx.grad()?))
    }

    /// Returns the part of `self` in the memory of `view`, which is a view already.
    fn seen_by(&self, view: &Tensor) -> Result<Self> {
        let (base, part) = (Layout::of(&self.tensor()), Layout::of(view));
        let node = record("AsStrided", std::slice::from_ref(&self)).always();
        node.output(view.clone(), move |ctx| part.gradient(&base, ctx.grad()?))
    }

    /// Returns `self` with the elements in the memory of `view` replaced by `result`.
    #[track_caller]
    fn copy_slices(&self, view: &Tensor, result: &Self) -> Result<Self> {
        let data = self.data();
        let (base, part) = (Layout::of(&data), Layout::of(view));
        record("CopySlices", &[self, result]).output(data, move |ctx| {
            let (g, places) = (ctx.grad()?.reshape(base.count())?, part.places(&base));
            let mut written = vec![false; base.count()];
            places.iter().for_each(|&i| written[i as usize] = true);
            let written = Tensor::from_vec(written, base.count())?.to(&g.device())?;
            Ok(smallvec![
                ctx.need(0, || g.masked_fill(&written, 0.0)?.reshape(&base.size[..]))?,
                ctx.need(1, || g.index_select(0, &g.indices(places)?)?.reshape(&part.size[..]))?
            ])
        })
    }
}

/// The positions of a tensor's elements in its memory.
struct Layout {
    size: Shape,
    stride: Shape,
    offset: usize,
    contiguous: bool,
}

impl Layout {
    fn of(x: &Tensor) -> Self {
        let (size, stride) = (Shape::from(x.size()), Shape::from(x.stride()));
        Self { size, stride, offset: x.storage_offset(), contiguous: x.is_contiguous() }
    }

    fn count(&self) -> usize {
        self.size.iter().product()
    }

    /// Returns the position of each element, in order.
    fn memory(&self) -> Vec<usize> {
        let mut places = vec![self.offset];
        for (&n, &stride) in self.size.iter().zip(&self.stride) {
            places = places.iter().flat_map(|&at| (0..n).map(move |i| at + i * stride)).collect();
        }
        places
    }

    /// Returns true if all elements are certainly among those of `base`.
    fn is_within(&self, base: &Self) -> bool {
        let reach: usize = self.size.iter().zip(&self.stride).map(|(&n, &s)| n.saturating_sub(1) * s).sum();
        base.contiguous
            && (base.offset..base.offset + base.count()).contains(&self.offset)
            && self.offset + reach < base.offset + base.count()
    }

    /// Returns the gradient with respect to `base`, from the gradient with respect to this view of its
    /// memory.
    fn gradient(&self, base: &Self, g: Variable) -> Result<Grads> {
        let (within, count) = (self.is_within(base), base.count());
        // Gradients of elements outside the base go to an extra element, which is dropped.
        let zeros = Variable::new(g.tensor().like().zeros(count + usize::from(!within))?);
        let index = g.indices(self.places(base))?;
        let dx = zeros.index_add(0, &index, &g.reshape(self.count())?)?;
        let dx = if within { dx } else { dx.narrow(0, 0, count)? };
        Ok(smallvec![Some(dx.reshape(&base.size)?)])
    }

    /// Returns the index of each element among those of `base`, or their count for an element outside the
    /// base.
    fn places(&self, base: &Self) -> Vec<i64> {
        let memory = self.memory().into_iter();
        if base.contiguous {
            let last = base.count();
            return memory
                .map(|at| at.checked_sub(base.offset).map_or(last, |i| i.min(last)) as i64)
                .collect();
        }
        let numbers: HashMap<usize, i64> = base.memory().into_iter().zip(0..).collect();
        memory.map(|at| numbers.get(&at).copied().unwrap_or(base.count() as i64)).collect()
    }
}
