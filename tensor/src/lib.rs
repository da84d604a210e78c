//! taper-tensor
