//! Normalisation by the statistics of a batch, a layer or a group of channels.

use crate::cpu::batch_norm::{self, Affine, Gradients, Normalised, Shape, Used};
use crate::dtype::with_real;
use crate::{Element, Result, Tensor, cuda};

/// The statistics of a batch that [`Tensor::batch_norm`] computes, from which running statistics are updated.
/// They are float32 for 16-bit inputs.
#[derive(Clone, Debug)]
pub struct BatchStatistics {
    /// The mean of each channel, `[C]`.
    pub mean: Tensor,
    /// The biased variance of each channel, `[C]`: divided by the number of values.
    pub var: Tensor,
    /// The number of values of each channel.
    pub count: usize,
}

impl Tensor {
    /// Normalises each channel by its mean and variance over the batch, then multiplies by `weight` and adds
    /// `bias`: `(x - mean) / sqrt(var + eps) · weight + bias`.
    ///
    /// # Shapes
    /// Input `[N, C, …]`, weight and bias `[C]`, output `[N, C, …]`.
    ///
    /// ```
    /// use taper_tensor::Tensor;
    /// let x = Tensor::new(&[[1f32, 4.0], [3.0, 4.0]])?;
    /// let (y, batch) = x.batch_norm(None, None, 0.0001)?;
    /// assert_eq!((batch.mean.to_vec::<f32>()?, batch.var.to_vec::<f32>()?), (vec![2.0, 4.0], vec![1.0, 0.0]));
    /// assert_eq!(y.to_vec::<f32>()?, [-0.99995, 0.0, 0.99995, 0.0]);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there are fewer than two dimensions, a channel has a single value, a parameter is not `[C]`, or the
    /// dtype is not floating point.
    pub fn batch_norm(
        &self,
        weight: Option<&Self>,
        bias: Option<&Self>,
        eps: f64,
    ) -> Result<(Self, BatchStatistics)> {
        let op = "batch_norm";
        let shape = self.channels(op, &[("weight", weight), ("bias", bias)])?;
        let count = shape.batch * shape.size;
        bail_if!(
            count == 1,
            shape(
                op,
                "input has shape {:?}, expected [batch, channels, …] with more than one value in a channel",
                self.size()
            )
        );
        if let Some((y, mean, var)) = cuda::batch_norm::train(&shape, self, weight, bias, eps)? {
            return Ok((y, BatchStatistics { mean, var, count }));
        }
        with_real!(self.dtype, T => {
            let Normalised { y, mean, var } = Self::lend_some::<T, _, 1, 2>(op, [self], [weight, bias], |[x], [w, b]| {
                batch_norm::train(&shape, x, Affine { weight: w, bias: b }, eps)
            })?;
            let (mean, var) = (self.result(mean, &[shape.channels])?, self.result(var, &[shape.channels])?);
            Ok((self.result(y, self.size())?.cast(self.dtype)?, BatchStatistics { mean, var, count }))
        })
    }

    /// Normalises as [`Tensor::batch_norm`] does, but by a given mean and variance of each channel.
    ///
    /// # Shapes
    /// Input `[N, C, …]`, mean, variance, weight and bias `[C]`, output `[N, C, …]`.
    ///
    /// # Errors
    /// If there are fewer than two dimensions, a parameter is not `[C]`, or the dtype is not floating point.
    pub fn batch_norm_with(
        &self,
        mean: &Self,
        var: &Self,
        weight: Option<&Self>,
        bias: Option<&Self>,
        eps: f64,
    ) -> Result<Self> {
        let op = "batch_norm";
        let statistics = [("mean", Some(mean)), ("variance", Some(var)), ("weight", weight), ("bias", bias)];
        let shape = self.channels(op, &statistics)?;
        if let Some(y) = cuda::batch_norm::by(&shape, self, (mean, var), weight, bias, eps)? {
            return Ok(y);
        }
        with_real!(self.dtype, T => {
            let y = Self::lend_some::<T, _, 3, 2>(op, [self, mean, var], [weight, bias], |[x, m, v], [w, b]| {
                batch_norm::infer(&shape, x, (m, v), Affine { weight: w, bias: b }, eps)
            })?;
            self.result(y, self.size())?.cast(self.dtype)
        })
    }

    /// Returns the gradients of batch norm with respect to the input, `self`, the weight and the bias, from
    /// the gradient with respect to the output, `grad`. `mean` and `var` are the statistics used for
    /// normalisation. With `of_batch` they are the batch's own, which depend on the input. For 16-bit inputs,
    /// the gradients of weight and bias are float32.
    ///
    /// # Shapes
    /// `self` and `grad` `[N, C, …]`, mean and variance `[C]`, outputs `[N, C, …]`, `[C]` and `[C]`.
    ///
    /// # Errors
    /// If there are fewer than two dimensions, a parameter is not `[C]`, the dtype is not floating point, or
    /// the gradient has another shape or dtype than the input.
    pub fn batch_norm_grad(
        &self,
        grad: &Self,
        mean: &Self,
        var: &Self,
        weight: Option<&Self>,
        eps: f64,
        of_batch: bool,
    ) -> Result<(Self, Self, Self)> {
        let op = "batch_norm_grad";
        grad.expect_like(op, self)?;
        let shape =
            self.channels(op, &[("weight", weight), ("mean", Some(mean)), ("variance", Some(var))])?;
        let by = (mean, var);
        if let Some(done) = cuda::batch_norm::gradients(&shape, self, grad, by, weight, eps, of_batch)? {
            return Ok(done);
        }
        with_real!(self.dtype, T => {
            let Gradients { x, weight, bias } =
                Self::lend_some::<T, _, 4, 1>(op, [self, grad, mean, var], [weight], |[x, dy, mean, var], [w]| {
                    batch_norm::backward(&shape, x, dy, Used { mean, var, eps, of_batch }, w)
                })?;
            let channels = &[shape.channels];
            let dx = self.result(x, self.size())?.cast(self.dtype)?;
            Ok((dx, self.result(weight, channels)?, self.result(bias, channels)?))
        })
    }

    /// Returns the shape `[N, C, …]` as samples, channels and values, and checks that each parameter is
    /// `[C]`.
    fn channels(&self, op: &'static str, parameters: &[(&str, Option<&Self>)]) -> Result<Shape> {
        self.expect_float(op)?;
        let &[batch, channels, ref rest @ ..] = self.size() else {
            bail!(shape(op, "input has shape {:?}, expected [batch, channels, …]", self.size()));
        };
        self.expect_parameters(op, parameters, &[channels])?;
        Ok(Shape { batch, channels, size: rest.iter().product() })
    }

    /// Checks that the given parameters have this size and the device of `self`.
    pub(super) fn expect_parameters(
        &self,
        op: &'static str,
        parameters: &[(&str, Option<&Self>)],
        expected: &[usize],
    ) -> Result<()> {
        parameters.iter().filter_map(|(name, parameter)| Some((name, (*parameter)?))).try_for_each(
            |(name, p)| {
                self.expect_device(op, p)?;
                let (size, x) = (p.size(), self.size());
                bail_if!(
                    size != expected,
                    shape(op, "{name} has shape {size:?}, expected {expected:?} for an input of shape {x:?}")
                );
                Ok(())
            },
        )
    }

    /// Lends the elements of required and optional tensors as `T`.
    pub(super) fn lend_some<T: Element, R, const N: usize, const M: usize>(
        op: &'static str,
        tensors: [&Self; N],
        others: [Option<&Self>; M],
        f: impl FnOnce([&[T]; N], [Option<&[T]>; M]) -> R,
    ) -> Result<R> {
        let given = tensors.into_iter().chain(others.into_iter().flatten());
        let wide = given.map(|x| x.in_dtype(T::TYPE)).collect::<Result<Vec<_>>>()?;
        Self::lend::<T, _>(op, &wide.iter().map(|x| &**x).collect::<Vec<_>>(), |lent| {
            let mut rest = lent[N..].iter().copied();
            f(std::array::from_fn(|i| lent[i]), others.map(|other| other.and_then(|_| rest.next())))
        })
    }
}

#[doc(hidden)]
#[macro_export]
macro_rules! composed_normalization {
    ($T:ident) => {
        impl $T {
            /// Normalises over the last dimensions, whose shape is `normalized_shape`, then multiplies by
            /// `weight` and adds `bias`: `(x - mean) / sqrt(var + eps) · weight + bias`.
            ///
            /// # Shapes
            /// Input `[.., normalized_shape]`, weight and bias `normalized_shape`, output of the input's
            /// shape.
            ///
            /// # Errors
            /// If the input's shape does not end in `normalized_shape`, a parameter has another shape, or the
            /// dtype is not floating point.
            #[track_caller]
            pub fn layer_norm(
                &self,
                normalized_shape: &[usize],
                weight: Option<&Self>,
                bias: Option<&Self>,
                eps: f64,
            ) -> Result<Self> {
                let norm = $crate::support::RowNorm::layer(&self.size(), normalized_shape, eps)?;
                self.row_norm(&norm, weight, bias)
            }

            /// Divides by the root mean square over the last dimensions, whose shape is `normalized_shape`,
            /// then multiplies by `weight`: `x / sqrt(mean(x²) + eps) · weight`. The default `eps` is the
            /// distance from 1 to the next number of the dtype.
            ///
            /// # Shapes
            /// Input `[.., normalized_shape]`, weight `normalized_shape`, output of the input's shape.
            ///
            /// # Errors
            /// If the input's shape does not end in `normalized_shape`, the weight has another shape, or the
            /// dtype is not floating point.
            #[track_caller]
            pub fn rms_norm(
                &self,
                normalized_shape: &[usize],
                weight: Option<&Self>,
                eps: Option<f64>,
            ) -> Result<Self> {
                let eps = eps.unwrap_or(match self.dtype() {
                    $crate::DType::F64 => f64::EPSILON,
                    $crate::DType::F16 => 2f64.powi(-10),
                    $crate::DType::BF16 => 2f64.powi(-7),
                    _ => f32::EPSILON.into(),
                });
                let norm = $crate::support::RowNorm::root_mean_square(&self.size(), normalized_shape, eps)?;
                self.row_norm(&norm, weight, None)
            }

            /// Normalises each of `groups` groups of channels of each sample, then multiplies by `weight` and
            /// adds `bias`.
            ///
            /// # Shapes
            /// Input `[N, C, …]`, weight and bias `[C]`, output `[N, C, …]`.
            ///
            /// # Errors
            /// If the number of channels is not divisible by `groups`, a parameter is not `[C]`, or the dtype
            /// is not floating point.
            #[track_caller]
            pub fn group_norm(
                &self,
                groups: usize,
                weight: Option<&Self>,
                bias: Option<&Self>,
                eps: f64,
            ) -> Result<Self> {
                let norm = $crate::support::RowNorm::group(&self.size(), groups, eps)?;
                self.row_norm(&norm, weight, bias)
            }

            /// Normalises each channel of each sample: [`Self::group_norm`] with one channel in each group.
            ///
            /// # Shapes
            /// Input `[N, C, …]`, weight and bias `[C]`, output `[N, C, …]`.
            ///
            /// # Errors
            /// If there are fewer than three dimensions, a parameter is not `[C]`, or the dtype is not
            /// floating point.
            #[track_caller]
            pub fn instance_norm(
                &self,
                weight: Option<&Self>,
                bias: Option<&Self>,
                eps: f64,
            ) -> Result<Self> {
                let size = self.size();
                $crate::bail_if!(
                    size.len() < 3,
                    shape("instance_norm", "input has shape {:?}, expected [batch, channels, …]", &size[..])
                );
                self.group_norm(size[1].max(1), weight, bias, eps)
            }

            /// Returns `h = (x - centre) · r` and `r = 1 / sqrt(mean((x - centre)²) + eps)`, with the mean
            /// over `dims`.
            #[doc(hidden)]
            #[track_caller]
            pub fn standardised(
                &self,
                dims: &[i64],
                centre: $crate::support::Centre,
                eps: f64,
            ) -> Result<(Self, Self)> {
                let x = match centre {
                    $crate::support::Centre::Mean => self.sub(self.mean_dim($crate::Keepdim(dims))?)?,
                    $crate::support::Centre::Zero => self.clone(),
                };
                let r = x.square()?.mean_dim($crate::Keepdim(dims))?.add(eps)?.rsqrt()?;
                Ok((x.mul(&r)?, r))
            }

            /// Returns the gradient of [`Self::standardised`] with respect to its input, from `h` and the
            /// gradient with respect to `h`.
            #[doc(hidden)]
            #[track_caller]
            pub fn standardised_grad(
                &self,
                dh: &Self,
                dims: &[i64],
                centre: $crate::support::Centre,
                eps: f64,
            ) -> Result<(Self, Self)> {
                let (h, r) = self.standardised(dims, centre, eps)?;
                let level = match centre {
                    $crate::support::Centre::Mean => dh.sub(dh.mean_dim($crate::Keepdim(dims))?)?,
                    $crate::support::Centre::Zero => dh.clone(),
                };
                Ok((level.sub(h.mul(dh.mul(&h)?.mean_dim($crate::Keepdim(dims))?)?)?.mul(r)?, h))
            }

            /// Returns the gradients of `Tensor::row_norm_grad`, computed by differentiable operations. For
            /// 16-bit inputs, the input's gradient is float32.
            #[doc(hidden)]
            #[track_caller]
            pub fn row_norm_composed_grad(
                &self,
                grad: &Self,
                norm: &$crate::support::RowNorm,
                weight: Option<&Self>,
            ) -> Result<[Self; 3]> {
                let view = |v: &Self| v.to_dtype($crate::support::real(v.dtype()))?.reshape(norm.view());
                let (x, g) = (view(self)?, view(grad)?);
                let dh = match weight {
                    Some(weight) => g.mul(weight.to_dtype(x.dtype())?.reshape(norm.parameters())?)?,
                    None => g.clone(),
                };
                let (dx, h) = x.standardised_grad(&dh, &[2, 3], norm.rows.centre, norm.rows.eps)?;
                Ok([
                    dx.reshape(self.size())?,
                    g.mul(h)?.sum_dim((0, 3))?.reshape(&norm.size[..])?,
                    g.sum_dim((0, 3))?.reshape(&norm.size[..])?,
                ])
            }
        }
    };
}
composed_normalization!(Tensor);
