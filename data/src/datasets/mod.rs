//! The datasets, each a [`Dataset`](crate::Dataset) of `(Image, i64)`: a picture and the number of its class.

mod cifar;
mod synthetic;
mod table;

pub use cifar::Cifar10;
pub use synthetic::Synthetic;
pub use table::{Split, Storage};
