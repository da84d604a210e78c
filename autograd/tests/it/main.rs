//! The tape, its engine, and every gradient rule.

mod engine; // order, accumulation, freeing, errors
mod golden; // values, gradients and second gradients against PyTorch's
mod golden_ops; // PyTorch's names to ours
mod rules; // each rule against numerical derivatives
