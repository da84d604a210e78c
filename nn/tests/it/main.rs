//! The tests of taper-nn, a module for each topic.

mod golden; // PyTorch's reference cases of modules and losses
mod losses; // what losses refuse, and where numbers grow large
mod module; // the tree of parameters, buffers and children
mod state; // checkpoints: what fits, files, damage
mod tutorial; // the tutorial's network
