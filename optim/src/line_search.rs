//! Searches a line for a point where the strong Wolfe conditions hold: Nocedal and Wright, "Numerical
//! optimization", 2006, algorithms 3.5 and 3.6, with the safeguards of PyTorch and minFunc.

use taper_autograd::tensor::Tensor;

use crate::Result;

/// The loss must fall by this share of the fall that the slope at the start predicts.
const SUFFICIENT: f64 = 1e-4;
/// The slope must fall to this share of the slope at the start.
const FLATTER: f64 = 0.9;

/// A point on the line.
#[derive(Clone)]
pub(crate) struct Point {
    /// The distance along the direction.
    pub t: f64,
    /// The loss at the point.
    pub loss: f64,
    /// The gradient at the point.
    pub grad: Tensor,
    /// The derivative along the direction.
    pub slope: f64,
}

/// Searches from `start`, where `t` is 0. Returns a point that satisfies the conditions, or the best one after
/// `most` steps, and the number of points computed. `size` is the direction's largest element.
pub(crate) fn strong_wolfe(
    start: &Point,
    t: f64,
    size: f64,
    tolerance_change: f64,
    most: u64,
    at: &mut dyn FnMut(f64) -> Result<Point>,
) -> Result<(Point, u64)> {
    let too_high = |p: &Point| p.loss > start.loss + SUFFICIENT * p.t * start.slope;
    let flat = |p: &Point| p.slope.abs() <= -FLATTER * start.slope;

    // Goes farther and farther, until two points enclose one that is wanted.
    let (mut previous, mut new) = (start.clone(), at(t)?);
    let mut steps = 0;
    let mut bracket = loop {
        if steps >= most {
            break [start.clone(), new];
        }
        if too_high(&new) || (steps > 1 && new.loss >= previous.loss) {
            break [previous, new];
        }
        if flat(&new) {
            return Ok((new, steps + 1));
        }
        if new.slope >= 0.0 {
            break [previous, new];
        }
        let range = (new.t + 0.01 * (new.t - previous.t), new.t * 10.0);
        let t = lowest(&previous, &new, range);
        previous = std::mem::replace(&mut new, at(t)?);
        steps += 1;
    };

    // Moves the two together; the one with the lower loss is the result so far.
    let by_loss = |bracket: &[Point; 2]| if bracket[0].loss <= bracket[1].loss { (0, 1) } else { (1, 0) };
    let (mut low, mut high) = by_loss(&bracket);
    let mut near_an_end = false;
    let mut evaluations = steps + 1;
    while steps < most {
        let (first, last) = ends(bracket[0].t, bracket[1].t);
        if (last - first) * size < tolerance_change {
            break;
        }
        let mut t = lowest(&bracket[0], &bracket[1], (first, last));
        // A point that is close to an end twice in a row, or at an end, is moved a tenth away from it.
        let margin = 0.1 * (last - first);
        let close = (last - t).min(t - first) < margin;
        if close && (near_an_end || t >= last || t <= first) {
            t = if (t - last).abs() < (t - first).abs() { last - margin } else { first + margin };
            near_an_end = false;
        } else {
            near_an_end = close;
        }
        let new = at(t)?;
        evaluations += 1;
        steps += 1;
        if too_high(&new) || new.loss >= bracket[low].loss {
            bracket[high] = new;
            (low, high) = by_loss(&bracket);
            continue;
        }
        let done = flat(&new);
        if !done && new.slope * (bracket[high].t - bracket[low].t) >= 0.0 {
            bracket[high] = bracket[low].clone();
        }
        bracket[low] = new;
        if done {
            break;
        }
    }
    let [a, b] = bracket;
    Ok((if low == 0 { a } else { b }, evaluations))
}

fn ends(a: f64, b: f64) -> (f64, f64) {
    if a <= b { (a, b) } else { (b, a) }
}

/// Returns where the cubic through two points with their slopes is lowest within a range, or the range's middle
/// if the cubic has no lowest point.
fn lowest(a: &Point, b: &Point, (least, most): (f64, f64)) -> f64 {
    let d1 = a.slope + b.slope - 3.0 * (a.loss - b.loss) / (a.t - b.t);
    let square = d1 * d1 - a.slope * b.slope;
    if square < 0.0 || square.is_nan() {
        return f64::midpoint(least, most);
    }
    let d2 = square.sqrt();
    let (a, b) = if a.t <= b.t { (a, b) } else { (b, a) };
    let t = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2.0 * d2));
    t.max(least).min(most)
}
