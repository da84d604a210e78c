//! Optimisers against PyTorch's trajectories, and their refusals.

mod golden; // the reference cases
mod refusals; // settings and parameters that make no sense
mod schedules; // learning rates
