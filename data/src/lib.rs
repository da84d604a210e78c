//! taper-data
