//! Curves, bars and the confusion matrix.

use std::fmt::Write;

use super::drawing::{Anchor, Drawing};

/// The width of all charts. On a telephone they shrink by a third, and the page enlarges their letters.
const WIDTH: f64 = 520.0;

/// Points in order, joined; a few of them are marked.
pub fn curve(title: &str, x_name: &str, points: &[(f64, f64)]) -> Drawing {
    let (height, left, right, top, bottom) = (300.0, 48.0, 14.0, 14.0, 44.0);
    let mut drawing = Drawing::new(title, WIDTH, height);
    let xs = scale(points.iter().map(|p| p.0));
    let ys = scale(points.iter().map(|p| p.1));
    let x = |value: f64| left + (value - xs.low) / (xs.high - xs.low) * (WIDTH - left - right);
    let y = |value: f64| height - bottom - (value - ys.low) / (ys.high - ys.low) * (height - top - bottom);
    for tick in ys.ticks() {
        drawing.path("grid", &format!("M{left} {:.1}H{}", y(tick), WIDTH - right));
        drawing.text("label", [left - 8.0, y(tick) + 4.5], Anchor::End, 0.0, &ys.text(tick));
    }
    for tick in xs.ticks() {
        drawing.path("grid", &format!("M{:.1} {}v5", x(tick), height - bottom));
        drawing.text("label", [x(tick), height - bottom + 20.0], Anchor::Middle, 0.0, &xs.text(tick));
    }
    drawing.text("label", [(left + WIDTH - right) / 2.0, height - 6.0], Anchor::Middle, 0.0, x_name);
    let mut line = String::new();
    for (i, &(a, b)) in points.iter().filter(|(a, b)| a.is_finite() && b.is_finite()).enumerate() {
        let _ = write!(line, "{}{:.1} {:.1}", if i == 0 { 'M' } else { 'L' }, x(a), y(b));
        if points.len() <= 30 {
            drawing.rect("bar", [x(a) - 3.0, y(b) - 3.0, 6.0, 6.0], 1.0);
        }
    }
    drawing.path("curve", &line);
    drawing
}

/// Where an axis begins and ends, and the distance of its marks.
struct Scale {
    low: f64,
    high: f64,
    step: f64,
}

/// An axis for these values with four to nine marks at 1, 2 or 5 times a power of ten.
fn scale(values: impl Iterator<Item = f64> + Clone) -> Scale {
    let finite = values.filter(|v| v.is_finite());
    let (mut low, mut high) =
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    if low > high {
        (low, high) = (0.0, 1.0);
    }
    if high - low < 1e-9 * high.abs().max(1e-9) {
        (low, high) = (low - 0.5, high + 0.5);
    }
    let rough = (high - low) / 5.0;
    let power = 10f64.powf(rough.log10().floor());
    let step = power * [1.0, 2.0, 5.0, 10.0].into_iter().find(|m| m * power >= rough).unwrap_or(10.0);
    Scale { low: (low / step).floor() * step, high: (high / step).ceil() * step, step }
}

impl Scale {
    fn ticks(&self) -> impl Iterator<Item = f64> + use<> {
        let (low, step) = (self.low, self.step);
        (0..=((self.high - low) / step).round() as usize).map(move |i| low + i as f64 * step)
    }

    fn text(&self, value: f64) -> String {
        format!("{value:.*}", (-self.step.log10().floor()).max(0.0) as usize)
    }
}

/// A bar for each name, of 100.
pub fn bars(title: &str, rows: &[(&str, f64)]) -> Drawing {
    let (left, right, row) = (92.0, 60.0, 27.0);
    let mut drawing = Drawing::new(title, WIDTH, row * rows.len() as f64 + 8.0);
    for (i, (name, percent)) in rows.iter().enumerate() {
        let (top, full) = (4.0 + row * i as f64, WIDTH - left - right);
        drawing.text("value", [left - 8.0, top + 18.0], Anchor::End, 0.0, name);
        drawing.rect("box", [left, top + 4.0, full, row - 8.0], 1.0);
        drawing.rect("bar", [left, top + 4.0, full * percent / 100.0, row - 8.0], 1.0);
        let number = format!("{percent:.1} %");
        drawing.text("value", [WIDTH - 4.0, top + 18.0], Anchor::End, 0.0, &number);
    }
    drawing
}

/// How many of each class (row) were taken for each class (column): right ones in one colour, mistakes in
/// another, the stronger the larger their share of the row.
pub fn confusion(title: &str, classes: &[&str], counts: &[Vec<usize>]) -> Drawing {
    let (left, top, right) = (96.0, 84.0, 42.0);
    let cell = (WIDTH - left - right) / classes.len().max(1) as f64;
    let mut drawing = Drawing::new(title, WIDTH, top + cell * classes.len() as f64 + 6.0);
    drawing.text("label", [left - 8.0, top - 28.0], Anchor::End, 0.0, "taken for →");
    drawing.text("label", [left - 8.0, top - 9.0], Anchor::End, 0.0, "is ↓");
    for (i, (name, row)) in classes.iter().zip(counts).enumerate() {
        let middle = (i as f64 + 0.5) * cell;
        drawing.text("value", [left - 8.0, top + middle + 4.5], Anchor::End, 0.0, name);
        drawing.text("value", [left + middle, top - 8.0], Anchor::Start, -40.0, name);
        let total: usize = row.iter().sum();
        for (j, &count) in row.iter().enumerate() {
            let (share, x, y) =
                (count as f64 / total.max(1) as f64, left + j as f64 * cell, top + i as f64 * cell);
            drawing.rect("box", [x + 1.0, y + 1.0, cell - 2.0, cell - 2.0], 1.0);
            // Mistakes are spread over nine cells: twice as strong, they are seen.
            let (class, opacity) = if i == j { ("bar", share) } else { ("miss", (2.0 * share).min(1.0)) };
            drawing.rect(class, [x + 1.0, y + 1.0, cell - 2.0, cell - 2.0], opacity);
            let class = if opacity > 0.6 { "on" } else { "value" };
            if count > 0 {
                let at = [x + cell / 2.0, y + cell / 2.0 + 4.5];
                drawing.text(class, at, Anchor::Middle, 0.0, &count.to_string());
            }
        }
    }
    drawing
}
