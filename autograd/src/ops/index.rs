//! Elements by their indices: the gradient goes where the element came from.

use smallvec::smallvec;
use taper_tensor::{Error, Tensor};

use crate::ops::view::index_of;
use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// `out[i][j] = self[i][index[i][j]]` for `dim` 1, and so on.
    ///
    /// # Errors
    /// When an index is out of range or no integer, or the shapes do not fit.
    #[track_caller]
    pub fn gather(&self, dim: i64, index: &Tensor) -> Result<Self> {
        let (y, size, index) = (self.data().gather(dim, index)?, self.shape(), index.clone());
        record("Gather", &[self]).output(y, move |ctx| {
            let g = ctx.grad()?;
            let zeros = Variable::new(g.data().like().zeros(&size[..])?);
            Ok(smallvec![Some(zeros.scatter_add(dim, &index, &g)?)])
        })
    }

    /// A copy of `self` with `out[i][index[i][j]] += source[i][j]` for `dim` 1, and so on.
    ///
    /// # Errors
    /// As [`Variable::gather`].
    #[track_caller]
    pub fn scatter_add(&self, dim: i64, index: &Tensor, source: &Self) -> Result<Self> {
        let source = &source.part_for(index)?;
        let y = self.data().scatter_add(dim, index, &source.data())?;
        let (index, size) = (index.clone(), source.shape());
        record("ScatterAdd", &[self, source]).output(y, move |ctx| {
            let g = ctx.grad()?;
            Ok(smallvec![ctx.need(0, || Ok(g.clone()))?, ctx.need(1, || g.gather_for(dim, &index, &size))?])
        })
    }

    /// [`Variable::gather`], for a source of the shape `size`: where that is larger than the index, nothing
    /// was read, and zeros follow.
    #[track_caller]
    pub(super) fn gather_for(&self, dim: i64, index: &Tensor, size: &[usize]) -> Result<Self> {
        let mut y = self.gather(dim, index)?;
        for (d, n) in size.iter().enumerate() {
            let missing = n - y.size()[d];
            if missing > 0 {
                y = y.pad_constant(d, 0, missing as i64, 0.0)?;
            }
        }
        Ok(y)
    }

    /// The slices at `index`, a vector of integers, along a dimension.
    ///
    /// # Errors
    /// When an index is out of range or no integer, or `index` is no vector.
    #[track_caller]
    pub fn index_select(&self, dim: i64, index: &Tensor) -> Result<Self> {
        let (y, size, index) = (self.data().index_select(dim, index)?, self.shape(), index.clone());
        record("IndexSelect", &[self]).output(y, move |ctx| {
            let g = ctx.grad()?;
            let zeros = Variable::new(g.data().like().zeros(&size[..])?);
            Ok(smallvec![Some(zeros.index_add(dim, &index, &g)?)])
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

    /// The rows of this table `[count, width]` at `index`, of any shape `[…]`: `[…, width]`. No
    /// gradient goes to the row `padding`.
    ///
    /// # Errors
    /// When an index is out of range or no integer, or `self` is no matrix.
    #[track_caller]
    pub fn embedding(&self, index: &Tensor, padding: Option<usize>) -> Result<Self> {
        let size = self.shape();
        let &[count, width] = &size[..] else {
            let message = format!("the table has shape {:?}, expected [count, width]", &size[..]);
            return Err(Error::shape("embedding", message).into());
        };
        let mut out = index.size().to_vec();
        out.push(width);
        let flat = index.reshape(index.numel())?;
        let y = self.data().index_select(0, &flat)?.reshape(out)?;
        record("Embedding", &[self]).output(y, move |ctx| {
            let g = ctx.grad()?.reshape([flat.numel(), width])?;
            let zeros = Variable::new(g.data().like().zeros((count, width))?);
            let mut table = zeros.index_add(0, &flat, &g)?;
            if let Some(row) = padding.filter(|&row| row < count) {
                let mut keep = vec![1.0f64; count];
                keep[row] = 0.0;
                let keep =
                    Tensor::from_vec(keep, (count, 1))?.to(&table.device())?.to_dtype(table.dtype())?;
                table = table.mul(Variable::new(keep))?;
            }
            Ok(smallvec![Some(table)])
        })
    }

    /// The diagonal of a matrix, `offset` columns to the right; or a matrix of zeros with this vector
    /// on that diagonal.
    ///
    /// # Errors
    /// When there are neither one nor two dimensions.
    #[track_caller]
    pub fn diag(&self, offset: i64) -> Result<Self> {
        let size = self.shape();
        let (down, right) = ((-offset).max(0) as usize, offset.max(0) as usize);
        let places = |count: usize, columns: usize| {
            self.indices((0..count).map(|i| ((i + down) * columns + i + right) as i64).collect())
        };
        match size[..] {
            [n] => {
                let m = n + down + right;
                let zeros = Self::new(self.data().like().zeros(m * m)?);
                zeros.index_add(0, &places(n, m)?, self)?.reshape((m, m))
            }
            [rows, columns] => {
                let count = rows.saturating_sub(down).min(columns.saturating_sub(right));
                self.reshape(rows * columns)?.index_select(0, &places(count, columns)?)
            }
            _ => Err(Error::shape(
                "diag",
                format!("input has shape {:?}, expected a vector or a matrix", &size[..]),
            )
            .into()),
        }
    }
}
