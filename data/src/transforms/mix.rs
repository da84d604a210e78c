//! Mixes the pictures of a batch with each other, and their labels alike.

use crate::{Error, Result, Rng, builder::builder};
use taper_tensor::{DType, Tensor};

/// Blends every picture with another one of the batch, as `torchvision.transforms.v2.MixUp` (Zhang et al.,
/// "mixup: Beyond Empirical Risk Minimization", 2017): `x = λ x + (1 - λ) x'`, and the labels alike, with λ
/// drawn from Beta(α, α).
///
/// ```
/// use taper_data::{Rng, transforms::Mixup};
/// use taper_tensor::Tensor;
/// let (inputs, labels) = (Tensor::from_vec(vec![0f32, 1.0], [2, 1, 1, 1])?, Tensor::from_vec(vec![0i64, 2], 2)?);
/// let (inputs, targets) = Mixup::new(3)?.apply(&inputs, &labels, &mut Rng::new(0, 0))?;
/// let (x, t) = (inputs.to_vec::<f32>()?, targets.to_vec::<f32>()?); // targets are [2, 3] and sum to 1
/// assert_eq!([x[0], x[1]], [t[2], t[5]]);
/// # Ok::<(), taper_data::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Mixup {
    alpha: f32,
    classes: usize,
}

/// Replaces a rectangle of every picture by that of another one of the batch, as
/// `torchvision.transforms.v2.CutMix` (Yun et al., "CutMix", 2019); the labels are blended in proportion to
/// the areas.
#[derive(Clone, Copy, Debug)]
pub struct CutMix {
    alpha: f32,
    classes: usize,
}

builder! {
    Mixup, MixupBuilder;
    /// Makes a transform for labels below `num_classes`, with α = 1.
    ///
    /// # Errors
    /// When `num_classes` is 0.
    new(num_classes: usize) -> Result;
    /// Sets the α of the distribution Beta(α, α) that λ is drawn from; default 1.
    alpha: f32 = 1.0;
}

impl MixupBuilder {
    /// Makes the transform.
    ///
    /// # Errors
    /// When `num_classes` is 0 or `alpha` is not above 0.
    pub fn build(self) -> Result<Mixup> {
        check_settings("mixup", self.alpha, self.num_classes)?;
        Ok(Mixup { alpha: self.alpha, classes: self.num_classes })
    }
}

impl Mixup {
    /// Returns mixed inputs and targets f32 `[N, num_classes]` for inputs f32 `[N, ...]` and labels i64 `[N]`.
    ///
    /// # Errors
    /// When shapes or dtypes differ from these, or a label is out of range.
    pub fn apply(&self, inputs: &Tensor, labels: &Tensor, rng: &mut Rng) -> Result<(Tensor, Tensor)> {
        let (values, labels) = check("mixup", inputs, labels, self.classes)?;
        let lambda = beta(self.alpha, rng);
        let size = values.len() / labels.len().max(1);
        let mut mixed = Vec::with_capacity(values.len());
        for n in 0..labels.len() {
            let (this, other) =
                (&values[n * size..][..size], &values[before(n, labels.len()) * size..][..size]);
            mixed.extend(this.iter().zip(other).map(|(a, b)| lambda * a + (1.0 - lambda) * b));
        }
        Ok((Tensor::from_vec(mixed, inputs.size().to_vec())?, targets(&labels, lambda, self.classes)?))
    }
}

builder! {
    CutMix, CutMixBuilder;
    /// Makes a transform for labels below `num_classes`, with α = 1.
    ///
    /// # Errors
    /// When `num_classes` is 0.
    new(num_classes: usize) -> Result;
    /// Sets the α of the distribution Beta(α, α) that λ is drawn from; default 1.
    alpha: f32 = 1.0;
}

impl CutMixBuilder {
    /// Makes the transform.
    ///
    /// # Errors
    /// When `num_classes` is 0 or `alpha` is not above 0.
    pub fn build(self) -> Result<CutMix> {
        check_settings("cutmix", self.alpha, self.num_classes)?;
        Ok(CutMix { alpha: self.alpha, classes: self.num_classes })
    }
}

impl CutMix {
    /// Returns mixed inputs and targets f32 `[N, num_classes]` for inputs f32 `[N, C, H, W]` and labels i64 `[N]`.
    ///
    /// # Errors
    /// When shapes or dtypes differ from these, or a label is out of range.
    pub fn apply(&self, inputs: &Tensor, labels: &Tensor, rng: &mut Rng) -> Result<(Tensor, Tensor)> {
        let (values, labels) = check("cutmix", inputs, labels, self.classes)?;
        let &[count, channels, h, w] = inputs.size() else {
            let message = format!("got shape {:?}, expected [N, C, H, W]", inputs.size());
            return Err(Error::invalid("cutmix", message));
        };
        // A rectangle of the picture's proportions around a random place, clipped at the edges.
        let reach = 0.5 * (1.0 - beta(self.alpha, rng)).sqrt();
        let mut ends = |len: usize| {
            let (middle, reach) = (rng.below(len), (reach * len as f32) as usize);
            (middle.saturating_sub(reach), (middle + reach).min(len))
        };
        let ((left, right), (top, bottom)) = (ends(w), ends(h));
        let lambda = 1.0 - ((right - left) * (bottom - top)) as f32 / (h * w).max(1) as f32;
        let (size, mut mixed) = (channels * h * w, values.clone());
        for n in 0..count {
            let other = &values[before(n, count) * size..][..size];
            for row in (0..channels).flat_map(|c| (top..bottom).map(move |y| (c * h + y) * w)) {
                mixed[n * size + row..][left..right].copy_from_slice(&other[row..][left..right]);
            }
        }
        Ok((Tensor::from_vec(mixed, inputs.size().to_vec())?, targets(&labels, lambda, self.classes)?))
    }
}

/// Returns the sample before, or the last one for the first: batches are shuffled anyway.
fn before(n: usize, count: usize) -> usize {
    (n + count - 1) % count
}

fn check_settings(op: &'static str, alpha: f32, classes: usize) -> Result<()> {
    if classes == 0 {
        return Err(Error::invalid(op, "num_classes is 0, expected at least 1"));
    }
    match alpha > 0.0 && alpha.is_finite() {
        true => Ok(()),
        false => Err(Error::invalid(op, format!("alpha is {alpha}, expected a finite number above 0"))),
    }
}

fn check(op: &'static str, inputs: &Tensor, labels: &Tensor, classes: usize) -> Result<(Vec<f32>, Vec<i64>)> {
    let fits = inputs.dtype() == DType::F32 && labels.dtype() == DType::I64 && labels.dim() == 1;
    if !fits || inputs.size().first() != labels.size().first() {
        let message = format!(
            "got inputs {:?} of {} and labels {:?} of {}, expected [N, ...] of f32 and [N] of i64",
            inputs.size(),
            inputs.dtype(),
            labels.size(),
            labels.dtype()
        );
        return Err(Error::invalid(op, message));
    }
    let labels: Vec<i64> = labels.to_vec()?;
    if let Some(label) = labels.iter().find(|&&label| label < 0 || label >= classes as i64) {
        return Err(Error::invalid(op, format!("label is {label}, expected 0 to {}", classes - 1)));
    }
    Ok((inputs.to_vec()?, labels))
}

/// Returns targets with `lambda` for each sample's own class and the rest for the other one's.
fn targets(labels: &[i64], lambda: f32, classes: usize) -> Result<Tensor> {
    let mut targets = vec![0.0; labels.len() * classes];
    for n in 0..labels.len() {
        targets[n * classes + labels[n] as usize] += lambda;
        targets[n * classes + labels[before(n, labels.len())] as usize] += 1.0 - lambda;
    }
    Ok(Tensor::from_vec(targets, [labels.len(), classes])?)
}

/// Draws a number from Beta(α, α): `g / (g + g')` of two from Gamma(α).
fn beta(alpha: f32, rng: &mut Rng) -> f32 {
    let (a, b) = (gamma(alpha, rng), gamma(alpha, rng));
    if a + b > 0.0 { a / (a + b) } else { 0.5 }
}

/// Draws a number from Gamma(α, 1) by Marsaglia and Tsang's method (2000).
fn gamma(alpha: f32, rng: &mut Rng) -> f32 {
    if alpha < 1.0 {
        return gamma(alpha + 1.0, rng) * (1.0 - rng.uniform()).powf(1.0 / alpha);
    }
    let d = alpha - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = rng.normal();
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && (1.0 - rng.uniform()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}
