//! Products of matrices and vectors.

use candle_core::Layout;
use smallvec::SmallVec;

use crate::cpu::element::Number;
use crate::cpu::matmul::int::matmul_int;
use crate::cpu::matmul::{Operand, Shape, Start, matmul_new};
use crate::{AsTensor, DType, Element, Error, Result, Tensor, shape};

impl Tensor {
    /// Returns the matrix product over the last two dimensions. The other dimensions broadcast. A vector on
    /// the left is a row, a vector on the right is a column; the result does not have that dimension.
    ///
    /// # Shapes
    /// Input `[.., n, m]`, other `[.., m, p]`, output `[.., n, p]`.
    ///
    /// # Errors
    /// If the inner sizes differ, the batch dimensions do not broadcast, the dtypes differ, or an operand has
    /// no dimensions.
    pub fn matmul(&self, other: impl AsTensor) -> Result<Self> {
        self.product("matmul", &other.as_tensor(), None)
    }

    /// Returns `self · weightᵀ + bias`: PyTorch's `linear`. The transposed weight is not copied, and the
    /// product accumulates onto the bias.
    ///
    /// # Shapes
    /// Input `[.., in]`, weight `[out, in]`, bias `[out]`, output `[.., out]`.
    ///
    /// # Errors
    /// If the shapes do not fit, or the dtypes differ.
    pub fn linear(&self, weight: impl AsTensor, bias: Option<&Self>) -> Result<Self> {
        let (op, weight) = ("linear", weight.as_tensor());
        bail_if!(
            weight.dim() != 2 || self.dim() == 0 || self.size()[self.dim() - 1] != weight.size()[1],
            shape(
                op,
                "input has shape {:?} and weight {:?}, expected [.., {}] and [out, in]",
                self.size(),
                weight.size(),
                weight.size().last().unwrap_or(&0)
            )
        );
        Self::expect_one_dtype(op, &[("input", self), ("weight", &weight)])?;
        if let Some(b) = bias {
            Self::expect_one_dtype(op, &[("weight", &weight), ("bias", b)])?;
            let outputs = weight.size()[0];
            bail_if!(b.size() != [outputs], shape(op, "bias has shape {:?}, expected [{outputs}]", b.size()));
        }
        // Contiguous rows form one matrix.
        let (k, n) = (weight.size()[1], weight.size()[0]);
        if self.dim() > 2 && self.is_contiguous() && k > 0 {
            let mut size = self.size().to_vec();
            size[self.dim() - 1] = n;
            return self.reshape([self.numel() / k, k])?.linear(&*weight, bias)?.reshape(size);
        }
        self.product(op, &weight.t()?, bias)
    }

    fn product(&self, op: &'static str, other: &Self, bias: Option<&Self>) -> Result<Self> {
        self.expect_device(op, other)?;
        Self::expect_one_dtype(op, &[("input", self), ("other", other)])?;
        let (left, right) = (self.dim(), other.dim());
        bail_if!(
            left == 0 || right == 0,
            shape(
                op,
                "got the shapes {:?} and {:?}, expected at least one dimension each; use mul for numbers",
                self.size(),
                other.size()
            )
        );
        match (left == 1, right == 1) {
            (false, false) => self.matrices(op, other, bias),
            (true, false) => self.unsqueeze(0)?.matrices(op, other, bias)?.squeeze(-2),
            (false, true) => self.matrices(op, &other.unsqueeze(1)?, bias)?.squeeze(-1),
            (true, true) => self.unsqueeze(0)?.matrices(op, &other.unsqueeze(1)?, bias)?.reshape(()),
        }
    }

    /// Multiplies operands of two or more dimensions.
    fn matrices(&self, op: &'static str, other: &Self, bias: Option<&Self>) -> Result<Self> {
        let ((a_batch, [m, k]), (b_batch, [l, n])) = (split(self.size()), split(other.size()));
        bail_if!(
            k != l,
            shape(
                op,
                "got the shapes {:?} and {:?}, expected the last size of the first, {k}, to equal the second-last of the second, {l}",
                self.size(),
                other.size()
            )
        );
        let mut dims = shape::broadcast(op, a_batch, b_batch)?;
        let batch = dims.len();
        dims.extend([m, n]);
        let dims = shape::shape(op, dims)?;
        // The GPU's library leaves the result of empty operands uninitialised.
        if !self.inner.device().is_cpu() && self.dtype.is_float() && self.numel() * other.numel() > 0 {
            return on_gpu(op, self, other, bias, &dims[..batch]);
        }
        match self.dtype {
            DType::F32 => run::<f32>(op, self, other, bias, &dims, matmul_new),
            DType::F64 => run::<f64>(op, self, other, bias, &dims, matmul_new),
            DType::Bool => Err(Error::dtype(op, DType::Bool, "float32 or another dtype of numbers")),
            DType::U8 => run::<u8>(op, self, other, bias, &dims, integers),
            DType::U32 => run::<u32>(op, self, other, bias, &dims, integers),
            DType::I32 => run::<i32>(op, self, other, bias, &dims, integers),
            DType::I64 => run::<i64>(op, self, other, bias, &dims, integers),
            DType::F16 | DType::BF16 => {
                let bias = bias.map(|b| b.to_dtype(DType::F32)).transpose()?;
                let (a, b) = (self.to_dtype(DType::F32)?, other.to_dtype(DType::F32)?);
                a.matrices(op, &b, bias.as_ref())?.to_dtype(self.dtype)
            }
        }
    }
}

/// Calls the kernel on the operands without copying transposed and broadcast ones.
fn run<T: Element>(
    op: &'static str,
    a: &Tensor,
    b: &Tensor,
    bias: Option<&Tensor>,
    dims: &[usize],
    kernel: impl FnOnce(Shape<'_>, Operand<'_, T>, Operand<'_, T>, Start<'_, T>) -> Vec<T>,
) -> Result<Tensor> {
    let (batch, [m, n]) = split(dims);
    let shape = Shape { batch, m, k: a.size()[a.dim() - 1], n };
    let (sa, sb) = (batch_strides(a.inner.layout(), batch), batch_strides(b.inner.layout(), batch));
    shape::room::<T>(op, shape::numel(dims))?;
    let bias = bias.map(Tensor::contiguous).transpose()?;
    let operands: SmallVec<[&Tensor; 3]> = [a, b].into_iter().chain(&bias).collect();
    let c = Tensor::read_all::<T, _>(op, &operands, |data| {
        let side = |data, layout: &Layout, batch| {
            let s = &layout.stride()[layout.dims().len() - 2..];
            Operand { data, row: s[0], col: s[1], batch }
        };
        let start = data.get(2).map_or(Start::Zero, |bias| Start::Row(&bias[..n]));
        kernel(shape, side(data[0], a.inner.layout(), &sa), side(data[1], b.inner.layout(), &sb), start)
    })?;
    a.result(c, dims)
}

/// Multiplies matrices of integers.
fn integers<T: Number>(
    shape: Shape<'_>,
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    start: Start<'_, T>,
) -> Vec<T> {
    let mut c = vec![T::ZERO; shape.batch.iter().product::<usize>() * shape.m * shape.n];
    matmul_int(shape, a, b, start, &mut c);
    c
}

/// Returns the distance between consecutive matrices for each batch dimension; 0 if it is broadcast.
fn batch_strides(layout: &Layout, batch: &[usize]) -> Vec<usize> {
    let own = layout.dims().len() - 2;
    let new = batch.len() - own;
    let stride =
        |d: usize| d.checked_sub(new).filter(|&d| layout.dims()[d] != 1).map_or(0, |d| layout.stride()[d]);
    (0..batch.len()).map(stride).collect()
}

/// Computes candle's product; operands with strides that it does not support are copied.
fn on_gpu(
    op: &'static str,
    a: &Tensor,
    b: &Tensor,
    bias: Option<&Tensor>,
    batch: &[usize],
) -> Result<Tensor> {
    let full = |t: &Tensor| t.expand([batch, &t.size()[t.dim() - 2..]].concat());
    let (a, b) = (full(a)?, full(b)?);
    let [m, k, n] = [a.size()[a.dim() - 2], a.size()[a.dim() - 1], b.size()[b.dim() - 1]];
    let y = match a.inner.matmul(&b.inner) {
        Ok(y) => y,
        // It supports contiguous matrices with one batch dimension.
        Err(_) => {
            let count = shape::numel(batch);
            let (a, b) = (a.contiguous()?.reshape([count, m, k])?, b.contiguous()?.reshape([count, k, n])?);
            a.inner.matmul(&b.inner).map_err(Error::backend(op))?
        }
    };
    let y = Tensor::from_candle(y)?.reshape([batch, [m, n].as_slice()].concat())?;
    bias.map_or(Ok(y.clone()), |b| y.add(b))
}

fn split(size: &[usize]) -> (&[usize], [usize; 2]) {
    let (batch, rest) = size.split_at(size.len() - 2);
    (batch, [rest[0], rest[1]])
}

/// Checks the numbers of dimensions of two operands.
#[doc(hidden)]
pub fn expect_ranks(op: &'static str, sizes: [&[usize]; 2], ranks: [usize; 2]) -> Result<()> {
    if sizes.map(<[usize]>::len) == ranks {
        return Ok(());
    }
    let ([a, b], [m, n]) = (sizes, ranks);
    Err(Error::shape(op, format!("got the shapes {a:?} and {b:?}, expected {m} and {n} dimensions")))
}

#[doc(hidden)]
#[macro_export]
macro_rules! composed_matmul {
    ($T:ident) => {
        impl $T {
            /// Returns the product of two matrices.
            ///
            /// # Shapes
            /// Input `[n, m]`, other `[m, p]`, output `[n, p]`.
            ///
            /// # Errors
            /// If an operand is not a matrix, the inner sizes differ, or the dtypes differ.
            #[track_caller]
            pub fn mm(&self, other: impl $crate::AsTensor<Self>) -> Result<Self> {
                let other = &*other.as_tensor();
                $crate::support::expect_ranks("mm", [&self.size(), &other.size()], [2, 2])?;
                self.matmul(other)
            }

            /// Returns the product of a matrix and a vector.
            ///
            /// # Shapes
            /// Input `[n, m]`, vector `[m]`, output `[n]`.
            ///
            /// # Errors
            /// If the operands have other numbers of dimensions, the inner sizes differ, or the dtypes
            /// differ.
            #[track_caller]
            pub fn mv(&self, vector: impl $crate::AsTensor<Self>) -> Result<Self> {
                let vector = &*vector.as_tensor();
                $crate::support::expect_ranks("mv", [&self.size(), &vector.size()], [2, 1])?;
                self.matmul(vector)
            }

            /// Returns the matrix products of two batches of matrices. Nothing broadcasts.
            ///
            /// # Shapes
            /// Input `[b, n, m]`, other `[b, m, p]`, output `[b, n, p]`.
            ///
            /// # Errors
            /// If the shapes do not fit, or the dtypes differ.
            #[track_caller]
            pub fn bmm(&self, other: impl $crate::AsTensor<Self>) -> Result<Self> {
                let other = &*other.as_tensor();
                let (a, b) = (self.size(), other.size());
                $crate::bail_if!(
                    a.len() != 3 || b.len() != 3 || a[0] != b[0],
                    shape("bmm", "shapes {a:?} and {b:?}, expected [b, n, m] and [b, m, p]")
                );
                self.matmul(other)
            }

            /// Returns the dot product of two vectors: `[n]` and `[n]` give `[]`.
            ///
            /// # Errors
            /// If the operands are not vectors of the same length, or the dtypes differ.
            #[track_caller]
            pub fn dot(&self, other: impl $crate::AsTensor<Self>) -> Result<Self> {
                let other = &*other.as_tensor();
                let (a, b) = (self.size(), other.size());
                $crate::bail_if!(
                    a.len() != 1 || a[..] != b[..],
                    shape("dot", "got the shapes {a:?} and {b:?}, expected two vectors of the same length")
                );
                self.matmul(other)
            }

            /// Returns the outer product of two vectors: `[n]` and `[m]` give `[n, m]`.
            ///
            /// # Errors
            /// If an operand is not a vector.
            #[track_caller]
            pub fn outer(&self, other: impl $crate::AsTensor<Self>) -> Result<Self> {
                let other = &*other.as_tensor();
                $crate::support::expect_ranks("outer", [&self.size(), &other.size()], [1, 1])?;
                self.unsqueeze(1)?.mul(other)
            }

            $crate::plus_products! {
                /// Returns `beta · self + alpha · (a · b)`, where `self` broadcasts to the product of two
                /// matrices. If `beta` is 0, `self` is ignored, including its NaN.
                addmm = a mm b;
                /// Returns `beta · self + alpha · (matrix · vector)`; see [`Self::addmm`].
                addmv = matrix mv vector;
                /// Returns `beta · self + alpha · (a · b)` for batches of matrices; see [`Self::addmm`].
                baddbmm = a bmm b;
            }

            #[track_caller]
            fn plus_product(
                &self,
                op: &'static str,
                product: Self,
                beta: $crate::Scalar,
                alpha: $crate::Scalar,
            ) -> Result<Self> {
                $crate::support::expect_fits(op, &product.size(), &self.size())?;
                let scaled = |x: Self, by: $crate::Scalar| match by.to_f64() {
                    1.0 => Ok(x),
                    _ => x.mul(by),
                };
                let product = scaled(product, alpha)?;
                if beta.to_f64() == 0.0 {
                    return Ok(product);
                }
                // The product has the dtype that autocast selects.
                scaled(self.autocast_as(&product)?, beta)?.add(product)
            }

            /// Returns the sums of products along the last dimensions of both.
            ///
            /// # Shapes
            /// Input `[a.., n]`, other `[b.., n]`, output `[a.., b..]`.
            ///
            /// # Errors
            /// If the last sizes or the dtypes differ.
            #[track_caller]
            pub fn inner(&self, other: impl $crate::AsTensor<Self>) -> Result<Self> {
                let other = &*other.as_tensor();
                if self.dim() == 0 || other.dim() == 0 {
                    return self.mul(other);
                }
                self.tensordot(other.movedim(-1, 0)?, 1)
            }

            /// Returns the sums of products over the last `dims` dimensions of `self` and the first `dims`
            /// dimensions of `other`.
            ///
            /// # Shapes
            /// Input `[a.., k..]`, other `[k.., b..]`, output `[a.., b..]`, with `dims` dimensions `k`.
            ///
            /// # Errors
            /// If an operand has fewer than `dims` dimensions, or sizes or dtypes differ.
            #[track_caller]
            pub fn tensordot(&self, other: impl $crate::AsTensor<Self>, dims: usize) -> Result<Self> {
                let other = &*other.as_tensor();
                let (a, b) = (self.size(), other.size());
                $crate::bail_if!(
                    dims > a.len() || dims > b.len() || a[a.len() - dims..] != b[..dims],
                    shape("tensordot", "got the shapes {a:?} and {b:?}, expected the last {dims} sizes of the first to equal the first {dims} of the second")
                );
                let ((left, inner), right) = (a.split_at(a.len() - dims), &b[dims..]);
                let count = |sizes: &[usize]| sizes.iter().product::<usize>();
                let rows = self.reshape([count(left), count(inner)])?;
                rows.matmul(other.reshape([count(inner), count(right)])?)?.reshape([left, right].concat())
            }

            /// Returns the Kronecker product: `self` with each element replaced by that element times
            /// `other`.
            ///
            /// # Shapes
            /// Input `[a, b]`, other `[c, d]`, output `[a·c, b·d]`.
            ///
            /// # Errors
            /// If the result has too many elements.
            #[track_caller]
            pub fn kron(&self, other: impl $crate::AsTensor<Self>) -> Result<Self> {
                let other = &*other.as_tensor();
                let rank = self.dim().max(other.dim());
                let (mut a, mut b, mut size) = (vec![], vec![], vec![]);
                let at = |t: &Self, d: usize| (d + t.dim()).checked_sub(rank).map_or(1, |d| t.size()[d]);
                for d in 0..rank {
                    a.extend([at(self, d), 1]);
                    b.extend([1, at(other, d)]);
                    size.push(at(self, d).saturating_mul(at(other, d)));
                }
                self.reshape(a)?.mul(other.reshape(b)?)?.reshape(size)
            }

            /// Returns the cross product along `dim`, which has size 3. The other dimensions broadcast.
            ///
            /// # Errors
            /// If `dim` is out of range, its size is not 3 in both operands, or the shapes do not broadcast.
            #[track_caller]
            pub fn cross(&self, other: impl $crate::AsTensor<Self>, dim: i64) -> Result<Self> {
                let other = &*other.as_tensor();
                $crate::bail_if!(
                    self.dim() != other.dim() || self.size_of(dim)? != 3 || other.size_of(dim)? != 3,
                    shape(
                        "cross",
                        "got the shapes {:?} and {:?}, expected as many dimensions in both, and size 3 at {dim}",
                        self.size(),
                        other.size()
                    )
                );
                let part = |i: i64| -> Result<Self> {
                    let (j, k) = ((i + 1) % 3, (i + 2) % 3);
                    let first = self.select(dim, j)?.mul(other.select(dim, k)?)?;
                    first.sub(self.select(dim, k)?.mul(other.select(dim, j)?)?)
                };
                Self::stack(&[part(0)?, part(1)?, part(2)?], dim)
            }
        }
    };
}
composed_matmul!(Tensor);
