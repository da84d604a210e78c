//! Writing elements at indices.

use taper_tensor::{AsTensor, IncludeSelf, IntoOperand, Operand, Reduce, Scalar, Tensor};

use crate::record::record;
use crate::{Result, Variable};

/// Returns a mask of 1, changed by `erase`.
fn kept(y: &Tensor, erase: impl FnOnce(&Tensor) -> taper_tensor::Result<()>) -> Result<Tensor> {
    let keep = y.like().dtype(taper_tensor::DType::Bool).ones(y.size())?;
    erase(&keep)?;
    Ok(keep)
}

impl Variable {
    operations! {
        /// Returns a copy with the elements of `source` added at `index` along `dim`. For `dim` 1 of a
        /// matrix, `out[i][index[i][j]] += source[i][j]`.
        pub fn scatter_add(&self, dim: i64, index: &Tensor, source: impl AsTensor<Self>) -> Result<Self> {
            let source = source.as_tensor();
            let y = self.tensor().scatter_add(dim, index, &*source.tensor())?;
            let (index, size) = (index.clone(), source.size());
            record("ScatterAdd", &[self, &source]).each(y, move |g, i, _| match i {
                0 => Ok(g.clone()),
                _ => g.gather_for(dim, &index, &size),
            })
        }

        /// Returns a copy with the slices of `source` added at `index`, a vector of integers, along `dim`.
        pub fn index_add(&self, dim: i64, index: &Tensor, source: impl AsTensor<Self>) -> Result<Self> {
            let source = source.as_tensor();
            let (y, index) = (self.tensor().index_add(dim, index, &*source.tensor())?, index.clone());
            record("IndexAdd", &[self, &source]).each(y, move |g, i, _| match i {
                0 => Ok(g.clone()),
                _ => g.index_select(dim, &index),
            })
        }

        /// Returns a copy with the elements of `source`, or one number, written at `index` along `dim`. For
        /// `dim` 1 of a matrix, `out[i][index[i][j]] = source[i][j]`. The gradient of those elements goes to
        /// the source. Indices must not repeat, because the gradient would not know which source was written.
        pub fn scatter(&self, dim: i64, index: &Tensor, source: impl IntoOperand<Self>) -> Result<Self> {
            let (at, index) = (index.clone(), index.clone());
            let own = move |g: &Self| g.keep(&kept(&g.tensor(), |keep| keep.scatter_(dim, &at, 0))?);
            match source.operand() {
                Operand::Scalar(v) => {
                    self.linear_in(self.tensor().scatter(dim, &index, v)?, "Scatter", move |g| own(&g))
                }
                Operand::Tensor(source) => {
                    let (y, size) = (self.tensor().scatter(dim, &index, &*source.tensor())?, source.size());
                    record("Scatter", &[self, &source]).each(y, move |g, i, _| match i {
                        0 => own(g),
                        _ => g.gather_for(dim, &index, &size),
                    })
                }
            }
        }

        /// Returns a copy with `value` in the slices at `index`, a vector of integers, along `dim`.
        pub fn index_fill(&self, dim: i64, index: &Tensor, value: impl Into<Scalar>) -> Result<Self> {
            let (y, index) = (self.tensor().index_fill(dim, index, value)?, index.clone());
            self.linear_in(y, "IndexFill", move |g| g.index_fill(dim, &index, 0))
        }

        /// Returns a copy with the slices at `index`, a vector of distinct integers, along `dim` replaced by
        /// those of `source`.
        pub fn index_copy(&self, dim: i64, index: &Tensor, source: impl AsTensor<Self>) -> Result<Self> {
            let source = source.as_tensor();
            let (y, index) = (self.tensor().index_copy(dim, index, &*source.tensor())?, index.clone());
            record("IndexCopy", &[self, &source]).each(y, move |g, i, _| match i {
                0 => g.index_fill(dim, &index, 0),
                _ => g.index_select(dim, &index),
            })
        }
    }

    /// Returns a copy in which each element is the reduction of the elements of `source` at its index, and of
    /// the element itself with `include_self`. For `dim` 0 of a matrix, `source[i][j]` goes to
    /// `[index[i][j]][j]`. Equal largest or smallest elements share the gradient.
    ///
    /// # Errors
    /// If an index is out of range or not an integer, or the shapes or dtypes do not fit.
    #[track_caller]
    pub fn scatter_reduce(
        &self,
        dim: i64,
        index: &Tensor,
        source: impl AsTensor<Self>,
        reduce: Reduce,
        include_self: IncludeSelf,
    ) -> Result<Self> {
        let source = &source.as_tensor().part_for(index)?;
        let (x, from, inputs) = (self.data(), source.data(), [self, source]);
        let y = x.scatter_reduce(dim, index, &from, reduce, include_self)?;
        // Integers have no gradient.
        if !inputs.iter().any(|x| x.is_requires_grad()) {
            return Ok(Self::new(y));
        }
        // The mask of elements that take part themselves: with `include_self`, or without a source.
        let own = kept(&x, |keep| if include_self.0 { Ok(()) } else { keep.scatter_(dim, index, 0) })?;
        let count = |own: &Tensor, sources: &Tensor| -> Result<Tensor> {
            Ok(own.to_dtype(x.dtype())?.scatter_add(dim, index, sources)?.clamp_min(1.0)?)
        };
        let (node, at) = (record("ScatterReduce", &inputs), index.clone());
        // The gradient, divided by the shares, goes to the elements (`mine`) and sources (`theirs`) that take
        // part.
        let (shares, mine, theirs) = match reduce {
            Reduce::Sum => (None, own, None),
            Reduce::Mean => (Some(count(&own, &from.ones_like()?)?), own, None),
            Reduce::Amax | Reduce::Amin => {
                let (mine, theirs) = (x.eq(&y)?.logical_and(&own)?, from.eq(y.gather(dim, index)?)?);
                (Some(count(&mine, &theirs.to_dtype(x.dtype())?)?), mine, Some(theirs))
            }
            Reduce::Prod => {
                let (x, from) = (self.save(), source.save());
                return node.each(y, move |g, i, ctx| {
                    let from = from.get(ctx)?;
                    // Elements that do not take part are factors of 1.
                    let x = x.get(ctx)?.masked_fill(&own.eq(0)?, 1.0)?;
                    let product =
                        |x: &Self, from: &Self| x.scatter_reduce(dim, &at, from, reduce, IncludeSelf(true));
                    if i == 0 {
                        let one = Self::new(x.tensor().ones_like()?);
                        return g.mul(product(&one, &from)?)?.keep(&own);
                    }
                    // The product of the other elements: the product of all without zeros, divided by the
                    // element, unless another one is 0.
                    let zero = from.eq(0)?;
                    let wide = zero.to_dtype(from.dtype())?;
                    let zeros = x.tensor().zeros_like()?.scatter_add(dim, &at, &wide)?;
                    let alone = zeros.gather(dim, &at)?.sub(&wide)?.eq(0)?;
                    let from = from.masked_fill(&zero, 1.0)?;
                    g.mul(product(&x, &from)?)?.gather(dim, &at)?.div(&from)?.keep(&alone)
                });
            }
        };
        node.each(y, move |g, i, _| {
            let g = shares.as_ref().map_or_else(|| Ok(g.clone()), |shares| g.div(shares))?;
            match (i, &theirs) {
                (0, _) => g.keep(&mine),
                (_, Some(theirs)) => g.gather(dim, &at)?.keep(theirs),
                (_, None) => g.gather(dim, &at),
            }
        })
    }

    /// Returns the elements of a source that an index, which may be smaller, refers to.
    pub(crate) fn part_for(&self, index: &Tensor) -> Result<Self> {
        let mut part = self.clone();
        for (d, (&n, &size)) in index.size().iter().zip(self.size().iter()).enumerate() {
            if n < size {
                part = part.narrow(d as i64, 0, n)?;
            }
        }
        Ok(part)
    }
}

taper_tensor::composed_scatter!(Variable);
