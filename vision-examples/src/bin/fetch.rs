//! Fetches a dataset, or all of them, into a folder.
#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use clap::builder::PossibleValuesParser;
use taper::data::fetch::{FetchOptions, Package, fetch};
use taper_vision_examples::output::{say, warn};

/// Fetch a dataset and verify it.
#[derive(Parser)]
#[command(name = "cargo xtask fetch", bin_name = "cargo xtask fetch", version)]
struct Settings {
    /// The dataset, or all of them.
    #[arg(value_parser = PossibleValuesParser::new(names()), ignore_case = true)]
    name: String,
    /// The folder of the datasets.
    #[arg(long, visible_alias = "data", default_value = "data", value_name = "DIR")]
    dir: PathBuf,
    /// Where to take it from: the archive, a folder with its files, or a URL.
    #[arg(long, value_name = "PATH_OR_URL")]
    from: Option<String>,
}

/// What can be asked for.
fn names() -> impl Iterator<Item = &'static str> {
    // The command line keeps them until the program ends.
    Package::all().into_iter().map(|package| &*package.name.leak()).chain(["all"])
}

fn main() -> ExitCode {
    let settings = Settings::parse();
    let mut code = ExitCode::SUCCESS;
    let wanted =
        |package: &Package| [&package.name, "all"].iter().any(|n| settings.name.eq_ignore_ascii_case(n));
    // One that cannot be had is no reason to go without the others.
    for package in Package::all().iter().filter(|package| wanted(package)) {
        let options = FetchOptions { from: settings.from.clone(), ..FetchOptions::default() };
        match fetch(package, &settings.dir, &options) {
            Ok(report) => {
                let folder = report.folder.display();
                match report.source {
                    Some(source) => {
                        say(format_args!("{folder} is complete and verified; it came from {source}"));
                    }
                    None => say(format_args!("{folder} was complete and verified already")),
                }
            }
            Err(error) => {
                warn(format_args!("error: {error}"));
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}
