//! The reference cases of torchvision: those of the repository's golden folder (or of the folder that
//! `TAPER_GOLDEN` names), and more in `fixtures/`.

use safetensors::{Dtype, SafeTensors};
use serde_json::Value;
use std::path::{Path, PathBuf};
use taper_data::{
    Image, Result, Rng,
    pictures::{Grid, make_grid},
    transforms::{
        Affine, CenterCrop, Compose, Grayscale, Interpolation, Normalize, Pad, PadMode, RandomHorizontalFlip,
        RandomVerticalFlip, Resize, RotateOptions, ToTensor, Transform,
    },
};
use taper_tensor::Tensor;

#[test]
fn golden() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../golden");
    family("transforms", &std::env::var_os("TAPER_GOLDEN").map_or(own, PathBuf::from));
}

#[test]
fn more_of_torchvision() {
    family("torchvision", &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures"));
}

/// A tensor of a case, its values as f32 (which holds every byte).
struct Reference {
    shape: Vec<usize>,
    bytes: bool,
    values: Vec<f32>,
}

fn family(name: &str, folder: &Path) {
    let read = |ending: &str| std::fs::read(folder.join(format!("{name}.{ending}"))).unwrap();
    let (index, data) = (read("json"), read("safetensors"));
    let (index, tensors) =
        (serde_json::from_slice::<Value>(&index).unwrap(), SafeTensors::deserialize(&data).unwrap());
    let (mut passed, mut failed, mut unsupported) = (0, Vec::new(), Vec::new());
    let cases = index["cases"].as_array().unwrap();
    for case in cases {
        let tensor = |key: &str| {
            let view = tensors.tensor(&format!("{}/{key}", case["name"].as_str().unwrap())).unwrap();
            let values = match view.dtype() {
                Dtype::U8 => view.data().iter().map(|&x| f32::from(x)).collect(),
                Dtype::F32 => {
                    view.data().chunks_exact(4).map(|x| f32::from_le_bytes(x.try_into().unwrap())).collect()
                }
                other => panic!("{other:?}"),
            };
            Reference { shape: view.shape().to_vec(), bytes: view.dtype() == Dtype::U8, values }
        };
        match run(case, tensor("in")) {
            None => unsupported.push(case.to_string()),
            Some(got) => {
                match got.map_err(|e| e.to_string()).and_then(|got| compare(case, &got, &tensor("out"))) {
                    Ok(()) => passed += 1,
                    Err(fault) => failed.push(format!("{} {}: {fault}", case["name"], case["args"])),
                }
            }
        }
    }
    for (what, list) in [("unsupported", &unsupported), ("failed", &failed)] {
        list.iter().for_each(|case| println!("{what}: {case}"));
    }
    let counts = (cases.len(), passed, failed.len(), unsupported.len());
    println!(
        "golden {name}: {} cases, {} passed, {} failed, {} unsupported",
        counts.0, counts.1, counts.2, counts.3
    );
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(passed > 0);
}

fn compare(case: &Value, got: &Reference, expected: &Reference) -> Result<(), String> {
    if got.shape != expected.shape || got.bytes != expected.bytes {
        return Err(format!(
            "shape {:?}, bytes: {}; expected {:?}, {}",
            got.shape, got.bytes, expected.shape, expected.bytes
        ));
    }
    let [rtol, atol] = ["rtol", "atol"].map(|key| case[key].as_f64().unwrap() as f32);
    let wrong = |&at: &usize| {
        let (r, e) = (got.values[at], expected.values[at]);
        (r - e).abs() > atol + rtol * e.abs() || r.is_nan() != e.is_nan()
    };
    let wrong: Vec<usize> = (0..got.values.len()).filter(wrong).collect();
    match wrong.first() {
        None => Ok(()),
        Some(&at) => {
            let (r, e) = (got.values[at], expected.values[at]);
            Err(format!("{} of {} values, first at {at}: {r}, expected {e}", wrong.len(), got.values.len()))
        }
    }
}

/// The case's transform on its input; `None` where this crate has no such transform.
fn run(case: &Value, input: Reference) -> Option<Result<Reference>> {
    let (name, args) = (case["transform"].as_str()?, Args(&case["args"]));
    if name == "make_grid" {
        return Some(grid(&args, input));
    }
    let [channels, height, width] = input.shape[..].try_into().ok()?;
    let image = match input.bytes {
        true => Image::new([channels, height, width], input.values.iter().map(|&x| x as u8).collect()),
        false => Image::from_floats([channels, height, width], input.values),
    };
    let out = image.map(|image| transform(name, &args, image));
    out.transpose().map(|out| out.flatten().map(reference))
}

fn reference(image: Image) -> Reference {
    let (shape, bytes) = (image.size().to_vec(), !image.is_float());
    Reference { shape, bytes, values: image.into_floats() }
}

fn transform(name: &str, args: &Args<'_>, image: Image) -> Option<Result<Image>> {
    let rng = &mut Rng::new(0, 0);
    let factor = || args.number("factor");
    Some(match name {
        "ToTensor" => ToTensor.apply(image, rng),
        "Normalize" => args.normalize().apply(image, rng),
        "ToTensor+Normalize" => Compose::new((ToTensor, args.normalize())).apply(image, rng),
        "CenterCrop" => CenterCrop::new(args.pair("size")).unwrap().apply(image, rng),
        "Pad" => Pad::builder(args.sides())
            .fill(args.number("fill"))
            .padding_mode(args.pad_mode()?)
            .build()
            .unwrap()
            .apply(image, rng),
        "HorizontalFlip" => RandomHorizontalFlip::builder().p(1.0).build().unwrap().apply(image, rng),
        "VerticalFlip" => RandomVerticalFlip::builder().p(1.0).build().unwrap().apply(image, rng),
        "Grayscale" => {
            let grey = Grayscale::builder().num_output_channels(args.number("num_output_channels") as usize);
            grey.build().unwrap().apply(image, rng)
        }
        "Crop" => {
            let [top, left, height, width] = ["top", "left", "height", "width"].map(|key| args.number(key));
            image.crop(top as isize, left as isize, height as usize, width as usize)
        }
        "Resize" => {
            let resize = match &args.0["size"] {
                Value::Array(size) if size.len() == 2 => Resize::builder(args.pair("size")),
                _ => Resize::builder(args.pair("size").0),
            };
            let antialias = args.0["antialias"].as_bool().unwrap_or(true);
            let resize = resize.interpolation(args.interpolation()?).antialias(antialias);
            resize.build().unwrap().apply(image, rng)
        }
        "Rotate" => {
            let expand = args.0["expand"].as_bool().unwrap_or(false);
            let options = RotateOptions::default().interpolation(args.interpolation()?).expand(expand);
            Ok(image.rotate(args.number("angle"), options.fill(args.number("fill"))))
        }
        "Affine" => {
            let map = Affine {
                angle: args.number("angle"),
                translate: args.numbers("translate")[..].try_into().ok()?,
                scale: args.number("scale"),
                shear: args.numbers("shear")[..].try_into().ok()?,
                center: args.numbers("center")[..].try_into().ok(),
                interpolation: args.interpolation()?,
                fill: args.0["fill"].as_f64().map(|fill| fill as f32),
            };
            Ok(image.affine(&map))
        }
        "AdjustBrightness" => Ok(image.adjust_brightness(factor())),
        "AdjustContrast" => image.adjust_contrast(factor()),
        "AdjustSaturation" => image.adjust_saturation(factor()),
        "AdjustSharpness" => Ok(image.adjust_sharpness(factor())),
        "AdjustHue" => image.adjust_hue(factor()),
        "Invert" => Ok(image.invert()),
        "AutoContrast" => Ok(image.autocontrast()),
        "Solarize" => Ok(image.solarize(args.number("threshold"))),
        "Posterize" => image.posterize(args.number("bits") as u32),
        "Equalize" => image.equalize(),
        _ => return None,
    })
}

fn grid(args: &Args<'_>, input: Reference) -> Result<Reference> {
    let flag = |key: &str| args.0[key].as_bool().unwrap_or(false);
    let whole = |key: &str, default: usize| args.0[key].as_u64().map_or(default, |x| x as usize);
    let mut grid =
        Grid::new().nrow(whole("nrow", 8)).padding(whole("padding", 2)).pad_value(args.number("pad_value"));
    grid = grid.normalize(flag("normalize")).scale_each(flag("scale_each"));
    if let [low, high] = args.numbers("value_range")[..] {
        grid = grid.value_range(low, high);
    }
    let out = make_grid(&Tensor::from_vec(input.values, input.shape)?, &grid)?;
    Ok(Reference { shape: out.size().to_vec(), bytes: false, values: out.to_vec()? })
}

struct Args<'a>(&'a Value);

impl Args<'_> {
    fn number(&self, key: &str) -> f32 {
        self.0[key].as_f64().unwrap_or(0.0) as f32
    }

    fn numbers(&self, key: &str) -> Vec<f32> {
        self.0[key]
            .as_array()
            .map_or(Vec::new(), |list| list.iter().map(|x| x.as_f64().unwrap() as f32).collect())
    }

    /// One number counts for both.
    fn pair(&self, key: &str) -> (usize, usize) {
        match self.numbers(key)[..] {
            [height, width] => (height as usize, width as usize),
            [side] => (side as usize, side as usize),
            _ => (self.number(key) as usize, self.number(key) as usize),
        }
    }

    fn sides(&self) -> [usize; 4] {
        match self.numbers("padding")[..] {
            [l, t, r, b] => [l, t, r, b].map(|x| x as usize),
            [x, y] => [x, y, x, y].map(|x| x as usize),
            _ => [self.number("padding") as usize; 4],
        }
    }

    fn normalize(&self) -> Normalize {
        let three = |key: &str| <[f32; 3]>::try_from(&self.numbers(key)[..]).unwrap();
        Normalize::new(three("mean"), three("std")).unwrap()
    }

    fn pad_mode(&self) -> Option<PadMode> {
        Some(match self.0["mode"].as_str().or(self.0["padding_mode"].as_str()).unwrap_or("constant") {
            "constant" => PadMode::Constant,
            "edge" => PadMode::Edge,
            "reflect" => PadMode::Reflect,
            "symmetric" => PadMode::Symmetric,
            _ => return None,
        })
    }

    fn interpolation(&self) -> Option<Interpolation> {
        Some(match self.0["interpolation"].as_str().unwrap_or("nearest") {
            "nearest" => Interpolation::Nearest,
            "bilinear" => Interpolation::Bilinear,
            "bicubic" => Interpolation::Bicubic,
            _ => return None,
        })
    }
}
