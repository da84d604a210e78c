//! Changes colours with torchvision's formulas and roundings.

use crate::{
    Error, Image, Result,
    image::{Value, Values, on_values},
};

/// Luma of red, green, blue (ITU-R BT.601), as in torchvision.
const LUMA: [f32; 3] = [0.2989, 0.587, 0.114];

impl Image {
    /// Returns the picture in grey, with 1 channel or 3 equal ones.
    ///
    /// # Errors
    /// When the picture or `channels` has neither 1 nor 3 channels.
    pub fn grayscale(self, channels: usize) -> Result<Self> {
        if channels != 1 && channels != 3 {
            return Err(Error::invalid("grayscale", format!("channels is {channels}, expected 1 or 3")));
        }
        let this = self.coloured("grayscale")?;
        if this.channels() == channels && channels == 1 {
            return Ok(this);
        }
        Ok(on_values!(this, size => [channels, size[1], size[2]], |values| {
            let grey: Vec<_> = grey(&values, size[0]).into_iter().map(Value::clamp).collect();
            grey.repeat(channels)
        }))
    }

    /// Multiplies every value by `factor`: 0 gives black, 1 the picture itself.
    pub fn adjust_brightness(self, factor: f32) -> Self {
        on_values!(self, size => size, |values| blend(values, |_| 0.0, factor))
    }

    /// Moves values away from the mean grey: factor 0 gives that grey, 1 the picture itself.
    ///
    /// # Errors
    /// When the picture has neither 1 nor 3 channels.
    pub fn adjust_contrast(self, factor: f32) -> Result<Self> {
        let this = self.coloured("adjust_contrast")?;
        Ok(on_values!(this, size => size, |values| {
            let grey = grey(&values, size[0]);
            let mean = grey.iter().map(|&x| f64::from(x)).sum::<f64>() / grey.len().max(1) as f64;
            blend(values, |_| mean as f32, factor)
        }))
    }

    /// Moves values away from each pixel's grey: factor 0 gives a grey picture, 1 the picture itself.
    ///
    /// # Errors
    /// When the picture has neither 1 nor 3 channels.
    pub fn adjust_saturation(self, factor: f32) -> Result<Self> {
        let this = self.coloured("adjust_saturation")?;
        if this.channels() == 1 {
            return Ok(this);
        }
        Ok(on_values!(this, size => size, |values| {
            let grey = grey(&values, size[0]);
            blend(values, |at| grey[at % grey.len()], factor)
        }))
    }

    /// Turns the hue by `factor` of a full turn, from -0.5 to 0.5.
    ///
    /// # Errors
    /// When the picture has neither 1 nor 3 channels, or the factor is out of range.
    pub fn adjust_hue(self, factor: f32) -> Result<Self> {
        if !(-0.5..=0.5).contains(&factor) {
            return Err(Error::invalid(
                "adjust_hue",
                format!("factor is {factor}, expected a number from -0.5 to 0.5"),
            ));
        }
        let this = self.coloured("adjust_hue")?;
        if this.channels() == 1 {
            return Ok(this);
        }
        Ok(on_values!(this, size => size, |values| turn_hue(values, factor)))
    }

    /// Sharpens: factor 0 gives a blurred picture, 1 the picture itself, more a sharper one; the outermost pixels
    /// stay.
    pub fn adjust_sharpness(self, factor: f32) -> Self {
        if self.height() <= 2 || self.width() <= 2 {
            return self;
        }
        on_values!(self, size => size, |values| {
            let blurred = blurred(&values, size[1], size[2]);
            blend(values, |at| blurred[at], factor)
        })
    }

    /// Subtracts each value from white.
    pub fn invert(self) -> Self {
        self.each_value(|x, max| max - x)
    }

    /// Inverts the values from `threshold` on, where 0 is black and 1 white.
    pub fn solarize(self, threshold: f32) -> Self {
        self.each_value(|x, max| if x >= threshold * max { max - x } else { x })
    }

    /// Keeps the highest `bits` bits of each byte and clears the others.
    ///
    /// # Errors
    /// When `bits` is above 8, or the picture has floats.
    pub fn posterize(self, bits: u32) -> Result<Self> {
        if bits > 8 {
            return Err(Error::invalid("posterize", format!("bits is {bits}, expected 0 to 8")));
        }
        let (size, mask) = (self.size(), !(0xffu16 >> bits) as u8);
        let bytes = self.into_bytes("posterize")?;
        Self::new(size, bytes.into_iter().map(|x| x & mask).collect())
    }

    /// Stretches each channel from black to white.
    pub fn autocontrast(self) -> Self {
        on_values!(self, size => size, |values| stretch(values, size[1] * size[2]))
    }

    /// Evens out each channel's histogram.
    ///
    /// # Errors
    /// When the picture has floats.
    pub fn equalize(self) -> Result<Self> {
        let size = self.size();
        let mut bytes = self.into_bytes("equalize")?;
        bytes.chunks_exact_mut((size[1] * size[2]).max(1)).for_each(equalize_plane);
        Self::new(size, bytes)
    }

    fn into_bytes(self, op: &'static str) -> Result<Vec<u8>> {
        match self.into_values() {
            Values::Bytes(bytes) => Ok(bytes),
            Values::Floats(_) => {
                Err(Error::invalid(op, "the picture has floats, expected bytes: put it before ToTensor"))
            }
        }
    }

    fn each_value(self, f: impl Fn(f32, f32) -> f32) -> Self {
        on_values!(self, size => size, |values| apply(values, &f))
    }

    fn coloured(self, op: &'static str) -> Result<Self> {
        match self.channels() {
            1 | 3 => Ok(self),
            channels => {
                Err(Error::invalid(op, format!("the picture has {channels} channels, expected 1 or 3")))
            }
        }
    }
}

fn apply<T: Value>(mut values: Vec<T>, f: impl Fn(f32, f32) -> f32) -> Vec<T> {
    values.iter_mut().for_each(|x| *x = T::clamp(f(x.float(), T::MAX)));
    values
}

/// Computes `factor * value + (1 - factor) * other`, within black and white.
fn blend<T: Value>(mut values: Vec<T>, other: impl Fn(usize) -> f32, factor: f32) -> Vec<T> {
    for (at, x) in values.iter_mut().enumerate() {
        *x = T::clamp(factor * x.float() + (1.0 - factor) * other(at));
    }
    values
}

/// Returns each pixel's grey, a whole number for bytes.
fn grey<T: Value>(values: &[T], channels: usize) -> Vec<f32> {
    if channels == 1 {
        return values.iter().map(|x| x.float()).collect();
    }
    let plane = values.len() / 3;
    let [red, green, blue] = [0, 1, 2].map(|channel| &values[channel * plane..(channel + 1) * plane]);
    let pixels = red.iter().zip(green).zip(blue);
    let luma = |((r, g), b): ((&T, &T), &T)| LUMA[0] * r.float() + LUMA[1] * g.float() + LUMA[2] * b.float();
    pixels.map(|pixel| T::clamp(luma(pixel)).float()).collect()
}

/// Converts red, green, blue to hue, saturation, value and back (Smith, 1978), in floats.
fn turn_hue<T: Value>(mut values: Vec<T>, factor: f32) -> Vec<T> {
    let plane = values.len() / 3;
    for at in 0..plane {
        let [r, g, b] = [0, 1, 2].map(|channel| values[channel * plane + at].float() / T::MAX);
        let (max, min) = (r.max(g).max(b), r.min(g).min(b));
        let range = max - min;
        let (saturation, divisor) = if range == 0.0 { (0.0, 1.0) } else { (range / max, range) };
        let [rc, gc, bc] = [r, g, b].map(|x| (max - x) / divisor);
        let hue = match max {
            _ if max == r => bc - gc,
            _ if max == g => 2.0 + rc - bc,
            _ => 4.0 + gc - rc,
        };
        let hue = ((hue / 6.0 + 1.0).fract() + factor).rem_euclid(1.0) * 6.0;
        let (sector, rest) = (hue.floor(), hue.fract());
        let p = (max * (1.0 - saturation)).clamp(0.0, 1.0);
        let q = (max * (1.0 - saturation * rest)).clamp(0.0, 1.0);
        let t = (max * (1.0 - saturation * (1.0 - rest))).clamp(0.0, 1.0);
        let rgb = match sector as u8 % 6 {
            0 => [max, t, p],
            1 => [q, max, p],
            2 => [p, max, t],
            3 => [p, q, max],
            4 => [t, p, max],
            _ => [max, p, q],
        };
        for (channel, x) in rgb.into_iter().enumerate() {
            // As torchvision converts floats to bytes: 256 equal steps.
            let scale = if T::MAX > 1.0 { T::MAX + 1.0 - 1e-3 } else { 1.0 };
            values[channel * plane + at] = T::clamp(x * scale);
        }
    }
    values
}

/// Computes a 3x3 mean in which the centre counts 5 of 13; the border stays.
fn blurred<T: Value>(values: &[T], height: usize, width: usize) -> Vec<f32> {
    let mut out: Vec<f32> = values.iter().map(|x| x.float()).collect();
    for (plane, out) in values.chunks_exact(height * width).zip(out.chunks_exact_mut(height * width)) {
        for row in 1..height - 1 {
            for column in 1..width - 1 {
                let at = row * width + column;
                let rows = [at - width, at, at + width];
                let sum: f32 = rows.iter().flat_map(|&at| &plane[at - 1..=at + 1]).map(|x| x.float()).sum();
                let mean = (sum + 4.0 * plane[at].float()) / 13.0;
                out[at] = if T::MAX > 1.0 { mean.round_ties_even() } else { mean };
            }
        }
    }
    out
}

fn stretch<T: Value>(mut values: Vec<T>, plane: usize) -> Vec<T> {
    for plane in values.chunks_exact_mut(plane.max(1)) {
        let floats = || plane.iter().map(|x| x.float());
        let (min, max) = (floats().fold(f32::INFINITY, f32::min), floats().fold(f32::NEG_INFINITY, f32::max));
        if max > min {
            let scale = T::MAX / (max - min);
            plane.iter_mut().for_each(|x| *x = T::clamp((x.float() - min) * scale));
        }
    }
    values
}

fn equalize_plane(plane: &mut [u8]) {
    let mut histogram = [0usize; 256];
    plane.iter().for_each(|&x| histogram[usize::from(x)] += 1);
    let last = histogram.iter().rposition(|&count| count > 0).unwrap_or(0);
    let step = (plane.len() - histogram[last]) / 255;
    if step == 0 {
        return;
    }
    let mut below = 0;
    let table = histogram.map(|count| {
        let level = ((below + step / 2) / step).min(255) as u8;
        below += count;
        level
    });
    plane.iter_mut().for_each(|x| *x = table[usize::from(*x)]);
}
