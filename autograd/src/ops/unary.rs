//! Functions of each element.

use smallvec::smallvec;

use crate::autocast::widened;
use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// Numbers for NaN and for the infinities, see [`Tensor::nan_to_num`]; no gradient flows to what they
    /// replace.
    ///
    /// # Errors
    /// When memory runs out.
    #[track_caller]
    pub fn nan_to_num(&self, nan: f64, posinf: Option<f64>, neginf: Option<f64>) -> Result<Self> {
        let (y, keep) = (self.data().nan_to_num(nan, posinf, neginf)?, self.data().isfinite()?);
        record("NanToNum", &[self]).output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.keep(&keep)?)]))
    }
}

macro_rules! of_output {
    ($($(#[$doc:meta])* $name:ident $node:literal |$g:ident, $y:ident| $dx:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// When memory runs out.
        #[track_caller]
        pub fn $name(&self) -> Result<Self> {
            if let Some(scope) = widened(stringify!($name), self) {
                return scope.full(self)?.$name();
            }
            let y = self.tensor().$name()?;
            record($node, &[self]).saves_output().output(y, |ctx| {
                let ($g, $y) = (ctx.grad()?, ctx.output(0)?);
                Ok(smallvec![Some($dx?)])
            })
        }
    )*};
}

macro_rules! of_input {
    ($($(#[$doc:meta])* $name:ident $node:literal |$g:ident, $x:ident| $dx:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// When memory runs out.
        #[track_caller]
        pub fn $name(&self) -> Result<Self> {
            if let Some(scope) = widened(stringify!($name), self) {
                return scope.full(self)?.$name();
            }
            let (y, x) = (self.tensor().$name()?, self.save());
            record($node, &[self]).output(y, move |ctx| {
                let ($g, $x) = (ctx.grad()?, x.get(ctx)?);
                Ok(smallvec![Some($dx?)])
            })
        }
    )*};
}

macro_rules! flat {
    ($($(#[$doc:meta])* $name:ident $node:literal;)*) => {$(
        $(#[$doc])*
        /// The gradient is 0, as PyTorch's.
        ///
        /// # Errors
        /// When memory runs out.
        #[track_caller]
        pub fn $name(&self) -> Result<Self> {
            let y = self.tensor().$name()?;
            record($node, &[self])
                .output(y, |ctx| Ok(smallvec![Some(Variable::new(ctx.grad()?.data().zeros_like()?))]))
        }
    )*};
}

impl Variable {
    of_output! {
        /// e to the power of each element: dy/dx = y.
        exp "Exp" |g, y| g.mul(y);
        /// `e^x - 1`, exact near 0: dy/dx = y + 1.
        expm1 "Expm1" |g, y| g.mul(y.add(1.0)?);
        /// The square root: dy/dx = 1 / 2y.
        sqrt "Sqrt" |g, y| g.div(y.mul(2.0)?);
        /// `1 / √x`: dy/dx = -y³ / 2.
        rsqrt "Rsqrt" |g, y| g.mul(y.mul(&y)?.mul(&y)?.mul(-0.5)?);
        /// `1 / x`: dy/dx = -y².
        reciprocal "Reciprocal" |g, y| g.mul(y.square()?.neg()?);
        /// The hyperbolic tangent: dy/dx = 1 - y².
        tanh "Tanh" |g, y| g.mul(y.square()?.neg()?.add(1.0)?);
        /// `1 / (1 + e^-x)`: dy/dx = y (1 - y).
        sigmoid "Sigmoid" |g, y| g.mul(y.sub(y.square()?)?);
        /// The inverse of [`Variable::erf`]: dy/dx = √π / 2 · e^y².
        erfinv "Erfinv" |g, y| g.mul(y.square()?.exp()?.mul(1.0 / std::f64::consts::FRAC_2_SQRT_PI)?);
    }

    of_input! {
        /// The natural logarithm: dy/dx = 1 / x.
        log "Log" |g, x| g.div(x);
        /// `ln(1 + x)`, exact near 0: dy/dx = 1 / (1 + x).
        log1p "Log1p" |g, x| g.div(x.add(1.0)?);
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
        /// The error function: dy/dx = 2 / √π · e^-x².
        erf "Erf" |g, x| g.mul(x.square()?.neg()?.exp()?.mul(std::f64::consts::FRAC_2_SQRT_PI)?);
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
        record("Polygamma", &[self])
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.mul(x.get(ctx)?.polygamma(n + 1)?)?)]))
    }

    /// The part after the point, with the sign of x: dy/dx = 1.
    ///
    /// # Errors
    /// When memory runs out.
    #[track_caller]
    pub fn frac(&self) -> Result<Self> {
        let y = self.tensor().frac()?;
        record("Frac", &[self]).output(y, |ctx| Ok(smallvec![Some(ctx.grad()?)]))
    }
}
