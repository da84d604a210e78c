//! Data for training: datasets, transforms, loaders, and the downloads behind them.
//!
//! ```no_run
//! use taper_data::{Cifar10, DataLoader, Dataset, fetch, transforms::{Compose, Normalize, ToTensor}};
//!
//! fetch::cifar10("data", &fetch::FetchOptions::default())?;
//! let transform = Compose::new((ToTensor, Normalize::new([0.5; 3], [0.5; 3])?));
//! let train = Cifar10::train("data")?.transform(transform);
//! let loader = DataLoader::builder(train).batch_size(4).shuffle(true).num_workers(2).build()?;
//! for batch in loader.iter() {
//!     let (inputs, labels) = batch?; // f32 [4, 3, 32, 32] and i64 [4]
//! }
//! # Ok::<(), taper_data::Error>(())
//! ```
//!
//! A [`Dataset`] returns an [`Image`] and a label, [`transforms`] change the image, [`Collate`] writes it into its
//! batch, and a [`DataLoader`] does all of that on worker threads.
//!
//! `T::new` makes a loader, a sampler or a transform with PyTorch's defaults, `T::builder` one with options, which
//! `build` checks. Memory can run out in any function that makes a tensor; the error says so.
#![forbid(unsafe_code)]

mod adapters;
mod builder;
mod collate;
mod dataset;
mod datasets;
mod error;
pub mod fetch;
mod image;
mod loader;
pub mod pictures;
mod rng;
mod sampler;
mod stream;
pub mod transforms;

pub use adapters::{Cache, Concat, Map, Subset, TensorDataset, Transformed};
pub use collate::{Collate, ImageStack};
pub use dataset::Dataset;
pub use datasets::{Cifar10, Cifar100, FashionMnist, ImageFolder, Kmnist, Mnist, Split, Storage, Synthetic};
pub use error::{Error, Result};
pub use image::Image;
pub use loader::{Batches, DataLoader, DataLoaderBuilder, LoaderState};
pub use rng::Rng;
pub use sampler::{
    BatchSampler, DistributedSampler, DistributedSamplerBuilder, RandomSampler, Sampler, SequentialSampler,
    WeightedRandomSampler, WeightedRandomSamplerBuilder,
};
pub use stream::{IterableDataset, Samples, StreamBatches, StreamLoader, StreamLoaderBuilder};
