//! The networks, one file each.

mod net;
mod resnet;

pub use net::Net;
pub use resnet::ResNet18;
