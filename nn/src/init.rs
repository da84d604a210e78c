//! Fills parameters in place, under PyTorch's names. Random numbers come from the default generator. An integer
//! dtype is an error of every function here.
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

/// Selects where the variance is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FanMode {
    /// In the values on the way forward: counts the inputs of an output.
    #[default]
    FanIn,
    /// In the gradients on the way back: counts the outputs of an input.
    FanOut,
}

/// The function that follows a layer, for [`calculate_gain`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Nonlinearity {
    /// No function, or a sigmoid: the gain is 1.
    Linear,
    /// The hyperbolic tangent: 5/3.
    Tanh,
    /// `max(x, 0)`: √2.
    Relu,
    /// `max(x, slope · x)`: √(2 / (1 + slope²)).
    LeakyRelu(f64),
    /// The self-normalising exponential unit: 3/4.
    Selu,
}

/// Returns the factor that keeps the variance through a nonlinearity.
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

/// Fills with numbers uniform in `[low, high)`.
///
/// # Errors
/// When the dtype is an integer one.
pub fn uniform_(x: &Variable, low: f64, high: f64) -> Result<()> {
    fill(x, |options, size| options.uniform(size, low, high))
}

/// Fills with numbers of the normal distribution with this mean and standard deviation.
///
/// # Errors
/// When the dtype is an integer one.
pub fn normal_(x: &Variable, mean: f64, std: f64) -> Result<()> {
    fill(x, |options, size| options.normal(size, mean, std))
}

/// Fills with one value.
///
/// # Errors
/// When the dtype is an integer one.
pub fn constant_(x: &Variable, value: f64) -> Result<()> {
    Ok(x.data().fill_(value)?)
}

/// Fills with zeros.
///
/// # Errors
/// When the dtype is an integer one.
pub fn zeros_(x: &Variable) -> Result<()> {
    constant_(x, 0.0)
}

/// Fills with ones.
///
/// # Errors
/// When the dtype is an integer one.
pub fn ones_(x: &Variable) -> Result<()> {
    constant_(x, 1.0)
}

/// Fills with numbers of the normal distribution within `[low, high]`; a number outside is drawn again.
///
/// # Errors
/// When the dtype is an integer one, or so little of the distribution is inside that no number was found.
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

/// Returns the number of inputs of an output, and that of outputs of an input.
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

/// Fills with numbers uniform within `±gain · √(6 / (fan_in + fan_out))`, as Glorot and Bengio propose.
///
/// # Errors
/// When the dtype is an integer one, or there are fewer than two dimensions.
pub fn xavier_uniform_(x: &Variable, gain: f64) -> Result<()> {
    let (fan_in, fan_out) = fans("xavier_uniform_", x)?;
    let bound = gain * (6.0 / (fan_in + fan_out)).sqrt();
    uniform_(x, -bound, bound)
}

/// Fills with normal numbers of the standard deviation `gain · √(2 / (fan_in + fan_out))`, as Glorot and Bengio
/// propose.
///
/// # Errors
/// When the dtype is an integer one, or there are fewer than two dimensions.
pub fn xavier_normal_(x: &Variable, gain: f64) -> Result<()> {
    let (fan_in, fan_out) = fans("xavier_normal_", x)?;
    normal_(x, 0.0, gain * (2.0 / (fan_in + fan_out)).sqrt())
}

fn kaiming(op: &'static str, x: &Variable, mode: FanMode, nonlinearity: Nonlinearity) -> Result<f64> {
    let (fan_in, fan_out) = fans(op, x)?;
    let fan = if mode == FanMode::FanIn { fan_in } else { fan_out };
    Ok(calculate_gain(nonlinearity) / fan.sqrt())
}

/// Fills with numbers uniform within `±√3 · gain / √fan`, as He et al. propose.
///
/// # Errors
/// When the dtype is an integer one, or there are fewer than two dimensions.
pub fn kaiming_uniform_(x: &Variable, mode: FanMode, nonlinearity: Nonlinearity) -> Result<()> {
    let bound = 3f64.sqrt() * kaiming("kaiming_uniform_", x, mode, nonlinearity)?;
    uniform_(x, -bound, bound)
}

/// Fills with normal numbers of the standard deviation `gain / √fan`, as He et al. propose.
///
/// # Errors
/// When the dtype is an integer one, or there are fewer than two dimensions.
pub fn kaiming_normal_(x: &Variable, mode: FanMode, nonlinearity: Nonlinearity) -> Result<()> {
    normal_(x, 0.0, kaiming("kaiming_normal_", x, mode, nonlinearity)?)
}

/// Fills with rows, or columns if they are fewer, that are orthogonal and of length `gain`, as Saxe et al.
/// propose; dimensions after the first count as one.
///
/// # Errors
/// When the dtype is an integer one, or there are fewer than two dimensions.
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
