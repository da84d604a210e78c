//! Operations between two tensors, which broadcast, or a tensor and a number.

use crate::{Error, IntoOperand, Operand, Result, Tensor, shape};

/// The two operands in one dtype, broadcast to one shape.
fn align(op: &'static str, a: &Tensor, b: Operand<'_>) -> Result<(Tensor, Tensor)> {
    match b {
        Operand::Tensor(b) => {
            a.expect_device(op, b)?;
            // A number without dimensions gives way to a tensor of the same kind, as in PyTorch.
            let dtype = match (a.dim(), b.dim()) {
                (0, n) if n > 0 && a.dtype.is_float() <= b.dtype.is_float() => b.dtype,
                (n, 0) if n > 0 && b.dtype.is_float() <= a.dtype.is_float() => a.dtype,
                _ => a.dtype.promote(b.dtype),
            };
            let (a, b) = (a.to_dtype(dtype)?, b.to_dtype(dtype)?);
            if a.size() == b.size() {
                return Ok((a, b));
            }
            let dims = shape::broadcast(op, a.size(), b.size())?;
            Ok((a.expand(&dims)?, b.expand(&dims)?))
        }
        Operand::Scalar(v) => {
            let dtype = v.promote(a.dtype);
            let b = a.like().dtype(dtype).full((), v)?.expand(a.size())?;
            Ok((a.to_dtype(dtype)?, b))
        }
    }
}

macro_rules! binary {
    ($($(#[$doc:meta])* $name:ident = $candle:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// When the shapes do not broadcast, or the devices differ.
        pub fn $name(&self, other: impl IntoOperand) -> Result<Self> {
            let (a, b) = align(stringify!($name), self, other.operand())?;
            let inner = a.inner.$candle(&b.inner).map_err(Error::backend(stringify!($name)))?;
            Self::from_candle(inner)
        }
    )*};
}

impl Tensor {
    binary! {
        /// `self + other`.
        add = add;
        /// `self - other`.
        sub = sub;
        /// `self * other`, element by element.
        mul = mul;
        /// The larger of the two, element by element.
        maximum = maximum;
        /// The smaller of the two, element by element.
        minimum = minimum;
        /// 1 where equal, else 0.
        eq = eq;
        /// 1 where different, else 0.
        ne = ne;
        /// 1 where `self < other`, else 0.
        lt = lt;
        /// 1 where `self <= other`, else 0.
        le = le;
        /// 1 where `self > other`, else 0.
        gt = gt;
        /// 1 where `self >= other`, else 0.
        ge = ge;
    }

    /// `self / other`; between integers too, the quotient is a real number.
    ///
    /// # Errors
    /// When the shapes do not broadcast, or the devices differ.
    pub fn div(&self, other: impl IntoOperand) -> Result<Self> {
        let (mut a, mut b) = align("div", self, other.operand())?;
        if !a.dtype.is_float() {
            (a, b) = (a.to_dtype(crate::DType::F32)?, b.to_dtype(crate::DType::F32)?);
        }
        Self::from_candle(a.inner.div(&b.inner).map_err(Error::backend("div"))?)
    }

    /// `self + other`, written into `out`; PyTorch's `torch.add(x, y, out=out)`.
    ///
    /// # Errors
    /// As [`Tensor::add`]; and when `out` has another shape than the result.
    pub fn add_out(&self, other: impl IntoOperand, out: &Self) -> Result<()> {
        let sum = self.add(other)?;
        if sum.size() != out.size() {
            return Err(Error::shape(
                "add_out",
                format!("out has shape {:?}, the sum {:?}", out.size(), sum.size()),
            ));
        }
        out.copy_(&sum)
    }
}
