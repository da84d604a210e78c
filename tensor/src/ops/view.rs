//! Views with other shapes and orders of dimensions.

use crate::{Error, IntoShape, Result, Tensor, shape};

impl Tensor {
    /// Returns a view in another shape. One size may be -1; it is inferred from the others. Unlike
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
    /// If the shape has another number of elements, or the strides do not allow a view.
    pub fn view(&self, sizes: impl IntoShape) -> Result<Self> {
        let dims = infer("view", self.size(), sizes.into_sizes())?;
        self.reshaped("view", &dims)?.ok_or_else(|| {
            let (size, stride) = (self.size(), self.stride());
            let message = format!(
                "got shape {size:?} with strides {stride:?}, which needs a copy to become {dims:?}; use reshape({dims:?})"
            );
            Error::shape("view", message)
        })
    }

    /// Returns a view with these sizes and as many elements, if the strides allow it.
    fn reshaped(&self, op: &'static str, dims: &[usize]) -> Result<Option<Self>> {
        if self.is_contiguous() {
            self.view_by(op, |x| x.reshape(dims)).map(Some)
        } else {
            Ok(self.strided_as(dims))
        }
    }

    /// Returns a view made by an operation of candle's.
    pub(super) fn view_by(
        &self,
        op: &'static str,
        f: impl FnOnce(&candle_core::Tensor) -> candle_core::Result<candle_core::Tensor>,
    ) -> Result<Self> {
        f(&self.inner).map(|inner| self.view_of(inner)).map_err(Error::backend(op))
    }

    /// Returns the elements in another shape. One size may be -1; it is inferred from the others. The result
    /// is a view if the strides allow it, else a copy.
    ///
    /// # Errors
    /// If the shape has another number of elements.
    pub fn reshape(&self, sizes: impl IntoShape) -> Result<Self> {
        let dims = infer("reshape", self.size(), sizes.into_sizes())?;
        match self.reshaped("reshape", &dims)? {
            Some(view) => Ok(view),
            None => self.copy()?.reshape(dims),
        }
    }

    /// Merges the dimensions from `start` to the last one into one, or those from `start` to `end` if `dims`
    /// is a pair. `flatten(0)` gives a vector. The result is a view if the strides allow it.
    ///
    /// # Shapes
    /// Input `[a, b, c]`, output `[a·b·c]` for 0, `[a, b·c]` for 1, `[a·b, c]` for `(0, 1)`.
    ///
    /// ```
    /// # use taper_tensor::Tensor;
    /// let x = Tensor::zeros((2, 3, 4))?;
    /// assert_eq!(x.flatten(1)?.size(), [2, 12]);
    /// assert_eq!(x.flatten((0, 1))?.size(), [6, 4]);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// If a dimension is out of range, or the second is before the first.
    pub fn flatten(&self, dims: impl IntoShape) -> Result<Self> {
        let op = "flatten";
        let (start, end) = match *dims.into_sizes() {
            [] => (0, -1),
            [start] => (start, -1),
            [start, end] => (start, end),
            ref more => bail!(shape(op, "got the dimensions {more:?}, expected a first and a last one")),
        };
        let size = if self.dim() == 0 { &[1] } else { self.size() };
        let (first, last) = (shape::dim(op, start, size)?, shape::dim(op, end, size)?);
        bail_if!(
            first > last,
            shape(
                op,
                "got the dimensions {start} and {end} of shape {size:?}, expected the first to be before the second"
            )
        );
        let joined = shape::numel(&size[first..=last]);
        self.reshape([&size[..first], &[joined], &size[last + 1..]].concat())
    }

    /// Splits a dimension into several. One of their sizes may be -1; it is inferred from the others. The
    /// result is a view if the strides allow it.
    ///
    /// # Shapes
    /// Input `[.., a·b, ..]`, output `[.., a, b, ..]`.
    ///
    /// # Errors
    /// If `dim` is out of range, or the product of the sizes is not its size.
    pub fn unflatten(&self, dim: i64, sizes: impl IntoShape) -> Result<Self> {
        let op = "unflatten";
        let d = shape::dim(op, dim, self.size())?;
        let sizes = infer(op, &self.size()[d..=d], sizes.into_sizes())?;
        self.reshape([&self.size()[..d], &sizes, &self.size()[d + 1..]].concat())
    }

    /// Returns a view with two dimensions swapped.
    ///
    /// # Shapes
    /// Input `[.., n, .., m, ..]`, output `[.., m, .., n, ..]`.
    ///
    /// # Errors
    /// If a dimension is out of range.
    pub fn transpose(&self, dim0: i64, dim1: i64) -> Result<Self> {
        if self.dim() == 0 && (-1..=0).contains(&dim0) && (-1..=0).contains(&dim1) {
            return Ok(self.clone());
        }
        let dim0 = shape::dim("transpose", dim0, self.size())?;
        let dim1 = shape::dim("transpose", dim1, self.size())?;
        self.view_by("transpose", |x| x.transpose(dim0, dim1))
    }

    /// Returns a view with the dimensions in another order.
    ///
    /// # Errors
    /// If `dims` does not contain each dimension once.
    pub fn permute(&self, dims: impl IntoShape) -> Result<Self> {
        let order = dims.into_sizes();
        let order =
            order.into_iter().map(|d| shape::dim("permute", d, self.size())).collect::<Result<Vec<_>>>()?;
        let mut seen = order.clone();
        seen.sort_unstable();
        bail_if!(
            !seen.iter().copied().eq(0..self.dim()),
            shape("permute", "got {order:?}, expected each dimension of shape {:?} once", self.size())
        );
        self.view_by("permute", |x| x.permute(order))
    }

    /// Returns a view with a new dimension of size 1 at `dim`, which is at most the number of dimensions.
    ///
    /// # Errors
    /// If `dim` is out of range.
    pub fn unsqueeze(&self, dim: i64) -> Result<Self> {
        let mut longer = self.size().to_vec();
        longer.push(1);
        shape::expect_rank("unsqueeze", longer.len())?;
        let dim = shape::dim("unsqueeze", dim, &longer)?;
        self.view_by("unsqueeze", |x| x.unsqueeze(dim))
    }

    /// Returns a view without the dimensions of size 1 among `dims`, or among all dimensions if none is
    /// given.
    ///
    /// # Errors
    /// If a dimension is out of range.
    pub fn squeeze(&self, dims: impl IntoShape) -> Result<Self> {
        let dims = crate::ops::reduce::over("squeeze", dims, self.size())?;
        let mut inner = self.inner.clone();
        for &d in dims.iter().rev().filter(|&&d| self.size()[d] == 1) {
            inner = inner.squeeze(d).map_err(Error::backend("squeeze"))?;
        }
        Ok(self.view_of(inner))
    }

    /// Returns a view that repeats the elements along dimensions of size 1. A size of -1 keeps a dimension.
    /// Additional sizes come first and add dimensions.
    ///
    /// # Shapes
    /// Input `[n, 1]`, sizes `(k, -1, m)`, output `[k, n, m]`.
    ///
    /// # Errors
    /// If a size other than 1 would change.
    pub fn expand(&self, sizes: impl IntoShape) -> Result<Self> {
        let sizes = sizes.into_sizes();
        let fail = || {
            Error::shape(
                "expand",
                format!(
                    "got the sizes {sizes:?} for shape {:?}, expected only sizes of 1 to change",
                    self.size()
                ),
            )
        };
        let new = sizes.len().checked_sub(self.dim()).ok_or_else(fail)?;
        let mut dims = Vec::with_capacity(sizes.len());
        for (i, &s) in sizes.iter().enumerate() {
            let old = i.checked_sub(new).map(|i| self.size()[i]);
            dims.push(match (old, usize::try_from(s)) {
                (Some(old), Err(_)) if s == -1 => old,
                (Some(old), Ok(s)) if old == s || old == 1 => s,
                (None, Ok(s)) => s,
                _ => return Err(fail()),
            });
        }
        let dims = shape::shape("expand", dims)?;
        self.view_by("expand", |x| x.broadcast_as(dims))
    }
}

/// Returns the requested sizes, with -1 replaced by the size that gives as many elements as `size`.
pub(crate) fn infer(op: &'static str, size: &[usize], sizes: Vec<i64>) -> Result<Vec<usize>> {
    shape::expect_rank(op, sizes.len())?;
    let numel = shape::numel(size) as i64;
    let fail = |why: &str| {
        Err(Error::shape(
            op,
            format!("got the sizes {sizes:?} for shape {size:?} of {numel} elements: {why}"),
        ))
    };
    let known: Option<i64> = sizes
        .iter()
        .filter(|&&s| s != -1)
        .try_fold(1i64, |n, &s| (s >= 0).then(|| n.checked_mul(s)).flatten());
    let Some(known) = known else { return fail("a size is negative, or there are too many elements") };
    let left = match sizes.iter().filter(|&&s| s == -1).count() {
        0 if known == numel => 0,
        1 if known == 0 => return fail("-1 is ambiguous if another size is 0"),
        1 if numel % known == 0 => numel / known,
        0 | 1 => return fail("the numbers of elements differ"),
        _ => return fail("only one size can be -1"),
    };
    let dims: Vec<usize> = sizes.iter().map(|&s| if s == -1 { left as usize } else { s as usize }).collect();
    if numel == 0 { shape::shape(op, dims) } else { Ok(dims) } // a size of 0 hides that the others may be too large
}

/// Returns the order of the dimensions that moves `from` to the positions `to`.
#[doc(hidden)]
pub fn moved_dims(size: &[usize], from: impl IntoShape, to: impl IntoShape) -> Result<Vec<usize>> {
    let (op, from, to) = ("movedim", from.into_sizes(), to.into_sizes());
    if size.is_empty() && from.iter().chain(&to).all(|d| (-1..=0).contains(d)) {
        return Ok(vec![]);
    }
    let checked = |dims: &[i64]| dims.iter().map(|&d| shape::dim(op, d, size)).collect::<Result<Vec<_>>>();
    let (moved, positions) = (checked(&from)?, checked(&to)?);
    bail_if!(
        moved.len() != positions.len(),
        shape(op, "got the dimensions {from:?} and positions {to:?}, expected as many of both")
    );
    let twice = |dims: &[usize]| (1..dims.len()).any(|i| dims[..i].contains(&dims[i]));
    bail_if!(
        twice(&moved) || twice(&positions),
        shape(op, "got the dimensions {from:?} and positions {to:?}, expected each once")
    );
    let mut others = (0..size.len()).filter(|d| !moved.contains(d));
    let at = |d| positions.iter().position(|&to| to == d).map(|i| moved[i]).or_else(|| others.next());
    Ok((0..size.len()).filter_map(at).collect())
}

#[doc(hidden)]
#[macro_export]
macro_rules! composed_view {
    ($T:ident) => {
        impl $T {
            /// Returns a view with the dimensions `from` moved to the positions `to`. The others keep their
            /// order.
            ///
            /// ```
            /// # use taper_tensor::Tensor;
            /// let x = Tensor::zeros((2, 3, 4, 5))?;
            /// assert_eq!(x.movedim(1, -1)?.size(), [2, 4, 5, 3]);
            /// assert_eq!(x.movedim((0, 1), (3, 0))?.size(), [3, 4, 5, 2]);
            /// # Ok::<(), taper_tensor::Error>(())
            /// ```
            ///
            /// # Errors
            /// If a dimension is out of range or given twice, or there are not as many positions as
            /// dimensions.
            #[track_caller]
            pub fn movedim(&self, from: impl $crate::IntoShape, to: impl $crate::IntoShape) -> Result<Self> {
                self.permute($crate::support::moved_dims(&self.size(), from, to)?)
            }

            /// Returns a view of the transposed matrices of a batch: PyTorch's `x.mT`.
            ///
            /// # Shapes
            /// Input `[.., n, m]`, output `[.., m, n]`.
            ///
            /// # Errors
            /// If there are fewer than two dimensions.
            #[track_caller]
            pub fn mt(&self) -> Result<Self> {
                $crate::bail_if!(
                    self.dim() < 2,
                    shape("mt", "got shape {:?}, expected at least 2 dimensions", self.size())
                );
                self.transpose(-2, -1)
            }

            /// Returns a view of the transposed matrix. A tensor with fewer dimensions is returned unchanged.
            ///
            /// # Errors
            /// If there are more than two dimensions.
            #[track_caller]
            pub fn t(&self) -> Result<Self> {
                match self.dim() {
                    0 | 1 => Ok(self.clone()),
                    2 => self.transpose(0, 1),
                    _ => {
                        $crate::bail!(shape(
                            "t",
                            "got shape {:?}, expected at most 2 dimensions; use transpose(dim0, dim1)",
                            self.size()
                        ))
                    }
                }
            }

            /// Merges all dimensions into one. The result is a view if the strides allow it.
            #[track_caller]
            pub fn ravel(&self) -> Result<Self> {
                self.reshape([self.numel()])
            }

            $crate::sized_as_other! {
                view_as = view;
                reshape_as = reshape;
                expand_as = expand;
            }

            $crate::aliases! {
                moveaxis = movedim(from: impl $crate::IntoShape, to: impl $crate::IntoShape), "NumPy's name";
                swapaxes = transpose(axis0: i64, axis1: i64), "NumPy's name";
                swapdims = transpose(dim0: i64, dim1: i64), "PyTorch's alias";
                broadcast_to = expand(sizes: impl $crate::IntoShape), "NumPy's name";
            }

            /// Returns views of all tensors in the shape that they broadcast to.
            ///
            /// # Errors
            /// If the shapes do not broadcast.
            #[track_caller]
            pub fn broadcast_tensors(tensors: &[impl $crate::AsTensor<Self>]) -> Result<Vec<Self>> {
                let mut size = vec![];
                for t in tensors {
                    size = $crate::support::broadcast("broadcast_tensors", &size, &t.as_tensor().size())?;
                }
                tensors.iter().map(|t| t.as_tensor().expand(&size)).collect()
            }
        }
    };
}
composed_view!(Tensor);
