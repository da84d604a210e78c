//! The networks, one file each.

mod net;

pub use net::Net;
