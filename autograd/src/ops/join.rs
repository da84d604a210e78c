//! Concatenation, repetition and padding.

use taper_tensor::{AsTensor, Pad, Shape, Tensor};

use super::view::index_of;
use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// Concatenates tensors along `dim`. Their dtypes promote, and each gets the gradient in its own dtype.
    ///
    /// # Shapes
    /// Inputs `[.., n₁, ..]`, `[.., n₂, ..]`, …, output `[.., n₁ + n₂ + …, ..]`. The other sizes must be
    /// equal.
    ///
    /// # Errors
    /// If there are no tensors, or the shapes differ in another dimension.
    #[track_caller]
    pub fn cat(tensors: &[impl AsTensor<Self>], dim: i64) -> Result<Self> {
        let tensors: Vec<_> = tensors.iter().map(|t| t.as_tensor()).collect();
        let inputs: Vec<&Self> = tensors.iter().map(|t| &**t).collect();
        let y = Tensor::cat(&inputs.iter().map(|v| v.data()).collect::<Vec<_>>(), dim)?;
        let d = index_of(dim, y.dim());
        let parts: Vec<_> = inputs.iter().map(|v| (v.size(), v.dtype())).collect();
        record("Cat", &inputs).output(y, move |ctx| {
            let (g, mut end) = (ctx.grad()?, 0);
            let part = |(i, (size, dtype)): (usize, &(Shape, _))| {
                // An empty vector is accepted among tensors of any shape.
                let n = size.get(d).copied().unwrap_or(0);
                end += n;
                ctx.need(i, || match n {
                    0 => g.zeros(size)?.to_dtype(*dtype),
                    _ => g.narrow(dim, (end - n) as i64, n)?.to_dtype(*dtype),
                })
            };
            parts.iter().enumerate().map(part).collect()
        })
    }

    /// Pads with a constant; see [`Variable::pad`].
    #[track_caller]
    fn padded(&self, pad: &[i64], value: f64) -> Result<Self> {
        let back: Vec<i64> = pad.iter().map(|n| -n).collect();
        self.linear_in(self.tensor().pad(pad, Pad::Constant(value))?, "Pad", move |g| g.padded(&back, 0.0))
    }
}

taper_tensor::composed_join!(Variable);
