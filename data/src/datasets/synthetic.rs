//! Draws pictures of ten classes, for programs that cannot get a dataset.

use crate::{Dataset, Image, Result, Rng};

/// The width and height of a picture.
const SIDE: usize = 32;

/// Draws colour pictures of 32x32 in ten classes when they are asked for: a sample depends on its split and index
/// alone. Position, size, angle, both colours, shading and noise vary; only the shape tells the class.
///
/// ```
/// use taper_data::{Dataset, Synthetic};
/// let train = Synthetic::train(50_000);
/// let (image, label) = train.at(12)?;
/// assert_eq!((image.size(), Synthetic::CLASSES[label as usize]), ([3, 32, 32], "triangle"));
/// # Ok::<(), taper_data::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Synthetic {
    seed: u64,
    len: usize,
}

impl Synthetic {
    /// The names of the classes, by their numbers.
    pub const CLASSES: [&'static str; 10] =
        ["disc", "square", "triangle", "cross", "ring", "frame", "bar", "star", "crescent", "dots"];

    /// Makes training pictures.
    pub fn train(len: usize) -> Self {
        Self::new(len, 1)
    }

    /// Makes test pictures, which differ from all training pictures.
    pub fn test(len: usize) -> Self {
        Self::new(len, 2)
    }

    /// Makes pictures of another seed.
    pub fn new(len: usize, seed: u64) -> Self {
        Self { seed, len }
    }

    /// Returns the number of each sample's class: every class comes equally often.
    pub fn labels(&self) -> Vec<i64> {
        (0..self.len).map(|index| (index % 10) as i64).collect()
    }
}

impl Dataset for Synthetic {
    type Sample = (Image, i64);

    fn len(&self) -> usize {
        self.len
    }

    fn get(&self, index: usize, _rng: &mut Rng) -> Result<(Image, i64)> {
        self.check(index)?;
        let class = index % 10;
        let mut rng = Rng::for_sample(self.seed, 0, index as u64);
        Ok((draw(class, &mut rng)?, class as i64))
    }
}

fn draw(class: usize, rng: &mut Rng) -> Result<Image> {
    let radius = rng.range(7.0, 12.0);
    let free = 16.0 - radius;
    let (x0, y0) = (16.0 + rng.range(-free, free), 16.0 + rng.range(-free, free));
    let (sin, cos) = rng.range(-0.5, 0.5).sin_cos();
    // Shapes differ visibly from their ground in at least one channel.
    let colours: [[f32; 2]; 3] = std::array::from_fn(|_| [rng.range(0.4, 1.0), rng.range(0.0, 0.6)]);
    let apart = colours.iter().map(|[a, b]| (a - b).abs()).fold(0.0, f32::max);
    let stretch = (0.35 / apart.max(1e-3)).max(1.0);
    let colours = colours.map(|[a, b]| {
        let middle = (a + b) / 2.0;
        [a, b].map(|colour| middle + (colour - middle) * stretch)
    });
    let (tilt_x, tilt_y) = (rng.range(-0.012, 0.012), rng.range(-0.012, 0.012));
    let (noise, mut grain) = (rng.range(0.02, 0.12), rng.bits64());
    let mut pixels = vec![0; 3 * SIDE * SIDE];
    for at in 0..SIDE * SIDE {
        let (x, y) = ((at % SIDE) as f32 + 0.5 - x0, (at / SIDE) as f32 + 0.5 - y0);
        let (u, v) = ((x * cos + y * sin) / radius, (y * cos - x * sin) / radius);
        // A pixel is half covered on the edge, and fully half a pixel within; no shape reaches beyond 1.2.
        let near = u * u + v * v < 1.5;
        let cover = if near { (0.5 - distance(class, u, v) * radius).clamp(0.0, 1.0) } else { 0.0 };
        let shade = x * tilt_x + y * tilt_y;
        // Knuth's linear congruential generator: fast, and good enough for grain.
        grain = grain.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        for (channel, [shape, ground]) in colours.iter().enumerate() {
            let random = (grain >> (16 + 16 * channel)) as u16;
            let value =
                ground + (shape - ground) * cover + shade + noise * (f32::from(random) / 32768.0 - 1.0);
            pixels[channel * SIDE * SIDE + at] = (value * 255.0 + 0.5) as u8;
        }
    }
    Image::new([3, SIDE, SIDE], pixels)
}

/// Returns the approximate signed distance from a class's outline, in units of its radius; negative within.
fn distance(class: usize, u: f32, v: f32) -> f32 {
    let length = u.hypot(v);
    let square = |side: f32| u.abs().max(v.abs()) - side;
    match class {
        0 => length - 0.85,
        1 => square(0.78),
        2 => (v - 0.5).max(u.abs() * 0.866 - v * 0.5 - 0.5),
        3 => (u.abs().min(v.abs()) - 0.26).max(square(0.95)),
        4 => (length - 0.72).abs() - 0.2,
        5 => square(0.66).abs() - 0.18,
        6 => (v.abs() - 0.28).max(u.abs() - 1.0),
        7 => (length - 0.62 - 0.33 * (5.0 * v.atan2(u)).cos()) * 0.6,
        8 => (length - 0.9).max(0.72 - (u - 0.42).hypot(v)),
        _ => [(-0.6, 0.35), (0.6, 0.35), (0.0, -0.69)]
            .map(|(a, b)| (u - a).hypot(v - b) - 0.32)
            .into_iter()
            .fold(f32::INFINITY, f32::min),
    }
}
