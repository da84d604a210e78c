//! The NumPy-style bridge: one memory, two faces.
//!
//! An [`NdArray`] is `ndarray`'s face of a tensor's memory. It holds no borrow: between two calls, the
//! tensor's operations change the memory as they like. Only inside [`NdArray::read`] and
//! [`NdArray::write`] is there an `ndarray` view, and then the memory is marked as lent: an operation
//! that would write under a view, or touch the memory under a mutable one, is an error. It does not
//! wait, as it could be running inside the very closure that it would wait for.
//!
//! Why safe code cannot race: a mark is set while the storage's lock is held, so no operation is under
//! way at that moment; every operation that begins later sees the mark after it has the lock
//! (`shared.rs`); and candle's own lock is held as long as the view, for whoever goes to the memory
//! through [`Tensor::as_candle`]. The module has no `unsafe`: `ndarray` checks that the strides stay
//! within the slice.
//!
//! There is no DLPack. Its tensors would have to share memory both ways, but a tensor on the CPU is a `Vec` in
//! candle's storage: memory of Rust's allocator, which a foreign owner's deleter cannot stand in for, so that
//! every import would be a copy, as it is in the crate `dlpark` (0.10) with its adapter for candle. And whoever
//! got an export would read and write outside of the locks and marks above.

mod files;
mod map;
mod npy;

use std::fmt;
use std::marker::PhantomData;

use ndarray::{Array, ArrayD, ArrayViewD, ArrayViewMutD, Dimension, IxDyn, ShapeBuilder, StrideShape};

pub use self::map::MappedFile;
use crate::storage::start;
use crate::{Element, Error, Result, Tensor};

/// An array that shares its memory with tensors, as NumPy's arrays share theirs with PyTorch's.
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
    /// The array over the tensor's memory; nothing is copied. PyTorch's `x.numpy()`.
    ///
    /// # Errors
    /// When `T` is not the tensor's element type, or the tensor is not on the CPU.
    pub fn numpy<T: Element>(&self) -> Result<NdArray<T>> {
        self.expect_dtype("numpy", T::TYPE)?;
        bail_if!(
            !self.inner.device().is_cpu(),
            value("numpy", "the tensor is on {}; move it with .to(&Device::cpu())", self.device())
        );
        Ok(NdArray { tensor: self.clone(), element: PhantomData })
    }

    /// The tensor over an array's memory; nothing is copied. PyTorch's `torch.from_numpy(a)`.
    ///
    /// # Errors
    /// When the array has more than 64 dimensions.
    pub fn from_numpy<T: Element>(array: &NdArray<T>) -> Result<Self> {
        crate::shape::expect_rank("from_numpy", array.tensor.dim())?;
        Ok(array.tensor.clone())
    }
}

impl<T: Element, D: Dimension> From<Array<T, D>> for NdArray<T> {
    /// Takes over the array's memory. It is copied only where elements are in reverse order or have gaps
    /// between them.
    fn from(array: Array<T, D>) -> Self {
        let dims = array.shape().to_vec();
        // The dimensions in the order of the memory: read in that order, the array may be contiguous.
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

/// Sizes and strides; for an array without elements the standard ones, as others would reach outside.
fn shape_of(layout: &candle_core::Layout) -> StrideShape<IxDyn> {
    let dims = IxDyn(layout.dims());
    if layout.dims().contains(&0) { dims.into() } else { dims.strides(IxDyn(layout.stride())) }
}

impl<T: Element> NdArray<T> {
    /// Lends the elements as an `ndarray` view. Meanwhile, operations that would change them are errors.
    ///
    /// # Errors
    /// When a mutable view of the memory is held.
    pub fn read<R>(&self, f: impl FnOnce(ArrayViewD<'_, T>) -> R) -> Result<R> {
        let op = "numpy";
        let _lent = self.tensor.shared.lend(op)?;
        self.tensor.with_elements::<T, _>(op, |data, layout| {
            let data = &data[start(layout)..];
            let shape = shape_of(layout);
            ArrayViewD::from_shape(shape, data).map(f).map_err(|e| Error::value(op, e.to_string()))
        })
    }

    /// Lends the elements as a mutable `ndarray` view, and raises the version that views share. Meanwhile,
    /// all operations on the memory are errors.
    ///
    /// # Errors
    /// When a view of the memory is held, or several elements are one place in memory.
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

    /// A copy of the elements as an array of its own.
    ///
    /// # Errors
    /// As [`NdArray::read`].
    pub fn to_array(&self) -> Result<ArrayD<T>> {
        self.read(|view| view.to_owned())
    }

    /// The sizes, one per dimension.
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
