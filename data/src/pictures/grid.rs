//! Arranges batches of pictures in grids, and writes picture files.

use crate::{Error, Image, Result};
use image::ImageFormat;
use std::{io::Cursor, path::Path};
use taper_tensor::{DType, Tensor, write_atomic};

/// The layout of [`make_grid`], with the names and defaults of torchvision.
#[derive(Clone, Copy, Debug)]
pub struct Grid {
    nrow: usize,
    padding: usize,
    normalize: bool,
    range: Option<[f32; 2]>,
    scale_each: bool,
    pad_value: f32,
}

/// Returns a layout of 8 pictures in a row, 2 black pixels between them, values as they are.
impl Default for Grid {
    fn default() -> Self {
        Self { nrow: 8, padding: 2, normalize: false, range: None, scale_each: false, pad_value: 0.0 }
    }
}

impl Grid {
    /// Makes the default layout.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the number of pictures in a row; default 8.
    pub fn nrow(mut self, nrow: usize) -> Self {
        self.nrow = nrow;
        self
    }

    /// Sets the number of pixels between and around the pictures; default 2.
    pub fn padding(mut self, padding: usize) -> Self {
        self.padding = padding;
        self
    }

    /// Stretches values from their smallest and largest to 0 and 1; default false.
    pub fn normalize(mut self, normalize: bool) -> Self {
        self.normalize = normalize;
        self
    }

    /// Sets the values that `normalize` turns into 0 and 1; default the smallest and the largest value.
    pub fn value_range(mut self, low: f32, high: f32) -> Self {
        self.range = Some([low, high]);
        self
    }

    /// Takes the smallest and the largest value of each picture; default false.
    pub fn scale_each(mut self, scale_each: bool) -> Self {
        self.scale_each = scale_each;
        self
    }

    /// Sets the value between the pictures; default 0.
    pub fn pad_value(mut self, value: f32) -> Self {
        self.pad_value = value;
        self
    }
}

/// Arranges a batch of f32 in one picture, as `torchvision.utils.make_grid`: row by row, grey pictures as three
/// equal channels, a single picture without a frame.
///
/// # Shapes
/// Batch `[N, C, H, W]`, `[C, H, W]` or `[H, W]`, output `[C, height, width]`.
///
/// ```
/// use taper_data::pictures::{Grid, make_grid};
/// use taper_tensor::Tensor;
/// let batch = Tensor::from_vec(vec![0.5f32; 5 * 3 * 4 * 4], [5, 3, 4, 4])?;
/// assert_eq!(make_grid(&batch, &Grid::new().nrow(3))?.size(), [3, 14, 20]);
/// # Ok::<(), taper_data::Error>(())
/// ```
///
/// # Errors
/// When the tensor is not a batch or picture of f32, is empty, or `nrow` is 0.
pub fn make_grid(batch: &Tensor, grid: &Grid) -> Result<Tensor> {
    let [count, channels, h, w] = match *batch.size() {
        [n, c, h, w] if n * c * h * w > 0 => [n, c, h, w],
        [c, h, w] if c * h * w > 0 => [1, c, h, w],
        [h, w] if h * w > 0 => [1, 1, h, w],
        ref other => {
            return Err(Error::invalid("make_grid", format!("got shape {other:?}, expected [N, C, H, W]")));
        }
    };
    if grid.nrow == 0 {
        return Err(Error::invalid("make_grid", "nrow is 0, expected at least 1"));
    }
    let mut values = floats("make_grid", batch)?;
    if grid.normalize {
        let part = if grid.scale_each { channels * h * w } else { values.len() };
        values.chunks_exact_mut(part).for_each(|part| stretch(part, grid.range));
    }
    let out = if channels == 1 { 3 } else { channels };
    let picture = |n: usize, c: usize| &values[(n * channels + c.min(channels - 1)) * h * w..][..h * w];
    if count == 1 {
        let all: Vec<f32> = (0..out).flat_map(|c| picture(0, c).iter().copied()).collect();
        return Ok(Tensor::from_vec(all, [out, h, w])?);
    }
    let columns = grid.nrow.min(count);
    let rows = count.div_ceil(columns);
    let (height, width) =
        (rows * (h + grid.padding) + grid.padding, columns * (w + grid.padding) + grid.padding);
    let mut all = vec![grid.pad_value; out * height * width];
    for n in 0..count {
        let top = n / columns * (h + grid.padding) + grid.padding;
        let left = n % columns * (w + grid.padding) + grid.padding;
        for c in 0..out {
            for (y, row) in picture(n, c).chunks_exact(w).enumerate() {
                all[(c * height + top + y) * width + left..][..w].copy_from_slice(row);
            }
        }
    }
    Ok(Tensor::from_vec(all, [out, height, width])?)
}

fn floats(op: &'static str, tensor: &Tensor) -> Result<Vec<f32>> {
    if tensor.dtype() != DType::F32 {
        return Err(Error::invalid(op, format!("got {}, expected f32: see to_dtype", tensor.dtype())));
    }
    Ok(tensor.to_vec()?)
}

fn stretch(values: &mut [f32], range: Option<[f32; 2]>) {
    let ends =
        values.iter().fold([f32::INFINITY, f32::NEG_INFINITY], |[low, high], &x| [low.min(x), high.max(x)]);
    let [low, high] = range.unwrap_or(ends);
    let span = (high - low).max(1e-5);
    values.iter_mut().for_each(|x| *x = (x.max(low).min(high) - low) / span);
}

/// Writes a batch or picture of f32, 0 black and 1 white, as a PNG or JPEG file, as
/// `torchvision.utils.save_image`.
///
/// # Errors
/// When the tensor is not a batch or picture of f32, is empty, `nrow` is 0, or the file cannot be written.
pub fn save_image(batch: &Tensor, path: impl AsRef<Path>, grid: &Grid) -> Result<()> {
    let picture = make_grid(batch, grid)?;
    let bytes = floats("save_image", &picture)?.into_iter().map(|x| (x * 255.0 + 0.5) as u8).collect();
    match *picture.size() {
        [c, h, w] => Image::new([c, h, w], bytes)?.save(path),
        ref other => Err(Error::invalid("save_image", format!("got shape {other:?}, expected [C, H, W]"))),
    }
}

impl Image {
    /// Writes the picture atomically as a PNG or JPEG file, by the end of the file's name. Floats go from 0, black,
    /// to 1.
    ///
    /// # Errors
    /// When the picture has neither 1 nor 3 channels, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let [channels, height, width] = self.size();
        let colour = match channels {
            1 => image::ColorType::L8,
            3 => image::ColorType::Rgb8,
            _ => {
                return Err(Error::invalid(
                    "save",
                    format!("the picture has {channels} channels, expected 1 or 3"),
                ));
            }
        };
        let planes = match self.bytes() {
            Some(bytes) => bytes.to_vec(),
            None => self.clone().into_floats().into_iter().map(|x| (x * 255.0 + 0.5) as u8).collect(),
        };
        let pixels = height * width;
        let interleaved: Vec<u8> = (0..pixels)
            .flat_map(|at| (0..channels).map(move |c| (c, at)))
            .map(|(c, at)| planes[c * pixels + at])
            .collect();
        let (format, mut file) = (picture_format(path)?, Cursor::new(vec![]));
        image::write_buffer_with_format(&mut file, &interleaved, width as u32, height as u32, colour, format)
            .map_err(|e| Error::format(path, e.to_string()))?;
        write_atomic(path, file.get_ref()).map_err(Error::io("write", path))
    }
}

/// Returns the format of a picture's file by the end of its name.
///
/// # Errors
/// When it is neither PNG nor JPEG.
pub(super) fn picture_format(path: &Path) -> Result<ImageFormat> {
    match ImageFormat::from_path(path) {
        Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg)) => Ok(format),
        _ => Err(Error::format(path, "the name of a picture's file ends in .png, .jpg or .jpeg")),
    }
}
