//! Mixed precision: a scope that computes matrix products in 16 bits, and sensitive operations in float32.

use std::borrow::Cow;
use std::cell::Cell;
use std::marker::PhantomData;

use taper_tensor::DType;
use taper_tensor::registry::Operation;

use crate::{Result, Variable};

thread_local! {
    static DTYPE: Cell<Option<DType>> = const { Cell::new(None) };
}

/// A guard that enables mixed precision on this thread until it is dropped; see [`autocast`]. Guards nest.
#[must_use = "the scope ends when the guard is dropped: bind it to a name"]
#[derive(Debug)]
pub struct Autocast {
    before: Option<DType>,
    // The scope is thread-local, so the guard must be dropped on its own thread.
    not_send: PhantomData<*const ()>,
}

impl Autocast {
    /// Enters a scope for float16 or bfloat16. With any other dtype nothing is converted: PyTorch's
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

/// Returns the dtype of this thread's scope, if there is one.
pub fn autocast_dtype() -> Option<DType> {
    DTYPE.get()
}

/// Runs `f` in mixed precision: PyTorch's `torch.autocast`, with its lists of operations.
///
/// | operations | computed in |
/// | operation | dtype of the computation |
/// | matrix products, convolutions, `linear`, `prelu` | `dtype`: f16 or bf16 |
/// | losses, the product of all elements; on a GPU also powers, exponentials, logarithms, softmax, sums, norms and the normalisation of layers and groups | f32 |
/// | all others | the dtype of their operands, the wider one of two |
///
/// Parameters and their gradients keep their dtypes: a conversion is an operation, and its gradient is
/// converted back. float64 is never converted. Batch norm computes in float32 and returns the dtype of its
/// input. Call `backward` outside the scope; wherever it is called, it computes in the dtypes of the forward
/// pass. Unlike in PyTorch, the scope does not cache converted parameters.
///
/// Small gradients underflow in float16; `GradScaler` in `taper_optim` scales them.
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

/// Suspends the scope, if there is one, for an operation that computes in the scope's dtype.
pub(crate) fn lowered() -> Option<Suspended> {
    let dtype = DTYPE.get()?;
    Some(Suspended { dtype, _guard: Autocast::set(None) })
}

/// Suspends the scope, if there is one, for an operation on `x` that computes in float32.
pub(crate) fn widened(op: &Operation, x: &Variable) -> Option<Suspended> {
    use taper_tensor::registry::Autocast::{full, full_on_gpu};
    let dtype = DTYPE.get()?;
    let listed = op.autocast == full || (op.autocast == full_on_gpu && x.device().is_cuda());
    listed.then(|| Suspended { dtype, _guard: Autocast::set(None) })
}

impl Suspended {
    /// Converts an operand to the scope's dtype.
    #[track_caller]
    pub fn low<'a>(&self, x: &'a Variable) -> Result<Cow<'a, Variable>> {
        converted(x, self.dtype)
    }

    /// Converts an optional operand to the scope's dtype.
    #[track_caller]
    pub fn low_option<'a>(&self, x: Option<&'a Variable>) -> Result<Option<Cow<'a, Variable>>> {
        x.map(|x| self.low(x)).transpose()
    }

    /// Converts an operand to float32.
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
    /// Returns the variable in the dtype of the [`autocast`] scope, if there is one; for composed operations.
    #[doc(hidden)]
    #[track_caller]
    pub fn autocast_low(&self) -> Result<Cow<'_, Self>> {
        DTYPE.get().map_or(Ok(Cow::Borrowed(self)), |dtype| converted(self, dtype))
    }

    /// Returns the variable in the dtype that autocast selected for another operand of the same operation.
    #[doc(hidden)]
    #[track_caller]
    pub fn autocast_as(&self, other: &Self) -> Result<Self> {
        if DTYPE.get().is_some() {
            converted(self, other.dtype()).map(Cow::into_owned)
        } else {
            Ok(self.clone())
        }
    }

    /// Returns the variable in float32 if it is 16-bit and there is an [`autocast`] scope. Losses begin with
    /// it.
    #[track_caller]
    pub fn autocast_full(&self) -> Result<Cow<'_, Self>> {
        if DTYPE.get().is_some() { converted(self, DType::F32) } else { Ok(Cow::Borrowed(self)) }
    }
}
