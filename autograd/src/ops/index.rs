//! Elements by their indices: the gradient goes where the element came from.

use smallvec::smallvec;
use taper_tensor::Tensor;

use crate::node::record;
use crate::{Result, Variable};

impl Variable {
    /// `out[i][j] = self[i][index[i][j]]` for `dim` 1, and so on.
    ///
    /// # Errors
    /// When an index is out of range or no integer, or the shapes do not fit.
    #[track_caller]
    pub fn gather(&self, dim: i64, index: &Tensor) -> Result<Self> {
        let (y, size, index) = (self.data().gather(dim, index)?, self.size(), index.clone());
        Ok(record("Gather", &[self]).output(y, move |ctx| {
            let g = ctx.grad()?;
            let zeros = Variable::new(g.data().like().zeros(&size)?);
            Ok(smallvec![Some(zeros.scatter_add(dim, &index, &g)?)])
        }))
    }

    /// A copy of `self` with `out[i][index[i][j]] += source[i][j]` for `dim` 1, and so on.
    ///
    /// # Errors
    /// As [`Variable::gather`].
    #[track_caller]
    pub fn scatter_add(&self, dim: i64, index: &Tensor, source: &Self) -> Result<Self> {
        let y = self.data().scatter_add(dim, index, &source.data())?;
        let index = index.clone();
        Ok(record("ScatterAdd", &[self, source]).output(y, move |ctx| {
            let g = ctx.grad()?;
            Ok(smallvec![ctx.need(0, || Ok(g.clone()))?, ctx.need(1, || g.gather(dim, &index))?])
        }))
    }
}
