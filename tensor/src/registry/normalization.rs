//! Normalisation.

#[doc(hidden)]
#[macro_export]
macro_rules! operations_normalization {
    ($callback:ident) => { $callback! { normalization
        batch_norm "nn.functional.batch_norm" [float twice full kernel kernel] {
            (any([3, 2]), any([2]), any([2])) |v, c| Ok(v[0].batch_norm(v.get(1), v.get(2), c.real("eps", 0.1))?.0);
        }
        batch_norm_with "nn.functional.batch_norm" [float twice full kernel kernel] {
            (any([3, 2]), any([2]), any([2]), numbers([0.1, 0.2]), numbers([1.0, 2.0])) |v, c| {
                v[0].batch_norm_with(&v[3].plain(), &v[4].plain(), v.get(1), v.get(2), c.real("eps", 0.1))
            };
        }
        layer_norm "nn.functional.layer_norm" [float twice full_on_gpu kernel composed] {
            (any([2, 3]), any([3]), any([3])) |v, c| {
                v[0].layer_norm(&c.sizes("normalized_shape", &[3]), v.get(1), v.get(2), c.real("eps", 0.1))
            };
        }
        group_norm "nn.functional.group_norm" [float twice full_on_gpu kernel composed] {
            (any([1, 4, 2]), any([4]), any([4])) |v, c| {
                v[0].group_norm(c.size("num_groups", 2), v.get(1), v.get(2), c.real("eps", 0.1))
            };
        }
        instance_norm "nn.functional.instance_norm" [float twice full_on_gpu kernel composed] {
            (any([1, 2, 3]), any([2])) |v, c| v[0].instance_norm(v.get(1), v.get(2), c.real("eps", 0.1));
        }
        rms_norm "nn.functional.rms_norm" [float twice keep kernel composed] {
            (any([2, 3]), any([3])) |v, c| {
                v[0].rms_norm(&c.sizes("normalized_shape", &[3]), v.get(1), c.some_real("eps", Some(0.1)))
            };
        }
    } };
}
