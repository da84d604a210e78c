//! Says what pictures show.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use taper_vision_examples::Result;
use taper_vision_examples::output::{answer, warn};
use taper_vision_examples::predict::{Predictor, pictures, read};
use taper_vision_examples::settings::{at_least_one, device};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Say what pictures show, with a network that `cargo xtask cifar` has trained.
#[derive(Parser)]
#[command(name = "cargo xtask predict", bin_name = "cargo xtask predict", version)]
struct Settings {
    /// The network: OUT/net.safetensors of a training, its checkpoint, or one of PyTorch's.
    #[arg(long, default_value = "out/net.safetensors", value_name = "FILE")]
    model: PathBuf,
    /// How many classes to name of each picture, the likeliest first.
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = at_least_one)]
    #[arg(allow_negative_numbers = true)]
    top: usize,
    /// Where to compute: `cpu`, `cuda` or `cuda:N`.
    #[arg(long, default_value = "cpu")]
    device: String,
    /// PNG or JPEG files, folders of them, or patterns such as "photos/*.jpg".
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<PathBuf>,
}

fn main() -> ExitCode {
    let settings = Settings::parse();
    let predictor = device(&settings.device).and_then(|device| Predictor::open(&settings.model, device));
    let predictor = match predictor {
        Ok(predictor) => predictor,
        Err(error) => return fail(&*error),
    };
    let (mut code, mut files) = (ExitCode::SUCCESS, vec![]);
    for argument in &settings.images {
        match pictures(argument) {
            Ok(found) => files.extend(found),
            Err(error) => code = fail(&*error),
        }
    }
    let width = files.iter().map(|file| file.display().to_string().chars().count()).max().unwrap_or(0);
    // One that cannot be read is no reason to go without the others.
    for file in &files {
        let answered = line(&predictor, file, settings.top)
            .and_then(|classes| answer(format_args!("{:width$}  {classes}", file.display().to_string())));
        match answered {
            Ok(true) => {}
            Ok(false) => break, // nobody reads the others
            Err(error) => code = fail(&*error),
        }
    }
    code
}

fn fail(error: &dyn std::error::Error) -> ExitCode {
    warn(format_args!("error: {error}"));
    ExitCode::FAILURE
}

/// `cat 61.2 %   dog 22.0 %   frog 5.1 %`
fn line(predictor: &Predictor, file: &Path, top: usize) -> Result<String> {
    let classes = predictor.likeliest(read(file)?, top).map_err(|e| format!("{}: {e}", file.display()))?;
    let text = |(name, probability): &(&str, f64)| format!("{name} {:.1} %", 100.0 * probability);
    Ok(classes.iter().map(text).collect::<Vec<_>>().join("   "))
}
