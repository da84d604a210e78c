//! Elementwise functions.

use std::f64::consts::{FRAC_2_SQRT_PI, LN_2, LN_10, PI};

use taper_tensor::elementwise::{Elementwise, Formula, Saves, params};
use taper_tensor::{DType, Tensor};

use crate::{Result, Variable, is_grad_enabled};

/// Makes methods of [`Variable`] from the rows of a table: one kernel for the value, and one for the
/// gradient.
macro_rules! elementwise_methods {
    ($($(#[$doc:meta])* $Type:ident $name:ident $name_:ident ($($p:ident = $default:literal),*) $costs:tt
        value |$x:ident| $value:expr; gradient of $saved:ident |$g:ident, $s:ident| $gradient:expr;)*) => {
        impl Variable {
            operations! {$(
                $(#[$doc])*
                pub fn $name(&self $(, $p: f64)*) -> Result<Self>
                    = elementwise(taper_tensor::elementwise::$Type, &[$($p),*]);
            )*}
            in_place! { $($name_ = $name($($p: f64),*);)* }
        }
    };
}
pub(super) use elementwise_methods;

taper_tensor::functions!(elementwise_methods);

/// Formulas over whole variables, by differentiable operations.
mod symbolic {
    use crate::{Error, Result, Variable};
    taper_tensor::symbols!(Variable, Variable::data);
}

impl Variable {
    /// Records an elementwise operation of a table with the output `y`.
    #[track_caller]
    pub(super) fn elementwise<E: Elementwise>(&self, y: Tensor, _: E, given: &[f64]) -> Result<Self> {
        let params = params(given);
        let gradient = move |g: Self, saved: Self| {
            if !is_grad_enabled() {
                return Ok(Self::new(g.tensor().elementwise_gradient::<E>(&saved.tensor(), params)?));
            }
            // In 16-bit dtypes the steps of a formula would lose precision.
            let dtype = g.dtype();
            let wide = if dtype.size_in_bytes() < 4 { DType::F32 } else { dtype };
            let (g, saved) = (g.to_dtype(wide)?, saved.to_dtype(wide)?);
            symbolic::run([&g, &saved], |[g, s]| E::gradient(g, s, params.map(Formula::of)))?.to_dtype(dtype)
        };
        match E::SAVES {
            Saves::Input => self.of_input(y, E::NODE, gradient),
            Saves::Output => self.of_output(y, E::NODE, gradient),
        }
    }

    operations! {
        /// Returns the inverse of [`Variable::erf`]: dy/dx = √π / 2 · e^y².
        pub fn erfinv(&self) -> Result<Self>
            = of_output("Erfinv", |g, y| g.mul(y.square()?.exp()?.mul(1.0 / FRAC_2_SQRT_PI)?));
        /// Returns the logarithm to base 2: dy/dx = 1 / (x ln 2).
        pub fn log2(&self) -> Result<Self> = of_input("Log2", |g, x| g.div(x.mul(LN_2)?));
        /// Returns the logarithm to base 10: dy/dx = 1 / (x ln 10).
        pub fn log10(&self) -> Result<Self> = of_input("Log10", |g, x| g.div(x.mul(LN_10)?));
        /// Returns the square: dy/dx = 2 x.
        pub fn square(&self) -> Result<Self> = of_input("Square", |g, x| g.mul(x.mul(2.0)?));
        /// Returns the absolute value: dy/dx = sign(x).
        pub fn abs(&self) -> Result<Self> = of_input("Abs", |g, x| g.mul(x.sign()?));
        /// Returns the sine: dy/dx = cos x.
        pub fn sin(&self) -> Result<Self> = of_input("Sin", |g, x| g.mul(x.cos()?));
        /// Returns the cosine: dy/dx = -sin x.
        pub fn cos(&self) -> Result<Self> = of_input("Cos", |g, x| g.mul(x.sin()?.neg()?));
        /// Returns the tangent: dy/dx = 1 / cos² x.
        pub fn tan(&self) -> Result<Self> = of_input("Tan", |g, x| g.div(x.cos()?.square()?));
        /// Returns the arc sine: dy/dx = 1 / √(1 - x²).
        pub fn asin(&self) -> Result<Self> = of_input("Asin", |g, x| g.mul(x.square()?.rsub(1.0)?.rsqrt()?));
        /// Returns the arc cosine: dy/dx = -1 / √(1 - x²).
        pub fn acos(&self) -> Result<Self>
            = of_input("Acos", |g, x| g.mul(x.square()?.rsub(1.0)?.rsqrt()?.neg()?));
        /// Returns the arc tangent: dy/dx = 1 / (1 + x²).
        pub fn atan(&self) -> Result<Self> = of_input("Atan", |g, x| g.div(x.square()?.add(1.0)?));
        /// Returns the hyperbolic sine: dy/dx = cosh x.
        pub fn sinh(&self) -> Result<Self> = of_input("Sinh", |g, x| g.mul(x.cosh()?));
        /// Returns the hyperbolic cosine: dy/dx = sinh x.
        pub fn cosh(&self) -> Result<Self> = of_input("Cosh", |g, x| g.mul(x.sinh()?));
        /// Returns the inverse of [`Variable::sinh`]: dy/dx = 1 / √(x² + 1).
        pub fn asinh(&self) -> Result<Self> = of_input("Asinh", |g, x| g.mul(x.square()?.add(1.0)?.rsqrt()?));
        /// Returns the inverse of [`Variable::cosh`]: dy/dx = 1 / √(x² - 1).
        pub fn acosh(&self) -> Result<Self> = of_input("Acosh", |g, x| g.mul(x.square()?.sub(1.0)?.rsqrt()?));
        /// Returns the inverse of [`Variable::tanh`]: dy/dx = 1 / (1 - x²).
        pub fn atanh(&self) -> Result<Self> = of_input("Atanh", |g, x| g.div(x.square()?.rsub(1.0)?));
        /// Returns 2 to the power of each element: dy/dx = y ln 2.
        pub fn exp2(&self) -> Result<Self> = of_output("Exp2", |g, y| g.mul(y.mul(LN_2)?));
        /// Returns `1 - erf(x)`: dy/dx = -2 / √π · e^-x².
        pub fn erfc(&self) -> Result<Self>
            = of_input("Erfc", |g, x| g.mul(x.square()?.neg()?.exp()?.mul(-FRAC_2_SQRT_PI)?));
        /// Returns the natural logarithm of the absolute value of the gamma function: dy/dx is
        /// [`Variable::digamma`].
        pub fn lgamma(&self) -> Result<Self> = of_input("Lgamma", |g, x| g.mul(x.digamma()?));
        /// Returns the derivative of [`Variable::lgamma`]: dy/dx is the first [`Variable::polygamma`].
        pub fn digamma(&self) -> Result<Self> = of_input("Digamma", |g, x| g.mul(x.polygamma(1)?));
        /// Returns the `n`-th derivative of [`Variable::digamma`]: dy/dx is the next one.
        pub fn polygamma(&self, n: usize) -> Result<Self>
            = of_input("Polygamma", move |g, x| g.mul(x.polygamma(n + 1)?));
        /// Returns `sin(πx) / (πx)`, and 1 for 0: `dx = (cos(πx) - y) / x · dy`, and 0 at 0.
        pub fn sinc(&self) -> Result<Self> = of_both("Sinc", |g, x, y| {
            let slope = x.mul(PI)?.cos()?.sub(y)?;
            g.mul(slope.div(x.masked_fill(&x.eq(0)?, 1.0)?)?)
        });
        /// Returns `ln(x / (1 - x))`, the inverse of [`Variable::sigmoid`]. With `eps`, x is first limited to
        /// `[eps, 1 - eps]`. `dx = dy / (x (1 - x))`, 0 where x was limited, and NaN outside of [0, 1].
        pub fn logit(&self, eps: Option<f64>) -> Result<Self> = of_input("Logit", move |g, x| {
            let low = eps.unwrap_or(0.0);
            let outside = x.lt(low)?.logical_or(x.gt(1.0 - low)?)?;
            let outer = if eps.is_some() { 0.0 } else { f64::NAN };
            g.div(x.mul(x.rsub(1.0)?)?)?.masked_fill(&outside, outer)
        });

        /// Replaces NaN by `nan`, and infinities by `posinf` and `neginf`, or by the dtype's largest and
        /// smallest number. No gradient flows through replaced elements.
        pub fn nan_to_num(&self, nan: f64, posinf: Option<f64>, neginf: Option<f64>) -> Result<Self> {
            let (y, finite) = (self.tensor().nan_to_num(nan, posinf, neginf)?, self.isfinite()?);
            self.linear_in(y, "NanToNum", move |g| g.keep(&finite))
        }

        /// Returns the fractional part, with the sign of x: dy/dx = 1.
        pub fn frac(&self) -> Result<Self> = linear_in("Frac", Ok);
        /// Returns -1, 0 or 1, and 0 for NaN. The gradient is 0, as in PyTorch.
        pub fn sign(&self) -> Result<Self> = flat("Sign");
        /// Returns the largest integer that is at most x. The gradient is 0, as in PyTorch.
        pub fn floor(&self) -> Result<Self> = flat("Floor");
        /// Returns the smallest integer that is at least x. The gradient is 0, as in PyTorch.
        pub fn ceil(&self) -> Result<Self> = flat("Ceil");
        /// Returns the nearest integer, and the even one of two equally near ones. The gradient is 0, as in
        /// PyTorch.
        pub fn round(&self) -> Result<Self> = flat("Round");
        /// Returns the integer part, rounded towards zero. The gradient is 0, as in PyTorch.
        pub fn trunc(&self) -> Result<Self> = flat("Trunc");
    }

    /// Records `y`, whose gradient is 0 everywhere.
    #[track_caller]
    fn flat(&self, y: Tensor, node: &'static str) -> Result<Self> {
        self.linear_in(y, node, |g| Ok(Self::new(g.tensor().zeros_like()?)))
    }
}

taper_tensor::composed_unary!(Variable);
