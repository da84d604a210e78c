//! Draws sheets of enlarged pictures with captions.

use super::{font, grid::picture_format};
use crate::{
    Dataset, Error, Image, Result,
    transforms::{Interpolation, ResizeOptions},
};
use std::path::Path;

/// A picture of a [`sheet`].
#[derive(Clone, Debug)]
pub struct Tile {
    /// The picture, grey or in colour; bytes, or floats from 0 to 1.
    pub image: Image,
    /// The text below it, in ASCII, cut to the width.
    pub caption: String,
    /// The text's colour.
    pub colour: [u8; 3],
}

impl Tile {
    /// Makes a picture with a black caption.
    pub fn new(image: Image, caption: impl Into<String>) -> Self {
        Self { image, caption: caption.into(), colour: [0; 3] }
    }
}

/// Pixels around a tile, and the height of its caption.
const GAP: usize = 4;
const LINE: usize = font::HEIGHT + 3;

/// Draws all tiles in one picture, `columns` in a row, each enlarged to at least `side` pixels, on white.
///
/// # Errors
/// When there are no tiles or columns, or a picture has neither 1 nor 3 channels.
pub fn sheet(tiles: &[Tile], columns: usize, side: usize) -> Result<Image> {
    if tiles.is_empty() || columns == 0 {
        return Err(Error::invalid(
            "sheet",
            format!("got {} pictures and {columns} columns, expected at least 1 of each", tiles.len()),
        ));
    }
    let largest = |axis: usize| tiles.iter().map(|tile| tile.image.size()[axis]).max().unwrap_or(1).max(1);
    // Whole multiples keep every pixel a square.
    let factor = side.div_ceil(largest(1).max(largest(2))).max(1);
    let (cell_h, cell_w) = (largest(1) * factor + LINE + GAP, largest(2) * factor + GAP);
    let columns = columns.min(tiles.len());
    let (height, width) = (tiles.len().div_ceil(columns) * cell_h + GAP, columns * cell_w + GAP);
    let nearest = ResizeOptions::default().interpolation(Interpolation::Nearest);
    let mut page = Page { pixels: vec![255; 3 * height * width], height, width };
    for (n, tile) in tiles.iter().enumerate() {
        let [channels, h, w] = tile.image.size();
        if channels != 1 && channels != 3 {
            return Err(Error::invalid(
                "sheet",
                format!("picture {n} has {channels} channels, expected 1 or 3"),
            ));
        }
        let (top, left) = (n / columns * cell_h + GAP, n % columns * cell_w + GAP);
        let large = tile.image.clone().resize(h * factor, w * factor, nearest)?;
        let scale = if large.is_float() { 255.0 } else { 1.0 };
        for y in 0..large.height() {
            for x in 0..large.width() {
                let rgb = [0, 1, 2].map(|c| (large.pixel(c % channels, y, x) * scale + 0.5) as u8);
                page.set(top + y, left + x, rgb);
            }
        }
        page.write(top + cell_h - LINE - GAP + 2, left, cell_w - GAP, &tile.caption, tile.colour);
    }
    Image::new([3, height, width], page.pixels)
}

struct Page {
    pixels: Vec<u8>,
    height: usize,
    width: usize,
}

impl Page {
    fn set(&mut self, y: usize, x: usize, rgb: [u8; 3]) {
        for (c, value) in rgb.into_iter().enumerate() {
            self.pixels[(c * self.height + y) * self.width + x] = value;
        }
    }

    /// Writes as much of a text as fits into `room` columns.
    fn write(&mut self, top: usize, left: usize, room: usize, text: &str, rgb: [u8; 3]) {
        for (n, glyph) in text.chars().take(room / font::ADVANCE).map(font::glyph).enumerate() {
            for (x, column) in glyph.into_iter().enumerate() {
                for y in (0..font::HEIGHT).filter(|y| column >> y & 1 == 1) {
                    self.set(top + y, left + n * font::ADVANCE + x, rgb);
                }
            }
        }
    }
}

/// Writes a preview of a dataset as a PNG or JPEG file: its first `count` samples with the names of their classes, or
/// their numbers if `classes` has no name.
///
/// ```no_run
/// use taper_data::{Cifar10, pictures::show};
/// show(&Cifar10::test("data")?, &Cifar10::CLASSES, 40, "cifar10.png")?;
/// # Ok::<(), taper_data::Error>(())
/// ```
///
/// # Errors
/// When a sample cannot be read, the dataset is empty, or the file cannot be written.
pub fn show<D, C>(dataset: &D, classes: &[C], count: usize, path: impl AsRef<Path>) -> Result<()>
where
    D: Dataset<Sample = (Image, i64)> + ?Sized,
    C: AsRef<str>,
{
    picture_format(path.as_ref())?;
    let tile = |index| {
        let (image, label) = dataset.at(index)?;
        let name = usize::try_from(label).ok().and_then(|label| classes.get(label));
        Ok(Tile::new(image, name.map_or_else(|| label.to_string(), |name| name.as_ref().to_string())))
    };
    let tiles: Vec<_> = (0..count.min(dataset.len())).map(tile).collect::<Result<_>>()?;
    sheet(&tiles, 10, 64)?.save(path)
}
