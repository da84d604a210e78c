//! The inputs and the arguments of a sample: the usual ones, those of a reference case, or absurd ones.

use serde_json::Value;
use taper_autograd::Variable;
use taper_tensor::{
    Conv2dOptions, DType, Dims, Generator, Index, IntoBound, IntoIndices, NestedArray, Operand, Pad,
    PoolOptions, Scalar, Tensor,
};

use crate::chance::Chance;

/// An input of a sample.
pub enum Input {
    /// Real numbers, which gradients flow to.
    Real(Vec<usize>, fn(&Generator, &[usize]) -> taper_tensor::Result<Tensor>),
    /// Numbers that the operation needs unchanged: indices, masks, factors.
    Constant(Tensor),
}

impl Input {
    /// Makes the input; real numbers in f64.
    pub fn make(&self, seed: u64) -> Tensor {
        let made = match self {
            Self::Real(shape, draw) => draw(&Generator::new(seed), shape),
            Self::Constant(x) => Ok(x.clone()),
        };
        made.and_then(|x| x.to(&crate::device())).unwrap()
    }

    /// Returns the shape of real numbers.
    pub fn shape(&self) -> Option<&[usize]> {
        match self {
            Self::Real(shape, _) => Some(shape),
            Self::Constant(_) => None,
        }
    }
}

fn f64s(g: &Generator) -> taper_tensor::Options {
    Tensor::options().dtype(DType::F64).generator(g)
}

/// Returns normally distributed numbers.
pub fn any<const N: usize>(shape: [usize; N]) -> Input {
    Input::Real(shape.to_vec(), |g, shape| f64s(g).randn(shape))
}

/// Numbers from 0.2 to 0.8.
pub fn unit<const N: usize>(shape: [usize; N]) -> Input {
    Input::Real(shape.to_vec(), |g, shape| f64s(g).uniform(shape, 0.2, 0.8))
}

/// Numbers from 1.2 to 1.8.
pub fn positive<const N: usize>(shape: [usize; N]) -> Input {
    Input::Real(shape.to_vec(), |g, shape| f64s(g).uniform(shape, 1.2, 1.8))
}

/// Returns symmetric matrices near 1.5 times the identity matrix.
pub fn matrix<const N: usize>(shape: [usize; N]) -> Input {
    Input::Real(shape.to_vec(), |g, shape| {
        let x = f64s(g).uniform(shape, 0.0, 0.3)?;
        x.add(x.mt()?)?.add(f64s(g).eye(&shape[shape.len() - 2..])?.mul(1.5)?)
    })
}

/// Returns numbers, some of them 0.
pub fn zeros<const N: usize>(shape: [usize; N]) -> Input {
    Input::Real(shape.to_vec(), |g, shape| f64s(g).randn(shape)?.mul(Tensor::new([1, 0, 1])?))
}

/// Integers from 0 to 8.
pub fn integers<const N: usize>(shape: [usize; N]) -> Input {
    Input::Real(shape.to_vec(), |g, shape| {
        f64s(g).dtype(DType::I64).randint(0, 9, shape)?.to_dtype(DType::F64)
    })
}

/// Indices.
pub fn index(index: impl NestedArray<Element = i32>) -> Input {
    Input::Constant(Tensor::new(index).unwrap())
}

/// Returns a mask.
pub fn mask(mask: impl NestedArray<Element = i32>) -> Input {
    Input::Constant(Tensor::new(mask).and_then(|x| x.to_dtype(DType::Bool)).unwrap())
}

/// Returns numbers that are not leaves.
pub fn numbers(numbers: impl NestedArray<Element = f64>) -> Input {
    Input::Constant(Tensor::options().dtype(DType::F64).tensor(numbers).unwrap())
}

/// Either type as a tensor.
pub trait Plain {
    fn plain(&self) -> Tensor;

    /// Returns the input as a mask. Reference cases store masks as bytes.
    fn mask(&self) -> Tensor {
        let x = self.plain();
        if x.dtype() == DType::U8 { x.to_dtype(DType::Bool).unwrap() } else { x }
    }
}

impl Plain for Tensor {
    fn plain(&self) -> Tensor {
        self.clone()
    }
}

impl Plain for Variable {
    fn plain(&self) -> Tensor {
        self.data()
    }
}

/// The results of an operation, as a list.
pub trait Outputs<T> {
    fn list(self) -> Vec<T>;
}

macro_rules! outputs {
    ($($T:ty),*) => {$(
        impl Outputs<$T> for $T {
            fn list(self) -> Vec<$T> {
                vec![self]
            }
        }
        impl Outputs<$T> for bool {
            fn list(self) -> Vec<$T> {
                vec![Tensor::new([self]).unwrap().into()]
            }
        }
        impl<A: Outputs<$T>> Outputs<$T> for Vec<A> {
            fn list(self) -> Vec<$T> {
                self.into_iter().flat_map(A::list).collect()
            }
        }
        impl<A: Outputs<$T>, B: Outputs<$T>> Outputs<$T> for (A, B) {
            fn list(self) -> Vec<$T> {
                [self.0.list(), self.1.list()].concat()
            }
        }
        impl<A: Outputs<$T>, B: Outputs<$T>, C: Outputs<$T>> Outputs<$T> for (A, B, C) {
            fn list(self) -> Vec<$T> {
                [self.0.list(), self.1.list(), self.2.list()].concat()
            }
        }
    )*};
}
outputs!(Tensor, Variable);

impl Outputs<Variable> for Tensor {
    fn list(self) -> Vec<Variable> {
        vec![self.into()]
    }
}

/// A bound that may be missing.
pub struct Bound(Option<Scalar>);

impl<T: Clone> IntoBound<T> for Bound {
    fn bound(&self) -> Option<Operand<'_, T>> {
        self.0.map(Operand::Scalar)
    }
}

/// The arguments of a call.
pub enum Arguments<'a> {
    /// Those of the sample.
    Usual,
    /// Those of a reference case by their names in PyTorch.
    Named(&'a Value),
    /// Absurd ones, and the sample's between them.
    Hostile(&'a Chance),
}
use Arguments::{Hostile, Named, Usual};

impl Arguments<'_> {
    fn choose<X>(&self, usual: X, named: impl FnOnce(&Value) -> X, hostile: impl FnOnce(&Chance) -> X) -> X {
        match self {
            Usual => usual,
            Named(args) => named(args),
            Hostile(c) if c.below(3) == 0 => usual,
            Hostile(c) => hostile(c),
        }
    }

    pub fn int(&self, name: &str, usual: i64) -> i64 {
        self.choose(usual, |args| args[name].as_i64().unwrap_or(usual), Chance::int)
    }

    pub fn some_int(&self, name: &str, usual: Option<i64>) -> Option<i64> {
        self.choose(usual, |args| args[name].as_i64(), |c| c.bool().then(|| c.int()))
    }

    pub fn size(&self, name: &str, usual: usize) -> usize {
        self.choose(usual, |args| args[name].as_u64().map_or(usual, |n| n as usize), Chance::size)
    }

    pub fn some_size(&self, name: &str, usual: Option<usize>) -> Option<usize> {
        self.choose(usual, |args| args[name].as_u64().map(|n| n as usize), |c| c.bool().then(|| c.size()))
    }

    pub fn real(&self, name: &str, usual: f64) -> f64 {
        self.choose(usual, |args| number(&args[name]).unwrap_or(usual), Chance::real)
    }

    pub fn some_real(&self, name: &str, usual: Option<f64>) -> Option<f64> {
        self.choose(usual, |args| number(&args[name]), |c| c.bool().then(|| c.real()))
    }

    pub fn number(&self, name: &str, usual: f64) -> Scalar {
        self.choose(usual.into(), |args| number(&args[name]).unwrap_or(usual).into(), Chance::number)
    }

    pub fn some_number(&self, name: &str, usual: Option<f64>) -> Bound {
        let usual = usual.map(Scalar::from);
        Bound(self.choose(
            usual,
            |args| number(&args[name]).map(Scalar::from),
            |c| c.bool().then(|| c.number()),
        ))
    }

    pub fn flag(&self, name: &str, usual: bool) -> bool {
        self.choose(usual, |args| args[name].as_bool().unwrap_or(usual), Chance::bool)
    }

    /// Dimensions or sizes; a reference case without them means all.
    pub fn ints(&self, name: &str, usual: &[i64]) -> Vec<i64> {
        self.choose(usual.to_vec(), |args| list(&args[name]), Chance::ints)
    }

    /// Dimensions to reduce.
    pub fn over(&self, usual: &[i64], keepdim: bool) -> Dims {
        Dims { dims: self.ints("dim", usual), keepdim: self.flag("keepdim", keepdim) }
    }

    pub fn sizes(&self, name: &str, usual: &[usize]) -> Vec<usize> {
        let named = |args: &Value| list(&args[name]).into_iter().map(|n| n as usize).collect();
        self.choose(usual.to_vec(), named, Chance::sizes)
    }

    /// Returns a number for each of height and width.
    pub fn pair(&self, name: &str, usual: (usize, usize)) -> (usize, usize) {
        self.choose(usual, |args| pair(&args[name], usual), Chance::pair)
    }

    /// Returns the dimensions from `start` on.
    pub fn dims_from(&self, start: &str, end: &str, usual: i64) -> Vec<i64> {
        let named = |args: &Value| match args[end].as_i64() {
            None | Some(-1) => list(&args[start]),
            Some(end) => [list(&args[start]), vec![end]].concat(),
        };
        self.choose(vec![usual], named, Chance::ints)
    }

    /// Returns the number subtracted from the number of elements; PyTorch's `unbiased` is 1.
    pub fn correction(&self, usual: f64) -> f64 {
        self.choose(usual, |args| f64::from(u8::from(args["unbiased"] != false)), Chance::real)
    }

    pub fn dtype(&self, _name: &str, usual: DType) -> DType {
        self.choose(usual, |_| usual, |c| c.of(&crate::DTYPES))
    }

    pub fn indices(&self, usual: impl IntoIndices) -> Vec<Index> {
        let usual = usual.into_indices();
        match self {
            Hostile(c) if c.bool() => c.indices(&Tensor::new([1.0f32, 2.0]).unwrap()),
            _ => usual,
        }
    }

    pub fn equation(&self, usual: &'static str) -> &'static str {
        let absurd = ["ij,jk", "ii->i", "...i,...i->...", "ij->ji", "i,j->", "aab->b", "..,->"];
        self.choose(usual, |_| usual, |c| c.of(&absurd))
    }

    pub fn padding(&self, usual: Pad) -> Pad {
        let named = |args: &Value| match args["mode"].as_str() {
            Some("reflect") => Pad::Reflect,
            Some("replicate") => Pad::Replicate,
            Some("circular") => Pad::Circular,
            _ => Pad::Constant(number(&args["value"]).unwrap_or(0.0)),
        };
        self.choose(usual, named, Chance::pad)
    }

    pub fn conv(&self, stride: (usize, usize), padding: (usize, usize)) -> Conv2dOptions {
        let usual = Conv2dOptions { stride, padding, ..Conv2dOptions::default() };
        let named = |args: &Value| Conv2dOptions {
            stride: pair(&args["stride"], (1, 1)),
            padding: pair(&args["padding"], (0, 0)),
            dilation: pair(&args["dilation"], (1, 1)),
            groups: args["groups"].as_u64().unwrap_or(1) as usize,
        };
        self.choose(usual, named, Chance::conv)
    }

    pub fn pool(&self, usual: PoolOptions) -> PoolOptions {
        let named = |args: &Value| {
            let plain = PoolOptions::new(pair(&args["kernel_size"], (1, 1)));
            PoolOptions {
                stride: pair(&args["stride"], plain.stride),
                padding: pair(&args["padding"], plain.padding),
                dilation: pair(&args["dilation"], plain.dilation),
                ceil_mode: args["ceil_mode"] == true,
                count_include_pad: args["count_include_pad"] != false,
                divisor_override: args["divisor_override"].as_u64().map(|n| n as usize),
                ..plain
            }
        };
        self.choose(usual, named, Chance::windows)
    }

    /// Returns the size of an image, given directly or by its ratio to that of the input.
    pub fn output_size(&self, input: &[usize], usual: (usize, usize)) -> (usize, usize) {
        let named = |args: &Value| match args["scale_factor"].as_u64() {
            Some(by) => (input[2] * by as usize, input[3] * by as usize),
            None => pair(&args["size"], usual),
        };
        self.choose(usual, named, Chance::pair)
    }
}

/// Returns a number. JSON has no infinity, so it is written as "inf" or "-inf".
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

/// Returns one integer, or several.
fn list(value: &Value) -> Vec<i64> {
    match value {
        Value::Array(all) => all.iter().filter_map(Value::as_i64).collect(),
        one => one.as_i64().into_iter().collect(),
    }
}

fn pair(value: &Value, default: (usize, usize)) -> (usize, usize) {
    match *list(value) {
        [] => default,
        [n] => (n as usize, n as usize),
        [h, w, ..] => (h as usize, w as usize),
    }
}
