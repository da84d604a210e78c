//! Views with strides of their own choice: what `view`, `diagonal` and `unfold` are made of.
//!
//! candle makes a layout only from another one, and has no way to join dimensions without a copy. But
//! from the whole memory as one vector every layout can be reached: overlapping windows, one within the
//! other, each a dimension, of which then only every so many elements are kept. candle counts windows in
//! f32, which is exact up to 2^24 elements; past that a layout may not come out as it should, and then
//! there is no such view.

use crate::{Error, IntoShape, Result, Tensor, shape};

impl Tensor {
    /// The same memory in another shape, of which one size may be -1: what is left. Unlike
    /// [`Tensor::reshape`], it never copies.
    ///
    /// ```
    /// # use taper_tensor::Tensor;
    /// let x = Tensor::arange(0, 12, 1)?.reshape((3, 4))?;
    /// x.view((2, -1))?.select(0, 0)?.zero_()?;
    /// assert_eq!(x.view(-1)?.to_vec::<i64>()?, [0, 0, 0, 0, 0, 0, 6, 7, 8, 9, 10, 11]);
    /// assert!(x.t()?.view(12).is_err());
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the shape has another number of elements, or the strides do not allow a view: then
    /// `reshape` makes a copy.
    pub fn view(&self, sizes: impl IntoShape) -> Result<Self> {
        let dims = self.infer("view", sizes.into_sizes())?;
        if self.is_contiguous() {
            let inner = self.inner.reshape(dims).map_err(Error::backend("view"))?;
            return Ok(self.view_of(inner));
        }
        self.strided_as(&dims).ok_or_else(|| {
            Error::shape(
                "view",
                format!(
                    "shape {:?} with strides {:?} is not {dims:?} without a copy; use reshape({dims:?})",
                    self.size(),
                    self.stride()
                ),
            )
        })
    }

    /// [`Tensor::view`] in the shape of another tensor.
    ///
    /// # Errors
    /// As [`Tensor::view`].
    pub fn view_as(&self, other: &Self) -> Result<Self> {
        self.view(other.size())
    }

    /// A view in these sizes, of as many elements, where the strides allow it.
    pub(crate) fn strided_as(&self, dims: &[usize]) -> Option<Self> {
        self.strided(dims, &view_strides(self.size(), self.stride(), dims)?, self.storage_offset())
    }

    /// A view of the whole memory with these sizes and strides, from its element `offset` on; without an
    /// offset, from the first element of `self` on. PyTorch's `as_strided`.
    ///
    /// ```
    /// # use taper_tensor::Tensor;
    /// let x = Tensor::arange(0, 9, 1)?;
    /// let y = x.as_strided((2, 2), (1, 2), Some(1))?;
    /// assert_eq!(y.to_vec::<i64>()?, [1, 3, 2, 4]);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// When it would reach out of the memory, a number is negative, or there are not as many strides as
    /// sizes.
    pub fn as_strided(
        &self,
        sizes: impl IntoShape,
        strides: impl IntoShape,
        offset: Option<usize>,
    ) -> Result<Self> {
        let op = "as_strided";
        let dims = shape::shape(op, sizes)?;
        let strides = shape::shape(op, strides.into_sizes())?;
        let offset = offset.unwrap_or(self.storage_offset());
        let view = if dims.len() == strides.len() { self.strided(&dims, &strides, offset) } else { None };
        view.ok_or_else(|| {
            Error::shape(
                op,
                format!("sizes {dims:?} with strides {strides:?} from {offset} on are not in the memory"),
            )
        })
    }

    /// A view of the whole memory; none where it would reach out of it.
    pub(crate) fn strided(&self, dims: &[usize], strides: &[usize], offset: usize) -> Option<Self> {
        let root = self.shared.root.get_or_init(|| self.inner.clone());
        let count = root.elem_count();
        let offset = offset.checked_sub(root.layout().start_offset())?;
        let flat = if root.is_contiguous() { root.reshape(count).ok()? } else { return None };
        if dims.contains(&0) {
            let nothing = flat.narrow(0, 0, 0).and_then(|x| x.reshape(dims)).ok()?;
            return Some(self.view_of(nothing));
        }
        let reach = |d: usize| (dims[d] - 1).checked_mul(strides[d]);
        let span = (0..dims.len()).try_fold(0usize, |n, d| n.checked_add(reach(d)?))?;
        if offset.checked_add(span)? >= count {
            return None;
        }
        // A window for each dimension that has a stride, each within the last; the others come after.
        let mut x = flat.narrow(0, offset, span + 1).ok()?;
        for d in (0..dims.len()).filter(|&d| dims[d] > 1 && strides[d] > 0) {
            let last = x.rank();
            x = x.unfold(0, reach(d)? + 1, 1).ok()?;
            if strides[d] > 1 {
                x = x.unfold(last, 1, strides[d]).and_then(|x| x.squeeze(last + 1)).ok()?;
            }
            x = x.narrow(last, 0, dims[d]).ok()?;
        }
        x = x.narrow(0, 0, 1).and_then(|x| x.squeeze(0)).ok()?;
        for d in (0..dims.len()).filter(|&d| dims[d] == 1 || strides[d] == 0) {
            x = x.unsqueeze(d).ok()?;
        }
        x = x.broadcast_as(dims).ok()?;
        let made = |d: usize| dims[d] == 1 || x.stride()[d] == strides[d];
        ((0..dims.len()).all(made)).then(|| self.view_of(x))
    }

    /// The diagonal of the matrices in two dimensions, `offset` columns to the right: those two
    /// dimensions go, and one comes last. A view.
    ///
    /// ```
    /// # use taper_tensor::Tensor;
    /// let x = Tensor::zeros((2, 3))?;
    /// x.diagonal(1, 0, 1)?.fill_(5)?;
    /// assert_eq!(x.to_vec::<f32>()?, [0.0, 5.0, 0.0, 0.0, 0.0, 5.0]);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there are no such dimensions, or they are the same.
    pub fn diagonal(&self, offset: i64, dim1: i64, dim2: i64) -> Result<Self> {
        let op = "diagonal";
        let (a, b) = (shape::dim(op, dim1, self.size())?, shape::dim(op, dim2, self.size())?);
        if a == b {
            return Err(Error::shape(op, format!("dimensions {dim1} and {dim2} are the same")));
        }
        let shift = usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX);
        let (down, right) = if offset < 0 { (shift, 0) } else { (0, shift) };
        let (rows, columns) = (self.size()[a].saturating_sub(down), self.size()[b].saturating_sub(right));
        let length = rows.min(columns);
        let rest = |d: &usize| *d != a && *d != b;
        let mut dims: Vec<usize> = (0..self.dim()).filter(rest).map(|d| self.size()[d]).collect();
        let mut strides: Vec<usize> = (0..self.dim()).filter(rest).map(|d| self.stride()[d]).collect();
        dims.push(length);
        strides.push(self.stride()[a].saturating_add(self.stride()[b]));
        let start = if length == 0 { 0 } else { down * self.stride()[a] + right * self.stride()[b] };
        self.strided(&dims, &strides, self.storage_offset() + start).ok_or_else(|| too_long(op, self))
    }

    /// The windows of `size` elements along a dimension, every `step` elements one: the dimension counts
    /// them, and a new last one is within the window. A view.
    ///
    /// ```
    /// # use taper_tensor::Tensor;
    /// let x = Tensor::arange(0, 5, 1)?.unfold(0, 3, 2)?;
    /// assert_eq!((x.size(), x.to_vec::<i64>()?), (&[2, 3][..], vec![0, 1, 2, 2, 3, 4]));
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the dimension has fewer elements than a window, or `step` is 0.
    pub fn unfold(&self, dim: i64, size: usize, step: usize) -> Result<Self> {
        let op = "unfold";
        let d = shape::dim(op, dim, self.size())?;
        let n = self.size()[d];
        if size > n || step == 0 {
            return Err(Error::shape(
                op,
                format!("windows of {size} elements every {step} do not fit dimension {d} of size {n}"),
            ));
        }
        shape::expect_rank(op, self.dim() + 1)?;
        let (mut dims, mut strides) = (self.size().to_vec(), self.stride().to_vec());
        dims[d] = (n - size) / step + 1;
        dims.push(size);
        strides.push(strides[d]);
        strides[d] = strides[d].saturating_mul(step);
        self.strided(&dims, &strides, self.storage_offset()).ok_or_else(|| too_long(op, self))
    }
}

pub(crate) fn too_long(op: &'static str, x: &Tensor) -> Error {
    let message = format!(
        "shape {:?} with strides {:?} has no such view, as it spans more than 2^24 elements; copy a part of it \
         with index_select",
        x.size(),
        x.stride()
    );
    Error::shape(op, message)
}

/// The strides with which the memory of one shape is another of as many elements, where there are any: the
/// dimensions whose strides run on are one row, which is cut anew.
fn view_strides(size: &[usize], stride: &[usize], new: &[usize]) -> Option<Vec<usize>> {
    let mut strides = vec![1; new.len()];
    if size.is_empty() || size.contains(&0) {
        return Some(crate::kernels::strided::contiguous_strides(new));
    }
    let mut left = new.len();
    let (mut base, mut row, mut cut) = (*stride.last()?, 1, 1);
    for d in (0..size.len()).rev() {
        row *= size[d];
        let runs_on = d > 0 && (size[d - 1] == 1 || stride[d - 1] == row * base);
        if runs_on {
            continue;
        }
        while left > 0 && (cut < row || new[left - 1] == 1) {
            strides[left - 1] = cut * base;
            cut *= new[left - 1];
            left -= 1;
        }
        if cut != row {
            return None;
        }
        if d > 0 {
            (base, row, cut) = (stride[d - 1], 1, 1);
        }
    }
    (left == 0).then_some(strides)
}
