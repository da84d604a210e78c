//! Images in another size.

#[doc(hidden)]
#[macro_export]
macro_rules! operations_upsample {
    ($callback:ident) => { $callback! { upsample
        upsample_nearest2d "nn.functional.interpolate" [float twice keep kernel fallback] {
            (any([1, 2, 2, 3])) |v, c| v[0].upsample_nearest2d(c.output_size(&v[0].size(), (3, 5)));
        }
        upsample_bilinear2d "nn.functional.interpolate" [float twice keep kernel fallback] {
            (any([1, 2, 2, 3])) |v, c| v[0].upsample_bilinear2d(c.output_size(&v[0].size(), (3, 5)), AlignCorners(c.flag("align_corners", true)));
        }
    } };
}
