//! Dimensions moved, joined, split and added, under the names that PyTorch has for it.

use crate::{Error, IntoShape, Result, Tensor, shape};

impl Tensor {
    /// The dimensions `from` at the places `to`, the others in their order; a view.
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
    /// When there are no such dimensions, one is given twice, or there are not as many of both.
    pub fn movedim(&self, from: impl IntoShape, to: impl IntoShape) -> Result<Self> {
        let op = "movedim";
        let (from, to) = (from.into_sizes(), to.into_sizes());
        if self.dim() == 0 && from.iter().chain(&to).all(|d| (-1..=0).contains(d)) {
            return Ok(self.clone());
        }
        let mut order = vec![None; self.dim()];
        let mut moved = vec![];
        for (&a, &b) in from.iter().zip(&to) {
            let (a, b) = (shape::dim(op, a, self.size())?, shape::dim(op, b, self.size())?);
            if moved.contains(&a) || order[b].is_some() {
                return Err(Error::shape(op, format!("{from:?} to {to:?}: a dimension is given twice")));
            }
            moved.push(a);
            order[b] = Some(a);
        }
        if from.len() != to.len() {
            return Err(Error::shape(
                op,
                format!("{from:?} to {to:?}: expected as many places as dimensions"),
            ));
        }
        let mut others = (0..self.dim()).filter(|d| !moved.contains(d));
        let order: Vec<usize> = order.into_iter().filter_map(|d| d.or_else(|| others.next())).collect();
        self.permute(order)
    }

    /// [`Tensor::movedim`] by its name in NumPy.
    ///
    /// # Errors
    /// As [`Tensor::movedim`].
    pub fn moveaxis(&self, from: impl IntoShape, to: impl IntoShape) -> Result<Self> {
        self.movedim(from, to)
    }

    /// [`Tensor::transpose`] by its name in NumPy.
    ///
    /// # Errors
    /// As [`Tensor::transpose`].
    pub fn swapaxes(&self, axis0: i64, axis1: i64) -> Result<Self> {
        self.transpose(axis0, axis1)
    }

    /// [`Tensor::transpose`] by another name.
    ///
    /// # Errors
    /// As [`Tensor::transpose`].
    pub fn swapdims(&self, dim0: i64, dim1: i64) -> Result<Self> {
        self.transpose(dim0, dim1)
    }

    /// The transposed matrices of a batch `[.., n, m]`: PyTorch's `x.mT`; a view.
    ///
    /// # Errors
    /// When there are fewer than two dimensions.
    pub fn mt(&self) -> Result<Self> {
        if self.dim() < 2 {
            return Err(Error::shape("mt", format!("shape {:?} has fewer than 2 dimensions", self.size())));
        }
        self.transpose(-2, -1)
    }

    /// One dimension as several, of whose sizes one may be -1: what is left. A view where the memory
    /// allows it.
    ///
    /// # Errors
    /// When there is no such dimension, or the sizes do not multiply to its own.
    pub fn unflatten(&self, dim: i64, sizes: impl IntoShape) -> Result<Self> {
        let op = "unflatten";
        let d = shape::dim(op, dim, self.size())?;
        let sizes = crate::views::infer(op, &self.size()[d..=d], sizes.into_sizes())?;
        self.reshape([&self.size()[..d], &sizes, &self.size()[d + 1..]].concat())
    }

    /// [`Tensor::flatten`] over all dimensions: a vector.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn ravel(&self) -> Result<Self> {
        self.reshape(-1)
    }

    /// [`Tensor::reshape`] to the shape of another tensor.
    ///
    /// # Errors
    /// As [`Tensor::reshape`].
    pub fn reshape_as(&self, other: &Self) -> Result<Self> {
        self.reshape(other.size())
    }

    /// [`Tensor::expand`] to the shape of another tensor.
    ///
    /// # Errors
    /// As [`Tensor::expand`].
    pub fn expand_as(&self, other: &Self) -> Result<Self> {
        self.expand(other.size())
    }

    /// [`Tensor::expand`] by its name in NumPy.
    ///
    /// # Errors
    /// As [`Tensor::expand`].
    pub fn broadcast_to(&self, sizes: impl IntoShape) -> Result<Self> {
        self.expand(sizes)
    }

    /// Tensors expanded to the one shape that they broadcast to; views.
    ///
    /// # Errors
    /// When they do not broadcast.
    pub fn broadcast_tensors<T: AsRef<Self>>(tensors: &[T]) -> Result<Vec<Self>> {
        let op = "broadcast_tensors";
        let size =
            tensors.iter().try_fold(vec![], |size, t| shape::broadcast(op, &size, t.as_ref().size()))?;
        tensors.iter().map(|t| t.as_ref().expand(&size)).collect()
    }

    /// The elements in reverse order along the second dimension: left and right change places.
    ///
    /// # Errors
    /// When there are fewer than two dimensions.
    pub fn fliplr(&self) -> Result<Self> {
        self.flip(1)
    }

    /// The elements in reverse order along the first dimension: up and down change places.
    ///
    /// # Errors
    /// When there is no dimension.
    pub fn flipud(&self) -> Result<Self> {
        self.flip(0)
    }

    /// Turned by `k` times 90 degrees in the plane of two dimensions, from the first to the second.
    ///
    /// # Errors
    /// When there are no such dimensions, or they are the same.
    pub fn rot90(&self, k: i64, dims: (i64, i64)) -> Result<Self> {
        let (a, b) = (shape::dim("rot90", dims.0, self.size())?, shape::dim("rot90", dims.1, self.size())?);
        if a == b {
            return Err(Error::shape("rot90", format!("dimensions {dims:?} are the same")));
        }
        match k.rem_euclid(4) {
            1 => self.flip(b)?.transpose(a as i64, b as i64),
            2 => self.flip([a, b]),
            3 => self.flip(a)?.transpose(a as i64, b as i64),
            _ => self.copy(),
        }
    }

    /// Tensors side by side: along the second dimension, vectors along their only one.
    ///
    /// # Errors
    /// As [`Tensor::cat`].
    pub fn hstack<T: AsRef<Self>>(tensors: &[T]) -> Result<Self> {
        let parts = at_least(tensors, 1)?;
        Self::cat(&parts, if parts.first().is_some_and(|t| t.dim() > 1) { 1 } else { 0 })
    }

    /// Tensors one below the other: along the first dimension, vectors as rows.
    ///
    /// # Errors
    /// As [`Tensor::cat`].
    pub fn vstack<T: AsRef<Self>>(tensors: &[T]) -> Result<Self> {
        Self::cat(&at_least(tensors, 2)?, 0)
    }

    /// Tensors one behind the other: along the third dimension.
    ///
    /// # Errors
    /// As [`Tensor::cat`].
    pub fn dstack<T: AsRef<Self>>(tensors: &[T]) -> Result<Self> {
        Self::cat(&at_least(tensors, 3)?, 2)
    }

    /// Parts of a dimension, as equal in size as they can be, the larger ones first; views.
    ///
    /// # Errors
    /// When `parts` is 0, or there is no such dimension.
    pub fn tensor_split(&self, parts: usize, dim: i64) -> Result<Vec<Self>> {
        let d = shape::dim("tensor_split", dim, self.size())?;
        let n = self.size()[d];
        if parts == 0 {
            return Err(Error::value("tensor_split", "the number of parts must be at least 1"));
        }
        shape::room::<[Self; 4]>("tensor_split", parts)?;
        let start = |i: usize| (n / parts) * i + i.min(n % parts);
        (0..parts).map(|i| self.narrow(dim, start(i) as i64, start(i + 1) - start(i))).collect()
    }

    /// A tensor with this one's last dimension on the `diagonal` of matrices in the last two dimensions.
    ///
    /// # Errors
    /// When there is no dimension, or the matrices are too large.
    pub fn diag_embed(&self, diagonal: i64) -> Result<Self> {
        let op = "diag_embed";
        let &[ref batch @ .., n] = self.size() else {
            return Err(Error::shape(op, "a number has no dimension that could be a diagonal"));
        };
        let m = n.saturating_add(usize::try_from(diagonal.unsigned_abs()).unwrap_or(usize::MAX));
        let y = self.like().zeros([batch, &[m, m]].concat())?;
        y.diagonal(diagonal, -2, -1)?.copy_(self)?;
        Ok(y)
    }
}

/// Tensors with so many dimensions at least: PyTorch's `atleast_2d` puts a vector first, and one of three
/// has it in the middle.
fn at_least<T: AsRef<Tensor>>(tensors: &[T], rank: usize) -> Result<Vec<Tensor>> {
    let grown = |t: &T| match (t.as_ref(), t.as_ref().dim(), rank) {
        (t, 0, _) => t.reshape(vec![1usize; rank]),
        (t, 1, 2) => t.unsqueeze(0),
        (t, 1, 3) => t.unsqueeze(0)?.unsqueeze(2),
        (t, 2, 3) => t.unsqueeze(2),
        (t, ..) => Ok(t.clone()),
    };
    tensors.iter().map(grown).collect()
}
