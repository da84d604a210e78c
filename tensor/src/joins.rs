//! Tensors joined, split and repeated.

use crate::dtype::with_element;
use crate::kernels::join;
use crate::{Error, IntoShape, Result, Tensor, shape};

impl Tensor {
    /// Tensors one after the other along a dimension; the other sizes must agree, the dtypes promote.
    ///
    /// # Errors
    /// When there is none, or the shapes do not fit.
    pub fn cat<T: AsRef<Self>>(tensors: &[T], dim: i64) -> Result<Self> {
        let op = "cat";
        // As in PyTorch, an empty vector fits everywhere.
        let parts: Vec<&Self> = tensors.iter().map(AsRef::as_ref).filter(|t| t.size() != [0]).collect();
        let Some(first) = parts.first().copied().or(tensors.first().map(AsRef::as_ref)) else {
            return Err(Error::value(op, "there is no tensor to join"));
        };
        let d = shape::dim(op, dim, first.size())?;
        let mut dtype = tensors[0].as_ref().dtype;
        for t in tensors {
            dtype = dtype.promote(t.as_ref().dtype);
        }
        let mut size = first.size().to_vec();
        size[d] = 0;
        for t in &parts {
            first.expect_device(op, t)?;
            let fits = t.dim() == size.len() && (0..size.len()).all(|i| i == d || t.size()[i] == size[i]);
            if !fits {
                return Err(Error::shape(
                    op,
                    format!(
                        "shapes {:?} and {:?} differ in another dimension than {d}",
                        first.size(),
                        t.size()
                    ),
                ));
            }
            size[d] = size[d].saturating_add(t.size()[d]);
        }
        let size = shape::shape(op, size)?;
        shape::room::<u64>(op, shape::numel(&size))?;
        let parts = parts.iter().map(|t| t.to_dtype(dtype)).collect::<Result<Vec<_>>>()?;
        let outer = shape::numel(&size[..d]);
        with_element!(dtype, T => {
            let y = Self::lend::<T, _>(op, &parts.iter().collect::<Vec<_>>(), |x| join::cat(x, outer.max(1)))?;
            first.result(y, &size)
        })
    }

    /// Tensors of one shape side by side along a new dimension.
    ///
    /// # Errors
    /// When there is none, or the shapes differ.
    pub fn stack<T: AsRef<Self>>(tensors: &[T], dim: i64) -> Result<Self> {
        if let Some(odd) = tensors.iter().find(|t| t.as_ref().size() != tensors[0].as_ref().size()) {
            return Err(Error::shape(
                "stack",
                format!("shapes {:?} and {:?} differ", tensors[0].as_ref().size(), odd.as_ref().size()),
            ));
        }
        let parts = tensors.iter().map(|t| t.as_ref().unsqueeze(dim)).collect::<Result<Vec<_>>>()?;
        Self::cat(&parts, dim)
    }

    /// Parts of `size` along a dimension, the last perhaps smaller; views.
    ///
    /// # Errors
    /// When `size` is 0, or there is no such dimension.
    pub fn split(&self, size: usize, dim: i64) -> Result<Vec<Self>> {
        let d = shape::dim("split", dim, self.size())?;
        let n = self.size()[d];
        if size == 0 && n > 0 {
            return Err(Error::value("split", "parts of size 0 never fill a dimension"));
        }
        shape::room::<[Self; 8]>("split", n / size.max(1))?;
        let starts = (0..n.max(1)).step_by(size.max(1));
        starts.map(|i| self.narrow(dim, i as i64, size.min(n - i))).collect()
    }

    /// Parts of the given sizes along a dimension; views.
    ///
    /// # Errors
    /// When the sizes do not add up to the dimension's.
    pub fn split_sizes(&self, sizes: &[usize], dim: i64) -> Result<Vec<Self>> {
        let d = shape::dim("split", dim, self.size())?;
        let total = sizes.iter().try_fold(0usize, |n, &s| n.checked_add(s));
        if total != Some(self.size()[d]) {
            return Err(Error::shape(
                "split",
                format!("sizes {sizes:?} do not add up to dimension {d} of shape {:?}", self.size()),
            ));
        }
        let mut start = 0;
        let mut part = |n: usize| {
            start += n;
            self.narrow(dim, (start - n) as i64, n)
        };
        sizes.iter().map(|&n| part(n)).collect()
    }

    /// At most `chunks` parts of equal size along a dimension, the last perhaps smaller; views.
    ///
    /// # Errors
    /// When `chunks` is 0, or there is no such dimension.
    pub fn chunk(&self, chunks: usize, dim: i64) -> Result<Vec<Self>> {
        if chunks == 0 {
            return Err(Error::value("chunk", "the number of parts must be at least 1"));
        }
        let d = shape::dim("chunk", dim, self.size())?;
        self.split(self.size()[d].div_ceil(chunks).max(1), dim)
    }

    /// The slices along a dimension, which disappears; views.
    ///
    /// # Errors
    /// When there is no such dimension.
    pub fn unbind(&self, dim: i64) -> Result<Vec<Self>> {
        let d = shape::dim("unbind", dim, self.size())?;
        shape::room::<[Self; 8]>("unbind", self.size()[d])?;
        (0..self.size()[d] as i64).map(|i| self.select(dim, i)).collect()
    }

    /// Copies side by side: `repeats[d]` along each dimension, of which new ones may come first.
    ///
    /// # Errors
    /// When there are fewer numbers than dimensions, or too many elements.
    pub fn repeat(&self, repeats: impl IntoShape) -> Result<Self> {
        let repeats = shape::shape("repeat", repeats)?;
        let Some(new) = repeats.len().checked_sub(self.dim()) else {
            return Err(Error::shape(
                "repeat",
                format!("{repeats:?} has fewer numbers than shape {:?} dimensions", self.size()),
            ));
        };
        // [a, b] becomes [1, a, 1, b], expands to [r, a, s, b], and is read as [r·a, s·b].
        let (mut apart, mut wide, mut size) = (vec![], vec![], vec![]);
        for (i, &r) in repeats.iter().enumerate() {
            let n = i.checked_sub(new).map_or(1, |d| self.size()[d]);
            apart.extend([1, n]);
            wide.extend([r, n]);
            size.push(r.saturating_mul(n));
        }
        let size = shape::shape("repeat", size)?;
        self.reshape(apart)?.expand(wide)?.copy()?.reshape(size)
    }

    /// [`Tensor::repeat`], where missing numbers in front are 1.
    ///
    /// # Errors
    /// As [`Tensor::repeat`].
    pub fn tile(&self, repeats: impl IntoShape) -> Result<Self> {
        let repeats = repeats.into_sizes();
        let missing = self.dim().saturating_sub(repeats.len());
        self.repeat([vec![1; missing], repeats].concat())
    }

    /// Each slice along a dimension `repeats` times in a row.
    ///
    /// # Errors
    /// When there is no such dimension, or too many elements.
    pub fn repeat_interleave(&self, repeats: usize, dim: i64) -> Result<Self> {
        let d = shape::dim("repeat_interleave", dim, self.size())?;
        let mut size = self.size().to_vec();
        size[d] = size[d].saturating_mul(repeats);
        let size = shape::shape("repeat_interleave", size)?;
        let mut wide = self.size().to_vec();
        wide.insert(d + 1, repeats);
        self.unsqueeze(d as i64 + 1)?.expand(wide)?.copy()?.reshape(size)
    }
}

impl AsRef<Tensor> for Tensor {
    fn as_ref(&self) -> &Tensor {
        self
    }
}
