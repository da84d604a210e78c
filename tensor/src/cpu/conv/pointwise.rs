//! The input's gradient of 1 by 1 kernels with a stride: the gradient with stride 1, with zeros between its
//! pixels.

use super::{Conv2dShape, scratch};
use crate::cpu::parallel::{self, Disjoint};
use crate::cpu::simd::simd;

/// The cost per element of the larger image, in nanoseconds.
const NS: f64 = 0.15;

/// Returns true for such a convolution.
pub fn applies(s: &Conv2dShape) -> bool {
    s.kernel == (1, 1) && s.padding == (0, 0) && s.stride != (1, 1)
}

/// Returns the same convolution on the pixels in its windows only.
fn dense(s: &Conv2dShape) -> Conv2dShape {
    Conv2dShape { height: s.out_height(), width: s.out_width(), stride: (1, 1), dilation: (1, 1), ..*s }
}

/// Lets `f` write the pixels of `x` in the windows, given their convolution. The others become 0.
pub fn write_seen(s: &Conv2dShape, x: &mut [f32], f: impl FnOnce(&Conv2dShape, &mut [f32])) {
    let dense = dense(s);
    scratch::with(dense.input_len(), |seen: &mut [f32]| {
        f(&dense, seen);
        let (all, part) = (s.in_pixels(), dense.in_pixels());
        let (seen, x) = (&*seen, Disjoint::new(x));
        parallel::for_each(s.batch * s.in_channels, NS * all as f64, |plane| {
            // SAFETY: each call has its own plane.
            let x = unsafe { x.part(plane * all, all) };
            scatter(&seen[plane * part..][..part], dense.width, (s.width, s.stride), x);
        });
    });
}

simd!(
    /// Writes the pixels of `seen` to every `across`-th column of every `down`-th row of `all`, with zeros
    /// between.
    fn scatter<const L: usize>(seen: &[f32], width: usize, all: (usize, (usize, usize)), x: &mut [f32]) {
        let (row, (down, across)) = all;
        for (i, x) in x.chunks_mut(row).enumerate() {
            // The last windows may not reach the last rows.
            if !i.is_multiple_of(down) || (i / down + 1) * width > seen.len() {
                x.fill(0.0);
                continue;
            }
            let seen = &seen[i / down * width..][..width];
            if across == 2 && row == 2 * width {
                for (x, seen) in x.as_chunks_mut::<2>().0.iter_mut().zip(seen) {
                    *x = [*seen, 0.0];
                }
            } else {
                x.fill(0.0);
                for (x, seen) in x.iter_mut().step_by(across).zip(seen) {
                    *x = *seen;
                }
            }
        }
    }
);
