//! A picture, from the file to the batch.

use crate::{Error, Result};
use image::ImageReader;
use std::{io::Cursor, path::Path, sync::Arc};
use taper_tensor::Tensor;

/// A picture, `[channels, height, width]`: each channel is a plane of its own, as in a PyTorch tensor.
///
/// Values are bytes (0 to 255, as decoded) or floats (after [`ToTensor`](crate::transforms::ToTensor)).
///
/// ```
/// use taper_data::Image;
/// let image = Image::new([3, 2, 2], (0..12).collect())?;
/// assert_eq!((image.channels(), image.height(), image.width()), (3, 2, 2));
/// assert_eq!(image.pixel(1, 0, 1), 5.0);
/// # Ok::<(), taper_data::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Image {
    size: [usize; 3],
    pixels: Pixels,
}

/// `Scaled` makes the usual pipeline one pass: `ToTensor` and `Normalize` only note the numbers, and the floats are
/// computed when they are written into the batch.
#[derive(Clone, Debug)]
enum Pixels {
    Bytes(Vec<u8>),
    Scaled(Vec<u8>, Option<Arc<[(f32, f32)]>>),
    Floats(Vec<f32>),
}

impl Image {
    /// Makes a picture of bytes of the size `[channels, height, width]`.
    ///
    /// # Errors
    /// When the number of values does not fit `size`.
    pub fn new(size: [usize; 3], pixels: Vec<u8>) -> Result<Self> {
        check(size, pixels.len())?;
        Ok(Self { size, pixels: Pixels::Bytes(pixels) })
    }

    /// Makes a picture of floats of the size `[channels, height, width]`.
    ///
    /// # Errors
    /// When the number of values does not fit `size`.
    pub fn from_floats(size: [usize; 3], pixels: Vec<f32>) -> Result<Self> {
        check(size, pixels.len())?;
        Ok(Self { size, pixels: Pixels::Floats(pixels) })
    }

    /// Returns `[channels, height, width]`.
    pub fn size(&self) -> [usize; 3] {
        self.size
    }

    /// Returns the number of channels: 1 for grey, 3 for red, green, blue.
    pub fn channels(&self) -> usize {
        self.size[0]
    }

    /// Returns the number of rows.
    pub fn height(&self) -> usize {
        self.size[1]
    }

    /// Returns the number of columns.
    pub fn width(&self) -> usize {
        self.size[2]
    }

    /// Returns true if the values are floats, false if they are bytes.
    pub fn is_float(&self) -> bool {
        !matches!(self.pixels, Pixels::Bytes(_))
    }

    /// Returns one value.
    ///
    /// # Panics
    /// When the pixel lies outside of the picture, as indexing a slice does.
    pub fn pixel(&self, channel: usize, row: usize, column: usize) -> f32 {
        let [_, height, width] = self.size;
        let at = (channel * height + row) * width + column;
        match &self.pixels {
            Pixels::Bytes(bytes) => f32::from(bytes[at]),
            Pixels::Scaled(bytes, scale) => scaled(bytes[at], scale.as_ref().map(|scale| scale[channel])),
            Pixels::Floats(floats) => floats[at],
        }
    }

    /// Returns the bytes, or `None` if the values are floats.
    pub fn bytes(&self) -> Option<&[u8]> {
        match &self.pixels {
            Pixels::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Returns the values as floats; bytes are converted, but not divided by 255.
    pub fn into_floats(self) -> Vec<f32> {
        match self.pixels {
            Pixels::Bytes(bytes) => bytes.into_iter().map(f32::from).collect(),
            Pixels::Floats(floats) => floats,
            scaled => {
                let mut floats = Vec::with_capacity(self.size.iter().product());
                Image { size: self.size, pixels: scaled }.extend_floats(&mut floats);
                floats
            }
        }
    }

    /// Returns the picture as a tensor `[channels, height, width]` of its own dtype, u8 or f32.
    ///
    /// # Errors
    /// When the tensor cannot be made.
    pub fn to_tensor(self) -> Result<Tensor> {
        let size = self.size;
        match self.pixels {
            Pixels::Bytes(bytes) => Ok(Tensor::from_vec(bytes, size)?),
            _ => Ok(Tensor::from_vec(self.into_floats(), size)?),
        }
    }

    /// Computes the values and appends them to a batch under construction.
    pub(crate) fn extend_floats(&self, out: &mut Vec<f32>) {
        let plane = self.size[1] * self.size[2];
        match &self.pixels {
            Pixels::Bytes(bytes) => out.extend(bytes.iter().map(|&byte| f32::from(byte))),
            Pixels::Floats(floats) => out.extend_from_slice(floats),
            Pixels::Scaled(bytes, None) => out.extend(bytes.iter().map(|&byte| scaled(byte, None))),
            Pixels::Scaled(bytes, Some(scale)) => {
                for (plane, &scale) in bytes.chunks_exact(plane.max(1)).zip(scale.iter()) {
                    out.extend(plane.iter().map(|&byte| scaled(byte, Some(scale))));
                }
            }
        }
    }

    /// Turns bytes into floats from 0 to 1, as `ToTensor`; floats stay.
    pub(crate) fn scale(mut self) -> Self {
        if let Pixels::Bytes(bytes) = self.pixels {
            self.pixels = Pixels::Scaled(bytes, None);
        }
        self
    }

    /// Computes `(x - mean) / std` for each float, as `Normalize`; `(mean, std)` is `scale[c]` for channel `c`.
    pub(crate) fn normalize(mut self, scale: &Arc<[(f32, f32)]>) -> Result<Self> {
        const OP: &str = "normalize";
        match &mut self.pixels {
            Pixels::Bytes(_) => {
                return Err(Error::invalid(
                    OP,
                    "the picture has bytes, expected floats: put ToTensor before it",
                ));
            }
            _ if scale.len() != self.size[0] => {
                let message = format!(
                    "the picture has {} channels, expected {} as in mean and std",
                    self.size[0],
                    scale.len()
                );
                return Err(Error::invalid(OP, message));
            }
            Pixels::Scaled(_, later @ None) => *later = Some(scale.clone()),
            _ => {
                let (size, plane) = (self.size, self.size[1] * self.size[2]);
                let mut floats = self.into_floats();
                for (plane, &(mean, std)) in floats.chunks_exact_mut(plane.max(1)).zip(scale.iter()) {
                    plane.iter_mut().for_each(|x| *x = (*x - mean) / std);
                }
                return Self::from_floats(size, floats);
            }
        }
        Ok(self)
    }
}

/// Runs a function that is generic in the value's type on a picture's values.
macro_rules! on_values {
    ($image:expr, $size:ident => $result:expr, |$values:ident| $body:expr) => {{
        let $size = $image.size();
        let values = match $image.into_values() {
            $crate::image::Values::Bytes($values) => $crate::image::Values::Bytes($body),
            $crate::image::Values::Floats($values) => $crate::image::Values::Floats($body),
        };
        $crate::Image::from_values($result, values)
    }};
}
pub(crate) use on_values;

/// The values of a picture as one of the two types that an operation is written for.
pub(crate) enum Values {
    Bytes(Vec<u8>),
    Floats(Vec<f32>),
}

impl Image {
    /// Returns the values.
    pub(crate) fn into_values(self) -> Values {
        match self.pixels {
            Pixels::Bytes(bytes) => Values::Bytes(bytes),
            _ => Values::Floats(self.into_floats()),
        }
    }

    /// Makes a picture of computed values, as many as `size` has.
    pub(crate) fn from_values(size: [usize; 3], values: Values) -> Self {
        let pixels = match values {
            Values::Bytes(bytes) => Pixels::Bytes(bytes),
            Values::Floats(floats) => Pixels::Floats(floats),
        };
        Self { size, pixels }
    }

    /// Moves values to other places; a normalisation that is noted stays noted.
    pub(crate) fn rearrange(
        self,
        size: [usize; 3],
        bytes: impl Fn(&[u8]) -> Vec<u8>,
        floats: impl Fn(&[f32]) -> Vec<f32>,
    ) -> Self {
        let pixels = match self.pixels {
            Pixels::Bytes(from) => Pixels::Bytes(bytes(&from)),
            Pixels::Scaled(from, scale) => Pixels::Scaled(bytes(&from), scale),
            Pixels::Floats(from) => Pixels::Floats(floats(&from)),
        };
        Self { size, pixels }
    }
}

/// A byte, or a float whose white is 1.
pub(crate) trait Value: Copy + Send + Sync {
    /// The value of white.
    const MAX: f32;
    /// Returns the value as a float of the same scale.
    fn float(self) -> f32;
    /// Returns the nearest value.
    fn round(x: f32) -> Self;
    /// Returns the value below, within black and white, as torchvision's colour operations do.
    fn clamp(x: f32) -> Self;
}

impl Value for u8 {
    const MAX: f32 = 255.0;
    fn float(self) -> f32 {
        self.into()
    }
    fn round(x: f32) -> u8 {
        (x + 0.5) as u8
    }
    fn clamp(x: f32) -> u8 {
        x as u8
    }
}

impl Value for f32 {
    const MAX: f32 = 1.0;
    fn float(self) -> f32 {
        self
    }
    fn round(x: f32) -> f32 {
        x
    }
    fn clamp(x: f32) -> f32 {
        x.clamp(0.0, 1.0)
    }
}

/// Converts a byte as `ToTensor` and then `Normalize` do, in torchvision's order of operations.
fn scaled(byte: u8, scale: Option<(f32, f32)>) -> f32 {
    let x = f32::from(byte) / 255.0;
    scale.map_or(x, |(mean, std)| (x - mean) / std)
}

fn check(size: [usize; 3], len: usize) -> Result<()> {
    let expected = size.iter().try_fold(1usize, |product, &n| product.checked_mul(n));
    if expected == Some(len) {
        return Ok(());
    }
    Err(Error::invalid(
        "image",
        format!("got {len} values, expected as many as [channels, height, width] = {size:?} has"),
    ))
}

/// The memory of one picture's decoder; a file that asks for more is refused.
const DECODER_MEMORY: u64 = 1 << 28;

impl Image {
    /// Reads a PNG or JPEG file as red, green, blue.
    ///
    /// # Errors
    /// When the file cannot be read, is not a picture, or unpacks to more than 256 MB.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
        let mut limits = image::Limits::default();
        limits.max_alloc = Some(DECODER_MEMORY);
        let mut reader = ImageReader::new(Cursor::new(&bytes));
        reader.limits(limits);
        let decode = || reader.with_guessed_format()?.decode();
        if bytes.starts_with(&JPEG) && !jpeg_ends(&bytes) {
            return Err(Error::format(path, "the JPEG file ends before its picture does"));
        }
        let rgb = decode().map_err(|e| Error::format(path, e.to_string()))?.into_rgb8();
        let size = [3, rgb.height() as usize, rgb.width() as usize];
        Self::new(size, planes(rgb.as_raw(), 3))
    }
}

/// The first bytes of a JPEG file.
const JPEG: [u8; 2] = [0xff, 0xd8];

/// Returns true if a JPEG file has the marker of its end; without it the decoder fills the rest with grey. Segments
/// before the first scan are skipped by their lengths: one can hold a small picture with an end of its own.
fn jpeg_ends(bytes: &[u8]) -> bool {
    let mut rest = &bytes[JPEG.len()..];
    while let [0xff, marker, high, low, ..] = *rest {
        if marker == 0xda {
            break;
        }
        let length = if marker == 0xff { 1 } else { 2 + usize::from(u16::from_be_bytes([high, low])) };
        rest = rest.get(length..).unwrap_or_default();
    }
    rest.windows(2).any(|pair| pair == [0xff, 0xd9])
}

/// Turns interleaved pixels (RGBRGB...) into planes (RR...GG...BB...).
pub(crate) fn planes(interleaved: &[u8], channels: usize) -> Vec<u8> {
    (0..channels).flat_map(|channel| interleaved.iter().skip(channel).step_by(channels).copied()).collect()
}
