//! New tensors: from values, filled, counted up.

use crate::dtype::with_element;
use crate::{
    DType, Device, Element, Generator, IntoShape, NestedArray, Result, Scalar, Tensor, Value, shape,
};

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
    pub(crate) dtype: Option<DType>,
    device: Device,
    pub(crate) generator: Option<Generator>,
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

    /// From the values that `f` makes, which are of the type `T`, to the dtype and device asked for.
    pub(crate) fn finish<T: Element>(
        &self,
        default: DType,
        values: Vec<T>,
        shape: &[usize],
    ) -> Result<Tensor> {
        Tensor::own(values, shape).to_dtype(self.dtype.unwrap_or(default))?.to(&self.device)
    }

    /// Returns a tensor of a number, or of an array, slice or vector of up to four levels; see [`Tensor::new`].
    ///
    /// ```
    /// # use taper_tensor::{DType, Tensor};
    /// let x = Tensor::options().dtype(DType::F64).tensor([0.1, 0.2])?;
    /// assert_eq!(x.to_vec::<f64>()?, [0.1, 0.2]);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the levels are of different lengths.
    pub fn tensor<A: NestedArray>(&self, array: A) -> Result<Tensor> {
        let (mut dims, mut data) = (vec![], vec![]);
        array.dims(&mut dims);
        bail_if!(
            !array.collect(&dims, &mut data),
            shape("new", "the array is ragged: not every row has the length of the first, {dims:?}")
        );
        let dtype = match A::Element::DTYPE {
            DType::F64 => DType::F32,
            DType::I32 => DType::I64,
            dtype => dtype,
        };
        Tensor::from_vec(data, dims)?.to_dtype(self.dtype.unwrap_or(dtype))?.to(&self.device)
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
        let shape = shape::shape("full", shape)?;
        let value = value.into();
        let n = shape::numel(&shape);
        let dtype = self.dtype.unwrap_or(value.dtype());
        let value = value.stored(dtype);
        let tensor = with_element!(dtype, T => {
            Tensor::own(alloc("full", n, T::from_scalar(value))?, &shape)
        });
        tensor.stored_as(dtype).to(&self.device)
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
        let count = match (start, end, step) {
            // Exact also where f64 is not.
            (Scalar::Int(a), Scalar::Int(b), Scalar::Int(step)) if step != 0 => {
                let (length, step) = (i128::from(b) - i128::from(a), i128::from(step));
                (length / step + i128::from(length % step != 0 && (length < 0) == (step < 0))) as f64
            }
            _ => ((end.to_f64() - start.to_f64()) / step.to_f64()).ceil(),
        };
        let away = (start.to_f64() > end.to_f64() && step.to_f64() > 0.0)
            || (start.to_f64() < end.to_f64() && step.to_f64() < 0.0);
        bail_if!(
            !count.is_finite() || away,
            value("arange", "from {start:?} to {end:?} by {step:?}: the step must lead from start to end")
        );
        let n = shape::new_shape("arange", count as i64)?;
        if let (Scalar::Int(start), Scalar::Int(_), Scalar::Int(step)) = (start, end, step) {
            let values = (0..n[0] as i64).map(|i| start.wrapping_add(i.wrapping_mul(step))).collect();
            return self.finish(DType::I64, values, &n);
        }
        let values = (0..n[0]).map(|i| start.to_f64() + i as f64 * step.to_f64()).collect();
        self.finish(DType::F32, values, &n)
    }

    /// `steps` powers of `base`, whose exponents go from `start` to `end` as in [`Options::linspace`].
    ///
    /// # Errors
    /// As [`Options::zeros`].
    pub fn logspace(&self, start: f64, end: f64, steps: usize, base: f64) -> Result<Tensor> {
        let exponents = Self { dtype: Some(DType::F64), ..self.clone() }.linspace(start, end, steps)?;
        let powers = Tensor::full((), base)?.to_dtype(DType::F64)?.to(&self.device)?.pow(&exponents)?;
        powers.to_dtype(self.dtype.unwrap_or(DType::F32))
    }

    /// Ones on the diagonal, zeros elsewhere: a square matrix of this size, or `(rows, columns)`.
    ///
    /// # Errors
    /// As [`Options::zeros`]; and when there are more than two sizes.
    pub fn eye(&self, shape: impl IntoShape) -> Result<Tensor> {
        let mut size = shape.into_sizes();
        match *size {
            [n] => size.push(n),
            [_, _] => {}
            _ => bail!(shape("eye", "{size:?} is neither a size nor two of them")),
        }
        let size = shape::shape("eye", size)?;
        let dtype = self.dtype.unwrap_or(DType::F32);
        let tensor = with_element!(dtype, T => {
            let mut y = alloc("eye", shape::numel(&size), T::from_scalar(Scalar::Int(0)))?;
            let one = T::from_scalar(Scalar::Int(1));
            y.iter_mut().step_by(size[1] + 1).take(size[0]).for_each(|y| *y = one);
            Tensor::own(y, &size)
        });
        tensor.stored_as(dtype).to(&self.device)
    }

    /// `steps` numbers from `start` to `end`, both among them; f32 where no dtype is given.
    ///
    /// # Errors
    /// As [`Options::zeros`].
    pub fn linspace(&self, start: f64, end: f64, steps: usize) -> Result<Tensor> {
        let size = shape::new_shape("linspace", steps)?;
        let step = (end - start) / (steps.max(2) - 1) as f64;
        // From the nearer end, so that both ends are exact.
        let at = |i: usize| {
            if i * 2 < steps { start + step * i as f64 } else { end - step * (steps - 1 - i) as f64 }
        };
        let at = |i: usize| if steps == 1 { start } else { at(i) };
        self.finish(DType::F32, (0..steps).map(at).collect(), &size)
    }
}

/// `n` equal elements, or an error where memory does not suffice.
fn alloc<T: Element>(op: &'static str, n: usize, value: T) -> Result<Vec<T>> {
    shape::room::<T>(op, n)?;
    Ok(vec![value; n]) // of zeros: pages that are not touched until they are used
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

macro_rules! with_likes {
    ($($(#[$doc:meta])* $name:ident = $new:ident($($arg:ident: $ty:ty)?);)*) => {$(
        $(#[$doc])*
        /// with the shape, dtype and device of `self`.
        ///
        /// # Errors
        #[doc = concat!("As [`Options::", stringify!($new), "`].")]
        pub fn $name(&self $(, $arg: $ty)?) -> Result<Self> {
            self.like().$new(self.size() $(, $arg)?)
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
        /// `steps` numbers from `start` to `end`, both among them.
        linspace(start: f64, end: f64, steps: usize);
        /// `steps` powers of `base`, whose exponents go from `start` to `end`.
        logspace(start: f64, end: f64, steps: usize, base: f64);
        /// Ones on the diagonal, zeros elsewhere: a square matrix of this size, or `(rows, columns)`.
        eye(shape: impl IntoShape);
        /// Uniform in [low, high).
        uniform(shape: impl IntoShape, low: f64, high: f64);
        /// Normal with this mean and standard deviation.
        normal(shape: impl IntoShape, mean: f64, std: f64);
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
    pub fn from_vec<V: Value>(data: Vec<V>, shape: impl IntoShape) -> Result<Self> {
        let shape = shape::shape("from_vec", shape)?;
        bail_if!(
            shape::numel(&shape) != data.len(),
            shape(
                "from_vec",
                "{} elements do not fill shape {shape:?}, which has {}",
                data.len(),
                shape::numel(&shape)
            )
        );
        Ok(Self::own(V::into_stored(data), &shape).stored_as(V::DTYPE))
    }

    /// Returns a tensor of a number, or of an array, slice or vector of up to four levels, copied.
    ///
    /// As for PyTorch's `torch.tensor`, numbers are what they are in most programs: `f64`, the type of a bare
    /// `1.0`, becomes float32, and `i32`, that of a bare `1`, becomes int64. Other types stay as they are. Where
    /// f64 or i32 is meant, say so with [`Options::dtype`], or use [`Tensor::from_vec`], which keeps each type.
    ///
    /// ```
    /// # use taper_tensor::{DType, Tensor};
    /// let x = Tensor::new([[5.5, 3.0], [0.0, 1.0]])?;
    /// assert_eq!((x.size(), x.dtype()), (&[2, 2][..], DType::F32));
    /// assert_eq!(Tensor::new([3, 4])?.dtype(), DType::I64);
    /// assert_eq!(Tensor::new([true, false])?.dtype(), DType::Bool);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the levels are of different lengths.
    pub fn new<A: NestedArray>(array: A) -> Result<Self> {
        Options::default().tensor(array)
    }

    with_likes! {
        /// Returns zeros
        zeros_like = zeros();
        /// Returns ones
        ones_like = ones();
        /// Returns elements to be written later, zeros until then,
        empty_like = empty();
        /// Returns `value` everywhere,
        full_like = full(value: impl Into<Scalar>);
        /// Returns numbers uniform in [0, 1)
        rand_like = rand();
        /// Returns normal numbers with mean 0 and variance 1
        randn_like = randn();
    }

    /// Returns uniform integers in [low, high), with the shape, dtype and device of `self`.
    ///
    /// # Errors
    /// When there is no integer between the bounds.
    pub fn randint_like(&self, low: i64, high: i64) -> Result<Self> {
        self.like().randint(low, high, self.size())
    }

    /// The dtype and device of `self`, for a new tensor.
    pub fn like(&self) -> Options {
        Options { dtype: Some(self.dtype), device: self.device(), generator: None }
    }
}
