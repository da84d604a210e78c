//! Measures taper, beside PyTorch where a Python with it is named.
//!
//! Times on a shared machine wander, so everything that is compared runs in turn, a short round
//! of each, again and again; what counts is the ratio.
#![forbid(unsafe_code)]

mod autograd;
#[cfg(feature = "candle")]
mod candle;
mod conv;
mod data;
mod e2e;
mod harness;
mod optim;
mod peer;
mod step;
mod tensor;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use harness::Bench;
use taper::tensor::set_num_threads;
use taper_vision_examples::Result;

/// Measure how fast taper is.
#[derive(Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench", version)]
struct Cli {
    #[command(subcommand)]
    topic: Topic,
}

#[derive(Subcommand)]
enum Topic {
    /// A whole training step: zero_grad, forward, loss, backward, optimiser
    Step(step::Settings),
    /// What the tape costs: chains of cheap operations, recorded, and their kernels alone
    Autograd(Common),
    /// An optimiser's step over the parameters of a network, beside a plain copy of as many bytes
    Optim(Common),
    /// Operations on tensors of 1M and 16M elements, and both passes of the layers that call them
    Tensor(Common),
    /// Convolutions of ResNet-18 and of the tutorial's network, each pass
    Conv {
        #[command(flatten)]
        common: Common,
        /// The images in a mini-batch.
        #[arg(long, default_value_t = 64)]
        batch_size: usize,
    },
    /// The loader's images per second, and the share of a training step that waits for them
    Data(data::Settings),
    /// The tutorial's whole program on CIFAR-10, from its start to the accuracy
    E2e(e2e::Settings),
}

/// What every topic can be told.
#[derive(Args, Clone)]
struct Common {
    /// A Python with PyTorch, to run the same there alternately.
    #[arg(long, value_name = "PYTHON")]
    pytorch: Option<PathBuf>,
    /// The threads that compute; PyTorch takes that many or one, whichever is faster [default: all processors]
    #[arg(long, env = "TAPER_NUM_THREADS", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// How long to measure each contestant of each case, in seconds.
    #[arg(long, default_value_t = 1.0, value_name = "SECONDS")]
    seconds: f64,
    /// Only the cases whose names contain this text.
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    /// Print the figures as JSON instead of a table; times in seconds.
    #[arg(long)]
    json: bool,
}

impl Common {
    fn open(&self) -> Result<Bench> {
        let processors = || std::thread::available_parallelism().map_or(1, |n| n.get());
        let threads = self.threads.map_or_else(processors, usize::from);
        set_num_threads(threads)?;
        Bench::open(self, threads)
    }
}

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let done = match Cli::parse().topic {
        Topic::Step(settings) => step::run(&settings),
        Topic::Conv { common, batch_size } => conv::run(&common, batch_size),
        Topic::Data(settings) => data::run(&settings),
        Topic::E2e(settings) => e2e::run(&settings),
        Topic::Autograd(common) => autograd::run(&common),
        Topic::Optim(common) => optim::run(&common),
        Topic::Tensor(common) => tensor::run(&common),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
