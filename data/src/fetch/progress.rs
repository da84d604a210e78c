//! Shows the progress of a fetch at a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// A line with a message, or a bar.
pub(super) struct Progress(ProgressBar);

impl Progress {
    pub fn new(quiet: bool) -> Self {
        // On standard error, which `indicatif` leaves alone if it is not a terminal.
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(bar)
    }

    /// Shows a step of unknown length.
    pub fn say(&self, message: &str) {
        self.style("{spinner} {wide_msg} {elapsed}");
        self.0.set_message(message.to_string());
    }

    /// Shows a step of `total` bytes, if known, after `done` of them.
    pub fn bytes(&self, message: &str, done: u64, total: Option<u64>) {
        self.style("{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}");
        self.0.set_message(message.to_string());
        match total {
            Some(total) => self.0.set_length(total),
            None => self.0.unset_length(),
        }
        self.0.set_position(done);
        self.0.reset_eta();
    }

    /// Adds `count` bytes.
    pub fn advance(&self, count: u64) {
        self.0.inc(count);
    }

    fn style(&self, template: &str) {
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
