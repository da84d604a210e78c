//! Elementwise arithmetic, functions, copies, fills and casts: `elementwise.cu`.

use super::gpu::Gpu;
use super::kernel::Elementwise as Kernel;
use super::launch::{Arg, MOST, Struct, real, words};
use crate::{DType, Element, Operand, Result, Scalar, Tensor, shape};

/// The maximum number of dimensions, after merging those that continue each other.
const RANK: usize = 8;

/// The missing operand of a function of one element.
const NOTHING: Operand<'_> = Operand::Scalar(Scalar::Int(0));

/// Returns the dtype in a kernel's symbol, if the kernel supports it.
pub(super) fn of(kernel: Kernel, dtype: DType) -> Option<&'static str> {
    use Kernel::{
        Abs, Add, Eq, Ge, Gt, Le, Lt, Maximum, Minimum, Mul, Ne, Neg, Put, Relu, Rsub, Sign, Square, Sub,
    };
    match (kernel, dtype) {
        (Put, _) => Some(["1", "2", "4", "8"][dtype.size_in_bytes().ilog2() as usize]),
        (Kernel::Cast, _) => None,
        (Add | Sub | Rsub | Mul | Maximum | Minimum, DType::I64)
        | (Eq | Ne | Lt | Le | Gt | Ge, DType::I64)
        | (Neg | Abs | Square | Sign | Relu, DType::I64) => Some("i64"),
        _ => real(dtype),
    }
}

/// Returns the dtypes in the symbol of a conversion, if a single kernel does it.
pub(super) fn cast_of(from: DType, to: DType) -> Option<&'static str> {
    use DType::{BF16, F16, F32, F64, I64, U8};
    Some(match (from.stored(), to) {
        (U8, F32) => "u8_f32",
        (U8, I64) => "u8_i64",
        (I64, F32) => "i64_f32",
        (I64, F64) => "i64_f64",
        (F32, F64) => "f32_f64",
        (F64, F32) => "f64_f32",
        (F16, F32) => "f16_f32",
        (BF16, F32) => "bf16_f32",
        (F32, F16) => "f32_f16",
        (F32, BF16) => "f32_bf16",
        _ => return None,
    })
}

/// Computes `y[i] = f(a[i], b[i])` into a new tensor of `dtype`. Both operands have the same dtype.
pub(crate) fn binary(
    op: &'static str,
    kernel: Option<Kernel>,
    a: &Tensor,
    b: Operand<'_>,
    dtype: DType,
) -> Result<Option<Tensor>> {
    let Some((kernel, types)) = kernel.and_then(|k| Some((k, of(k, a.dtype)?))) else { return Ok(None) };
    new(op, kernel, types, a, &b, dtype)
}

/// Computes `y[i] = f(y[i], b[i])` in place. Both operands have the same dtype. Returns false if there is no
/// kernel.
pub(crate) fn binary_(op: &'static str, kernel: Option<Kernel>, y: &Tensor, b: Operand<'_>) -> Result<bool> {
    let (Some(gpu), Some(kernel)) = (Gpu::of(y), kernel) else { return Ok(false) };
    let Some(types) = of(kernel, y.dtype) else { return Ok(false) };
    y.expect_distinct(op)?;
    run(&gpu, op, kernel, types, Arg::Write(y), [y, y], &b)
}

/// Computes `y[i] = f(x[i])` into a new tensor.
pub(crate) fn unary(op: &'static str, kernel: Option<Kernel>, x: &Tensor) -> Result<Option<Tensor>> {
    binary(op, kernel, x, NOTHING, x.dtype)
}

/// Computes `x[i] = f(x[i])` in place. Returns false if there is no kernel.
pub(crate) fn unary_(op: &'static str, kernel: Option<Kernel>, x: &Tensor) -> Result<bool> {
    binary_(op, kernel, x, NOTHING)
}

/// Returns a contiguous copy.
pub(crate) fn copy(x: &Tensor) -> Result<Option<Tensor>> {
    let Some(gpu) = Gpu::of(x) else { return Ok(None) };
    let y = gpu.fresh("copy", x.dtype, x.size())?;
    let Some(types) = of(Kernel::Put, x.dtype) else { return Ok(None) };
    Ok(run(&gpu, "copy", Kernel::Put, types, Arg::New(&y), [&y, &y], &x.into())?.then_some(y))
}

/// Converts the elements to another dtype by a single kernel.
pub(crate) fn cast(x: &Tensor, dtype: DType) -> Result<Option<Tensor>> {
    let Some(types) = cast_of(x.dtype, dtype) else { return Ok(None) };
    new("to_dtype", Kernel::Cast, types, x, &NOTHING, dtype)
}

fn new(
    op: &'static str,
    kernel: Kernel,
    types: &str,
    a: &Tensor,
    b: &Operand<'_>,
    dtype: DType,
) -> Result<Option<Tensor>> {
    let Some(gpu) = Gpu::of(a) else { return Ok(None) };
    let size = match b {
        Operand::Tensor(b) => shape::broadcast(op, a.size(), b.size())?,
        Operand::Scalar(_) => a.size().to_vec(),
    };
    let y = gpu.fresh(op, dtype, &size)?;
    Ok(run(&gpu, op, kernel, types, Arg::New(&y), [&y, a], b)?.then_some(y))
}

fn run(
    gpu: &Gpu<'_>,
    op: &'static str,
    kernel: Kernel,
    types: &str,
    to: Arg<'_>,
    [y, a]: [&Tensor; 2],
    b: &Operand<'_>,
) -> Result<bool> {
    let (right, number, b_strides) = match b {
        Operand::Tensor(b) => (Arg::Read(b), 0, repeated(b, y.size())),
        Operand::Scalar(v) => (Arg::Null, bits(a.dtype, *v), vec![0; y.dim()]),
    };
    let strides = [y.stride().to_vec(), repeated(a, y.size()), b_strides];
    let Some(places) = merged(y.size(), strides) else { return Ok(false) };
    // A tensor that is written is locked once, also as an operand.
    let args = [Arg::Struct(places), to, Arg::Read(a), right, Arg::Bits(number)];
    // SAFETY: the strides are those of the tensors, for the sizes that all of them broadcast to.
    unsafe { gpu.launch(op, kernel, types, y.numel(), &args)? };
    Ok(true)
}

/// Returns the bits of a number in a dtype.
fn bits(dtype: DType, v: Scalar) -> u64 {
    match dtype {
        DType::F64 => <f64 as Element>::from_scalar(v).to_bits(),
        DType::F32 => <f32 as Element>::from_scalar(v).to_bits().into(),
        DType::F16 => <half::f16 as Element>::from_scalar(v).to_bits().into(),
        DType::BF16 => <half::bf16 as Element>::from_scalar(v).to_bits().into(),
        DType::I64 => <i64 as Element>::from_scalar(v) as u64,
        DType::I32 => <i32 as Element>::from_scalar(v) as u64,
        DType::U32 => <u32 as Element>::from_scalar(v).into(),
        DType::Bool | DType::U8 => <u8 as Element>::from_scalar(v).into(),
    }
}

/// Returns the strides of a tensor in the shape that it broadcasts to: 0 for broadcast dimensions.
fn repeated(x: &Tensor, size: &[usize]) -> Vec<usize> {
    let new = size.len() - x.dim();
    let own = |d: usize| if x.size()[d] == size[d + new] { x.stride()[d] } else { 0 };
    (0..size.len()).map(|d| d.checked_sub(new).map_or(0, own)).collect()
}

/// Returns the struct `Strided` of `elementwise.cu`: sizes and strides of a result and two operands.
/// Dimensions that continue each other in all three are merged. Returns `None` if too many dimensions or
/// elements are left.
fn merged(size: &[usize], strides: [Vec<usize>; 3]) -> Option<Struct> {
    type Dim = (usize, [usize; 3]);
    let mut dims: Vec<Dim> = Vec::with_capacity(size.len());
    for (d, &n) in size.iter().enumerate().filter(|(_, n)| **n != 1) {
        let s = [0, 1, 2].map(|i| strides[i][d]);
        match dims.last_mut() {
            Some((m, outer)) if (0..3).all(|i| outer[i] == s[i] * n) => (*m, *outer) = (*m * n, s),
            _ => dims.push((n, s)),
        }
    }
    let reach = |i: usize| dims.iter().map(|(n, s)| n.saturating_sub(1) * s[i]).sum::<usize>();
    if dims.len() > RANK || shape::numel(size) > MOST || (0..3).any(|i| reach(i) > u32::MAX as usize) {
        return None;
    }
    let column = |f: &dyn Fn(&Dim) -> usize| -> Vec<u32> {
        (0..RANK).map(|d| dims.get(d).map_or(0, |dim| f(dim) as u32)).collect()
    };
    let head = [shape::numel(size) as u32, dims.len() as u32];
    let columns = [column(&|d| d.0), column(&|d| d.1[0]), column(&|d| d.1[1]), column(&|d| d.1[2])];
    Some(words(head.into_iter().chain(columns.into_iter().flatten())))
}
