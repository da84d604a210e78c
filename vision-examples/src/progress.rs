//! How far a training is: a bar on a terminal, else a line now and then, on standard error.

use std::time::Duration;

use indicatif::{FormattedDuration, HumanCount, ProgressBar, ProgressStyle};

use crate::output::{say, warn};
use crate::train::Training;

/// How much of the loss on display comes from the mini-batches before the last one.
const MEMORY: f64 = 0.98;
/// How often the bar is drawn, and at first a line written.
const REDRAW: Duration = Duration::from_millis(100);
const LINES: Duration = Duration::from_secs(10);

/// The display of one training.
pub struct Progress {
    bar: ProgressBar,
    epochs: u64,
    batches: u64,
    /// What was done before the program began.
    before: Training,
    loss: f64,
    /// The weight of all losses in `loss`.
    weight: f64,
    /// When there is something to show next.
    next: Duration,
}

impl Progress {
    /// Begins the display of so many epochs and mini-batches in each, some of which may be done.
    pub fn new(epochs: u64, batches: usize, done: &Training) -> Self {
        let batches = batches as u64;
        let bar = ProgressBar::new(epochs.saturating_mul(batches)).with_position(done.step);
        let bar = match ProgressStyle::with_template("{wide_bar} {percent:>3} %  {msg}") {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        };
        let before = Training { curve: vec![], ..done.clone() };
        let next = if bar.is_hidden() { LINES } else { Duration::ZERO };
        Self { bar, epochs, batches, before, loss: 0.0, weight: 0.0, next }
    }

    /// Another mini-batch had this loss.
    pub fn add(&mut self, loss: f64) {
        self.loss = MEMORY * self.loss + (1.0 - MEMORY) * loss;
        self.weight = MEMORY * self.weight + (1.0 - MEMORY);
    }

    /// Whether it is time to show the state that a training is in after that time.
    pub fn is_due(&self, time: Duration) -> bool {
        time - self.before.time >= self.next
    }

    /// Shows a state of the training.
    pub fn show(&mut self, now: &Training) {
        self.bar.set_position(now.step);
        let elapsed = now.time - self.before.time;
        if !self.bar.is_hidden() {
            self.next = elapsed + REDRAW;
            self.bar.set_message(self.text(now, elapsed));
        } else if elapsed >= self.next {
            // Ever rarer, so that a day of training leaves a page and not a book.
            self.next = (elapsed + LINES).max(elapsed.mul_f64(1.1));
            let percent = 100 * u128::from(now.step) / u128::from(self.steps().max(1));
            warn(format_args!("{percent:3} %  {}", self.text(now, elapsed)));
        }
    }

    /// The mini-batches of the whole training.
    fn steps(&self) -> u64 {
        self.epochs.saturating_mul(self.batches)
    }

    fn text(&self, now: &Training, elapsed: Duration) -> String {
        let steps = (now.step - self.before.step).max(1);
        let rate = (now.images - self.before.images) as f64 / elapsed.as_secs_f64().max(1e-9);
        let left = self.steps().saturating_sub(now.step) as f64 / steps as f64;
        let left = Duration::try_from_secs_f64(elapsed.as_secs_f64() * left).unwrap_or(Duration::MAX);
        let rate = if rate < 10.0 { format!("{rate:.1}") } else { HumanCount(rate as u64).to_string() };
        format!(
            "epoch {}/{}  loss {:.3}  {} images/s  {} left",
            now.step.div_ceil(self.batches.max(1)),
            self.epochs,
            self.loss / self.weight,
            rate,
            FormattedDuration(left)
        )
    }

    /// Prints a line above the bar.
    pub fn say(&self, line: &str) {
        self.bar.suspend(|| say(line));
    }

    /// Warns above the bar.
    pub fn warn(&self, line: &str) {
        self.bar.suspend(|| warn(line));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
