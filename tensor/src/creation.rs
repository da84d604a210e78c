//! Creation of tensors from values, constants and ranges.

use crate::dtype::with_element;
use crate::{
    DType, Device, Element, Generator, IntoShape, NestedArray, Result, Scalar, Tensor, Value, shape,
};

/// Options of a new tensor: dtype, device and generator. PyTorch passes them as keyword arguments.
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
    /// Sets the dtype. The default is float32, or int64 for integer values.
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = Some(dtype);
        self
    }

    /// Sets the device. The default is the CPU.
    pub fn device(mut self, device: &Device) -> Self {
        self.device = device.clone();
        self
    }

    /// Sets the generator of random numbers. The default is [`Generator::default_generator`].
    pub fn generator(mut self, generator: &Generator) -> Self {
        self.generator = Some(generator.clone());
        self
    }

    /// Makes a tensor of `values`, and converts it to the dtype and device of the options.
    pub(crate) fn finish<T: Element>(
        &self,
        default: DType,
        values: Vec<T>,
        shape: &[usize],
    ) -> Result<Tensor> {
        Tensor::own(values, shape).to_dtype(self.dtype.unwrap_or(default))?.to(&self.device)
    }

    /// Returns a tensor with the value of a number, or of an array, slice or vector nested up to four levels
    /// deep; see [`Tensor::new`].
    ///
    /// ```
    /// # use taper_tensor::{DType, Tensor};
    /// let x = Tensor::options().dtype(DType::F64).tensor([0.1, 0.2])?;
    /// assert_eq!(x.to_vec::<f64>()?, [0.1, 0.2]);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// If rows of one level differ in length.
    pub fn tensor<A: NestedArray>(&self, array: A) -> Result<Tensor> {
        let (mut dims, mut data) = (vec![], vec![]);
        array.dims(&mut dims);
        bail_if!(
            !array.collect(&dims, &mut data),
            shape(
                "new",
                "got rows of different lengths, expected an array of sizes {dims:?} as in its first rows; make the rows equally long"
            )
        );
        let dtype = match A::Element::DTYPE {
            DType::F64 => DType::F32,
            DType::I32 => DType::I64,
            dtype => dtype,
        };
        Tensor::from_vec(data, dims)?.to_dtype(self.dtype.unwrap_or(dtype))?.to(&self.device)
    }

    /// Returns a tensor of zeros.
    ///
    /// # Errors
    /// If a size is negative or the tensor would not fit in memory.
    pub fn zeros(&self, shape: impl IntoShape) -> Result<Tensor> {
        self.full(shape, 0.0)
    }

    /// Returns a tensor of ones.
    ///
    /// # Errors
    /// If a size is negative or the tensor would not fit in memory.
    pub fn ones(&self, shape: impl IntoShape) -> Result<Tensor> {
        self.full(shape, 1.0)
    }

    /// Returns a tensor to be written later, as by an `out` argument. Its elements are zeros: safe code must
    /// not read uninitialised memory, and the system zeroes fresh pages anyway.
    ///
    /// # Errors
    /// If a size is negative or the tensor would not fit in memory.
    pub fn empty(&self, shape: impl IntoShape) -> Result<Tensor> {
        self.zeros(shape)
    }

    /// Returns a tensor filled with `value`. Without a dtype in the options, the kind of `value` decides it.
    ///
    /// # Errors
    /// If a size is negative or the tensor would not fit in memory.
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

    /// Returns `start, start + step, …`, ending before `end`: a vector.
    ///
    /// # Errors
    /// If `step` is 0 or leads away from `end`.
    pub fn arange(
        &self,
        start: impl Into<Scalar>,
        end: impl Into<Scalar>,
        step: impl Into<Scalar>,
    ) -> Result<Tensor> {
        let (start, end, step) = (start.into(), end.into(), step.into());
        let count = match (start, end, step) {
            // Integer arithmetic stays exact beyond 2^53, where `f64` does not.
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
            value(
                "arange",
                "got start {start:?}, end {end:?} and step {step:?}, expected a step that leads from start to end"
            )
        );
        let n = shape::new_shape("arange", count as i64)?;
        if let (Scalar::Int(start), Scalar::Int(_), Scalar::Int(step)) = (start, end, step) {
            let values = (0..n[0] as i64).map(|i| start.wrapping_add(i.wrapping_mul(step))).collect();
            return self.finish(DType::I64, values, &n);
        }
        let values = (0..n[0]).map(|i| start.to_f64() + i as f64 * step.to_f64()).collect();
        self.finish(DType::F32, values, &n)
    }

    /// Returns `steps` powers of `base`. Their exponents are spaced evenly from `start` to `end`, as in
    /// [`Options::linspace`].
    ///
    /// # Errors
    /// If the tensor would not fit in memory.
    pub fn logspace(&self, start: f64, end: f64, steps: usize, base: f64) -> Result<Tensor> {
        let exponents = Self { dtype: Some(DType::F64), ..self.clone() }.linspace(start, end, steps)?;
        let powers = Tensor::full((), base)?.to_dtype(DType::F64)?.to(&self.device)?.pow(&exponents)?;
        powers.to_dtype(self.dtype.unwrap_or(DType::F32))
    }

    /// Returns a matrix with ones on the diagonal and zeros elsewhere. `shape` is the size of a square
    /// matrix, or `(rows, columns)`.
    ///
    /// # Errors
    /// If `shape` has more than two sizes or a negative one.
    pub fn eye(&self, shape: impl IntoShape) -> Result<Tensor> {
        let mut size = shape.into_sizes();
        match *size {
            [n] => size.push(n),
            [_, _] => {}
            _ => bail!(shape("eye", "got the sizes {size:?}, expected n or (rows, columns)")),
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

    /// Returns `steps` numbers spaced evenly from `start` to `end`, including both. The default dtype is
    /// float32.
    ///
    /// # Errors
    /// If the tensor would not fit in memory.
    pub fn linspace(&self, start: f64, end: f64, steps: usize) -> Result<Tensor> {
        let size = shape::new_shape("linspace", steps)?;
        let step = (end - start) / (steps.max(2) - 1) as f64;
        // Counting from the nearer end makes both ends exact.
        let at = |i: usize| {
            if i * 2 < steps { start + step * i as f64 } else { end - step * (steps - 1 - i) as f64 }
        };
        let at = |i: usize| if steps == 1 { start } else { at(i) };
        self.finish(DType::F32, (0..steps).map(at).collect(), &size)
    }
}

/// Returns `n` copies of `value`. `Vec` aborts when allocation fails; this returns an error.
fn alloc<T: Element>(op: &'static str, n: usize, value: T) -> Result<Vec<T>> {
    shape::room::<T>(op, n)?;
    Ok(vec![value; n]) // zeros take no time: the system maps their pages on first use
}

macro_rules! with_defaults {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $ty:ty),*);)*) => {$(
        $(#[$doc])*
        ///
        #[doc = concat!("Uses the default options; see [`Options::", stringify!($name), "`].")]
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
        #[doc = concat!("Calls [`Options::", stringify!($new), "`].")]
        pub fn $name(&self $(, $arg: $ty)?) -> Result<Self> {
            self.like().$new(self.size() $(, $arg)?)
        }
    )*};
}

/// Creation on the CPU, with dtype float32, or int64 for integers. [`Tensor::options`] selects other options.
impl Tensor {
    /// Returns options that choose the dtype, device and generator of a new tensor.
    pub fn options() -> Options {
        Options::default()
    }

    with_defaults! {
        /// Returns a tensor of zeros.
        zeros(shape: impl IntoShape);
        /// Returns a tensor of ones.
        ones(shape: impl IntoShape);
        /// Returns a tensor to be written later; its elements are zeros.
        empty(shape: impl IntoShape);
        /// Returns a tensor filled with `value`.
        full(shape: impl IntoShape, value: impl Into<Scalar>);
        /// Returns `start, start + step, …`, ending before `end`.
        arange(start: impl Into<Scalar>, end: impl Into<Scalar>, step: impl Into<Scalar>);
        /// Returns `steps` numbers spaced evenly from `start` to `end`, including both.
        linspace(start: f64, end: f64, steps: usize);
        /// Returns `steps` powers of `base`, with exponents spaced evenly from `start` to `end`.
        logspace(start: f64, end: f64, steps: usize, base: f64);
        /// Returns a matrix with ones on the diagonal and zeros elsewhere, of size `n` by `n` or `(rows,
        /// columns)`.
        eye(shape: impl IntoShape);
        /// Returns random numbers, uniform in [low, high).
        uniform(shape: impl IntoShape, low: f64, high: f64);
        /// Returns normally distributed random numbers with this mean and standard deviation.
        normal(shape: impl IntoShape, mean: f64, std: f64);
        /// Returns random numbers, uniform in [0, 1).
        rand(shape: impl IntoShape);
        /// Returns normally distributed random numbers with mean 0 and variance 1.
        randn(shape: impl IntoShape);
        /// Returns random integers, uniform in [low, high).
        randint(low: i64, high: i64, shape: impl IntoShape);
        /// Returns the integers from 0 to n - 1 in random order.
        randperm(n: usize);
    }

    /// Returns a tensor of the given shape over `data`, without a copy.
    ///
    /// # Errors
    /// If `data` does not have as many elements as the shape.
    pub fn from_vec<V: Value>(data: Vec<V>, shape: impl IntoShape) -> Result<Self> {
        let shape = shape::shape("from_vec", shape)?;
        bail_if!(
            shape::numel(&shape) != data.len(),
            shape(
                "from_vec",
                "got {} elements, expected {} for shape {shape:?}",
                data.len(),
                shape::numel(&shape)
            )
        );
        Ok(Self::own(V::into_stored(data), &shape).stored_as(V::DTYPE))
    }

    /// Returns a tensor with the value of a number, or of an array, slice or vector nested up to four levels
    /// deep.
    ///
    /// The dtypes follow `torch.tensor`: `f64`, the type of a bare `1.0`, becomes float32, and `i32`, the
    /// type of a bare `1`, becomes int64. Other types are kept. To get float64 or int32, set it with
    /// [`Options::dtype`], or use [`Tensor::from_vec`], which keeps each type.
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
    /// If rows of one level differ in length.
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
        /// Returns elements equal to `value`,
        full_like = full(value: impl Into<Scalar>);
        /// Returns random numbers, uniform in [0, 1),
        rand_like = rand();
        /// Returns normally distributed random numbers with mean 0 and variance 1,
        randn_like = randn();
    }

    /// Returns random integers, uniform in [low, high), with the shape, dtype and device of `self`.
    ///
    /// # Errors
    /// If `low >= high`.
    pub fn randint_like(&self, low: i64, high: i64) -> Result<Self> {
        self.like().randint(low, high, self.size())
    }

    /// Returns options with the dtype and device of `self`.
    pub fn like(&self) -> Options {
        Options { dtype: Some(self.dtype), device: self.device(), generator: None }
    }
}
