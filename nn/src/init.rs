//! Initialisation of parameters, in place, by PyTorch's names; the numbers come from the default
//! generator.
//!
//! ```
//! use taper_nn::{Linear, init};
//!
//! let layer = Linear::new(100, 50)?;
//! init::xavier_uniform_(&layer.weight, 1.0)?;
//! let bound = (6.0f32 / 150.0).sqrt();
//! assert!(layer.weight.data().to_vec::<f32>()?.iter().all(|w| w.abs() <= bound));
//! # Ok::<(), taper_nn::Error>(())
//! ```

use taper_autograd::Variable;
use taper_tensor::{DType, Options, Tensor};

use crate::{Error, Result};

/// Which of a weight's fans keeps its variance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FanMode {
    /// The inputs of an output: the variance of the values on the way forward.
    #[default]
    FanIn,
    /// The outputs of an input: that of the gradients on the way back.
    FanOut,
}

/// What follows a layer, for [`calculate_gain`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Nonlinearity {
    /// Nothing, or a sigmoid: 1.
    Linear,
    /// 5/3.
    Tanh,
    /// √2.
    Relu,
    /// √(2 / (1 + slope²)).
    LeakyRelu(f64),
    /// 3/4.
    Selu,
}

/// The factor that keeps the variance through a nonlinearity.
pub fn calculate_gain(nonlinearity: Nonlinearity) -> f64 {
    match nonlinearity {
        Nonlinearity::Linear => 1.0,
        Nonlinearity::Tanh => 5.0 / 3.0,
        Nonlinearity::Relu => 2f64.sqrt(),
        Nonlinearity::LeakyRelu(slope) => (2.0 / (1.0 + slope * slope)).sqrt(),
        Nonlinearity::Selu => 0.75,
    }
}

/// Replaces the elements; the parameter stays the same variable.
fn fill(x: &Variable, make: impl FnOnce(Options, &[usize]) -> taper_tensor::Result<Tensor>) -> Result<()> {
    let data = x.data();
    Ok(data.copy_(&make(data.like(), data.size())?)?)
}

/// Uniform in `[low, high)`.
///
/// # Errors
/// On an integer dtype; so for all that follow.
pub fn uniform_(x: &Variable, low: f64, high: f64) -> Result<()> {
    fill(x, |options, size| options.uniform(size, low, high))
}

/// Normal with this mean and standard deviation.
///
/// # Errors
/// As [`uniform_`].
pub fn normal_(x: &Variable, mean: f64, std: f64) -> Result<()> {
    fill(x, |options, size| options.normal(size, mean, std))
}

/// All elements the same.
///
/// # Errors
/// As [`uniform_`].
pub fn constant_(x: &Variable, value: f64) -> Result<()> {
    Ok(x.data().fill_(value)?)
}

/// All elements zero.
///
/// # Errors
/// As [`uniform_`].
pub fn zeros_(x: &Variable) -> Result<()> {
    constant_(x, 0.0)
}

/// All elements one.
///
/// # Errors
/// As [`uniform_`].
pub fn ones_(x: &Variable) -> Result<()> {
    constant_(x, 1.0)
}

/// Normal with this mean and standard deviation, but within `[low, high]`: what falls outside is
/// drawn again.
///
/// # Errors
/// As [`uniform_`]; and when so little of the distribution is inside that no number was found.
pub fn trunc_normal_(x: &Variable, mean: f64, std: f64, low: f64, high: f64) -> Result<()> {
    let mut values = Vec::with_capacity(x.numel());
    for _ in 0..100 {
        if values.len() == x.numel() {
            break;
        }
        let drawn = Tensor::options().dtype(DType::F64).normal(x.numel(), mean, std)?.to_vec::<f64>()?;
        let missing = x.numel() - values.len();
        values.extend(drawn.into_iter().filter(|v| (low..=high).contains(v)).take(missing));
    }
    if values.len() < x.numel() {
        let message = format!("mean {mean} and std {std} give next to nothing within {low} to {high}");
        return Err(Error::value("trunc_normal_", message));
    }
    fill(x, |_, size| Tensor::from_vec(values, size))
}

/// The numbers of inputs of an output, and of outputs of an input.
fn fans(op: &'static str, x: &Variable) -> Result<(f64, f64)> {
    match x.size()[..] {
        [outputs, inputs, ref kernel @ ..] => {
            let field = kernel.iter().product::<usize>();
            Ok(((inputs * field) as f64, (outputs * field) as f64))
        }
        _ => Err(Error::value(
            op,
            format!("a weight of shape {:?} has no fans, expected 2 dimensions or more", x.size()),
        )),
    }
}

/// Glorot and Bengio's: uniform within `±gain · √(6 / (fan_in + fan_out))`.
///
/// # Errors
/// As [`uniform_`]; and when there are fewer than two dimensions.
pub fn xavier_uniform_(x: &Variable, gain: f64) -> Result<()> {
    let (fan_in, fan_out) = fans("xavier_uniform_", x)?;
    let bound = gain * (6.0 / (fan_in + fan_out)).sqrt();
    uniform_(x, -bound, bound)
}

/// Glorot and Bengio's: normal with the standard deviation `gain · √(2 / (fan_in + fan_out))`.
///
/// # Errors
/// As [`xavier_uniform_`].
pub fn xavier_normal_(x: &Variable, gain: f64) -> Result<()> {
    let (fan_in, fan_out) = fans("xavier_normal_", x)?;
    normal_(x, 0.0, gain * (2.0 / (fan_in + fan_out)).sqrt())
}

fn kaiming(op: &'static str, x: &Variable, mode: FanMode, nonlinearity: Nonlinearity) -> Result<f64> {
    let (fan_in, fan_out) = fans(op, x)?;
    let fan = if mode == FanMode::FanIn { fan_in } else { fan_out };
    Ok(calculate_gain(nonlinearity) / fan.sqrt())
}

/// He's: uniform within `±√3 · gain / √fan`.
///
/// # Errors
/// As [`xavier_uniform_`].
pub fn kaiming_uniform_(x: &Variable, mode: FanMode, nonlinearity: Nonlinearity) -> Result<()> {
    let bound = 3f64.sqrt() * kaiming("kaiming_uniform_", x, mode, nonlinearity)?;
    uniform_(x, -bound, bound)
}

/// He's: normal with the standard deviation `gain / √fan`.
///
/// # Errors
/// As [`xavier_uniform_`].
pub fn kaiming_normal_(x: &Variable, mode: FanMode, nonlinearity: Nonlinearity) -> Result<()> {
    normal_(x, 0.0, kaiming("kaiming_normal_", x, mode, nonlinearity)?)
}

/// Saxe et al.'s: rows (or columns, where there are fewer) that are orthogonal and of length `gain`;
/// dimensions after the first count as one.
///
/// # Errors
/// As [`xavier_uniform_`].
pub fn orthogonal_(x: &Variable, gain: f64) -> Result<()> {
    fans("orthogonal_", x)?;
    let size = x.size();
    let (rows, columns) = (size[0], size[1..].iter().product::<usize>());
    let (count, length) = (rows.min(columns), rows.max(columns));
    let drawn = Tensor::options().dtype(DType::F64).randn((count, length))?.to_vec::<f64>()?;
    let mut vectors: Vec<Vec<f64>> = drawn.chunks(length.max(1)).map(<[f64]>::to_vec).collect();
    // Gram and Schmidt's, with a second pass against rounding.
    for i in 0..vectors.len() {
        let (before, rest) = vectors.split_at_mut(i);
        let vector = &mut rest[0];
        for _ in 0..2 {
            for other in before.iter() {
                let dot: f64 = vector.iter().zip(other).map(|(a, b)| a * b).sum();
                vector.iter_mut().zip(other).for_each(|(a, b)| *a -= dot * b);
            }
        }
        let norm = vector.iter().map(|a| a * a).sum::<f64>().sqrt();
        vector.iter_mut().for_each(|a| *a /= norm);
    }
    let tensor = Tensor::from_vec(vectors.concat(), (count, length))?;
    let tensor = if rows > columns { tensor.t()? } else { tensor };
    fill(x, |_, size| tensor.mul(gain)?.reshape(size))
}
