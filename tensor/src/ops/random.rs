//! Tensors of random numbers.

use crate::creation::Options;
use crate::ops::reduce::expect_float;
use crate::random::{unit_f32, unit_f64};
use crate::{DType, Device, Error, Generator, IntoShape, Replacement, Result, Tensor, shape};

impl Options {
    fn random(&self) -> Generator {
        self.generator.clone().unwrap_or_else(Generator::default_generator)
    }

    /// Returns random numbers, uniform in [0, 1).
    ///
    /// # Errors
    /// If a size is negative, the tensor would not fit in memory, or the dtype is not floating point.
    pub fn rand(&self, shape: impl IntoShape) -> Result<Tensor> {
        self.uniform(shape, 0.0, 1.0)
    }

    /// Returns random numbers, uniform in [low, high), with the full precision of the dtype.
    ///
    /// # Errors
    /// If a size is negative, the tensor would not fit in memory, or the dtype is not floating point.
    pub fn uniform(&self, shape: impl IntoShape, low: f64, high: f64) -> Result<Tensor> {
        let (low32, width32) = (low as f32, (high - low) as f32);
        self.floats(
            ("uniform", shape),
            |bits| bits.map(|b| low + (high - low) * unit_f64(b)),
            |bits| bits.map(|b| low32 + width32 * unit_f32(b)),
        )
    }

    /// Returns normally distributed random numbers with mean 0 and variance 1.
    ///
    /// # Errors
    /// If a size is negative, the tensor would not fit in memory, or the dtype is not floating point.
    pub fn randn(&self, shape: impl IntoShape) -> Result<Tensor> {
        self.normal(shape, 0.0, 1.0)
    }

    /// Returns normally distributed random numbers with the given mean and standard deviation, by the
    /// Box-Muller transform ("A note on the generation of random normal deviates", 1958).
    ///
    /// # Errors
    /// If a size is negative, the tensor would not fit in memory, or the dtype is not floating point.
    pub fn normal(&self, shape: impl IntoShape, mean: f64, std: f64) -> Result<Tensor> {
        self.floats(
            ("normal", shape),
            |[a, b]| box_muller(unit_f64(a), unit_f64(b)).map(|z| mean + std * z),
            |bits| {
                let [a, b, c, d] = bits.map(|b| (f64::from(b) + 0.5) / 4294967296.0);
                let ([w, x], [y, z]) = (box_muller(a, b), box_muller(c, d));
                [w, x, y, z].map(|z| (mean + std * z) as f32)
            },
        )
    }

    /// Makes floating-point numbers from the generator's blocks: two f64 from two 64-bit numbers, or four f32
    /// from four 32-bit numbers.
    fn floats(
        &self,
        (op, shape): (&'static str, impl IntoShape),
        wide: impl Fn([u64; 2]) -> [f64; 2],
        narrow: impl Fn([u32; 4]) -> [f32; 4],
    ) -> Result<Tensor> {
        let shape = shape::new_shape(op, shape)?;
        let (n, dtype) = (shape::numel(&shape), self.dtype.unwrap_or(DType::F32));
        expect_float(op, dtype)?;
        if dtype == DType::F64 {
            let r = self.random().reserve(n.div_ceil(2));
            let values = blocks(n, |i| {
                let [a, b, c, d] = r.block(i).map(u64::from);
                wide([a | b << 32, c | d << 32])
            });
            return self.finish(DType::F32, values, &shape);
        }
        let r = self.random().reserve(n.div_ceil(4));
        self.finish(DType::F32, blocks(n, |i| narrow(r.block(i))), &shape)
    }

    /// Returns random integers, uniform in [low, high).
    ///
    /// # Errors
    /// If a size is negative, the tensor would not fit in memory, or `low >= high`.
    pub fn randint(&self, low: i64, high: i64, shape: impl IntoShape) -> Result<Tensor> {
        let shape = shape::new_shape("randint", shape)?;
        bail_if!(
            low >= high,
            value("randint", "got low {low} and high {high}, expected low to be below high")
        );
        let (g, width) = (self.random(), high.wrapping_sub(low) as u64);
        let values = (0..shape::numel(&shape)).map(|_| low.wrapping_add(g.below(width) as i64)).collect();
        self.finish(DType::I64, values, &shape)
    }

    /// Returns the integers from 0 to n - 1 in random order.
    ///
    /// # Errors
    /// If the tensor would not fit in memory.
    pub fn randperm(&self, n: usize) -> Result<Tensor> {
        let shape = shape::new_shape("randperm", n)?;
        let values = self.random().permutation(n).into_iter().map(|i| i as i64).collect();
        self.finish(DType::I64, values, &shape)
    }
}

/// Returns `n` values, `K` from each block.
fn blocks<T, const K: usize>(n: usize, f: impl Fn(u64) -> [T; K]) -> Vec<T> {
    (0..n.div_ceil(K) as u64).flat_map(f).take(n).collect()
}

/// Returns two independent normally distributed numbers from two uniform ones.
fn box_muller(u: f64, v: f64) -> [f64; 2] {
    let radius = (-2.0 * (1.0 - u).ln()).sqrt();
    let (sin, cos) = (std::f64::consts::TAU * v).sin_cos();
    [radius * cos, radius * sin]
}

impl Tensor {
    /// Returns 1 with the probability given by the element, else 0, in the dtype of `self`.
    ///
    /// # Errors
    /// If an element is not a probability, or the dtype is not floating point.
    pub fn bernoulli(&self) -> Result<Self> {
        let op = "bernoulli";
        self.expect_float(op)?;
        let p = self.to_dtype(DType::F64)?.to_vec::<f64>()?;
        p.iter().try_for_each(|p| expect_probability(op, *p))?;
        let uniform = Self::options().dtype(DType::F64).rand(self.size())?.to_vec::<f64>()?;
        let draws = p.iter().zip(&uniform).map(|(p, u)| f64::from(u8::from(u < p))).collect();
        self.result(draws, self.size())?.to_dtype(self.dtype)
    }

    /// Draws int64 indices with the weights of a vector, or of each row of a matrix. Without `replacement`,
    /// each index is drawn at most once.
    ///
    /// # Shapes
    /// Input `[n]` or `[m, n]`, output `[samples]` or `[m, samples]`.
    ///
    /// # Errors
    /// If a weight is negative or not finite, all weights are 0, or there are fewer positive weights than
    /// samples without replacement.
    pub fn multinomial(&self, samples: usize, replacement: Replacement) -> Result<Self> {
        let op = "multinomial";
        self.expect_float(op)?;
        let (rows, n) = match *self.size() {
            [n] => (1, n),
            [rows, n] => (rows, n),
            _ => {
                bail!(shape(op, "got shape {:?}, expected a vector or a matrix", self.size()));
            }
        };
        let all = self.to_dtype(DType::F64)?.to_vec::<f64>()?;
        bail_if!(
            all.iter().any(|w| !w.is_finite() || *w < 0.0),
            value(op, "got a negative or infinite weight or NaN, expected finite weights of at least 0")
        );
        let size = shape::new_shape(op, [&self.size()[..self.dim() - 1], &[samples]].concat())?;
        let (generator, mut drawn) = (Generator::default_generator(), vec![]);
        for row in 0..rows {
            let mut weights = all[row * n..][..n].to_vec();
            let positive = weights.iter().filter(|w| **w > 0.0).count();
            bail_if!(
                positive == 0 || (!replacement.0 && positive < samples),
                value(
                    op,
                    "got {positive} positive weights for {samples} samples, expected as many without replacement, and at least one"
                )
            );
            for _ in 0..samples {
                let total: f64 = weights.iter().sum();
                let mut rest = generator.uniform() * total;
                let reached = |w: &f64| {
                    rest -= w;
                    rest < 0.0
                };
                // Rounding may leave no index; then the last one with a positive weight is chosen.
                let last = weights.iter().rposition(|w| *w > 0.0).unwrap_or(0);
                let at = weights.iter().position(reached).unwrap_or(last);
                if !replacement.0 {
                    weights[at] = 0.0;
                }
                drawn.push(at as i64);
            }
        }
        self.result(drawn, &size)
    }

    /// Fills the tensor with random numbers, uniform in [low, high).
    ///
    /// # Errors
    /// If the dtype is not floating point, several elements share a place in memory, or an array view of it
    /// is held.
    pub fn uniform_(&self, low: f64, high: f64) -> Result<()> {
        self.copy_(&self.like().uniform(self.size(), low, high)?)
    }

    /// Fills the tensor with normally distributed random numbers.
    ///
    /// # Errors
    /// If the dtype is not floating point, several elements share a place in memory, or an array view of it
    /// is held.
    pub fn normal_(&self, mean: f64, std: f64) -> Result<()> {
        self.copy_(&self.like().normal(self.size(), mean, std)?)
    }

    /// Sets each element to 1 with probability `p`, else to 0.
    ///
    /// # Errors
    /// If `p` is not in [0, 1], several elements share a place in memory, or an array view of it is held.
    pub fn bernoulli_(&self, p: f64) -> Result<()> {
        expect_probability("bernoulli_", p)?;
        let uniform = self.like().dtype(DType::F64).rand(self.size())?;
        self.copy_(&uniform.lt(p)?)
    }

    /// Multiplies by the factors of [`dropout_factors`].
    fn dropped(&self, factors: Self) -> Result<Self> {
        self.mul(factors)
    }
}

fn expect_probability(op: &'static str, p: f64) -> Result<()> {
    if (0.0..=1.0).contains(&p) {
        return Ok(());
    }
    Err(Error::value(op, format!("got p = {p}, expected a probability in [0, 1]")))
}

/// Returns the factors of dropout: 0 with probability `p`, else `1 / (1 - p)`.
#[doc(hidden)]
pub fn dropout_factors(
    op: &'static str,
    p: f64,
    size: &[usize],
    (dtype, device): (DType, &Device),
    generator: Option<&Generator>,
) -> Result<Tensor> {
    expect_probability(op, p)?;
    let mut options = Tensor::options().dtype(DType::F32).device(device);
    options.generator = generator.cloned();
    let kept = options.rand(size)?.ge(p)?.to_dtype(dtype)?;
    if p < 1.0 { kept.div(1.0 - p) } else { Ok(kept) }
}

#[doc(hidden)]
#[macro_export]
macro_rules! composed_random {
    ($T:ident) => {
        impl $T {
            /// Sets each element to 0 with probability `p`, and divides the others by `1 - p`. Apply it in
            /// training only. The random numbers come from `generator`, or from the default generator.
            ///
            /// # Errors
            /// If `p` is not in [0, 1], or the dtype is not floating point.
            #[track_caller]
            pub fn dropout(&self, p: f64, generator: Option<&$crate::Generator>) -> Result<Self> {
                self.dropout_over("dropout", p, &self.size(), generator)
            }

            /// Applies [`Self::dropout`] to whole channels of each sample `[N, C, ..]`.
            ///
            /// # Errors
            /// If `p` is not in [0, 1], the dtype is not floating point, or there are fewer than two
            /// dimensions.
            #[track_caller]
            pub fn feature_dropout(&self, p: f64, generator: Option<&$crate::Generator>) -> Result<Self> {
                let (op, mut size) = ("feature_dropout", self.size().to_vec());
                $crate::bail_if!(
                    size.len() < 2,
                    shape(op, "input has shape {size:?}, expected [batch, channels, ..]")
                );
                size[2..].fill(1);
                self.dropout_over(op, p, &size, generator)
            }

            #[track_caller]
            fn dropout_over(
                &self,
                op: &'static str,
                p: f64,
                size: &[usize],
                generator: Option<&$crate::Generator>,
            ) -> Result<Self> {
                let place = (self.dtype(), &self.device());
                self.dropped($crate::support::dropout_factors(op, p, size, place, generator)?)
            }
        }
    };
}
composed_random!(Tensor);
