//! Elementwise arithmetic, functions, copies, fills and casts: `elementwise.cu`.

use super::launch::{Arg, MOST, Module, Struct, fresh, launch, module};
use crate::{DType, Element, Operand, Result, Scalar, Tensor, shape};

const MODULE: Module = module!("elementwise");

/// The most dimensions, where those that lie one in the other count as one.
const RANK: usize = 8;

const ARITHMETIC: [&str; 6] = ["add", "sub", "rsub", "mul", "maximum", "minimum"];
const COMPARISONS: [&str; 6] = ["eq", "ne", "lt", "le", "gt", "ge"];
const UNARY: [&str; 5] = ["neg", "abs", "square", "sign", "relu"];
const FUNCTIONS: [&str; 12] =
    ["sqrt", "rsqrt", "reciprocal", "exp", "expm1", "log", "log1p", "sin", "cos", "tanh", "erf", "sigmoid"];

/// A kernel's name, where there is one for the operation on `dtype`.
fn named(op: &str, dtype: DType) -> Option<String> {
    let op = op.trim_end_matches('_');
    let any = ARITHMETIC.contains(&op) || COMPARISONS.contains(&op) || UNARY.contains(&op);
    let of_reals = ["div", "rdiv", "relu_grad"].contains(&op) || FUNCTIONS.contains(&op);
    match dtype {
        DType::F32 if any || of_reals => Some(format!("{op}_f32")),
        DType::F64 if any || of_reals => Some(format!("{op}_f64")),
        DType::I64 if any => Some(format!("{op}_i64")),
        _ => None,
    }
}

/// `y[i] = f(a[i], b[i])`, where both have the same dtype, into a new tensor of `dtype`.
pub(crate) fn binary(op: &'static str, a: &Tensor, b: Operand<'_>, dtype: DType) -> Result<Option<Tensor>> {
    let Some(kernel) = named(op, a.dtype) else { return Ok(None) };
    let size = match &b {
        Operand::Tensor(b) => shape::broadcast(op, a.size(), b.size())?,
        Operand::Scalar(_) => a.size().to_vec(),
    };
    let y = fresh(op, a, dtype, &size)?;
    Ok(run(op, &kernel, Arg::New(&y), &y, a, &b)?.map(|()| y))
}

/// `y[i] = f(y[i], b[i])` in place, where both have the same dtype.
pub(crate) fn binary_(op: &'static str, y: &Tensor, b: Operand<'_>) -> Result<Option<()>> {
    let kernel = match op {
        "fill_" | "copy_" => Some(format!("put_{}", y.dtype.size_in_bytes())),
        _ => named(op, y.dtype),
    };
    match kernel {
        None => Ok(None),
        Some(kernel) => {
            y.expect_distinct(op)?;
            run(op, &kernel, Arg::Write(y), y, y, &b)
        }
    }
}

/// `y[i] = f(x[i])`, into a new tensor.
pub(crate) fn unary(op: &'static str, x: &Tensor) -> Result<Option<Tensor>> {
    binary(op, x, Operand::Scalar(Scalar::Int(0)), x.dtype)
}

/// `x[i] = f(x[i])` in place.
pub(crate) fn unary_(op: &'static str, x: &Tensor) -> Result<Option<()>> {
    binary_(op, x, Operand::Scalar(Scalar::Int(0)))
}

/// A contiguous copy.
pub(crate) fn copy(x: &Tensor) -> Result<Option<Tensor>> {
    let y = fresh("copy", x, x.dtype, x.size())?;
    let kernel = format!("put_{}", x.dtype.size_in_bytes());
    Ok(run("copy", &kernel, Arg::New(&y), &y, &y, &x.into())?.map(|()| y))
}

/// The elements in another dtype, in one step.
pub(crate) fn cast(x: &Tensor, dtype: DType) -> Result<Option<Tensor>> {
    use DType::{BF16, F16, F32, F64, I64, U8};
    let kernel = match (x.dtype, dtype) {
        (U8, F32) => "cast_u8_f32",
        (U8, I64) => "cast_u8_i64",
        (I64, F32) => "cast_i64_f32",
        (I64, F64) => "cast_i64_f64",
        (F32, F64) => "cast_f32_f64",
        (F64, F32) => "cast_f64_f32",
        (F16, F32) => "cast_f16_f32",
        (BF16, F32) => "cast_bf16_f32",
        (F32, F16) => "cast_f32_f16",
        (F32, BF16) => "cast_f32_bf16",
        _ => return Ok(None),
    };
    let y = fresh("to_dtype", x, dtype, x.size())?;
    let nothing = &Operand::Scalar(Scalar::Int(0));
    Ok(run("to_dtype", kernel, Arg::New(&y), &y, x, nothing)?.map(|()| y))
}

fn run(
    op: &'static str,
    kernel: &str,
    to: Arg<'_>,
    y: &Tensor,
    a: &Tensor,
    b: &Operand<'_>,
) -> Result<Option<()>> {
    let none = vec![0; y.dim()];
    let (right, number, b_strides) = match b {
        Operand::Tensor(b) => (Arg::Read(b), 0, repeated(b, y.size())),
        Operand::Scalar(v) => (Arg::Null, bits(a.dtype, *v), none),
    };
    let strides = [y.stride().to_vec(), repeated(a, y.size()), b_strides];
    let Some(places) = merged(y.size(), strides) else { return Ok(None) };
    // A tensor that is written is an operand by the same lock.
    let args = [Arg::Struct(places), to, Arg::Read(a), right, Arg::Bits(number)];
    // SAFETY: the strides are those of the tensors, for the sizes that all of them broadcast to.
    unsafe { launch(op, MODULE, kernel, y.numel(), &args)? };
    Ok(Some(()))
}

/// A number's bits in a dtype.
fn bits(dtype: DType, v: Scalar) -> u64 {
    match dtype {
        DType::F64 => <f64 as Element>::from_scalar(v).to_bits(),
        DType::F32 => <f32 as Element>::from_scalar(v).to_bits().into(),
        DType::F16 => <half::f16 as Element>::from_scalar(v).to_bits().into(),
        DType::BF16 => <half::bf16 as Element>::from_scalar(v).to_bits().into(),
        DType::I64 => <i64 as Element>::from_scalar(v) as u64,
        DType::I32 => <i32 as Element>::from_scalar(v) as u64,
        DType::U32 => <u32 as Element>::from_scalar(v).into(),
        DType::U8 => <u8 as Element>::from_scalar(v).into(),
    }
}

/// The strides of a tensor in the shape that it broadcasts to: 0 where an element is repeated.
fn repeated(x: &Tensor, size: &[usize]) -> Vec<usize> {
    let new = size.len() - x.dim();
    let own = |d: usize| if x.size()[d] == size[d + new] { x.stride()[d] } else { 0 };
    (0..size.len()).map(|d| d.checked_sub(new).map_or(0, own)).collect()
}

/// `Strided` of `elementwise.cu`: sizes and strides of a result and two operands, where dimensions that lie
/// one in the other in all three are one. None where there are too many left, or elements.
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
    Some(Struct::words(head.into_iter().chain(columns.into_iter().flatten())))
}
