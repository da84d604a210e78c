//! taper-autograd
