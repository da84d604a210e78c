//! Normalisation of rows, shared by layer norm, group norm and RMS norm.

use std::borrow::Cow;

use crate::cpu::real::Real;
use crate::cpu::row_norm::{self, Centre, Rows};
use crate::dtype::with_real;
use crate::registry::{self, Operation};
use crate::{DType, Element, Result, Tensor, shape};

impl Tensor {
    /// Normalises the rows that `norm` describes; see [`Tensor::layer_norm`].
    #[doc(hidden)]
    pub fn row_norm(&self, norm: &RowNorm, weight: Option<&Self>, bias: Option<&Self>) -> Result<Self> {
        let (op, s) = (norm.op.name, &norm.rows);
        self.expect_float(op)?;
        self.expect_parameters(op, &[("weight", weight), ("bias", bias)], &norm.size)?;
        if self.inner.device().is_cuda() {
            let x = self.in_dtype(self.dtype.working())?.reshape(norm.view())?;
            let mut y = x.standardised(&[2, 3], s.centre, s.eps)?.0;
            if let Some(weight) = weight {
                y = y.mul(weight.reshape(norm.parameters())?)?;
            }
            if let Some(bias) = bias {
                y = y.add(bias.reshape(norm.parameters())?)?;
            }
            return y.reshape(self.size())?.cast(self.dtype);
        }
        with_real!(self.dtype, T => {
            let y = Self::lend_some::<T, _, 1, 2>(op, [self], [weight, bias], |[x], [w, b]| {
                row_norm::forward(s, x, &norm.numbers(w, T::ONE), &norm.numbers(b, T::ZERO))
            })?;
            self.result(y, self.size())?.cast(self.dtype)
        })
    }

    /// Returns the gradients of [`Tensor::row_norm`] with respect to the input, `self`, the weight and the
    /// bias. Without `with_parameters`, the last two are undefined. For 16-bit inputs they are float32.
    #[doc(hidden)]
    pub fn row_norm_grad(
        &self,
        grad: &Self,
        norm: &RowNorm,
        weight: Option<&Self>,
        with_parameters: bool,
    ) -> Result<[Self; 3]> {
        let op = norm.op.name;
        grad.expect_like(op, self)?;
        self.expect_parameters(op, &[("weight", weight)], &norm.size)?;
        if self.inner.device().is_cuda() {
            let [dx, dweight, dbias] = self.row_norm_composed_grad(grad, norm, weight)?;
            return Ok([dx.cast(self.dtype)?, dweight, dbias]);
        }
        with_real!(self.dtype, T => {
            let [dx, dw, db] = Self::lend_some::<T, _, 2, 1>(op, [self, grad], [weight], |[x, dy], [w]| {
                row_norm::backward(&norm.rows, x, dy, &norm.numbers(w, T::ONE), with_parameters)
            })?;
            let dx = self.result(dx, self.size())?.cast(self.dtype)?;
            if !with_parameters {
                return Ok([dx.clone(), dx.clone(), dx]);
            }
            Ok([dx, self.result(dw, &norm.size)?, self.result(db, &norm.size)?])
        })
    }
}

/// The rows of a normalisation, and the shape of its parameters.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct RowNorm {
    pub op: &'static Operation,
    /// The name of the graph's node.
    pub node: &'static str,
    pub rows: Rows,
    /// The shape of the parameters.
    pub size: Vec<usize>,
}

impl RowNorm {
    /// Describes rows over the last dimensions, whose shape is `shape`: for layer norm, and with
    /// [`Centre::Zero`] for RMS norm.
    fn over_last(
        op: &'static Operation,
        node: &'static str,
        size: &[usize],
        shape: &[usize],
        centre: Centre,
        eps: f64,
    ) -> Result<Self> {
        bail_if!(
            shape.is_empty() || !size.ends_with(shape),
            shape(op.name, "input has shape {size:?}, expected a shape that ends in {shape:?}")
        );
        let rows = size[..size.len() - shape.len()].iter().product();
        let rows = Rows { rows, sets: 1, parameters: shape::numel(shape), inner: 1, centre, eps };
        Ok(Self { op, node, rows, size: shape.to_vec() })
    }

    pub fn layer(size: &[usize], shape: &[usize], eps: f64) -> Result<Self> {
        Self::over_last(&registry::layer_norm, "LayerNorm", size, shape, Centre::Mean, eps)
    }

    pub fn root_mean_square(size: &[usize], shape: &[usize], eps: f64) -> Result<Self> {
        Self::over_last(&registry::rms_norm, "RmsNorm", size, shape, Centre::Zero, eps)
    }

    pub fn group(size: &[usize], groups: usize, eps: f64) -> Result<Self> {
        let op = &registry::group_norm;
        match *size {
            [n, c, ref rest @ ..] if groups > 0 && c.is_multiple_of(groups) => {
                let (inner, parameters) = (rest.iter().product(), c / groups);
                // Without channels, any number of groups is a divisor.
                let rows = if c == 0 { 0 } else { n * groups };
                let rows = Rows { rows, sets: groups, parameters, inner, centre: Centre::Mean, eps };
                Ok(Self { op, node: "GroupNorm", rows, size: vec![c] })
            }
            _ => bail!(shape(
                op.name,
                "input has shape {size:?}, expected [batch, channels, …] with a number of channels divisible by {groups} groups"
            )),
        }
    }

    /// Returns the view `[samples, sets, parameters, values of a parameter]`.
    pub fn view(&self) -> [usize; 4] {
        let Rows { rows, sets, parameters, inner, .. } = self.rows;
        [rows / sets, sets, parameters, inner]
    }

    /// Returns the shape of the parameters that broadcasts to [`RowNorm::view`].
    pub fn parameters(&self) -> [usize; 3] {
        [self.rows.sets, self.rows.parameters, 1]
    }

    /// Returns the parameters, or `missing` for each if none are given.
    fn numbers<'a, T: Element>(&self, given: Option<&'a [T]>, missing: T) -> Cow<'a, [T]> {
        given.map_or_else(|| vec![missing; shape::numel(&self.size)].into(), Into::into)
    }
}

/// Returns the dtype in which statistics of a floating-point dtype are computed.
#[doc(hidden)]
pub fn real(dtype: DType) -> DType {
    dtype.working()
}
