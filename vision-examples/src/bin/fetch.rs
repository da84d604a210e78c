//! Fetches a dataset into a folder.
#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use taper_data::fetch::{FetchOptions, Package, fetch};

/// Fetch a dataset and verify it.
#[derive(Parser)]
#[command(name = "cargo xtask fetch", version)]
struct Settings {
    /// The dataset.
    name: Name,
    /// The folder of the datasets.
    #[arg(long, default_value = "data", value_name = "DIR")]
    dir: PathBuf,
    /// Where to take it from: the archive, a folder with its files, or a URL.
    #[arg(long, value_name = "PATH_OR_URL")]
    from: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Name {
    /// 60,000 colour pictures of 32x32 in ten classes.
    Cifar10,
}

fn main() -> ExitCode {
    let settings = Settings::parse();
    let package = match settings.name {
        Name::Cifar10 => Package::cifar10(),
    };
    let options = FetchOptions { from: settings.from, ..FetchOptions::default() };
    match fetch(&package, &settings.dir, &options) {
        Ok(report) => {
            let folder = report.folder.display();
            match report.source {
                Some(source) => println!("{folder} is complete and verified; it came from {source}"),
                None => println!("{folder} was complete and verified already"),
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
