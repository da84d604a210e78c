//! taper-nn
