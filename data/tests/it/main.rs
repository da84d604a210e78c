//! One binary for all tests of the crate.
#![forbid(unsafe_code)]

mod builders; // what builders refuse
mod cifar; // the dataset, from good and bad files
mod datasets; // MNIST's format, pickles, folders, damaged files
mod fetch; // sources, checksums, what is left behind
mod golden; // torchvision's results
mod loader; // batches, workers, errors, states
mod pictures; // grids, files, sheets
mod pieces; // adapters, samplers, collation
mod server; // a small HTTP server with faults
mod stream; // datasets without an index
mod transforms; // randomness, and what is refused
