//! PyTorch's "Deep Learning with PyTorch: a 60 minute blitz" as programs on taper: the models, and
//! the parts of the programs `cifar`, which trains and tests an image classifier, and `predict`, which uses it.
#![forbid(unsafe_code)]

pub mod checkpoint;
pub mod evaluate;
pub mod files;
pub mod interrupt;
pub mod models;
pub mod output;
pub mod predict;
pub mod progress;
pub mod report;
pub mod settings;
pub mod source;
pub mod train;

/// The result of a program's part: an error of any of the crates, to be shown to the user.
pub type Result<T, E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

// The program in the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
