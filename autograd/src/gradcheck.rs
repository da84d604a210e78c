//! Comparison of gradients with numerical ones.

use taper_tensor::{DType, Tensor};

use crate::{Error, Result, Variable, grad};

/// The step and tolerances of [`gradcheck`]; PyTorch's defaults.
#[derive(Clone, Copy, Debug)]
pub struct GradcheckOptions {
    /// The step of the numerical derivative.
    pub eps: f64,
    /// The absolute tolerance.
    pub atol: f64,
    /// The relative tolerance.
    pub rtol: f64,
}

impl Default for GradcheckOptions {
    fn default() -> Self {
        Self { eps: 1e-6, atol: 1e-5, rtol: 1e-3 }
    }
}

/// Compares the gradient of `f` at each element of each float64 input that requires one with the central
/// difference `(f(x + eps) - f(x - eps)) / 2 eps`. The outputs are weighted by fixed distinct numbers, so
/// that one backward pass checks all of them.
///
/// ```
/// use taper_autograd::{GradcheckOptions, Variable, gradcheck};
/// use taper_tensor::Tensor;
/// let x = Variable::requires_grad(Tensor::from_vec(vec![0.5f64, -1.5], 2)?);
/// gradcheck(|v| v[0].mul(&v[0])?.exp(), &[x], GradcheckOptions::default())?;
/// # Ok::<(), taper_autograd::Error>(())
/// ```
///
/// # Errors
/// If elements differ: the message lists their indices with both values. If `f` returns an error.
pub fn gradcheck(
    f: impl Fn(&[Variable]) -> Result<Variable>,
    inputs: &[Variable],
    options: GradcheckOptions,
) -> Result<()> {
    let objective = |inputs: &[Variable]| -> Result<Variable> {
        weighted_sum(&f(inputs)?, |i| 0.5 + ((i * 7 + 3) % 11) as f64 / 11.0)
    };
    let checked: Vec<usize> = (0..inputs.len()).filter(|&i| inputs[i].is_requires_grad()).collect();
    if let Some(&i) = checked.iter().find(|&&i| inputs[i].dtype() != DType::F64) {
        return Err(Error::Gradcheck(format!("input {i} is {}, expected float64", inputs[i].dtype())));
    }
    let leaves: Vec<&Variable> = checked.iter().map(|&i| &inputs[i]).collect();
    let output = objective(inputs)?;
    // An output that does not depend on an input has zero gradients, such as the gradient of a linear
    // function.
    let found = match output.is_requires_grad() {
        true => grad(&[&output], &leaves).run_allow_unused()?,
        false => vec![None; leaves.len()],
    };
    for (&i, analytic) in checked.iter().zip(found) {
        let x = inputs[i].data();
        let values = x.to_vec::<f64>()?;
        let analytic = match analytic {
            Some(g) if g.size() != x.size() => {
                return Err(Error::Gradcheck(format!(
                    "the gradient of input {i} has shape {:?}, expected the input's {:?}",
                    g.size(),
                    x.size()
                )));
            }
            Some(g) => g.data().to_vec::<f64>()?,
            None => vec![0.0; values.len()],
        };
        let mut wrong = Vec::new();
        for (k, &analytic) in analytic.iter().enumerate() {
            let at = |shift: f64| -> Result<f64> {
                let mut moved = values.clone();
                moved[k] += shift;
                let mut inputs = inputs.to_vec();
                inputs[i] = Variable::requires_grad(Tensor::from_vec(moved, x.size())?.to(&x.device())?);
                objective(&inputs)?.item()
            };
            let numeric = (at(options.eps)? - at(-options.eps)?) / (2.0 * options.eps);
            let close = (analytic - numeric).abs() <= options.atol + options.rtol * numeric.abs();
            if !close {
                wrong.push((k, analytic, numeric));
            }
        }
        if !wrong.is_empty() {
            return Err(Error::Gradcheck(report(i, x.size(), &wrong)));
        }
    }
    Ok(())
}

/// Returns the sum of the elements, each multiplied by the weight of its index.
fn weighted_sum(y: &Variable, weight: impl Fn(usize) -> f64) -> Result<Variable> {
    let weights = Tensor::from_vec((0..y.numel()).map(weight).collect(), y.size())?;
    y.mul(weights.to(&y.device())?)?.sum()
}

/// Describes the elements of input `i` that differ: their count, and the index, gradient and difference of
/// the first ones.
fn report(i: usize, size: &[usize], wrong: &[(usize, f64, f64)]) -> String {
    let count = size.iter().product::<usize>();
    let mut text = format!("input {i} of shape {size:?}: {} of {count} elements differ", wrong.len());
    for &(k, analytic, numeric) in wrong.iter().take(8) {
        let mut rest = k;
        let mut at: Vec<usize> = size.iter().rev().map(|&n| (rest % n, rest /= n).0).collect();
        at.reverse();
        text += &format!("\n  at {at:?}: backward gives {analytic}, the difference {numeric}");
    }
    if wrong.len() > 8 {
        text += &format!("\n  and {} more", wrong.len() - 8);
    }
    text
}

/// Runs [`gradcheck`] on the gradient of `f`, which checks its second derivatives.
///
/// # Errors
/// If elements differ, or `f` returns an error.
pub fn gradgradcheck(
    f: impl Fn(&[Variable]) -> Result<Variable>,
    inputs: &[Variable],
    options: GradcheckOptions,
) -> Result<()> {
    let gradient = |inputs: &[Variable]| -> Result<Variable> {
        let y = weighted_sum(&f(inputs)?, |i| 0.7 + ((i * 5 + 2) % 13) as f64 / 13.0)?;
        let leaves: Vec<&Variable> = inputs.iter().filter(|v| v.is_requires_grad()).collect();
        let mut total = Variable::new(Tensor::from_vec(vec![0.0f64], ())?.to(&y.device())?);
        for (k, g) in
            grad(&[&y], &leaves).create_graph(true).run_allow_unused()?.into_iter().flatten().enumerate()
        {
            total = total.add(weighted_sum(&g, |i| 1.0 + k as f64 + ((i * 3 + 1) % 7) as f64 / 7.0)?)?;
        }
        Ok(total)
    };
    gradcheck(gradient, inputs, options)
}
