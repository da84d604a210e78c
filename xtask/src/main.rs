//! The commands of the workspace; `cargo xtask` without arguments lists them.
//!
//! It depends on none of the taper crates, so that it compiles in seconds, and calls cargo for everything
//! that needs them.
#![forbid(unsafe_code)]

mod cargo;
mod ci;
mod cuda_check;
mod doc;
mod gpu_check;
mod tidy;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Parser, Subcommand};

/// Drives taper's tests, data and the end-to-end run.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Fetch a dataset, or all: `fetch cifar10 [--dir data] [--from PATH_OR_URL]`
    #[command(disable_help_flag = true)]
    Fetch(Arguments),
    /// Draw the first pictures of a dataset as one PNG: `show cifar10`
    #[command(disable_help_flag = true)]
    Show(Arguments),
    /// Train and test the tutorial's CIFAR-10 classifier; `cifar --help` lists its options
    #[command(disable_help_flag = true)]
    Cifar(Arguments),
    /// Say what pictures show, with the trained network: `predict --model out/net.safetensors IMAGE…`
    #[command(disable_help_flag = true)]
    Predict(Arguments),
    /// Measure: `bench TOPIC [--pytorch PYTHON]`; `bench --help` lists the topics
    #[command(disable_help_flag = true)]
    Bench(Arguments),
    /// Run every test of the workspace, doctests included; or those that arguments for `cargo test` pick
    #[command(disable_help_flag = true)]
    Test(Arguments),
    /// Build the documentation of every crate, with links between them: `doc [--open]`
    Doc {
        /// Show it in a browser
        #[arg(long)]
        open: bool,
    },
    /// Check the invariants of the architecture over the sources
    Tidy,
    /// Check values, gradients and training on a CUDA GPU; without one it says so and fails
    GpuCheck {
        /// Only build what it needs, here, to be run on a machine with a GPU
        #[arg(long)]
        build: bool,
    },
    /// Everything that has to pass before a change lands, ending with a short training run
    Ci {
        /// Only these stages
        #[arg(value_parser = PossibleValuesParser::new(ci::stages()))]
        stages: Vec<String>,
    },
}

/// Arguments that are passed on unchanged.
#[derive(clap::Args)]
struct Arguments {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    rest: Vec<OsString>,
}

fn main() -> ExitCode {
    if cuda_check::is_nvcc() {
        return cuda_check::nvcc(std::env::args_os().skip(1));
    }
    let result = match Cli::parse().command {
        Command::Fetch(arguments) => cargo::run("fetch", &arguments.rest),
        Command::Show(arguments) => cargo::run("show", &arguments.rest),
        Command::Cifar(arguments) => cargo::run("cifar", &arguments.rest),
        Command::Predict(arguments) => cargo::run("predict", &arguments.rest),
        Command::Bench(arguments) => bench(&arguments.rest),
        Command::Test(arguments) => cargo::hand_over(cargo::cargo("test").args(arguments.rest)),
        Command::Doc { open } => doc::run(open),
        Command::Tidy => tidy::run(&cargo::root()),
        Command::GpuCheck { build } => gpu_check::run(build),
        Command::Ci { stages } => ci::run(&stages),
    };
    result.unwrap_or_else(|message| {
        eprintln!("xtask: {message}");
        ExitCode::FAILURE
    })
}

/// Runs the benchmarks. The benchmark of the whole program needs the program.
fn bench(arguments: &[OsString]) -> Result<ExitCode, String> {
    if arguments.first().is_some_and(|topic| topic == "e2e") && !cargo::succeeds(&mut cargo::build("cifar"))?
    {
        return Ok(ExitCode::FAILURE);
    }
    cargo::run("bench", arguments)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn programs_get_their_options_untouched() {
        let given = ["cargo xtask", "cifar", "--epochs", "1", "--help", "--no-such", "--", "-x"];
        let Command::Cifar(arguments) = Cli::parse_from(given).command else { panic!("not cifar") };
        assert_eq!(arguments.rest, given[2..]);
    }

    #[test]
    fn an_unknown_command_is_refused() {
        assert!(Cli::try_parse_from(["cargo xtask", "trian"]).is_err());
        assert!(Cli::try_parse_from(["cargo xtask", "tidy", "--fast"]).is_err());
        assert!(Cli::try_parse_from(["cargo xtask", "ci", "lint"]).is_err());
    }
}
