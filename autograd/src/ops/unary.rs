//! Functions of each element.

use taper_tensor::elementwise::{Elementwise, Formula, Saves, params};
use taper_tensor::{DType, Tensor};

use crate::autocast::widened;
use crate::record::record;
use crate::{Result, Variable, is_grad_enabled};

impl Variable {
    /// Returns numbers for NaN and for the infinities, see [`Tensor::nan_to_num`]; no gradient flows to what
    /// they replace.
    #[track_caller]
    pub fn nan_to_num(&self, nan: f64, posinf: Option<f64>, neginf: Option<f64>) -> Result<Self> {
        let (y, keep) = (self.tensor().nan_to_num(nan, posinf, neginf)?, self.isfinite()?);
        record("NanToNum", &[self]).unary(y, move |g, _| g.keep(&keep))
    }

    /// Returns `ln(x / (1 - x))`, the inverse of [`Variable::sigmoid`]; with `eps`, of x moved into `eps` to
    /// `1 - eps`. `dx = dy / (x (1 - x))`, 0 where x was moved, and NaN outside of 0 to 1.
    #[track_caller]
    pub fn logit(&self, eps: Option<f64>) -> Result<Self> {
        let (y, x) = (self.tensor().logit(eps)?, self.save());
        record("Logit", &[self]).unary(y, move |g, ctx| {
            let x = x.get(ctx)?;
            let low = eps.unwrap_or(0.0);
            let outside = x.lt(low)?.logical_or(x.gt(1.0 - low)?)?;
            let outer = if eps.is_some() { 0.0 } else { f64::NAN };
            g.div(x.mul(x.rsub(1.0)?)?)?.masked_fill(&outside, outer)
        })
    }

    /// Returns `sin(πx) / (πx)`, and 1 for 0: `dx = (cos(πx) - y) / x · dy`, 0 at 0.
    #[track_caller]
    pub fn sinc(&self) -> Result<Self> {
        let (y, x) = (self.tensor().sinc()?, self.save());
        record("Sinc", &[self]).saves_output().unary(y, move |g, ctx| {
            let x = x.get(ctx)?;
            let zero = x.eq(0)?;
            let slope = x.mul(std::f64::consts::PI)?.cos()?.sub(ctx.output(0)?)?;
            g.mul(slope.div(x.masked_fill(&zero, 1.0)?)?)
        })
    }
}

macro_rules! of_output {
    ($($(#[$doc:meta])* $name:ident $node:literal |$g:ident, $y:ident| $dx:expr;)*) => {$(
        $(#[$doc])*
        #[track_caller]
        pub fn $name(&self) -> Result<Self> {
            if let Some(scope) = widened(&taper_tensor::registry::$name, self) {
                return scope.full(self)?.$name();
            }
            let y = self.tensor().$name()?;
            record($node, &[self]).saves_output().unary(y, |$g, ctx| {
                let $y = ctx.output(0)?;
                $dx
            })
        }
    )*};
}

macro_rules! of_input {
    ($($(#[$doc:meta])* $name:ident $node:literal |$g:ident, $x:ident| $dx:expr;)*) => {$(
        $(#[$doc])*
        #[track_caller]
        pub fn $name(&self) -> Result<Self> {
            if let Some(scope) = widened(&taper_tensor::registry::$name, self) {
                return scope.full(self)?.$name();
            }
            let (y, x) = (self.tensor().$name()?, self.save());
            record($node, &[self]).unary(y, move |$g, ctx| {
                let $x = x.get(ctx)?;
                $dx
            })
        }
    )*};
}

macro_rules! flat {
    ($($(#[$doc:meta])* $name:ident $node:literal;)*) => {$(
        $(#[$doc])*
        /// The gradient is 0, as PyTorch's.
        #[track_caller]
        pub fn $name(&self) -> Result<Self> {
            record($node, &[self]).unary(self.tensor().$name()?, |g, _| Ok(Variable::new(g.tensor().zeros_like()?)))
        }
    )*};
}

/// Makes the rows of a table methods of [`Variable`]: one pass forward, and one for the gradient.
macro_rules! elementwise_methods {
    ($($(#[$doc:meta])* $Type:ident $name:ident $name_:ident ($($p:ident = $default:literal),*) $costs:tt
        value |$x:ident| $value:expr; gradient of $saved:ident |$g:ident, $s:ident| $gradient:expr;)*) => {
        impl $crate::Variable {$(
            $(#[$doc])*
            #[track_caller]
            pub fn $name(&self $(, $p: f64)*) -> $crate::Result<Self> {
                if let Some(scope) = $crate::autocast::widened(&taper_tensor::registry::$name, self) {
                    return scope.full(self)?.$name($($p),*);
                }
                let y = self.tensor().$name($($p),*)?;
                self.elementwise::<taper_tensor::elementwise::$Type>(y, &[$($p),*])
            }

            #[doc = concat!("Applies [`Variable::", stringify!($name), "`] in place.")]
            ///
            /// # Errors
            /// As [`Variable::add_`].
            #[track_caller]
            pub fn $name_(&self $(, $p: f64)*) -> $crate::Result<()> {
                self.change(stringify!($name_), |x| x.$name($($p),*))
            }
        )*}
    };
}
pub(super) use elementwise_methods;

taper_tensor::functions!(elementwise_methods);

/// Formulas over whole variables, whose operations can be differentiated.
mod whole {
    use crate::{Error, Result, Variable};
    taper_tensor::symbols!(Variable, Variable::data);
}

impl Variable {
    /// Records an operation of a table, whose result is `y`.
    #[track_caller]
    pub(super) fn elementwise<E: Elementwise>(&self, y: Tensor, given: &[f64]) -> Result<Self> {
        let params = params(given);
        let inputs = [self];
        let node = record(E::NODE, &inputs);
        let gradient = move |g: Self, saved: Self| {
            if !is_grad_enabled() {
                return Ok(Self::new(g.tensor().elementwise_gradient::<E>(&saved.tensor(), params)?));
            }
            // In the 16-bit dtypes the steps of a formula would lose digits.
            let dtype = g.dtype();
            let wide = if dtype.size_in_bytes() < 4 { DType::F32 } else { dtype };
            let (g, saved) = (g.to_dtype(wide)?, saved.to_dtype(wide)?);
            whole::run([&g, &saved], |[g, s]| E::gradient(g, s, params.map(Formula::of)))?.to_dtype(dtype)
        };
        if E::SAVES == Saves::Output {
            return node.saves_output().unary(y, move |g, ctx| gradient(g, ctx.output(0)?));
        }
        let x = self.save();
        node.unary(y, move |g, ctx| gradient(g, x.get(ctx)?))
    }

    of_output! {
        /// The inverse of [`Variable::erf`]: dy/dx = √π / 2 · e^y².
        erfinv "Erfinv" |g, y| g.mul(y.square()?.exp()?.mul(1.0 / std::f64::consts::FRAC_2_SQRT_PI)?);
    }

    of_input! {
        /// The logarithm to base 2: dy/dx = 1 / (x ln 2).
        log2 "Log2" |g, x| g.div(x.mul(std::f64::consts::LN_2)?);
        /// The logarithm to base 10: dy/dx = 1 / (x ln 10).
        log10 "Log10" |g, x| g.div(x.mul(std::f64::consts::LN_10)?);
        /// The square: dy/dx = 2 x.
        square "Square" |g, x| g.mul(x.mul(2.0)?);
        /// The absolute value: dy/dx = sign(x).
        abs "Abs" |g, x| g.mul(x.sign()?);
        /// The sine: dy/dx = cos x.
        sin "Sin" |g, x| g.mul(x.cos()?);
        /// The cosine: dy/dx = -sin x.
        cos "Cos" |g, x| g.mul(x.sin()?.neg()?);
        /// The tangent: dy/dx = 1 / cos² x.
        tan "Tan" |g, x| g.div(x.cos()?.square()?);
        /// The arc sine: dy/dx = 1 / √(1 - x²).
        asin "Asin" |g, x| g.mul(x.square()?.neg()?.add(1.0)?.rsqrt()?);
        /// The arc cosine: dy/dx = -1 / √(1 - x²).
        acos "Acos" |g, x| g.mul(x.square()?.neg()?.add(1.0)?.rsqrt()?.neg()?);
        /// The arc tangent: dy/dx = 1 / (1 + x²).
        atan "Atan" |g, x| g.div(x.square()?.add(1.0)?);
        /// The hyperbolic sine: dy/dx = cosh x.
        sinh "Sinh" |g, x| g.mul(x.cosh()?);
        /// The hyperbolic cosine: dy/dx = sinh x.
        cosh "Cosh" |g, x| g.mul(x.sinh()?);
        /// The inverse of [`Variable::sinh`]: dy/dx = 1 / √(x² + 1).
        asinh "Asinh" |g, x| g.mul(x.square()?.add(1.0)?.rsqrt()?);
        /// The inverse of [`Variable::cosh`]: dy/dx = 1 / √(x² - 1).
        acosh "Acosh" |g, x| g.mul(x.square()?.sub(1.0)?.rsqrt()?);
        /// The inverse of [`Variable::tanh`]: dy/dx = 1 / (1 - x²).
        atanh "Atanh" |g, x| g.div(x.square()?.neg()?.add(1.0)?);
        /// 2 to the power of each element: dy/dx = 2^x ln 2.
        exp2 "Exp2" |g, x| g.mul(x.exp2()?.mul(std::f64::consts::LN_2)?);
        /// 1 less the error function: dy/dx = -2 / √π · e^-x².
        erfc "Erfc" |g, x| g.mul(x.square()?.neg()?.exp()?.mul(-std::f64::consts::FRAC_2_SQRT_PI)?);
        /// The logarithm of the gamma function's absolute value: dy/dx is its [`Variable::digamma`].
        lgamma "Lgamma" |g, x| g.mul(x.digamma()?);
        /// The derivative of [`Variable::lgamma`]: dy/dx is its first [`Variable::polygamma`].
        digamma "Digamma" |g, x| g.mul(x.polygamma(1)?);
    }

    flat! {
        /// -1, 0 or 1; of NaN 0.
        sign "Sign";
        /// The largest integer not above x.
        floor "Floor";
        /// The smallest integer not below x.
        ceil "Ceil";
        /// The nearest integer, of two equally near the even one.
        round "Round";
        /// The integer part.
        trunc "Trunc";
    }

    /// The `n`-th derivative of [`Variable::digamma`]: dy/dx is the next one.
    ///
    /// # Errors
    /// When `n` is above 100.
    #[track_caller]
    pub fn polygamma(&self, n: usize) -> Result<Self> {
        let (y, x) = (self.tensor().polygamma(n)?, self.save());
        record("Polygamma", &[self]).unary(y, move |g, ctx| g.mul(x.get(ctx)?.polygamma(n + 1)?))
    }

    /// Returns the part after the point, with the sign of x: dy/dx = 1.
    #[track_caller]
    pub fn frac(&self) -> Result<Self> {
        record("Frac", &[self]).unary(self.tensor().frac()?, |g, _| Ok(g))
    }
}

taper_tensor::composed_unary!(Variable);
