//! Largest and smallest elements.

#[doc(hidden)]
#[macro_export]
macro_rules! operations_extreme {
    ($callback:ident) => {
        $callback! { extreme
            max "max" [any once keep kernel fallback] { (any([2, 3])) |v, c| v[0].max(); }
            min "min" [any once keep kernel fallback] { (any([2, 3])) |v, c| v[0].min(); }
            max_dim "max" [any once keep kernel fallback] {
                (any([2, 3])) |v, c| v[0].max_dim(c.over(&[1], false));
            }
            min_dim "min" [any once keep kernel fallback] {
                (any([2, 3])) |v, c| v[0].min_dim(c.over(&[-1], true));
            }
            amax "amax" [any once keep kernel fallback] {
                (any([2, 3, 2])) |v, c| v[0].amax(c.over(&[0, 2], true));
            }
            amin "amin" [any once keep kernel fallback] {
                (any([2, 3])) |v, c| v[0].amin(c.over(&[1], false));
            }
            aminmax "aminmax" [any once keep composed composed] {
                (any([2, 3])) |v, c| v[0].aminmax(c.over(&[1], true));
            }
            argmax "argmax" [any none keep kernel fallback] {
                (any([2, 3])) |v, c| v[0].argmax(c.over(&[1], false));
            }
            argmin "argmin" [any none keep kernel fallback] {
                (any([2, 3])) |v, c| v[0].argmin(c.over(&[0], false));
            }
        }
    };
}
