//! Order and search.

#[doc(hidden)]
#[macro_export]
macro_rules! operations_sort {
    ($callback:ident) => { $callback! { sort
        sort "sort" [any once keep kernel fallback] {
            (any([2, 3])) |v, c| v[0].sort(c.int("dim", 1), Descending(c.flag("descending", true)));
        }
        argsort "argsort" [any none keep kernel fallback] {
            (any([2, 3])) |v, c| v[0].argsort(c.int("dim", 1), Descending(c.flag("descending", true)));
        }
        topk "topk" [any once keep kernel fallback] {
            (any([2, 3])) |v, c| v[0].topk(c.size("k", 2), c.int("dim", 1), Largest(c.flag("largest", true)));
            (any([2, 3])) |v, c| v[0].topk(c.size("k", 2), c.int("dim", 1), Largest(c.flag("largest", false)));
        }
        kthvalue "kthvalue" [any once keep kernel fallback] {
            (any([2, 3])) |v, c| v[0].kthvalue(c.size("k", 2), c.over(&[1], true));
        }
        unique "unique" [any none keep kernel fallback] { (integers([2, 3])) |v, c| v[0].unique(); }
        unique_consecutive "unique_consecutive" [any none keep kernel fallback] {
            (integers([2, 3])) |v, c| v[0].unique_consecutive();
        }
        searchsorted "searchsorted" [any none keep kernel fallback] {
            (numbers([0.0, 0.5, 1.0]), any([2, 3])) |v, c| v[0].searchsorted(&v[1], Right(c.flag("right", false)));
            (numbers([0.0, 0.5, 1.0])) |v, c| v[0].searchsorted(c.number("value", 0.5), Right(c.flag("right", true)));
        }
        bucketize "bucketize" [any none keep kernel fallback] {
            (any([2, 3]), numbers([0.0, 0.5, 1.0])) |v, c| v[0].bucketize(&v[1], Right(c.flag("right", false)));
        }
    } };
}
