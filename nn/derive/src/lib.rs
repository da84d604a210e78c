//! `#[derive(Module)]`
