//! The programs, run as a user runs them.

mod candle; // a network trained here serves in candle
mod cifar; // training end to end, repeatable
mod config; // settings in a file
mod examples; // the tutorial's sections print what they should
mod interrupt; // Ctrl-C
mod kill; // killed at random moments, and gone on
mod models; // what the models are made of
mod names; // the tables of names for those who come from PyTorch
mod predict; // a trained network on pictures
mod pytorch; // checkpoints go to PyTorch and come from there
mod refusals; // bad input: a clear error, and no damage
mod regression; // defects seen elsewhere
mod report; // what a run leaves to look at
mod resume; // stopped and gone on, to the bit
mod run; // how a program is run
