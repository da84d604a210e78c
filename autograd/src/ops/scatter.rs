//! Elements written at indices.

use smallvec::smallvec;
use taper_tensor::{Reduce, Scalar, Tensor};

use crate::ops::view::index_of;
use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// A copy of `self` with `out[i][index[i][j]] += source[i][j]` for `dim` 1, and so on.
    ///
    /// # Errors
    /// As [`Variable::gather`].
    #[track_caller]
    pub fn scatter_add(&self, dim: i64, index: &Tensor, source: &Self) -> Result<Self> {
        let source = &source.part_for(index)?;
        let y = self.data().scatter_add(dim, index, &source.data())?;
        let (index, size) = (index.clone(), source.size());
        record("ScatterAdd", &[self, source]).output(y, move |ctx| {
            let g = ctx.grad()?;
            Ok(smallvec![ctx.need(0, || Ok(g.clone()))?, ctx.need(1, || g.gather_for(dim, &index, &size))?])
        })
    }

    /// A copy of `self` with slice `i` of `source` added at `index[i]` along a dimension.
    ///
    /// # Errors
    /// When an index is out of range or no integer, or the shapes do not fit.
    #[track_caller]
    pub fn index_add(&self, dim: i64, index: &Tensor, source: &Self) -> Result<Self> {
        let x = self.data();
        x.size_of(dim)?;
        let mut along = vec![1; x.dim()];
        along[index_of(dim, x.dim())] = index.numel();
        let wide = index.reshape(along)?.expand(source.data().size())?;
        let (y, index) = (x.scatter_add(dim, &wide, &source.data())?, index.clone());
        record("IndexAdd", &[self, source]).output(y, move |ctx| {
            let g = ctx.grad()?;
            Ok(smallvec![ctx.need(0, || Ok(g.clone()))?, ctx.need(1, || g.index_select(dim, &index))?])
        })
    }

    /// A copy of `self` with `out[i][index[i][j]] = source[i][j]` for `dim` 1, and so on: the gradient at
    /// those places goes to the source. An index must not name one place twice, where the gradient would
    /// not know which source it was.
    ///
    /// # Errors
    /// As [`Variable::gather`].
    #[track_caller]
    pub fn scatter(&self, dim: i64, index: &Tensor, source: &Self) -> Result<Self> {
        let (y, index) = (self.data().scatter(dim, index, source.data())?, index.clone());
        let size = source.size();
        record("Scatter", &[self, source]).output(y, move |ctx| {
            let g = ctx.grad()?;
            Ok(smallvec![
                ctx.need(0, || {
                    let keep = g.data().like().dtype(taper_tensor::DType::U8).ones(g.size())?;
                    keep.scatter_(dim, &index, 0)?;
                    g.keep(&keep)
                })?,
                ctx.need(1, || g.gather_for(dim, &index, &size))?
            ])
        })
    }

    /// A copy of `self` with `value` in the slices at `index`, a vector of integers, along `dim`.
    ///
    /// # Errors
    /// When an index is out of range or no integer, or `index` is no vector.
    #[track_caller]
    pub fn index_fill(&self, dim: i64, index: &Tensor, value: impl Into<Scalar>) -> Result<Self> {
        let y = self.data().index_fill(dim, index, value)?;
        let keep = y.like().dtype(taper_tensor::DType::U8).ones(y.size())?;
        keep.index_fill_(dim, index, 0)?;
        record("IndexFill", &[self]).output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.keep(&keep)?)]))
    }

    /// A copy of `self` with the slices of `source` at `index`, a vector of integers that are all
    /// different, along `dim`.
    ///
    /// # Errors
    /// When an index is out of range or no integer, or the shapes do not fit.
    #[track_caller]
    pub fn index_copy(&self, dim: i64, index: &Tensor, source: &Self) -> Result<Self> {
        let y = self.data().index_copy(dim, index, &source.data())?;
        let keep = y.like().dtype(taper_tensor::DType::U8).ones(y.size())?;
        keep.index_fill_(dim, index, 0)?;
        let index = index.clone();
        record("IndexCopy", &[self, source]).output(y, move |ctx| {
            let g = ctx.grad()?;
            Ok(smallvec![ctx.need(0, || g.keep(&keep))?, ctx.need(1, || g.index_select(dim, &index))?])
        })
    }

    /// A copy of `self` where element `[index[i][j]][j]` (for `dim` 0, and so on) is made of all
    /// `source[i][j]` for that place, and with `include_self` of the element itself. Of equal largest or
    /// smallest ones, each gets an equal share of the gradient.
    ///
    /// # Errors
    /// As [`Variable::gather`].
    #[track_caller]
    pub fn scatter_reduce(
        &self,
        dim: i64,
        index: &Tensor,
        source: &Self,
        reduce: Reduce,
        include_self: bool,
    ) -> Result<Self> {
        let source = source.part_for(index)?;
        if include_self {
            return self.reduced(dim, index, &source, reduce, 1.0);
        }
        // In place of the elements that do not count stands what changes nothing.
        let neutral = match reduce {
            Reduce::Sum | Reduce::Mean => 0.0,
            Reduce::Prod => 1.0,
            Reduce::Amax => f64::NEG_INFINITY,
            Reduce::Amin => f64::INFINITY,
        };
        let neutral = Self::new(source.data().like().full(index.size(), neutral)?);
        self.scatter(dim, index, &neutral)?.reduced(dim, index, &source, reduce, 0.0)
    }

    /// The elements of a source that an index, which may be smaller, refers to.
    pub(crate) fn part_for(&self, index: &Tensor) -> Result<Self> {
        let mut part = self.clone();
        for (d, (&n, &size)) in index.size().iter().zip(self.size().iter()).enumerate() {
            if n < size {
                part = part.narrow(d as i64, 0, n)?;
            }
        }
        Ok(part)
    }

    #[track_caller]
    fn scatter_extreme(&self, dim: i64, index: &Tensor, source: &Self, reduce: Reduce) -> Result<Self> {
        let (x, from) = (self.data(), source.data());
        let y = x.scatter_reduce(dim, index, &from, reduce, true)?;
        let mine = x.eq(&y)?.to_dtype(y.dtype())?;
        let theirs = from.eq(y.gather(dim, index)?)?.to_dtype(y.dtype())?;
        // How many share the gradient.
        let equal = mine.scatter_add(dim, index, &theirs)?.clamp_min(1.0)?;
        let index = index.clone();
        record("ScatterReduce", &[self, source]).output(y, move |ctx| {
            let g = ctx.grad()?.div(Self::new(equal.clone()))?;
            Ok(smallvec![
                ctx.need(0, || g.mul(Self::new(mine.clone())))?,
                ctx.need(1, || g.gather(dim, &index)?.mul(Self::new(theirs.clone())))?
            ])
        })
    }

    #[track_caller]
    fn scatter_prod(&self, dim: i64, index: &Tensor, source: &Self) -> Result<Self> {
        let y = self.data().scatter_reduce(dim, index, &source.data(), Reduce::Prod, true)?;
        let (x, from, index) = (self.save(), source.save(), index.clone());
        record("ScatterReduce", &[self, source]).output(y, move |ctx| {
            let (g, x, from) = (ctx.grad()?, x.get(ctx)?, from.get(ctx)?);
            Ok(smallvec![
                ctx.need(0, || {
                    let one = Self::new(x.data().ones_like()?);
                    g.mul(one.scatter_prod(dim, &index, &from)?)
                })?,
                ctx.need(1, || {
                    // The product of the others: of all but zeros, by division, where no other is 0.
                    let zero = from.data().eq(0)?;
                    let wide = zero.to_dtype(from.data().dtype())?;
                    let zeros = x.data().zeros_like()?.scatter_add(dim, &index, &wide)?;
                    let others = zeros.gather(dim, &index)?.sub(&wide)?.eq(0)?;
                    let from = from.masked_fill(&zero, 1.0)?;
                    let all = x.scatter_prod(dim, &index, &from)?;
                    g.mul(all)?.gather(dim, &index)?.div(&from)?.keep(&others)
                })?
            ])
        })
    }
}

impl Variable {
    /// Each element together with those for its place; where there are any, it counts as `own` elements.
    #[track_caller]
    fn reduced(&self, dim: i64, index: &Tensor, source: &Self, reduce: Reduce, own: f64) -> Result<Self> {
        match reduce {
            Reduce::Sum => self.scatter_add(dim, index, source),
            Reduce::Mean => {
                let one = source.data().ones_like()?;
                let count = self.data().zeros_like()?.scatter_add(dim, index, &one)?;
                let count = count.add(own)?.clamp_min(1.0)?;
                self.scatter_add(dim, index, source)?.div(Self::new(count))
            }
            Reduce::Prod => self.scatter_prod(dim, index, source),
            Reduce::Amax | Reduce::Amin => self.scatter_extreme(dim, index, source, reduce),
        }
    }
}
