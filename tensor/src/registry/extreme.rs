//! Largest and smallest elements.

#[doc(hidden)]
#[macro_export]
macro_rules! operations_extreme {
    ($callback:ident) => {
        $callback! { extreme
            max "max" [any once keep kernel fallback] { (any([2, 3])) |v, c| v[0].max(); }
            min "min" [any once keep kernel fallback] { (any([2, 3])) |v, c| v[0].min(); }
            max_dim "max" [any once keep kernel fallback] {
                (any([2, 3])) |v, c| v[0].max_dim(c.int("dim", 1), c.flag("keepdim", false));
            }
            min_dim "min" [any once keep kernel fallback] {
                (any([2, 3])) |v, c| v[0].min_dim(c.int("dim", -1), c.flag("keepdim", true));
            }
            amax "amax" [any once keep kernel fallback] {
                (any([2, 3, 2])) |v, c| v[0].amax(c.ints("dim", &[0, 2]), c.flag("keepdim", true));
            }
            amin "amin" [any once keep kernel fallback] {
                (any([2, 3])) |v, c| v[0].amin(c.ints("dim", &[1]), c.flag("keepdim", false));
            }
            aminmax "aminmax" [any once keep composed composed] {
                (any([2, 3])) |v, c| v[0].aminmax(c.ints("dim", &[1]), c.flag("keepdim", true));
            }
            argmax "argmax" [any none keep kernel fallback] {
                (any([2, 3])) |v, c| v[0].argmax(c.ints("dim", &[1]), c.flag("keepdim", false));
            }
            argmin "argmin" [any none keep kernel fallback] {
                (any([2, 3])) |v, c| v[0].argmin(c.ints("dim", &[0]), c.flag("keepdim", false));
            }
        }
    };
}
