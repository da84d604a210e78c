//! The matrix product.

use crate::{Error, Result, Tensor, shape};

impl Tensor {
    /// The matrix product, over the last two dimensions; those before broadcast. A vector on the
    /// left is a row, on the right a column, and that dimension disappears from the result.
    ///
    /// # Errors
    /// When the inner sizes differ, the dtypes differ, or an operand has no dimension.
    pub fn matmul(&self, other: &Self) -> Result<Self> {
        self.expect_device("matmul", other)?;
        if self.dtype != other.dtype {
            return Err(Error::value(
                "matmul",
                format!("dtypes {} and {} differ; convert one with .to_dtype(…)", self.dtype, other.dtype),
            ));
        }
        if self.dim() == 0 || other.dim() == 0 {
            return Err(Error::shape(
                "matmul",
                format!(
                    "shapes {:?} and {:?}: both need a dimension; for a number, use mul",
                    self.size(),
                    other.size()
                ),
            ));
        }
        let a = if self.dim() == 1 { self.unsqueeze(0)? } else { self.clone() };
        let b = if other.dim() == 1 { other.unsqueeze(1)? } else { other.clone() };
        let ((a_batch, [_, k]), (b_batch, [l, _])) = (split(&a), split(&b));
        if k != l {
            return Err(Error::shape(
                "matmul",
                format!(
                    "shapes {:?} and {:?} do not fit: the last size of the first, {k}, must be the size {l} of the second",
                    self.size(),
                    other.size()
                ),
            ));
        }
        let batch = shape::broadcast("matmul", a_batch, b_batch)?;
        let full = |t: &Self| -> Result<Self> {
            let mut dims = batch.clone();
            dims.extend_from_slice(&t.size()[t.dim() - 2..]);
            t.expand(dims)
        };
        let (a_full, b_full) = (full(&a)?, full(&b)?);
        let product = match a_full.inner.matmul(&b_full.inner) {
            Ok(p) => p,
            // Strides that the product cannot take: over copies, then.
            Err(_) => {
                let (a, b) = (a_full.contiguous()?, b_full.contiguous()?);
                a.inner.matmul(&b.inner).map_err(Error::backend("matmul"))?
            }
        };
        let mut y = Self::from_candle(product)?;
        if other.dim() == 1 {
            y = y.squeeze(-1)?;
        }
        if self.dim() == 1 {
            y = y.squeeze(if other.dim() == 1 { -1 } else { -2 })?;
        }
        Ok(y)
    }
}

fn split(t: &Tensor) -> (&[usize], [usize; 2]) {
    let (batch, rest) = t.size().split_at(t.dim() - 2);
    (batch, [rest[0], rest[1]])
}
