//! The matrix product.

use candle_core::Layout;

use crate::kernels::element::Number;
use crate::kernels::matmul::int::matmul_int;
use crate::kernels::matmul::{Operand, Shape, Start, matmul_new};
use crate::{DType, Element, Error, Result, Tensor, shape};

impl Tensor {
    /// The matrix product, over the last two dimensions; those before broadcast. A vector on the
    /// left is a row, on the right a column, and that dimension disappears from the result.
    ///
    /// # Errors
    /// When the inner sizes differ, the dtypes differ, or an operand has no dimension.
    pub fn matmul(&self, other: &Self) -> Result<Self> {
        self.product("matmul", other, None)
    }

    /// `self · weightᵀ + bias`, PyTorch's `linear`: rows `[.., in]`, a weight `[out, in]` and a bias
    /// `[out]` give rows `[.., out]`. The weight is read as it lies, and the product starts from the bias.
    ///
    /// # Errors
    /// When the shapes do not fit, or the dtypes differ.
    pub fn linear(&self, weight: &Self, bias: Option<&Self>) -> Result<Self> {
        if weight.dim() != 2 || self.dim() == 0 || self.size()[self.dim() - 1] != weight.size()[1] {
            return Err(Error::shape(
                "linear",
                format!(
                    "input has shape {:?} and weight {:?}, expected [.., in] and [out, in]",
                    self.size(),
                    weight.size()
                ),
            ));
        }
        if let Some(b) = bias
            && (b.size() != [weight.size()[0]] || b.dtype != self.dtype)
        {
            return Err(Error::shape(
                "linear",
                format!(
                    "bias has shape {:?} and dtype {}, expected [{}] and {}",
                    b.size(),
                    b.dtype,
                    weight.size()[0],
                    self.dtype
                ),
            ));
        }
        // Rows that lie one after the other are one matrix.
        let (k, n) = (weight.size()[1], weight.size()[0]);
        if self.dim() > 2 && self.is_contiguous() && k > 0 {
            let mut size = self.size().to_vec();
            size[self.dim() - 1] = n;
            return self.reshape([self.numel() / k, k])?.linear(weight, bias)?.reshape(size);
        }
        self.product("linear", &weight.t()?, bias)
    }

    fn product(&self, op: &'static str, other: &Self, bias: Option<&Self>) -> Result<Self> {
        self.expect_device(op, other)?;
        if self.dtype != other.dtype {
            return Err(Error::value(
                op,
                format!("dtypes {} and {} differ; convert one with .to_dtype(…)", self.dtype, other.dtype),
            ));
        }
        let (left, right) = match (self.dim(), other.dim()) {
            (2.., 2..) => return self.matrices(op, other, bias),
            (0, _) | (_, 0) => {
                return Err(Error::shape(
                    op,
                    format!(
                        "shapes {:?} and {:?}: both need a dimension; for a number, use mul",
                        self.size(),
                        other.size()
                    ),
                ));
            }
            (l, r) => (l == 1, r == 1),
        };
        let a = if left { self.unsqueeze(0)? } else { self.clone() };
        let b = if right { other.unsqueeze(1)? } else { other.clone() };
        let y = a.matrices(op, &b, bias)?;
        let mut size = y.size().to_vec();
        if right {
            size.pop();
        }
        if left {
            size.remove(size.len() - if right { 1 } else { 2 });
        }
        y.reshape(size)
    }

    /// Operands of two or more dimensions.
    fn matrices(&self, op: &'static str, other: &Self, bias: Option<&Self>) -> Result<Self> {
        let ((a_batch, [m, k]), (b_batch, [l, n])) = (split(self.size()), split(other.size()));
        if k != l {
            return Err(Error::shape(
                op,
                format!(
                    "shapes {:?} and {:?} do not fit: the last size of the first, {k}, must be the size {l} of the second",
                    self.size(),
                    other.size()
                ),
            ));
        }
        let mut dims = shape::broadcast(op, a_batch, b_batch)?;
        let batch = dims.len();
        dims.extend([m, n]);
        let dims = shape::shape(op, dims)?;
        // Of empty operands the GPU's library makes nothing, not even zeros.
        if !self.inner.device().is_cpu() && self.dtype.is_float() && self.numel() * other.numel() > 0 {
            return on_gpu(op, self, other, bias, &dims[..batch]);
        }
        match self.dtype {
            DType::F32 => run::<f32>(op, self, other, bias, &dims, matmul_new),
            DType::F64 => run::<f64>(op, self, other, bias, &dims, matmul_new),
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

fn split(size: &[usize]) -> (&[usize], [usize; 2]) {
    let (batch, rest) = size.split_at(size.len() - 2);
    (batch, [rest[0], rest[1]])
}

/// Calls the kernel on the operands where they lie: transposed and repeated ones are not copied.
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
    let contiguous = bias.map(Tensor::contiguous).transpose()?;
    let bias = contiguous.as_ref();
    let c = Tensor::read3::<T, _>(op, a, b, bias, |da, db, bias| {
        let side = |data, layout: &Layout, batch| {
            let s = &layout.stride()[layout.dims().len() - 2..];
            Operand { data, row: s[0], col: s[1], batch }
        };
        let start = bias.map_or(Start::Zero, |b| Start::Row(b));
        let (a, b) = (side(da, a.inner.layout(), &sa), side(db, b.inner.layout(), &sb));
        kernel(shape, a, b, start)
    })?;
    a.result(c, dims)
}

/// A product of integers.
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

/// From one matrix to the next, for each dimension of the batch; 0 where it is repeated.
fn batch_strides(layout: &Layout, batch: &[usize]) -> Vec<usize> {
    let own = layout.dims().len() - 2;
    let new = batch.len() - own;
    let stride =
        |d: usize| d.checked_sub(new).filter(|&d| layout.dims()[d] != 1).map_or(0, |d| layout.stride()[d]);
    (0..batch.len()).map(stride).collect()
}

/// Candle's product, over copies where it cannot take the strides.
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
        // One dimension of contiguous matrices it always takes.
        Err(_) => {
            let count = shape::numel(batch);
            let (a, b) = (a.contiguous()?.reshape([count, m, k])?, b.contiguous()?.reshape([count, k, n])?);
            a.inner.matmul(&b.inner).map_err(Error::backend(op))?
        }
    };
    let y = Tensor::from_candle(y)?.reshape([batch, [m, n].as_slice()].concat())?;
    bias.map_or(Ok(y.clone()), |b| y.add(b))
}
