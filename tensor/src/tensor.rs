//! The tensor: sizes, dtype, device and version over candle's storage.

use crate::cpu::elementwise::map1;
use crate::cpu::operators::Copied;
use crate::lock::Shared;
use crate::{DType, Device, Element, Error, Result, Scalar, Value, shape};
use std::sync::Arc;

/// An n-dimensional array of elements of one dtype on one device.
///
/// Cloning a tensor or taking a view of it shares its memory. An in-place operation (its name ends in an
/// underscore) on one of them changes all of them, and raises the version that they share.
#[derive(Clone)]
pub struct Tensor {
    pub(crate) inner: candle_core::Tensor,
    pub(crate) shared: Arc<Shared>,
    pub(crate) dtype: DType,
}

impl Tensor {
    /// Returns a tensor over a storage that no other tensor shares.
    pub(crate) fn fresh(inner: candle_core::Tensor, dtype: DType) -> Self {
        debug_assert_eq!(inner.dtype(), dtype.to_candle());
        Self { inner, shared: Arc::default(), dtype }
    }

    /// Relabels a new tensor as `dtype`, which must have the same stored type: `u8` with values 0 and 1
    /// becomes bool.
    pub(crate) fn stored_as(self, dtype: DType) -> Self {
        debug_assert_eq!(self.dtype.stored(), dtype.stored());
        Self { dtype, ..self }
    }

    /// Returns a view of `self`: `inner` has other sizes and strides over the same storage.
    pub(crate) fn view_of(&self, inner: candle_core::Tensor) -> Self {
        // The first view is taken of the tensor that owns the whole memory.
        self.shared.root.get_or_init(|| self.inner.clone());
        Self { inner, shared: self.shared.clone(), dtype: self.dtype }
    }

    /// Wraps a tensor of candle's, without a copy. In-place changes made through candle are visible here, but
    /// do not raise [`Tensor::version`].
    ///
    /// # Errors
    /// If [`DType`] has no counterpart of its dtype, or it has more than 64 dimensions.
    pub fn from_candle(inner: candle_core::Tensor) -> Result<Self> {
        shape::expect_rank("from_candle", inner.rank())?;
        let dtype = DType::from_candle(inner.dtype())?;
        Ok(Self::fresh(inner.detach(), dtype))
    }

    /// Returns candle's tensor over the same memory.
    pub fn as_candle(&self) -> &candle_core::Tensor {
        &self.inner
    }

    /// Returns the sizes, one per dimension: PyTorch's `x.size()` and `x.shape`.
    pub fn size(&self) -> &[usize] {
        self.inner.dims()
    }

    /// Returns the size of dimension `dim`. A negative `dim` counts from the end: `x.size_of(-1)`.
    ///
    /// # Errors
    /// If `dim` is out of range.
    pub fn size_of(&self, dim: i64) -> Result<usize> {
        Ok(self.size()[shape::dim("size", dim, self.size())?])
    }

    /// Returns the number of dimensions.
    pub fn dim(&self) -> usize {
        self.size().len()
    }

    /// Returns the number of elements.
    pub fn numel(&self) -> usize {
        shape::numel(self.size())
    }

    /// Returns the stride of each dimension, in elements.
    pub fn stride(&self) -> &[usize] {
        self.inner.stride()
    }

    /// Returns the offset of the first element in the storage, in elements.
    pub fn storage_offset(&self) -> usize {
        self.inner.layout().start_offset()
    }

    /// Returns the dtype.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Returns the device.
    pub fn device(&self) -> Device {
        Device(self.inner.device().clone())
    }

    /// Returns true if the elements are stored without gaps, in the order of the dimensions.
    pub fn is_contiguous(&self) -> bool {
        self.inner.is_contiguous()
    }

    /// Returns the number of in-place changes made to the memory through any of the tensors that share it.
    pub fn version(&self) -> u64 {
        self.shared.version()
    }

    /// Returns true if the two tensors share memory.
    pub fn shares_storage(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Returns true if no other tensor shares the memory, so that an in-place change affects `self` alone.
    pub fn is_unique(&self) -> bool {
        Arc::strong_count(&self.shared) == 1
    }

    /// Copies the elements into a vector, in order.
    ///
    /// # Errors
    /// If `V` is not the type of the tensor's dtype.
    pub fn to_vec<V: Value>(&self) -> Result<Vec<V>> {
        self.expect_dtype("to_vec", V::DTYPE)?;
        self.elements().map(V::from_stored)
    }

    /// Copies the elements into a vector, in order, in their stored type.
    pub(crate) fn elements<T: Element>(&self) -> Result<Vec<T>> {
        if !self.inner.device().is_cpu() {
            return self.to(&Device::cpu())?.elements();
        }
        self.lend_view("to_vec", |x| map1(x, Copied))
    }

    /// Returns the value of a tensor with one element, converted to `V`.
    ///
    /// # Errors
    /// If the tensor does not have exactly one element.
    pub fn item<V: Value>(&self) -> Result<V> {
        bail_if!(
            self.numel() != 1,
            shape("item", "a tensor of shape {:?} has {} elements, expected one", self.size(), self.numel())
        );
        self.to_dtype(V::DTYPE)?.to_vec().map(|v| v[0])
    }

    /// Returns the value of a tensor with one element as a [`Scalar`].
    ///
    /// # Errors
    /// If the tensor does not have exactly one element.
    pub fn scalar(&self) -> Result<Scalar> {
        match self.dtype {
            DType::Bool => self.item().map(Scalar::Bool),
            dtype if dtype.is_float() => self.item().map(Scalar::Float),
            _ => self.item().map(Scalar::Int),
        }
    }

    /// Returns the tensor unchanged. Composed operations call this for tensors and variables; only variables
    /// have autocast.
    #[doc(hidden)]
    pub fn autocast_low(&self) -> Result<std::borrow::Cow<'_, Self>> {
        Ok(std::borrow::Cow::Borrowed(self))
    }

    /// Returns the tensor unchanged; see [`Tensor::autocast_low`].
    #[doc(hidden)]
    pub fn autocast_as(&self, _: &Self) -> Result<Self> {
        Ok(self.clone())
    }

    pub(crate) fn expect_dtype(&self, op: &'static str, dtype: DType) -> Result<()> {
        if self.dtype == dtype { Ok(()) } else { Err(Error::dtype(op, self.dtype, dtype.name())) }
    }

    /// Checks that operands, each with its name in the message, have one dtype.
    pub(crate) fn expect_one_dtype(op: &'static str, operands: &[(&str, &Self)]) -> Result<()> {
        operands.windows(2).try_for_each(|pair| {
            let ((left, a), (right, b)) = (pair[0], pair[1]);
            bail_if!(
                a.dtype != b.dtype,
                value(
                    op,
                    "{left} is {}, {right} is {}; convert one of them with .to_dtype(DType::{1:?})",
                    a.dtype,
                    b.dtype
                )
            );
            Ok(())
        })
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
