//! Clips gradients between `backward` and `step`.

use taper_autograd::Variable;
use taper_autograd::tensor::{DType, Tensor};

use crate::group::title;
use crate::{Error, Result};

/// Scales the gradients down so that their Euclidean norm, of all together, is at most `max_norm`. Returns
/// the norm that they had. PyTorch's `clip_grad_norm_` with its defaults: a norm that is NaN makes all
/// gradients NaN. For another norm, or an error if it is not finite, call [`get_total_norm`] and
/// [`clip_grads_with_norm_`].
///
/// ```
/// use taper_autograd::{Variable, tensor::Tensor};
/// use taper_optim::clip_grad_norm_;
/// let w = Variable::requires_grad(Tensor::zeros(2)?);
/// w.set_grad(Some(Tensor::new([3.0f32, 4.0])?));
/// assert_eq!(clip_grad_norm_(&[w.clone()], 1.0)?, 5.0);
/// assert!(w.grad().unwrap().allclose(&Tensor::new([0.6f32, 0.8])?, 1e-6, 0.0)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When `max_norm` is negative or NaN.
pub fn clip_grad_norm_(parameters: &[Variable], max_norm: f64) -> Result<f64> {
    let total_norm = get_total_norm(parameters, 2.0, IfNonFinite::Return)?;
    clip_grads_with_norm_(parameters, max_norm, total_norm)?;
    Ok(total_norm)
}

/// Selects what [`get_total_norm`] does with a norm that is NaN or infinite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IfNonFinite {
    /// Returns it, as PyTorch does by default.
    #[default]
    Return,
    /// Refuses it; PyTorch's `error_if_nonfinite=True`.
    Refuse,
}

/// Returns the norm of all gradients together: the `norm_type`-norm of their norms; for infinity the largest
/// absolute value. Parameters without a gradient do not count.
///
/// # Errors
/// With [`IfNonFinite::Refuse`], when the norm is NaN or infinite: [`Error::NonFinite`] names the parameter.
pub fn get_total_norm(parameters: &[Variable], norm_type: f64, non_finite: IfNonFinite) -> Result<f64> {
    let norms: Vec<Tensor> =
        gradients(parameters).map(|(_, g)| Ok(g.norm_p(norm_type, ())?)).collect::<Result<_>>()?;
    let norms = read(&norms)?;
    let worst = |worse: fn(f64, f64) -> bool| {
        let pick = |a: f64, b: f64| if a.is_nan() || worse(a, b) { a } else { b };
        norms.iter().copied().reduce(pick).unwrap_or(0.0)
    };
    let total = match norm_type {
        f64::INFINITY => worst(|a, b| a > b),
        f64::NEG_INFINITY => worst(|a, b| a < b),
        0.0 => norms.iter().filter(|&&n| n != 0.0).count() as f64,
        2.0 => norms.iter().map(|n| n * n).sum::<f64>().sqrt(),
        p => norms.iter().map(|n| n.powf(p)).sum::<f64>().powf(1.0 / p),
    };
    if non_finite == IfNonFinite::Refuse && !total.is_finite() {
        check_gradients(parameters)?;
        let expected = "a finite number; each gradient is finite, but their norm is too large for its dtype";
        return Err(Error::Setting {
            optimizer: "get_total_norm",
            setting: "the norm",
            value: total,
            expected,
        });
    }
    Ok(total)
}

/// Scales the gradients by `max_norm / total_norm` where that is below 1.
///
/// # Errors
/// When `max_norm` is negative or NaN.
pub fn clip_grads_with_norm_(parameters: &[Variable], max_norm: f64, total_norm: f64) -> Result<()> {
    not_negative("clip_grad_norm_", "max_norm", max_norm)?;
    // PyTorch's small number, which keeps the quotient finite.
    let factor = max_norm / (total_norm + 1e-6);
    if factor >= 1.0 {
        return Ok(());
    }
    gradients(parameters).try_for_each(|(_, g)| Ok(g.mul_(factor)?))
}

/// Limits each element of the gradients to the range from `-clip_value` to `clip_value`; a NaN stays.
///
/// ```
/// # use taper_autograd::{Variable, tensor::Tensor};
/// # let w = Variable::requires_grad(Tensor::zeros(2)?);
/// w.set_grad(Some(Tensor::new([-3.0f32, 0.5])?));
/// taper_optim::clip_grad_value_(&[w.clone()], 1.0)?;
/// assert_eq!(w.grad().unwrap().to_vec::<f32>()?, [-1.0, 0.5]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When `clip_value` is negative or NaN.
pub fn clip_grad_value_(parameters: &[Variable], clip_value: f64) -> Result<()> {
    not_negative("clip_grad_value_", "clip_value", clip_value)?;
    gradients(parameters).try_for_each(|(_, g)| Ok(g.clamp_(-clip_value, clip_value)?))
}

/// Reports the first parameter whose gradient has an element that is NaN or infinite.
///
/// # Errors
/// [`Error::NonFinite`], with the parameter's name.
pub fn check_gradients(parameters: &[Variable]) -> Result<()> {
    for (i, grad) in gradients(parameters) {
        // Anything that is not finite makes the sum of `x - x` NaN.
        if grad.sub(&grad)?.sum()?.item::<f64>()? != 0.0 {
            let elements = grad.to_dtype(DType::F64)?.to_vec::<f64>()?;
            return Err(Error::NonFinite {
                parameter: title(i, &parameters[i]),
                nan: elements.iter().filter(|x| x.is_nan()).count(),
                infinite: elements.iter().filter(|x| x.is_infinite()).count(),
                numel: elements.len(),
            });
        }
    }
    Ok(())
}

/// Reads single numbers. Those on one GPU are gathered there, so that the program waits for it once.
fn read(norms: &[Tensor]) -> Result<Vec<f64>> {
    let Some(device) = norms.first().map(Tensor::device) else { return Ok(Vec::new()) };
    if !device.is_cuda() || norms.iter().any(|n| n.device() != device) {
        return norms.iter().map(|n| Ok(n.item::<f64>()?)).collect();
    }
    let all = Tensor::options().dtype(DType::F64).device(&device).zeros(norms.len())?;
    for (i, norm) in norms.iter().enumerate() {
        all.select(0, i as i64)?.copy_(norm)?;
    }
    Ok(all.to_vec()?)
}

fn gradients(parameters: &[Variable]) -> impl Iterator<Item = (usize, Tensor)> {
    parameters.iter().enumerate().filter_map(|(i, p)| Some((i, p.grad()?)))
}

fn not_negative(optimizer: &'static str, setting: &'static str, value: f64) -> Result<()> {
    if value >= 0.0 {
        return Ok(());
    }
    Err(Error::Setting { optimizer, setting, value, expected: "a number, at least 0" })
}
