//! Fetches a dataset, or all of them, into a folder.
#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use taper_data::fetch::{FetchOptions, Package, fetch};

/// Fetch a dataset and verify it.
#[derive(Parser)]
#[command(name = "cargo xtask fetch", bin_name = "cargo xtask fetch", version)]
struct Settings {
    /// The dataset: cifar10, cifar100, mnist, fashion-mnist, kmnist, or all.
    #[arg(value_parser = packages)]
    name: Packages,
    /// The folder of the datasets.
    #[arg(long, visible_alias = "data", default_value = "data", value_name = "DIR")]
    dir: PathBuf,
    /// Where to take it from: the archive, a folder with its files, or a URL.
    #[arg(long, value_name = "PATH_OR_URL")]
    from: Option<String>,
}

/// What a name stands for.
#[derive(Clone)]
struct Packages(Vec<Package>);

fn packages(name: &str) -> Result<Packages, String> {
    if name == "all" {
        return Ok(Packages(Package::all()));
    }
    let unknown = || {
        let names: Vec<_> = Package::all().into_iter().map(|package| package.name).collect();
        format!("expected one of {}, or all", names.join(", "))
    };
    Package::named(name).map(|package| Packages(vec![package])).ok_or_else(unknown)
}

fn main() -> ExitCode {
    let settings = Settings::parse();
    let mut code = ExitCode::SUCCESS;
    // One that cannot be had is no reason to go without the others.
    for package in &settings.name.0 {
        let options = FetchOptions { from: settings.from.clone(), ..FetchOptions::default() };
        match fetch(package, &settings.dir, &options) {
            Ok(report) => {
                let folder = report.folder.display();
                match report.source {
                    Some(source) => println!("{folder} is complete and verified; it came from {source}"),
                    None => println!("{folder} was complete and verified already"),
                }
            }
            Err(error) => {
                eprintln!("error: {error}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}
