//! Elements by their indices, and their way back.

use crate::arithmetic::promoted;
use crate::dtype::{with_element, with_working};
use crate::kernels::element::Number;
use crate::{DType, Element, Error, IntoOperand, Operand, Result, Scalar, Tensor, shape};

/// The sizes before, of, and after a dimension; a number counts as one element.
pub(crate) fn around(size: &[usize], dim: usize) -> (usize, usize, usize) {
    if size.is_empty() {
        return (1, 1, 1);
    }
    (shape::numel(&size[..dim]), size[dim], shape::numel(&size[dim + 1..]))
}

/// Contiguous indices as i64, all of them within `size`; negative ones count from the end where
/// `negative` says so.
pub(crate) fn indices(
    op: &'static str,
    index: &Tensor,
    dim: usize,
    size: usize,
    negative: bool,
) -> Result<Vec<i64>> {
    if index.dtype.is_float() {
        return Err(Error::dtype(op, index.dtype, "int64 or another integer dtype"));
    }
    let n = size as i64;
    let mut index = index.to_dtype(DType::I64)?.to_vec::<i64>()?;
    for i in &mut index {
        let at = if *i < 0 && negative { *i + n } else { *i };
        if at < 0 || at >= n {
            return Err(Error::Index { op, index: *i, dim, size });
        }
        *i = at;
    }
    Ok(index)
}

/// Calls `f(position in the index, position in the tensor)` for `gather` and its like: all
/// dimensions of both are the same place, but for `dim`.
pub(crate) fn places(
    index: &[i64],
    index_size: &[usize],
    size: &[usize],
    dim: usize,
    mut f: impl FnMut(usize, usize),
) {
    let rank = size.len();
    let strides = crate::kernels::strided::contiguous_strides(size);
    let mut at = vec![0usize; rank];
    for (i, &x) in index.iter().enumerate() {
        let place: usize =
            (0..rank).map(|d| if d == dim { x as usize * strides[d] } else { at[d] * strides[d] }).sum();
        f(i, place);
        for d in (0..rank).rev() {
            at[d] += 1;
            if at[d] < index_size[d] {
                break;
            }
            at[d] = 0;
        }
    }
}

impl Tensor {
    /// Whether an index fits for `gather` and `scatter`: as many dimensions, none larger but `dim`.
    fn expect_index(&self, op: &'static str, dim: usize, index: &Self) -> Result<()> {
        let fits = self.dim() == index.dim()
            && (0..self.dim()).all(|d| d == dim || index.size()[d] <= self.size()[d]);
        if fits || index.numel() == 0 {
            return Ok(());
        }
        Err(Error::shape(
            op,
            format!(
                "index of shape {:?} does not fit {:?}: no dimension but {dim} may be larger",
                index.size(),
                self.size()
            ),
        ))
    }

    /// `out[i][j] = self[i][index[i][j]]` for `dim` 1, and so on: the elements at `index` along `dim`.
    ///
    /// # Errors
    /// When an index is out of range or no integer, or the shapes do not fit.
    pub fn gather(&self, dim: i64, index: &Self) -> Result<Self> {
        let op = "gather";
        let dim = shape::dim(op, dim, self.size())?;
        self.expect_index(op, dim, index)?;
        let at = indices(op, index, dim, self.size()[dim], false)?;
        with_element!(self.dtype, T => Self::compute::<T, T>(op, &[self], index.size(), |x, y| {
            places(&at, index.size(), self.size(), dim, |i, place| y[i] = x[0][place]);
        }))
    }

    /// The slices at `index`, a vector of integers, along `dim`.
    ///
    /// # Errors
    /// When an index is out of range or no integer, or the shapes do not fit.
    pub fn index_select(&self, dim: i64, index: &Self) -> Result<Self> {
        let op = "index_select";
        let dim = shape::dim(op, dim, self.size())?;
        if index.dim() > 1 {
            return Err(Error::shape(op, format!("index has shape {:?}, expected a vector", index.size())));
        }
        let at = indices(op, index, dim, self.size()[dim], false)?;
        self.slices_at(op, dim, &at)
    }

    /// The slices at indices that have been checked.
    pub(crate) fn slices_at(&self, op: &'static str, dim: usize, at: &[i64]) -> Result<Self> {
        let (outer, n, inner) = around(self.size(), dim);
        let mut size = self.size().to_vec();
        size[dim] = at.len();
        let size = shape::shape(op, size)?;
        shape::room::<u64>(op, shape::numel(&size))?;
        with_element!(self.dtype, T => Self::make::<T, T>(op, &[self], &size, |x| {
            let mut y = Vec::with_capacity(shape::numel(&size));
            for o in 0..outer {
                for &i in at {
                    y.extend_from_slice(&x[0][(o * n + i as usize) * inner..][..inner]);
                }
            }
            y
        }))
    }

    /// The rows of a table `[rows, size]` at `index`, of any shape: `[.., size]`.
    ///
    /// # Errors
    /// When an index is out of range or no integer, or the table has not two dimensions.
    pub fn embedding(&self, index: &Self) -> Result<Self> {
        let &[_, width] = self.size() else {
            return Err(Error::shape(
                "embedding",
                format!("weight has shape {:?}, expected [rows, size]", self.size()),
            ));
        };
        let size = [index.size(), &[width]].concat();
        self.index_select(0, &index.reshape(-1)?)?.reshape(size)
    }

    /// A copy of `self` with `out[i][index[i][j]] = source[i][j]` for `dim` 1, and so on; the source may be
    /// one number. Of several sources for one place the last counts.
    ///
    /// # Errors
    /// As [`Tensor::gather`].
    pub fn scatter(&self, dim: i64, index: &Self, source: impl IntoOperand) -> Result<Self> {
        let y = self.copy()?;
        y.scatter_(dim, index, source)?;
        Ok(y)
    }

    /// [`Tensor::scatter`] in place.
    ///
    /// # Errors
    /// As [`Tensor::gather`].
    pub fn scatter_(&self, dim: i64, index: &Self, source: impl IntoOperand) -> Result<()> {
        let op = "scatter";
        let number;
        let source = match source.operand() {
            Operand::Tensor(source) => source,
            Operand::Scalar(v) => {
                number = self.like().full((), v)?.expand(index.size())?;
                &number
            }
        };
        let (dim, at) = self.scatter_places(op, dim, index, source)?;
        with_element!(self.dtype, T => {
            let mut y = self.to_vec::<T>()?;
            let x = source.to_vec::<T>()?;
            places(&at, index.size(), self.size(), dim, |i, place| {
                y[place] = x[position(i, index.size(), source.size())];
            });
            self.copy_(&self.result(y, self.size())?)
        })
    }

    /// A copy of `self` with `out[i][index[i][j]] += source[i][j]` for `dim` 1, and so on.
    ///
    /// # Errors
    /// As [`Tensor::gather`].
    pub fn scatter_add(&self, dim: i64, index: &Self, source: &Self) -> Result<Self> {
        let op = "scatter_add";
        let (dim, at) = self.scatter_places(op, dim, index, source)?;
        with_working!(self.dtype, T => {
            let mut y = self.in_dtype(T::TYPE)?.to_vec::<T>()?;
            let x = source.in_dtype(T::TYPE)?.to_vec::<T>()?;
            places(&at, index.size(), self.size(), dim, |i, place| {
                y[place] = Number::add(y[place], x[position(i, index.size(), source.size())]);
            });
            self.result(y, self.size())?.cast(self.dtype)
        })
    }

    /// [`Tensor::scatter_add`] in place.
    ///
    /// # Errors
    /// As [`Tensor::gather`].
    pub fn scatter_add_(&self, dim: i64, index: &Self, source: &Self) -> Result<()> {
        self.copy_(&self.scatter_add(dim, index, source)?)
    }

    pub(crate) fn scatter_places(
        &self,
        op: &'static str,
        dim: i64,
        index: &Self,
        source: &Self,
    ) -> Result<(usize, Vec<i64>)> {
        let dim = shape::dim(op, dim, self.size())?;
        self.expect_device(op, source)?;
        source.expect_dtype(op, self.dtype)?;
        self.expect_index(op, dim, index)?;
        let covers =
            source.dim() == index.dim() && index.size().iter().zip(source.size()).all(|(i, s)| i <= s);
        if !covers && index.numel() > 0 {
            return Err(Error::shape(
                op,
                format!(
                    "source of shape {:?} is smaller than the index of shape {:?}",
                    source.size(),
                    index.size()
                ),
            ));
        }
        Ok((dim, indices(op, index, dim, self.size()[dim], false)?))
    }

    /// A copy of `self` with the slices of `source` added at `index`, a vector of integers, along `dim`.
    ///
    /// # Errors
    /// When an index is out of range or no integer, or the shapes do not fit.
    pub fn index_add(&self, dim: i64, index: &Self, source: &Self) -> Result<Self> {
        let op = "index_add";
        let dim = shape::dim(op, dim, self.size())?;
        source.expect_dtype(op, self.dtype)?;
        let at = indices(op, index, dim, self.size()[dim], false)?;
        let mut expected = self.size().to_vec();
        expected[dim] = at.len();
        if source.size() != expected {
            return Err(Error::shape(
                op,
                format!("source has shape {:?}, expected {expected:?}", source.size()),
            ));
        }
        let (outer, n, inner) = around(self.size(), dim);
        with_working!(self.dtype, T => {
            let mut y = self.in_dtype(T::TYPE)?.to_vec::<T>()?;
            Self::lend::<T, _>(op, &[&*source.in_dtype(T::TYPE)?], |x| {
                for o in 0..outer {
                    for (j, &i) in at.iter().enumerate() {
                        let to = &mut y[(o * n + i as usize) * inner..][..inner];
                        let from = &x[0][(o * at.len() + j) * inner..][..inner];
                        to.iter_mut().zip(from).for_each(|(y, &x)| *y = Number::add(*y, x));
                    }
                }
            })?;
            self.result(y, self.size())?.cast(self.dtype)
        })
    }

    /// [`Tensor::index_add`] in place.
    ///
    /// # Errors
    /// As [`Tensor::index_add`].
    pub fn index_add_(&self, dim: i64, index: &Self, source: &Self) -> Result<()> {
        self.copy_(&self.index_add(dim, index, source)?)
    }

    /// The elements at flat positions, row-major, as in PyTorch's `take`.
    ///
    /// # Errors
    /// When a position is out of range or no integer.
    pub fn take(&self, index: &Self) -> Result<Self> {
        let at = indices("take", index, 0, self.numel(), true)?;
        self.reshape(-1)?.slices_at("take", 0, &at)?.reshape(index.size())
    }

    /// Where the mask is not 0, `value`; elsewhere the element.
    ///
    /// # Errors
    /// When the shapes do not broadcast.
    pub fn masked_fill(&self, mask: &Self, value: impl Into<Scalar>) -> Result<Self> {
        let value = self.like().full((), value.into())?;
        value.where_(mask, self)
    }

    /// [`Tensor::masked_fill`] in place.
    ///
    /// # Errors
    /// When the mask does not broadcast to the shape.
    pub fn masked_fill_(&self, mask: &Self, value: impl Into<Scalar>) -> Result<()> {
        let y = self.masked_fill(mask, value)?;
        self.expect_fits("masked_fill_", &y)?;
        self.copy_(&y)
    }

    /// The elements where the mask, which broadcasts, is not 0: a vector.
    ///
    /// # Errors
    /// When the shapes do not broadcast.
    pub fn masked_select(&self, mask: &Self) -> Result<Self> {
        let size = shape::broadcast("masked_select", self.size(), mask.size())?;
        let at: Vec<i64> = mask.ne(0)?.expand(&size)?.to_vec::<u8>()?.positions();
        self.expand(&size)?.reshape(-1)?.slices_at("masked_select", 0, &at)
    }

    /// The indices of the elements that are not 0: `[n, dimensions]`, i64.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn nonzero(&self) -> Result<Self> {
        let at = self.ne(0)?.to_vec::<u8>()?.positions();
        let strides = crate::kernels::strided::contiguous_strides(self.size());
        let index = |p: i64, d: usize| p / strides[d] as i64 % self.size()[d] as i64;
        let all = at.iter().flat_map(|&p| (0..self.dim()).map(move |d| index(p, d))).collect();
        self.result(all, &[at.len(), self.dim()])
    }

    /// `self` where the condition is not 0, else `other`: PyTorch's `x.where(condition, other)`. All
    /// three broadcast.
    ///
    /// # Errors
    /// When the shapes do not broadcast, or the devices differ.
    pub fn where_(&self, condition: &Self, other: &Self) -> Result<Self> {
        use crate::kernels::elementwise::map3;
        use crate::kernels::ops::Where;
        let op = "where";
        self.expect_device(op, other)?;
        self.expect_device(op, condition)?;
        let dtype = promoted(self, Operand::Tensor(other));
        let mask = if condition.dtype == DType::U8 { condition.clone() } else { condition.ne(0)? };
        let size = shape::broadcast(op, self.size(), other.size())?;
        let size = shape::broadcast(op, &size, mask.size())?;
        with_working!(dtype, T => {
            let (a, b) = (self.in_dtype(T::TYPE)?, other.in_dtype(T::TYPE)?);
            let y = Self::view3::<u8, T, T, _>(op, [&mask, &a, &b], &size, |m, a, b| map3(m, a, b, Where))?;
            self.result(y, &size)?.cast(dtype)
        })
    }
}

/// Where the element `i` of an index is in a source that may be larger.
pub(crate) fn position(i: usize, index: &[usize], source: &[usize]) -> usize {
    if index == source {
        return i;
    }
    let (mut rest, mut place, mut stride) = (i, 0, 1);
    for (&n, &s) in index.iter().zip(source).rev() {
        place += rest % n * stride;
        rest /= n;
        stride *= s;
    }
    place
}

trait Mask {
    /// Where the mask is not 0.
    fn positions(&self) -> Vec<i64>;
}

impl Mask for Vec<u8> {
    fn positions(&self) -> Vec<i64> {
        self.iter().enumerate().filter(|(_, m)| **m != 0).map(|(i, _)| i as i64).collect()
    }
}
