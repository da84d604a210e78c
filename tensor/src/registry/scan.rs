//! Running sums, products and extremes.

#[doc(hidden)]
#[macro_export]
macro_rules! operations_scan {
    ($callback:ident) => { $callback! { scan
        cumsum "cumsum" [any twice full_on_gpu kernel fallback] { (any([2, 3])) |v, c| v[0].cumsum(c.int("dim", -1)); }
        cumprod "cumprod" [any twice full_on_gpu kernel fallback] {
            (any([2, 5])) |v, c| v[0].cumprod(c.int("dim", -1));
            (any([3, 2])) |v, c| v[0].cumprod(c.int("dim", 0));
        }
        cummax "cummax" [any once keep kernel fallback] { (any([2, 3])) |v, c| v[0].cummax(c.int("dim", 1)); }
        cummin "cummin" [any once keep kernel fallback] { (any([2, 3])) |v, c| v[0].cummin(c.int("dim", 1)); }
        logcumsumexp "logcumsumexp" [float twice keep kernel fallback] {
            (any([2, 5])) |v, c| v[0].logcumsumexp(c.int("dim", -1));
        }
        diff "diff" [number twice keep composed composed] { (any([2, 4])) |v, c| v[0].diff(c.size("n", 2), c.int("dim", -1)); }
    } };
}
