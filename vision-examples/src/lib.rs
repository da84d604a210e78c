//! The tutorial
