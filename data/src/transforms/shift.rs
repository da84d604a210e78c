//! Crops, pads and flips pictures.

use crate::{Error, Image, Result};

/// Selects the values beyond the edge of a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PadMode {
    /// One value.
    #[default]
    Constant,
    /// The value at the edge.
    Edge,
    /// The mirrored picture, without repeating the edge.
    Reflect,
    /// The mirrored picture, repeating the edge.
    Symmetric,
}

/// The place of the source for each place along one axis.
pub(crate) enum Axis {
    /// `i + by` for place `i`; outside of the source there is the fill value.
    Shift { by: isize },
    /// The reverse order.
    Reverse,
    /// These places, all within the source.
    Places(Vec<usize>),
}

impl Axis {
    fn place(&self, i: usize, len: usize) -> Option<usize> {
        match self {
            Axis::Shift { by } => i.checked_add_signed(*by).filter(|&at| at < len),
            Axis::Reverse => Some(len - 1 - i),
            Axis::Places(places) => Some(places[i]),
        }
    }

    /// Returns true if one of the first `n` places is outside of a source of `len`.
    fn leaves(&self, n: usize, len: usize) -> bool {
        matches!(self, Axis::Shift { by } if *by < 0 || n.saturating_add_signed(*by) > len)
    }

    fn copy<T: Copy>(&self, from: &[T], to: &mut [T]) {
        match self {
            Axis::Shift { by } => {
                let start = (-by).max(0) as usize;
                let end = (from.len() as isize - by).clamp(0, to.len() as isize) as usize;
                if start < end {
                    let first = start.wrapping_add_signed(*by);
                    to[start..end].copy_from_slice(&from[first..first + end - start]);
                }
            }
            Axis::Reverse => to.iter_mut().zip(from.iter().rev()).for_each(|(to, &from)| *to = from),
            Axis::Places(places) => to.iter_mut().zip(places).for_each(|(to, &at)| *to = from[at]),
        }
    }
}

impl Image {
    /// Returns a picture of `height` x `width` whose rows and columns come from the axes' places.
    pub(crate) fn moved(self, [height, width]: [usize; 2], rows: &Axis, columns: &Axis, fill: f32) -> Self {
        let [channels, h, w] = self.size();
        let size = [channels, height, width];
        let from = [channels, h, w];
        let this = match rows.leaves(height, h) || columns.leaves(width, w) {
            // The fill value must not be normalised later.
            true if self.is_float() => Image::from_values(from, self.into_values()),
            _ => self,
        };
        let bytes = |bytes: &[u8]| gather(bytes, from, size, rows, columns, fill as u8);
        this.rearrange(size, bytes, |floats| gather(floats, from, size, rows, columns, fill))
    }

    /// Returns the part of `height` x `width` whose upper left corner is at row `top` and column `left`; it is 0
    /// outside of the picture.
    ///
    /// # Errors
    /// When the part is empty.
    pub fn crop(self, top: isize, left: isize, height: usize, width: usize) -> Result<Self> {
        if height == 0 || width == 0 {
            return Err(Error::invalid(
                "crop",
                format!("size is {height}x{width}, expected at least 1 in each direction"),
            ));
        }
        Ok(self.moved([height, width], &Axis::Shift { by: top }, &Axis::Shift { by: left }, 0.0))
    }

    /// Exchanges left and right.
    pub fn hflip(self) -> Self {
        let [_, height, width] = self.size();
        self.moved([height, width], &Axis::Shift { by: 0 }, &Axis::Reverse, 0.0)
    }

    /// Exchanges top and bottom.
    pub fn vflip(self) -> Self {
        let [_, height, width] = self.size();
        self.moved([height, width], &Axis::Reverse, &Axis::Shift { by: 0 }, 0.0)
    }

    /// Adds `[left, top, right, bottom]` columns and rows; `fill` is for [`PadMode::Constant`].
    ///
    /// # Errors
    /// When a mode that mirrors would add more than the picture has.
    pub fn pad(self, [left, top, right, bottom]: [usize; 4], fill: f32, mode: PadMode) -> Result<Self> {
        let [_, height, width] = self.size();
        let rows = axis(height, top, bottom, mode)?;
        let columns = axis(width, left, right, mode)?;
        Ok(self.moved([height + top + bottom, width + left + right], &rows, &columns, fill))
    }
}

/// Returns the axis of a picture of `len` with `before` and `after` more.
pub(crate) fn axis(len: usize, before: usize, after: usize, mode: PadMode) -> Result<Axis> {
    let (limit, skip) = match mode {
        PadMode::Constant => return Ok(Axis::Shift { by: -(before as isize) }),
        PadMode::Edge => (usize::MAX, 0),
        PadMode::Reflect => (len.saturating_sub(1), 1),
        PadMode::Symmetric => (len, 0),
    };
    if before.max(after) > limit || len == 0 {
        let message =
            format!("cannot add {before} and {after} by {mode:?} to a picture of {len}, at most {limit}");
        return Err(Error::invalid("pad", message));
    }
    let last = len - 1;
    let place = |i: usize| match (i.checked_sub(before), mode) {
        (None, PadMode::Edge) => 0,
        (None, _) => before - i - 1 + skip,
        (Some(at), _) if at < len => at,
        (Some(_), PadMode::Edge) => last,
        (Some(at), _) => last - (at - len) - skip,
    };
    Ok(Axis::Places((0..before + len + after).map(place).collect()))
}

fn gather<T: Copy>(
    from: &[T],
    [channels, h, w]: [usize; 3],
    [_, height, width]: [usize; 3],
    rows: &Axis,
    columns: &Axis,
    fill: T,
) -> Vec<T> {
    let mut out = vec![fill; channels * height * width];
    for (from, out) in from.chunks_exact((h * w).max(1)).zip(out.chunks_exact_mut((height * width).max(1))) {
        for (row, out) in out.chunks_exact_mut(width).enumerate() {
            if let Some(row) = rows.place(row, h) {
                columns.copy(&from[row * w..(row + 1) * w], out);
            }
        }
    }
    out
}
