//! Normalisation by the statistics of a batch, a layer or a group of channels.

use crate::cpu::batch_norm::{self, Affine, Gradients, Normalised, Shape, Used};
use crate::cpu::on_gpu;
use crate::dtype::with_real;
use crate::{Element, Error, Result, Tensor, shape};

impl Tensor {
    /// `(x - mean) / sqrt(var + eps) · weight + bias` of each channel of `[N, C, …]`, by the mean and the
    /// variance (divided by the number of values) of the channel; and these two, `[C]`.
    ///
    /// ```
    /// use taper_tensor::Tensor;
    /// let x = Tensor::new(&[[1f32, 4.0], [3.0, 4.0]])?;
    /// let (y, mean, var) = x.batch_norm(None, None, 0.0001)?;
    /// assert_eq!((mean.to_vec::<f32>()?, var.to_vec::<f32>()?), (vec![2.0, 4.0], vec![1.0, 0.0]));
    /// assert_eq!(y.to_vec::<f32>()?, [-0.99995, 0.0, 0.99995, 0.0]);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there are fewer than two dimensions, or a parameter is not `[C]`; on an integer dtype.
    pub fn batch_norm(
        &self,
        weight: Option<&Self>,
        bias: Option<&Self>,
        eps: f64,
    ) -> Result<(Self, Self, Self)> {
        let op = "batch_norm";
        let shape = self.channels(op, &[("weight", weight), ("bias", bias)])?;
        on_gpu!(self, done => Ok(done), batch_norm::train(&shape, self, weight, bias, eps));
        with_real!(self.dtype, T => {
            let Normalised { y, mean, var } = self.lend_channels::<T, _>(op, [weight, bias, None, None], |x, [w, b, ..]| {
                batch_norm::train(&shape, x, Affine { weight: w, bias: b }, eps)
            })?;
            let own = |values, size: &[usize]| self.result(values, size)?.cast(self.dtype);
            Ok((own(y, self.size())?, own(mean, &[shape.channels])?, own(var, &[shape.channels])?))
        })
    }

    /// [`Tensor::batch_norm`] by a given mean and variance of each channel.
    ///
    /// # Errors
    /// As [`Tensor::batch_norm`].
    pub fn batch_norm_with(
        &self,
        (mean, var): (&Self, &Self),
        weight: Option<&Self>,
        bias: Option<&Self>,
        eps: f64,
    ) -> Result<Self> {
        let op = "batch_norm";
        let (some_mean, some_var) = (Some(mean), Some(var));
        let shape = self.channels(
            op,
            &[("weight", weight), ("bias", bias), ("mean", some_mean), ("variance", some_var)],
        )?;
        on_gpu!(self, y => Ok(y), batch_norm::by(&shape, self, (mean, var), weight, bias, eps));
        with_real!(self.dtype, T => {
            let y = self.lend_channels::<T, _>(op, [weight, bias, some_mean, some_var], |x, [w, b, m, v]| {
                let by = (m.unwrap_or(&[]), v.unwrap_or(&[])); // invariant: both are given above
                batch_norm::infer(&shape, x, by, Affine { weight: w, bias: b }, eps)
            })?;
            self.result(y, self.size())?.cast(self.dtype)
        })
    }

    /// The gradients of batch norm with respect to the input, the weight and the bias, from that of its
    /// output, `grad`. `self` is the input, `(mean, var)` what it was normalised by: the batch's own
    /// statistics, which depend on the input, if `of_batch`.
    ///
    /// # Errors
    /// As [`Tensor::batch_norm`]; when the gradient has another shape or dtype than the input.
    pub fn batch_norm_grad(
        &self,
        grad: &Self,
        (mean, var): (&Self, &Self),
        weight: Option<&Self>,
        eps: f64,
        of_batch: bool,
    ) -> Result<(Self, Self, Self)> {
        let op = "batch_norm_grad";
        grad.expect_like(op, self)?;
        let (some_mean, some_var) = (Some(mean), Some(var));
        let shape = self.channels(op, &[("weight", weight), ("mean", some_mean), ("variance", some_var)])?;
        on_gpu!(self, done => Ok(done), batch_norm::gradients(&shape, self, grad, (mean, var), weight, eps, of_batch));
        with_real!(self.dtype, T => {
            let dy = grad.in_dtype(T::TYPE)?.contiguous()?;
            let Gradients { x, weight, bias } =
                self.lend_channels::<T, _>(op, [weight, some_mean, some_var, Some(&dy)], |x, [w, m, v, dy]| {
                    let (mean, var) = (m.unwrap_or(&[]), v.unwrap_or(&[])); // invariant: given above
                    let used = Used { mean, var, eps, of_batch };
                    batch_norm::backward(&shape, x, dy.unwrap_or(&[]), used, w)
                })?;
            let own = |values, size: &[usize]| self.result(values, size)?.cast(self.dtype);
            Ok((own(x, self.size())?, own(weight, &[shape.channels])?, own(bias, &[shape.channels])?))
        })
    }

    /// `[N, C, …]` as samples, channels and values, where each parameter has a number for each channel.
    fn channels(&self, op: &'static str, parameters: &[(&str, Option<&Self>)]) -> Result<Shape> {
        self.expect_float(op)?;
        let &[batch, channels, ref rest @ ..] = self.size() else {
            let message = format!("input has shape {:?}, expected [batch, channels, …]", self.size());
            return Err(Error::shape(op, message));
        };
        for (name, parameter) in parameters {
            let Some(parameter) = parameter else { continue };
            self.expect_device(op, parameter)?;
            if parameter.size() != [channels] {
                let message = format!(
                    "{name} has shape {:?}, an input of shape {:?} expects [{channels}]",
                    parameter.size(),
                    self.size()
                );
                return Err(Error::shape(op, message));
            }
        }
        Ok(Shape { batch, channels, size: rest.iter().product() })
    }

    /// Lends the elements of `self` and of other tensors, those that are there, as `T`.
    fn lend_channels<T: Element, R>(
        &self,
        op: &'static str,
        others: [Option<&Self>; 4],
        f: impl FnOnce(&[T], [Option<&[T]>; 4]) -> R,
    ) -> Result<R> {
        let mut wide = vec![self.in_dtype(T::TYPE)?];
        for other in others.into_iter().flatten() {
            wide.push(other.in_dtype(T::TYPE)?);
        }
        let operands: Vec<&Self> = wide.iter().map(|x| &**x).collect();
        Self::lend::<T, _>(op, &operands, |lent| {
            let mut rest = lent[1..].iter().copied();
            f(lent[0], others.map(|other| other.and_then(|_| rest.next())))
        })
    }

    /// Normalises over the last dimensions, of sizes `shape`: `(x - mean) / √(variance + eps)`, then times
    /// `weight` plus `bias`, both of sizes `shape`.
    ///
    /// # Errors
    /// When the last sizes are not `shape`; on an integer dtype.
    pub fn layer_norm(
        &self,
        shape: &[usize],
        weight: Option<&Self>,
        bias: Option<&Self>,
        eps: f64,
    ) -> Result<Self> {
        let op = "layer_norm";
        self.expect_float(op)?;
        if !self.size().ends_with(shape) || shape.is_empty() {
            return Err(Error::shape(
                op,
                format!("input has shape {:?}, which does not end in {shape:?}", self.size()),
            ));
        }
        let over: Vec<usize> = (self.dim() - shape.len()..self.dim()).collect();
        self.standardised(over, eps)?.scaled(op, shape, weight, bias)
    }

    /// Normalises `[N, C, ..]` over `groups` of channels and all the rest, then times `weight` plus `bias`,
    /// one number for each channel.
    ///
    /// # Errors
    /// When the channels do not split into the groups; on an integer dtype.
    pub fn group_norm(
        &self,
        groups: usize,
        weight: Option<&Self>,
        bias: Option<&Self>,
        eps: f64,
    ) -> Result<Self> {
        let op = "group_norm";
        self.expect_float(op)?;
        let &[n, c, ref rest @ ..] = self.size() else {
            return Err(Error::shape(
                op,
                format!("input has shape {:?}, expected [batch, channels, ..]", self.size()),
            ));
        };
        if groups == 0 || c % groups != 0 {
            return Err(Error::shape(op, format!("{c} channels do not split into {groups} groups")));
        }
        let y = self.reshape([n, groups, c / groups * shape::numel(rest)])?.standardised(vec![2], eps)?;
        let per_channel = [vec![c], vec![1; rest.len()]].concat();
        y.reshape(self.size())?.scaled(op, &per_channel, weight, bias)
    }
}

impl Tensor {
    fn standardised(&self, over: Vec<usize>, eps: f64) -> Result<Self> {
        let (var, mean) = self.var_mean(over, 0.0, true)?;
        self.sub(mean)?.mul(var.add(eps)?.rsqrt()?)
    }
}

impl Tensor {
    fn scaled(
        &self,
        op: &'static str,
        size: &[usize],
        weight: Option<&Self>,
        bias: Option<&Self>,
    ) -> Result<Self> {
        let fit = |t: &Self| {
            if t.numel() != shape::numel(size) {
                return Err(Error::shape(
                    op,
                    format!("weight or bias has shape {:?}, expected {size:?}", t.size()),
                ));
            }
            t.reshape(size)
        };
        let y = weight.map_or(Ok(self.clone()), |w| self.mul(fit(w)?))?;
        bias.map_or(Ok(y.clone()), |b| y.add(fit(b)?))
    }
}
