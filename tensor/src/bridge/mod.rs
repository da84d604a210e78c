//! The bridge to `ndarray`, modelled on the one between PyTorch and NumPy.
//!
//! An [`NdArray`] shares the memory of a tensor. It does not borrow it: between two calls, the tensor's
//! operations may change the memory. An `ndarray` view exists only inside [`NdArray::read`] and
//! [`NdArray::write`]. Meanwhile the memory is registered as lent. An operation that would write under a
//! view, or access the memory under a mutable one, returns an error. It does not wait, because it might run
//! inside the very closure that it would wait for.
//!
//! Safe code cannot race. The view is registered while the storage's lock is held, so no operation is running
//! at that moment. An operation that begins later sees the registration after it has taken the lock
//! (`lock.rs`). Candle's own lock is held as long as the view, for code that accesses the memory through
//! [`Tensor::as_candle`]. The module has no `unsafe`: `ndarray` checks that the strides stay within the
//! slice.
//!
//! There is no DLPack. Its tensors share memory both ways, but a tensor on the CPU is a `Vec` in candle's
//! storage. That is memory of Rust's allocator, which a foreign deleter cannot free, so every import would be
//! a copy, as in the crate `dlpark` (0.10) with its adapter for candle. The receiver of an export would read
//! and write without the locks above.

mod files;
mod map;
mod npy;

use std::fmt;
use std::marker::PhantomData;

use ndarray::{Array, ArrayD, ArrayViewD, ArrayViewMutD, Dimension, IxDyn, ShapeBuilder, StrideShape};

pub use self::map::MappedFile;
use crate::storage::start;
use crate::{Element, Error, Result, Tensor};

/// An array that shares its memory with tensors, as NumPy's arrays do with PyTorch's tensors.
///
/// ```
/// use taper_tensor::{NdArray, Tensor};
/// let a = Tensor::ones(3)?;
/// let b = a.numpy::<f32>()?; // no copy
/// a.add_(1.0)?;
/// assert_eq!(b.to_string(), "[2, 2, 2]");
/// let a = NdArray::from(ndarray::Array::ones(3));
/// let b = Tensor::from_numpy(&a)?; // no copy
/// a.write(|mut view| view += 1.0)?;
/// assert_eq!(b.to_vec::<f64>()?, [2.0; 3]);
/// # Ok::<(), taper_tensor::Error>(())
/// ```
#[derive(Clone)]
pub struct NdArray<T> {
    tensor: Tensor,
    element: PhantomData<T>,
}

impl Tensor {
    /// Returns an array over the tensor's memory, without a copy: PyTorch's `x.numpy()`.
    ///
    /// # Errors
    /// If `T` is not the type of the tensor's dtype, or the tensor is not on the CPU.
    pub fn numpy<T: Element>(&self) -> Result<NdArray<T>> {
        self.expect_dtype("numpy", T::TYPE)?;
        bail_if!(
            !self.inner.device().is_cpu(),
            value(
                "numpy",
                "got a tensor on {}, expected one on the CPU; move it with .to(&Device::cpu())",
                self.device()
            )
        );
        Ok(NdArray { tensor: self.clone(), element: PhantomData })
    }

    /// Returns a tensor over an array's memory, without a copy: PyTorch's `torch.from_numpy(a)`.
    ///
    /// # Errors
    /// If the array has more than 64 dimensions.
    pub fn from_numpy<T: Element>(array: &NdArray<T>) -> Result<Self> {
        crate::shape::expect_rank("from_numpy", array.tensor.dim())?;
        Ok(array.tensor.clone())
    }
}

impl<T: Element, D: Dimension> From<Array<T, D>> for NdArray<T> {
    /// Takes over the array's memory. Elements in reverse order or with gaps between them are copied.
    fn from(array: Array<T, D>) -> Self {
        let dims = array.shape().to_vec();
        // Permuted to the order of the memory, the array may be contiguous.
        let mut order: Vec<usize> = (0..dims.len()).collect();
        order.sort_by_key(|&d| std::cmp::Reverse(array.strides()[d]));
        let in_memory = array.into_dyn().permuted_axes(IxDyn(&order));
        let sizes = in_memory.shape().to_vec();
        let (data, offset) = if in_memory.is_standard_layout() {
            in_memory.into_raw_vec_and_offset()
        } else {
            (in_memory.iter().copied().collect(), Some(0))
        };
        let (offset, n) = (offset.unwrap_or(0), crate::shape::numel(&sizes));
        let data = if offset == 0 && data.len() == n { data } else { data[offset..offset + n].to_vec() };
        let mut back = vec![0; order.len()];
        order.iter().enumerate().for_each(|(i, &d)| back[d] = i);
        let tensor = Tensor::own(data, &sizes);
        let view = tensor.inner.permute(back).map(|inner| tensor.view_of(inner));
        Self { tensor: view.unwrap_or(tensor), element: PhantomData }
    }
}

/// Returns the sizes and strides. An array without elements gets standard strides, because others might
/// exceed the memory.
fn shape_of(layout: &candle_core::Layout) -> StrideShape<IxDyn> {
    let dims = IxDyn(layout.dims());
    if layout.dims().contains(&0) { dims.into() } else { dims.strides(IxDyn(layout.stride())) }
}

impl<T: Element> NdArray<T> {
    /// Lends the elements to `f` as an `ndarray` view. Meanwhile, operations that would change them return an
    /// error.
    ///
    /// # Errors
    /// If a mutable view of the memory is held.
    pub fn read<R>(&self, f: impl FnOnce(ArrayViewD<'_, T>) -> R) -> Result<R> {
        let op = "numpy";
        let _lent = self.tensor.shared.lend(op)?;
        self.tensor.with_elements::<T, _>(op, |data, layout| {
            let data = &data[start(layout)..];
            let shape = shape_of(layout);
            ArrayViewD::from_shape(shape, data).map(f).map_err(|e| Error::value(op, e.to_string()))
        })
    }

    /// Lends the elements to `f` as a mutable `ndarray` view, and raises the version that views share.
    /// Meanwhile, all operations on the memory return an error.
    ///
    /// # Errors
    /// If a view of the memory is held, or several elements share a place in memory.
    pub fn write<R>(&self, f: impl FnOnce(ArrayViewMutD<'_, T>) -> R) -> Result<R> {
        let op = "numpy";
        self.tensor.expect_distinct(op)?;
        let _lent = self.tensor.shared.lend_mut(op)?;
        self.tensor.mutate_slice::<T, _>(op, |data, layout| {
            let data = &mut data[start(layout)..];
            let shape = shape_of(layout);
            ArrayViewMutD::from_shape(shape, data).map(f).map_err(|e| Error::value(op, e.to_string()))
        })?
    }

    /// Copies the elements into a new array.
    ///
    /// # Errors
    /// If a mutable view of the memory is held.
    pub fn to_array(&self) -> Result<ArrayD<T>> {
        self.read(|view| view.to_owned())
    }

    /// Returns the sizes, one per dimension.
    pub fn shape(&self) -> &[usize] {
        self.tensor.size()
    }
}

impl<T: Element> fmt::Display for NdArray<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.read(|view| fmt::Display::fmt(&view, f)).unwrap_or_else(|e| f.write_str(&e.to_string()))
    }
}

impl<T: Element> fmt::Debug for NdArray<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.read(|view| fmt::Debug::fmt(&view, f)).unwrap_or_else(|e| f.write_str(&e.to_string()))
    }
}
