//! The units that a pass is split into, so that the data of a unit stays in the cache.

use std::ops::Range;

use super::correlation::{Correlation, SLACK};
use super::planes::Row;
use super::{Conv2dShape, Pass};
use crate::cpu::parallel;

/// The maximum number of elements of a unit's padded planes: 1 MiB, which fits a level-2 cache.
const MAX_PLANES: usize = 1 << 18;
/// The minimum number of output pixels of a unit, for which reading the weights pays off.
const PIXELS: usize = 256;
/// The minimum number of output pixels of a unit, for which adding to the weights' gradients pays off.
const PIXELS_GRAD: usize = 1024;

/// A correlation, split into runs of images and bands of rows.
pub struct Units {
    pub correlation: Correlation,
    batch: usize,
    /// The maximum number of images of a unit; 1 if an image has several bands.
    pub images: usize,
    /// The maximum number of rows of a unit.
    pub band: usize,
    /// The contents of the planes of each band.
    rows: Vec<Vec<Row>>,
}

/// Some rows of some images.
pub struct Unit {
    pub images: Range<usize>,
    pub rows: Range<usize>,
}

impl Units {
    /// Returns the units of a pass. The weight's gradient has those of the forward pass.
    pub fn new(s: &Conv2dShape, pass: Pass) -> Self {
        let make = match pass {
            Pass::InputGrad => Correlation::input_grad,
            Pass::Forward | Pass::WeightGrad => Correlation::forward,
        };
        let mut correlation = make(s, usize::MAX);
        let mut band = correlation.rows.len().max(1);
        let len = correlation.len();
        if len > MAX_PLANES {
            band = (band * MAX_PLANES / len).max(s.kernel.0 * s.dilation.0).min(band);
            correlation = make(s, band);
        }
        let images = if band < correlation.rows.len() {
            1
        } else {
            let pixels = if pass == Pass::WeightGrad { PIXELS_GRAD } else { PIXELS };
            pixels.div_ceil(s.out_pixels()).min(MAX_PLANES / len.max(1)).clamp(1, s.batch)
        };
        let rows =
            correlation.rows.clone().step_by(band).map(|first| correlation.planes.rows(first)).collect();
        Self { correlation, batch: s.batch, images, band, rows }
    }

    /// Returns the number of units.
    pub fn count(&self) -> usize {
        self.batch.div_ceil(self.images) * self.bands()
    }

    fn bands(&self) -> usize {
        self.correlation.rows.len().div_ceil(self.band)
    }

    /// Returns the number of elements of a unit's padded planes, of one group.
    pub fn len(&self) -> usize {
        self.images * self.correlation.len() + SLACK + self.correlation.planes.stride
    }

    /// Returns unit `i`.
    pub fn get(&self, i: usize) -> Unit {
        let (run, band) = (i / self.bands(), i % self.bands());
        Unit {
            images: run * self.images..((run + 1) * self.images).min(self.batch),
            rows: band * self.band..((band + 1) * self.band).min(self.correlation.rows.end),
        }
    }

    /// Calls [`Units::fill`] for each group of each unit, with [`Units::len`] elements for each, for pieces
    /// of work that share units.
    pub fn fill_all(&self, x: &[f32], groups: usize, planes: &mut [f32]) {
        parallel::for_each_chunk(planes, self.len(), 0.5, |i, planes| {
            self.fill(&self.get(i / groups), x, (i % groups, groups), planes);
        });
    }

    /// Copies the channels of `group` of `groups` of a unit's images into `planes`.
    pub fn fill(&self, unit: &Unit, x: &[f32], (group, groups): (usize, usize), planes: &mut [f32]) {
        let c = &self.correlation;
        let channels = c.inputs * c.areas.0;
        for (n, planes) in unit.images.clone().zip(planes.chunks_mut(c.len())) {
            let x = &x[(n * groups + group) * channels..][..channels];
            c.planes.fill(&self.rows[unit.rows.start / self.band], x, planes);
        }
        let filled = unit.images.len() * c.len();
        planes[filled..].fill(0.0);
    }
}
