//! New tensors: from values, filled, counted up, random.

use crate::dtype::with_element;
use crate::random::{unit_f32, unit_f64};
use crate::{DType, Device, Element, Error, Generator, IntoShape, Result, Scalar, Tensor, shape};

/// How a new tensor is made: dtype, device and generator, where PyTorch has keyword arguments.
///
/// ```
/// use taper_tensor::{DType, Tensor};
/// let x = Tensor::options().dtype(DType::F64).zeros((2, 3))?;
/// assert_eq!(x.dtype(), DType::F64);
/// # Ok::<(), taper_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Options {
    dtype: Option<DType>,
    device: Device,
    generator: Option<Generator>,
}

impl Options {
    /// The dtype; without it f32, or for integers i64.
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = Some(dtype);
        self
    }

    /// The device; without it the CPU.
    pub fn device(mut self, device: &Device) -> Self {
        self.device = device.clone();
        self
    }

    /// The generator of random numbers; without it the default one.
    pub fn generator(mut self, generator: &Generator) -> Self {
        self.generator = Some(generator.clone());
        self
    }

    fn random(&self) -> Generator {
        self.generator.clone().unwrap_or_else(Generator::default_generator)
    }

    /// From the values that `f` makes, which are of the type `T`, to the dtype and device asked for.
    fn finish<T: Element>(&self, default: DType, values: Vec<T>, shape: &[usize]) -> Result<Tensor> {
        Tensor::own(values, shape).to_dtype(self.dtype.unwrap_or(default))?.to(&self.device)
    }

    /// All elements zero.
    ///
    /// # Errors
    /// On a negative size, or more elements than memory can hold; so for all that follow.
    pub fn zeros(&self, shape: impl IntoShape) -> Result<Tensor> {
        self.full(shape, 0.0)
    }

    /// All elements one.
    ///
    /// # Errors
    /// As [`Options::zeros`].
    pub fn ones(&self, shape: impl IntoShape) -> Result<Tensor> {
        self.full(shape, 1.0)
    }

    /// Elements that are still to be written, as by an `out` argument. They are zeros: no safe code sees
    /// what the memory held before, and fresh pages are zeros at no price.
    ///
    /// # Errors
    /// As [`Options::zeros`].
    pub fn empty(&self, shape: impl IntoShape) -> Result<Tensor> {
        self.zeros(shape)
    }

    /// All elements `value`; its kind decides the dtype where none is given.
    ///
    /// # Errors
    /// As [`Options::zeros`].
    pub fn full(&self, shape: impl IntoShape, value: impl Into<Scalar>) -> Result<Tensor> {
        let (shape, value) = (shape::shape("full", shape)?, value.into());
        let n = shape::numel(&shape);
        let dtype = self.dtype.unwrap_or(value.dtype());
        let tensor = with_element!(dtype, T => {
            Tensor::own(alloc("full", n, T::from_scalar(value))?, &shape)
        });
        tensor.to(&self.device)
    }

    /// `start, start + step, …` before `end`.
    ///
    /// # Errors
    /// When `step` is zero or leads away from `end`.
    pub fn arange(
        &self,
        start: impl Into<Scalar>,
        end: impl Into<Scalar>,
        step: impl Into<Scalar>,
    ) -> Result<Tensor> {
        let (start, end, step) = (start.into(), end.into(), step.into());
        let count = ((end.to_f64() - start.to_f64()) / step.to_f64()).ceil();
        if !count.is_finite() || count < 0.0 {
            return Err(Error::value(
                "arange",
                format!("from {start:?} to {end:?} by {step:?}: the step must lead from start to end"),
            ));
        }
        let n = shape::shape("arange", count as i64)?;
        if let (Scalar::Int(start), Scalar::Int(_), Scalar::Int(step)) = (start, end, step) {
            let values = (0..n[0] as i64).map(|i| start + i * step).collect();
            return self.finish(DType::I64, values, &n);
        }
        let values = (0..n[0]).map(|i| start.to_f64() + i as f64 * step.to_f64()).collect();
        self.finish(DType::F32, values, &n)
    }

    /// Uniform in [0, 1).
    ///
    /// # Errors
    /// As [`Options::zeros`].
    pub fn rand(&self, shape: impl IntoShape) -> Result<Tensor> {
        self.uniform(shape, 0.0, 1.0)
    }

    /// Uniform in [low, high), with all the bits that the dtype's fraction has.
    ///
    /// # Errors
    /// As [`Options::zeros`]; and on an integer dtype.
    pub fn uniform(&self, shape: impl IntoShape, low: f64, high: f64) -> Result<Tensor> {
        let shape = shape::shape("uniform", shape)?;
        let n = shape::numel(&shape);
        match self.float("uniform")? {
            DType::F64 => {
                let r = self.random().reserve(n.div_ceil(2));
                let pairs = (0..n as u64).map(|i| {
                    let (b, h) = (r.block(i / 2), i as usize % 2 * 2);
                    low + (high - low) * unit_f64(u64::from(b[h]) | u64::from(b[h + 1]) << 32)
                });
                self.finish(DType::F32, pairs.collect(), &shape)
            }
            _ => {
                let r = self.random().reserve(n.div_ceil(4));
                let (low, width) = (low as f32, (high - low) as f32);
                let values = blocks(n, |i| r.block(i).map(|b| low + width * unit_f32(b)));
                self.finish(DType::F32, values, &shape)
            }
        }
    }

    /// Normal with mean 0 and variance 1.
    ///
    /// # Errors
    /// As [`Options::zeros`].
    pub fn randn(&self, shape: impl IntoShape) -> Result<Tensor> {
        self.normal(shape, 0.0, 1.0)
    }

    /// Normal with the given mean and standard deviation, by Box and Muller's transform
    /// ("A note on the generation of random normal deviates", 1958).
    ///
    /// # Errors
    /// As [`Options::zeros`]; and on an integer dtype.
    pub fn normal(&self, shape: impl IntoShape, mean: f64, std: f64) -> Result<Tensor> {
        let shape = shape::shape("normal", shape)?;
        let n = shape::numel(&shape);
        // One block gives four f32 numbers from four 32-bit ones, or two f64 from two 64-bit ones.
        match self.float("normal")? {
            DType::F64 => {
                let r = self.random().reserve(n.div_ceil(2));
                let values = blocks(n, |i| {
                    let [a, b, c, d] = r.block(i).map(u64::from);
                    box_muller(unit_f64(a | b << 32), unit_f64(c | d << 32)).map(|z| mean + std * z)
                });
                self.finish(DType::F32, values, &shape)
            }
            _ => {
                let r = self.random().reserve(n.div_ceil(4));
                let values = blocks(n, |i| {
                    let [a, b, c, d] = r.block(i).map(|b| (f64::from(b) + 0.5) / 4294967296.0);
                    let ([w, x], [y, z]) = (box_muller(a, b), box_muller(c, d));
                    [w, x, y, z].map(|z| (mean + std * z) as f32)
                });
                self.finish(DType::F32, values, &shape)
            }
        }
    }

    /// Uniform integers in [low, high).
    ///
    /// # Errors
    /// As [`Options::zeros`]; and when there is no integer between the bounds.
    pub fn randint(&self, low: i64, high: i64, shape: impl IntoShape) -> Result<Tensor> {
        let shape = shape::shape("randint", shape)?;
        if low >= high {
            return Err(Error::value(
                "randint",
                format!("no integer is in [{low}, {high}): low must be below high"),
            ));
        }
        let (g, width) = (self.random(), high.wrapping_sub(low) as u64);
        let values = (0..shape::numel(&shape)).map(|_| low.wrapping_add(g.below(width) as i64)).collect();
        self.finish(DType::I64, values, &shape)
    }

    /// The numbers from 0 to n-1 in random order.
    ///
    /// # Errors
    /// As [`Options::zeros`].
    pub fn randperm(&self, n: usize) -> Result<Tensor> {
        let shape = shape::shape("randperm", n)?;
        let values = self.random().permutation(n).into_iter().map(|i| i as i64).collect();
        self.finish(DType::I64, values, &shape)
    }

    fn float(&self, op: &'static str) -> Result<DType> {
        let dtype = self.dtype.unwrap_or(DType::F32);
        if dtype.is_float() {
            Ok(dtype)
        } else {
            Err(Error::dtype(op, dtype, "float32 or another real dtype"))
        }
    }
}

/// `n` values, `K` from each block.
fn blocks<T, const K: usize>(n: usize, f: impl Fn(u64) -> [T; K]) -> Vec<T> {
    (0..n.div_ceil(K) as u64).flat_map(f).take(n).collect()
}

/// Two independent normal numbers from two uniform ones.
fn box_muller(u: f64, v: f64) -> [f64; 2] {
    let radius = (-2.0 * (1.0 - u).ln()).sqrt();
    let (sin, cos) = (std::f64::consts::TAU * v).sin_cos();
    [radius * cos, radius * sin]
}

/// `n` equal elements, or an error where memory does not suffice.
fn alloc<T: Element>(op: &'static str, n: usize, value: T) -> Result<Vec<T>> {
    if value == T::zero() && n < 1 << 30 {
        return Ok(vec![value; n]); // zeroed pages, not touched until they are used
    }
    let mut v = Vec::new();
    v.try_reserve_exact(n).map_err(|_| Error::value(op, format!("{n} elements do not fit in memory")))?;
    v.resize(n, value);
    Ok(v)
}

macro_rules! with_defaults {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $ty:ty),*);)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        #[doc = concat!("As [`Options::", stringify!($name), "`].")]
        pub fn $name($($arg: $ty),*) -> Result<Self> {
            Options::default().$name($($arg),*)
        }
    )*};
}

/// New tensors on the CPU, f32 or for integers i64; [`Tensor::options`] chooses otherwise.
impl Tensor {
    /// Chooses dtype, device and generator of a new tensor.
    pub fn options() -> Options {
        Options::default()
    }

    with_defaults! {
        /// All elements zero.
        zeros(shape: impl IntoShape);
        /// All elements one.
        ones(shape: impl IntoShape);
        /// Elements to be written later, zeros until then.
        empty(shape: impl IntoShape);
        /// All elements `value`.
        full(shape: impl IntoShape, value: impl Into<Scalar>);
        /// `start, start + step, …` before `end`.
        arange(start: impl Into<Scalar>, end: impl Into<Scalar>, step: impl Into<Scalar>);
        /// Uniform in [0, 1).
        rand(shape: impl IntoShape);
        /// Normal with mean 0 and variance 1.
        randn(shape: impl IntoShape);
        /// Uniform integers in [low, high).
        randint(low: i64, high: i64, shape: impl IntoShape);
        /// The numbers from 0 to n-1 in random order.
        randperm(n: usize);
    }

    /// A tensor of the given shape over `data`, without a copy.
    ///
    /// # Errors
    /// When the shape has not as many elements as `data`.
    pub fn from_vec<T: Element>(data: Vec<T>, shape: impl IntoShape) -> Result<Self> {
        let shape = shape::shape("from_vec", shape)?;
        if shape::numel(&shape) != data.len() {
            return Err(Error::shape(
                "from_vec",
                format!(
                    "{} elements do not fill shape {shape:?}, which has {}",
                    data.len(),
                    shape::numel(&shape)
                ),
            ));
        }
        Ok(Self::own(data, &shape))
    }

    /// A tensor from a number, or from an array or slice of up to four levels, copied.
    ///
    /// ```
    /// # use taper_tensor::Tensor;
    /// let x = Tensor::new(&[[5.5f32, 3.0], [0.0, 1.0]])?;
    /// assert_eq!(x.size(), [2, 2]);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the levels are of different lengths.
    pub fn new<A: NestedArray>(array: A) -> Result<Self> {
        let (mut dims, mut data) = (vec![], vec![]);
        array.dims(&mut dims);
        if !array.collect(&dims, &mut data) {
            return Err(Error::shape(
                "new",
                format!("the array is ragged: not every row has the length of the first, {dims:?}"),
            ));
        }
        Self::from_vec(data, dims)
    }

    /// Zeros with the shape, dtype and device of `self`.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn zeros_like(&self) -> Result<Self> {
        self.like().zeros(self.size())
    }

    /// Ones with the shape, dtype and device of `self`.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn ones_like(&self) -> Result<Self> {
        self.like().ones(self.size())
    }

    /// Elements to be written later, zeros until then, with the shape, dtype and device of `self`.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn empty_like(&self) -> Result<Self> {
        self.like().empty(self.size())
    }

    /// `value` everywhere, with the shape, dtype and device of `self`.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn full_like(&self, value: impl Into<Scalar>) -> Result<Self> {
        self.like().full(self.size(), value)
    }

    /// Uniform in [0, 1), with the shape, dtype and device of `self`.
    ///
    /// # Errors
    /// On an integer dtype.
    pub fn rand_like(&self) -> Result<Self> {
        self.like().rand(self.size())
    }

    /// Normal with mean 0 and variance 1, with the shape, dtype and device of `self`.
    ///
    /// # Errors
    /// On an integer dtype.
    pub fn randn_like(&self) -> Result<Self> {
        self.like().randn(self.size())
    }

    /// Uniform integers in [low, high), with the shape, dtype and device of `self`.
    ///
    /// # Errors
    /// When there is no integer between the bounds.
    pub fn randint_like(&self, low: i64, high: i64) -> Result<Self> {
        self.like().randint(low, high, self.size())
    }

    /// `steps` numbers from `start` to `end`, both among them, as f32.
    ///
    /// # Errors
    /// When they are more than memory can hold.
    pub fn linspace(start: f64, end: f64, steps: usize) -> Result<Self> {
        let size = shape::shape("linspace", steps)?;
        let step = (end - start) / (steps.max(2) - 1) as f64;
        // From the nearer end, so that both ends are exact.
        let at = |i: usize| {
            if i * 2 < steps { start + step * i as f64 } else { end - step * (steps - 1 - i) as f64 }
        };
        let at = |i: usize| if steps == 1 { start } else { at(i) };
        Ok(Self::own((0..steps).map(|i| at(i) as f32).collect(), &size))
    }

    /// 1 with the probability that the element gives, else 0, in the dtype of `self`.
    ///
    /// # Errors
    /// When an element is no probability; on an integer dtype.
    pub fn bernoulli(&self) -> Result<Self> {
        let op = "bernoulli";
        self.expect_float(op)?;
        let p = self.to_dtype(DType::F64)?.to_vec::<f64>()?;
        if let Some(bad) = p.iter().find(|p| !(0.0..=1.0).contains(*p)) {
            return Err(Error::value(op, format!("{bad} is no probability, expected 0 to 1")));
        }
        let uniform = Self::options().dtype(DType::F64).rand(self.size())?.to_vec::<f64>()?;
        let draws = p.iter().zip(&uniform).map(|(p, u)| f64::from(u8::from(u < p))).collect();
        Self::own(draws, self.size()).to_dtype(self.dtype)
    }

    /// Indices drawn with the weights that a vector, or each row of a matrix, gives: i64. Without
    /// `replacement`, each at most once.
    ///
    /// # Errors
    /// When a weight is negative or not finite, all are 0, or there are not enough to draw from.
    pub fn multinomial(&self, samples: usize, replacement: bool) -> Result<Self> {
        let op = "multinomial";
        self.expect_float(op)?;
        let (rows, n) = match *self.size() {
            [n] => (1, n),
            [rows, n] => (rows, n),
            _ => {
                return Err(Error::shape(
                    op,
                    format!("shape {:?} is neither a vector nor a matrix", self.size()),
                ));
            }
        };
        let all = self.to_dtype(DType::F64)?.to_vec::<f64>()?;
        if all.iter().any(|w| !w.is_finite() || *w < 0.0) {
            return Err(Error::value(op, "weights must be finite and not negative"));
        }
        let size = shape::shape(op, [&self.size()[..self.dim() - 1], &[samples]].concat())?;
        let (generator, mut drawn) = (Generator::default_generator(), vec![]);
        for row in 0..rows {
            let mut weights = all[row * n..][..n].to_vec();
            let positive = weights.iter().filter(|w| **w > 0.0).count();
            if positive == 0 || (!replacement && positive < samples) {
                return Err(Error::value(op, format!("{samples} samples from {positive} positive weights")));
            }
            for _ in 0..samples {
                let total: f64 = weights.iter().sum();
                let mut rest = generator.uniform() * total;
                // The last positive weight where rounding leaves none.
                let mut at = weights.iter().rposition(|w| *w > 0.0).unwrap_or(0);
                for (i, w) in weights.iter().enumerate() {
                    if rest < *w {
                        at = i;
                        break;
                    }
                    rest -= w;
                }
                if !replacement {
                    weights[at] = 0.0;
                }
                drawn.push(at as i64);
            }
        }
        Ok(Self::own(drawn, &size))
    }

    /// Fills the tensor with numbers uniform in [low, high).
    ///
    /// # Errors
    /// As [`Tensor::fill_`]; and on an integer dtype.
    pub fn uniform_(&self, low: f64, high: f64) -> Result<()> {
        self.copy_(&self.like().uniform(self.size(), low, high)?)
    }

    /// Fills the tensor with normal numbers.
    ///
    /// # Errors
    /// As [`Tensor::fill_`]; and on an integer dtype.
    pub fn normal_(&self, mean: f64, std: f64) -> Result<()> {
        self.copy_(&self.like().normal(self.size(), mean, std)?)
    }

    /// The dtype and device of `self`, for a new tensor.
    pub fn like(&self) -> Options {
        Options { dtype: Some(self.dtype), device: self.device(), generator: None }
    }
}

/// Numbers, arrays, slices and vectors, nested.
pub trait NestedArray {
    /// The number's type.
    type Element: Element;
    /// Appends the sizes, outermost first.
    fn dims(&self, dims: &mut Vec<usize>);
    /// Appends the numbers, in order; false where the sizes are not `dims`.
    fn collect(&self, dims: &[usize], out: &mut Vec<Self::Element>) -> bool;
}

macro_rules! nested {
    ($($t:ty),*) => {$(
        impl NestedArray for $t {
            type Element = $t;
            fn dims(&self, _: &mut Vec<usize>) {}
            fn collect(&self, _: &[usize], out: &mut Vec<$t>) -> bool {
                out.push(*self);
                true
            }
        }
    )*};
}
nested!(u8, u32, i32, i64, f32, f64, half::f16, half::bf16);

impl<A: NestedArray> NestedArray for [A] {
    type Element = A::Element;
    fn dims(&self, dims: &mut Vec<usize>) {
        dims.push(self.len());
        if let Some(first) = self.first() {
            first.dims(dims);
        }
    }
    fn collect(&self, dims: &[usize], out: &mut Vec<A::Element>) -> bool {
        dims.split_first()
            .is_some_and(|(&n, rest)| n == self.len() && self.iter().all(|a| a.collect(rest, out)))
    }
}

macro_rules! delegate {
    ($([$($g:tt)*] $t:ty),*) => {$(
        impl<$($g)*> NestedArray for $t {
            type Element = A::Element;
            fn dims(&self, dims: &mut Vec<usize>) {
                self[..].dims(dims);
            }
            fn collect(&self, dims: &[usize], out: &mut Vec<A::Element>) -> bool {
                self[..].collect(dims, out)
            }
        }
    )*};
}
delegate!([A: NestedArray, const N: usize] [A; N], [A: NestedArray, const N: usize] &[A; N], [A: NestedArray] &[A], [A: NestedArray] Vec<A>);
