//! One binary for all tests of the crate.
#![forbid(unsafe_code)]

mod cifar; // the dataset, from good and bad files
mod fetch; // sources, checksums, what is left behind
mod golden; // torchvision's results
mod loader; // batches, workers, errors, states
mod pieces; // adapters, samplers, collation
mod server; // a small HTTP server with faults
