//! Functions of each element.

use smallvec::smallvec;

use crate::node::record;
use crate::{Result, Variable};

impl Variable {
    /// e to the power of each element: dy/dx = y.
    ///
    /// # Errors
    /// On an integer dtype; so for all that follow.
    #[track_caller]
    pub fn exp(&self) -> Result<Self> {
        let y = self.data().exp()?;
        Ok(record("Exp", &[self])
            .saves_output()
            .output(y, |ctx| Ok(smallvec![Some(ctx.grad()?.mul(ctx.output(0)?)?)])))
    }

    /// The natural logarithm: dy/dx = 1 / x.
    ///
    /// # Errors
    /// As [`Variable::exp`].
    #[track_caller]
    pub fn log(&self) -> Result<Self> {
        let (y, x) = (self.data().log()?, self.save());
        Ok(record("Log", &[self]).output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.div(x.get(ctx)?)?)])))
    }

    /// The square: dy/dx = 2 x.
    ///
    /// # Errors
    /// As [`Variable::exp`].
    #[track_caller]
    pub fn square(&self) -> Result<Self> {
        let (y, x) = (self.data().square()?, self.save());
        Ok(record("Square", &[self])
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.mul(x.get(ctx)?.mul(2.0)?)?)])))
    }

    /// `max(x, 0)`: dy/dx is 1 for x > 0, else 0, also at 0.
    ///
    /// # Errors
    /// As [`Variable::exp`].
    #[track_caller]
    pub fn relu(&self) -> Result<Self> {
        let y = self.data().relu()?;
        Ok(record("Relu", &[self]).saves_output().output(y, |ctx| {
            let g = ctx.grad()?;
            let y = ctx.output(0)?.data();
            let mask = y.gt(0)?.to_dtype(y.dtype())?;
            Ok(smallvec![Some(g.mul(Variable::new(mask))?)])
        }))
    }
}
