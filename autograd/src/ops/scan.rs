//! Cumulative sums, products, maxima and minima, and differences.

use taper_tensor::{DType, IntoDims, Keepdim, Tensor};

use crate::{Result, Variable};

impl Variable {
    operations! {
        /// Returns the cumulative maxima along `dim`, and their indices: the last of equal elements. After a
        /// NaN, the maximum is NaN.
        pub fn cummax(&self, dim: i64) -> Result<(Self, Tensor)> = picked("Cummax", &Keepdim(dim).into_dims());
        /// Returns the cumulative minima along `dim`, and their indices; see [`Variable::cummax`].
        pub fn cummin(&self, dim: i64) -> Result<(Self, Tensor)> = picked("Cummin", &Keepdim(dim).into_dims());
        /// Returns the cumulative sums along `dim`. Integers are summed in int64. The gradient is summed from
        /// the other end.
        pub fn cumsum(&self, dim: i64) -> Result<Self> = linear_in("Cumsum", move |g| match g.dim() {
            0 => Ok(g),
            _ => g.flip(dim)?.cumsum(dim)?.flip(dim),
        });
        /// Returns the cumulative products along `dim`. Integers are multiplied in int64. The gradients are
        /// correct also if elements are 0.
        pub fn cumprod(&self, dim: i64) -> Result<Self> = of_input("Cumprod", move |g, x| {
            if x.numel() == 0 || x.dim() == 0 {
                return Ok(g);
            }
            // In f64, single products neither overflow nor vanish.
            let wide = |v: &Self| v.to_dtype(DType::F64)?.movedim(dim, 0);
            let (g, rows) = (wide(&g)?, wide(&x)?);
            let later = g.recurrence(rows.narrow(0, 1, rows.size()[0] - 1)?)?;
            let before = rows.products_before()?;
            // 0 times infinity counts as 0.
            let lost = before.tensor().eq(0)?.logical_and(later.tensor().isinf()?)?;
            before.mul(later.masked_fill(&lost, 0.0)?)?.movedim(0, dim)?.to_dtype(x.dtype())
        });
        /// Returns the cumulative `y = ln(Σ e^x)` along `dim`, without overflow: `dx[i] = Σ e^(x[i] - y[j]) ·
        /// dy[j]` over all `j` from `i` on.
        pub fn logcumsumexp(&self, dim: i64) -> Result<Self> = of_both("LogCumSumExp", move |g, x, y| {
            if g.numel() == 0 || g.dim() == 0 {
                return Ok(g);
            }
            g.in_f32(|g| {
                let wide = |v: &Self| v.to_dtype(g.dtype())?.movedim(dim, 0);
                let (g, x, y) = (wide(g)?, wide(&x)?, wide(&y)?);
                let n = y.size()[0] - 1;
                let factors = y.narrow(0, 0, n)?.quotient(&y.narrow(0, 1, n)?)?;
                x.quotient(&y)?.mul(g.recurrence(factors)?)?.movedim(0, dim)
            })
        });
    }

    /// Returns `e^(self - y)`, and 1 where both are equal, also if they are infinite.
    fn quotient(&self, y: &Self) -> Result<Self> {
        let equal = self.tensor().eq(&*y.tensor())?;
        self.sub(y)?.masked_fill(&equal, 0.0)?.exp()
    }

    /// Returns `s[i] = self[i] + factors[i] · s[i + 1]` along the first dimension, from its end. It doubles
    /// the number of terms in each step; it is differentiable and does not divide.
    fn recurrence(&self, mut factors: Self) -> Result<Self> {
        let (mut s, n, mut terms) = (self.clone(), self.size()[0], 1);
        while terms < n {
            let left = n - terms;
            let longer = s.narrow(0, 0, left)?.add(factors.mul(s.narrow(0, terms as i64, left)?)?)?;
            s = Self::cat(&[longer, s.narrow(0, left as i64, terms)?], 0)?;
            if let Some(left) = left.checked_sub(terms) {
                factors = factors.narrow(0, 0, left)?.mul(factors.narrow(0, terms as i64, left)?)?;
            }
            terms *= 2;
        }
        Ok(s)
    }
}

taper_tensor::composed_scan!(Variable);
