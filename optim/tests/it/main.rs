//! Optimisers against PyTorch's trajectories, and their refusals.

mod clip; // gradients within bounds, and those that are no numbers
mod ema; // averaged weights
mod golden; // the reference cases
mod lbfgs; // PyTorch's trajectories with a closure
mod refusals; // settings and parameters that make no sense
mod schedules; // learning rates
mod state; // saved and gone on with, to the bit
