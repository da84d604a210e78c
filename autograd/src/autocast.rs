//! Mixed precision: a scope in which products are computed in 16 bits, and what needs more digits in 32.

use std::borrow::Cow;
use std::cell::Cell;
use std::marker::PhantomData;

use taper_tensor::DType;
use taper_tensor::registry::Operation;

use crate::{Result, Variable};

thread_local! {
    static DTYPE: Cell<Option<DType>> = const { Cell::new(None) };
}

/// Mixed precision on this thread for as long as the guard lives; see [`autocast`]. Guards nest.
#[must_use = "the scope ends when the guard is dropped: bind it to a name"]
#[derive(Debug)]
pub struct Autocast {
    before: Option<DType>,
    // The scope is the thread's own, so the guard must end on the thread it began on.
    not_send: PhantomData<*const ()>,
}

impl Autocast {
    /// Begins a scope for f16 or bf16. Any other dtype is a scope without conversions, PyTorch's
    /// `enabled=False`.
    pub fn enter(dtype: DType) -> Self {
        Self::set(Some(dtype).filter(|d| matches!(d, DType::F16 | DType::BF16)))
    }

    pub(crate) fn set(dtype: Option<DType>) -> Self {
        Self { before: DTYPE.replace(dtype), not_send: PhantomData }
    }
}

impl Drop for Autocast {
    fn drop(&mut self) {
        DTYPE.set(self.before);
    }
}

/// The dtype of the scope that this thread is in.
pub fn autocast_dtype() -> Option<DType> {
    DTYPE.get()
}

/// Runs `f` in mixed precision: PyTorch's `torch.autocast`, with its lists of operations.
///
/// | operations | computed in |
/// | --- | --- |
/// | matrix products, convolutions, `linear`, `prelu` | `dtype`: f16 or bf16 |
/// | losses, the product of all elements; on a GPU also powers, exponentials, logarithms, softmax, sums, norms and the normalisation of layers and groups | f32 |
/// | all others | the dtype of their operands, the wider one of two |
///
/// Parameters stay what they are, and so do their gradients: a conversion is an operation whose gradient is
/// converted back. An f64 is never converted. Batch norm computes in f32 and gives the dtype that it got.
/// `backward` belongs outside of the scope; it computes in the dtypes of the forward pass wherever it is called.
/// Unlike PyTorch's, the scope does not keep a converted parameter for its next use.
///
/// For f16, whose smallest numbers are not small enough for many gradients, there is `GradScaler` in
/// `taper_optim`.
///
/// ```
/// use taper_autograd::{Variable, autocast};
/// use taper_tensor::{DType, Tensor};
/// let (x, w) = (Variable::new(Tensor::ones((2, 3))?), Variable::requires_grad(Tensor::ones((3, 4))?));
/// let y = autocast(DType::BF16, || x.matmul(&w))?;
/// assert_eq!(y.dtype(), DType::BF16);
/// y.sum()?.backward()?;
/// assert_eq!(w.grad().unwrap().dtype(), DType::F32);
/// # Ok::<(), taper_autograd::Error>(())
/// ```
pub fn autocast<R>(dtype: DType, f: impl FnOnce() -> R) -> R {
    let _guard = Autocast::enter(dtype);
    f()
}

/// A scope that is suspended while one operation converts its operands and runs.
pub(crate) struct Suspended {
    dtype: DType,
    _guard: Autocast,
}

/// The scope, where there is one, suspended: for an operation that is computed in the scope's dtype.
pub(crate) fn lowered() -> Option<Suspended> {
    let dtype = DTYPE.get()?;
    Some(Suspended { dtype, _guard: Autocast::set(None) })
}

/// The scope, where there is one, suspended: for an operation on `x`, where it is computed in f32.
pub(crate) fn widened(op: &Operation, x: &Variable) -> Option<Suspended> {
    use taper_tensor::registry::Autocast::{full, full_on_gpu};
    let dtype = DTYPE.get()?;
    let listed = op.autocast == full || (op.autocast == full_on_gpu && x.device().is_cuda());
    listed.then(|| Suspended { dtype, _guard: Autocast::set(None) })
}

impl Suspended {
    /// An operand in the scope's dtype.
    #[track_caller]
    pub fn low<'a>(&self, x: &'a Variable) -> Result<Cow<'a, Variable>> {
        converted(x, self.dtype)
    }

    /// An operand that may be missing, in the scope's dtype.
    #[track_caller]
    pub fn low_option<'a>(&self, x: Option<&'a Variable>) -> Result<Option<Cow<'a, Variable>>> {
        x.map(|x| self.low(x)).transpose()
    }

    /// An operand in f32.
    #[track_caller]
    pub fn full<'a>(&self, x: &'a Variable) -> Result<Cow<'a, Variable>> {
        converted(x, DType::F32)
    }
}

#[track_caller]
fn converted(x: &Variable, dtype: DType) -> Result<Cow<'_, Variable>> {
    let convertible = matches!(x.dtype(), DType::F16 | DType::BF16 | DType::F32);
    if convertible && x.dtype() != dtype { x.to_dtype(dtype).map(Cow::Owned) } else { Ok(Cow::Borrowed(x)) }
}

impl Variable {
    /// Returns this in the dtype of the scope of [`autocast`], where there is one; for composed operations.
    #[doc(hidden)]
    #[track_caller]
    pub fn autocast_low(&self) -> Result<Cow<'_, Self>> {
        DTYPE.get().map_or(Ok(Cow::Borrowed(self)), |dtype| converted(self, dtype))
    }

    /// Returns this in the dtype that autocast gave another operand of the same operation.
    #[doc(hidden)]
    #[track_caller]
    pub fn autocast_as(&self, other: &Self) -> Result<Self> {
        if DTYPE.get().is_some() {
            converted(self, other.dtype()).map(Cow::into_owned)
        } else {
            Ok(self.clone())
        }
    }

    /// This in f32, where it is in 16 bits and within a scope of [`autocast`]: what losses begin with.
    ///
    /// # Errors
    /// When memory runs out.
    #[track_caller]
    pub fn autocast_full(&self) -> Result<Cow<'_, Self>> {
        if DTYPE.get().is_some() { converted(self, DType::F32) } else { Ok(Cow::Borrowed(self)) }
    }
}
