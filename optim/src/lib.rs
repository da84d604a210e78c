//! taper-optim
