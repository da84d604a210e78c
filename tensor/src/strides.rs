//! Views with arbitrary strides, for `view`, `diagonal` and `unfold`.
//!
//! candle derives a layout from another layout, and cannot merge dimensions without a copy. But every layout
//! can be derived from the whole memory as one vector: take overlapping windows, one within the other, one
//! per dimension, and keep every n-th element of each. candle counts windows in f32, which is exact up to
//! 2^24 elements. Beyond that, the derived layout may be wrong; then the functions return `None`.

use crate::{Error, Tensor};

impl Tensor {
    /// Returns a view with these sizes and as many elements, if the strides allow it.
    pub(crate) fn strided_as(&self, dims: &[usize]) -> Option<Self> {
        self.strided(dims, &view_strides(self.size(), self.stride(), dims)?, self.storage_offset())
    }

    /// Returns a view of the whole memory, or `None` if it would exceed the memory.
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
        // Each dimension with a stride is a window within the previous one; the other dimensions follow.
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

/// Returns the strides that view memory of shape `size` as shape `new`, if there are any. Dimensions whose
/// strides continue each other are merged, and split at the new sizes.
fn view_strides(size: &[usize], stride: &[usize], new: &[usize]) -> Option<Vec<usize>> {
    let mut strides = vec![1; new.len()];
    if size.is_empty() || size.contains(&0) {
        return Some(crate::cpu::strided::contiguous_strides(new));
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
