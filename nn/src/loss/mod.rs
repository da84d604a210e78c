//! The losses, a file for each family.

pub(crate) mod cross_entropy;
pub(crate) mod regression;
