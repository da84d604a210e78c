//! The tensor itself: a thin face over candle's, and what can be asked of it.

use crate::cpu::elementwise::map1;
use crate::cpu::operators::Copied;
use crate::lock::Shared;
use crate::{DType, Device, Element, Error, Result, Scalar, Value, shape};
use std::sync::Arc;

/// An n-dimensional array of elements of one dtype on one device.
///
/// Cloning a tensor, or taking a view of it, shares its memory: an in-place operation (its name
/// ends in an underscore) on one is seen by all of them, and raises the version that they share.
#[derive(Clone)]
pub struct Tensor {
    pub(crate) inner: candle_core::Tensor,
    pub(crate) shared: Arc<Shared>,
    pub(crate) dtype: DType,
}

impl Tensor {
    /// A tensor over a storage that nothing else knows.
    pub(crate) fn fresh(inner: candle_core::Tensor, dtype: DType) -> Self {
        debug_assert_eq!(inner.dtype(), dtype.to_candle());
        Self { inner, shared: Arc::default(), dtype }
    }

    /// The same new tensor as one of `dtype`, which is stored in the same way: 0 and 1 as bool.
    pub(crate) fn stored_as(self, dtype: DType) -> Self {
        debug_assert_eq!(self.dtype.stored(), dtype.stored());
        Self { dtype, ..self }
    }

    /// A view: other sizes and strides over the storage of `self`.
    pub(crate) fn view_of(&self, inner: candle_core::Tensor) -> Self {
        // The first view is taken of the root itself.
        self.shared.root.get_or_init(|| self.inner.clone());
        Self { inner, shared: self.shared.clone(), dtype: self.dtype }
    }

    /// Takes over one of candle's tensors, without a copy. In-place changes made through candle are
    /// seen here, but do not raise [`Tensor::version`].
    ///
    /// # Errors
    /// When its dtype is none of [`DType`], or it has more than 64 dimensions.
    pub fn from_candle(inner: candle_core::Tensor) -> Result<Self> {
        shape::expect_rank("from_candle", inner.rank())?;
        let dtype = DType::from_candle(inner.dtype())?;
        Ok(Self::fresh(inner.detach(), dtype))
    }

    /// Candle's tensor over the same memory.
    pub fn as_candle(&self) -> &candle_core::Tensor {
        &self.inner
    }

    /// The sizes, one per dimension; PyTorch's `x.size()` and `x.shape`.
    pub fn size(&self) -> &[usize] {
        self.inner.dims()
    }

    /// The size of a dimension, which may be counted from the end: `x.size_of(-1)`.
    ///
    /// # Errors
    /// When there is no such dimension.
    pub fn size_of(&self, dim: i64) -> Result<usize> {
        Ok(self.size()[shape::dim("size", dim, self.size())?])
    }

    /// The number of dimensions.
    pub fn dim(&self) -> usize {
        self.size().len()
    }

    /// The number of elements.
    pub fn numel(&self) -> usize {
        shape::numel(self.size())
    }

    /// The distance in elements between neighbours along each dimension.
    pub fn stride(&self) -> &[usize] {
        self.inner.stride()
    }

    /// The place of the first element in the memory, in elements.
    pub fn storage_offset(&self) -> usize {
        self.inner.layout().start_offset()
    }

    /// The dtype.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The device.
    pub fn device(&self) -> Device {
        Device(self.inner.device().clone())
    }

    /// Whether the elements lie one after the other in the order of the dimensions.
    pub fn is_contiguous(&self) -> bool {
        self.inner.is_contiguous()
    }

    /// How many times the memory has been changed in place, through any of the tensors that share it.
    pub fn version(&self) -> u64 {
        self.shared.version()
    }

    /// Whether two tensors share memory.
    pub fn shares_storage(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Whether no other tensor shares the memory, so that changing it in place is seen by nobody.
    pub fn is_unique(&self) -> bool {
        Arc::strong_count(&self.shared) == 1
    }

    /// A copy of the elements, in order.
    ///
    /// # Errors
    /// When `T` is not the tensor's element type.
    pub fn to_vec<V: Value>(&self) -> Result<Vec<V>> {
        self.expect_dtype("to_vec", V::DTYPE)?;
        self.elements().map(V::from_stored)
    }

    /// The elements in order, in the type that they are stored as.
    pub(crate) fn elements<T: Element>(&self) -> Result<Vec<T>> {
        if !self.inner.device().is_cpu() {
            return self.to(&Device::cpu())?.elements();
        }
        self.lend_view("to_vec", |x| map1(x, Copied))
    }

    /// The value of a tensor of one element, converted to `T` where it is of another type.
    ///
    /// # Errors
    /// When there is not exactly one element.
    pub fn item<V: Value>(&self) -> Result<V> {
        bail_if!(
            self.numel() != 1,
            shape("item", "a tensor of shape {:?} has {} elements, expected one", self.size(), self.numel())
        );
        self.to_dtype(V::DTYPE)?.to_vec().map(|v| v[0])
    }

    /// The value of a tensor of one element, as a number.
    ///
    /// # Errors
    /// When there is not exactly one element.
    pub fn scalar(&self) -> Result<Scalar> {
        match self.dtype {
            DType::Bool => self.item().map(Scalar::Bool),
            dtype if dtype.is_float() => self.item().map(Scalar::Float),
            _ => self.item().map(Scalar::Int),
        }
    }

    /// Returns the tensor itself, as there is no autocast for tensors; for composed operations.
    #[doc(hidden)]
    pub fn autocast_low(&self) -> Result<std::borrow::Cow<'_, Self>> {
        Ok(std::borrow::Cow::Borrowed(self))
    }

    /// As [`Tensor::autocast_low`].
    #[doc(hidden)]
    pub fn autocast_as(&self, _: &Self) -> Result<Self> {
        Ok(self.clone())
    }

    pub(crate) fn expect_dtype(&self, op: &'static str, dtype: DType) -> Result<()> {
        if self.dtype == dtype { Ok(()) } else { Err(Error::dtype(op, self.dtype, dtype.name())) }
    }

    pub(crate) fn expect_float(&self, op: &'static str) -> Result<()> {
        crate::ops::support::expect_float(op, self.dtype)
    }

    pub(crate) fn expect_device(&self, op: &'static str, other: &Self) -> Result<()> {
        if self.inner.device().location() == other.inner.device().location() {
            return Ok(());
        }
        Err(Error::DeviceMismatch { op, left: self.device().into(), right: other.device().into() })
    }
}
