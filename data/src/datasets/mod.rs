//! The datasets, each a [`Dataset`](crate::Dataset) of `(Image, i64)`: a picture and the number of its class.

mod cifar;
mod folder;
mod idx;
mod mnist;
mod synthetic;
mod table;

pub use cifar::{Cifar10, Cifar100};
pub use folder::ImageFolder;
pub use mnist::{FashionMnist, Kmnist, Mnist};
pub use synthetic::Synthetic;
pub use table::{Split, Storage};
