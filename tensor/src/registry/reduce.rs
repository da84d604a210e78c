//! Sums and what is made of them.

#[doc(hidden)]
#[macro_export]
macro_rules! operations_reduce {
    ($callback:ident) => { $callback! { reduce
        sum "sum" [any twice full_on_gpu kernel kernel] { (any([2, 3])) |v, c| v[0].sum(); }
        sum_dim "sum" [any twice full_on_gpu kernel kernel] {
            (any([2, 3, 2])) |v, c| v[0].sum_dim(c.ints("dim", &[0, -1]), c.flag("keepdim", true));
        }
        sum_to "Tensor.sum_to_size" [any twice keep kernel kernel] {
            (any([2, 3])) |v, c| v[0].sum_to(&c.sizes("size", &[3]));
        }
        mean "mean" [float twice keep kernel kernel] { (any([2, 3])) |v, c| v[0].mean(); }
        mean_dim "mean" [float twice keep kernel kernel] {
            (any([2, 3])) |v, c| v[0].mean_dim(c.ints("dim", &[1]), c.flag("keepdim", false));
        }
        prod "prod" [any twice full kernel fallback] { (any([2, 3])) |v, c| v[0].prod(); }
        prod_dim "prod" [any twice full_on_gpu kernel fallback] {
            (any([2, 3, 3])) |v, c| v[0].prod_dim(c.ints("dim", &[0, 2]), c.flag("keepdim", true));
            (any([2, 3, 3])) |v, c| v[0].prod_dim(c.ints("dim", &[2, 0]), c.flag("keepdim", false));
        }
        any "any" [any none keep kernel fallback] { (any([2, 3])) |v, c| v[0].any(); }
        any_dim "any" [any none keep kernel fallback] {
            (any([2, 3])) |v, c| v[0].any_dim(c.ints("dim", &[1]), c.flag("keepdim", false));
        }
        all "all" [any none keep kernel fallback] { (any([2, 3])) |v, c| v[0].all(); }
        all_dim "all" [any none keep kernel fallback] {
            (any([2, 3])) |v, c| v[0].all_dim(c.ints("dim", &[1]), c.flag("keepdim", false));
        }
        count_nonzero "count_nonzero" [any none keep kernel fallback] { (any([2, 3])) |v, c| v[0].count_nonzero(); }
        count_nonzero_dim "count_nonzero" [any none keep kernel fallback] {
            (any([2, 3])) |v, c| v[0].count_nonzero_dim(c.ints("dim", &[1]), c.flag("keepdim", false));
        }
        logsumexp "logsumexp" [float twice keep composed composed] {
            (any([2, 3])) |v, c| v[0].logsumexp(c.ints("dim", &[1]), c.flag("keepdim", false));
        }
        norm "norm" [float twice keep kernel composed] { (any([2, 3])) |v, c| v[0].norm(); }
        norm_p "linalg.vector_norm" [float twice full_on_gpu kernel fallback] {
            (positive([2, 3])) |v, c| v[0].norm_p(c.real("p", 3.0), c.ints("dim", &[1]), c.flag("keepdim", false));
            (any([2, 3])) |v, c| v[0].norm_p(c.real("p", 2.0), (), c.flag("keepdim", true));
        }
        nansum "nansum" [any twice keep composed composed] {
            (any([2, 3])) |v, c| v[0].nansum(c.ints("dim", &[1]), c.flag("keepdim", false));
        }
        nanmean "nanmean" [float twice keep composed composed] {
            (any([2, 3])) |v, c| v[0].nanmean(c.ints("dim", &[1]), c.flag("keepdim", false));
        }
        dist "dist" [float twice keep composed composed] {
            (any([2, 3]), any([3])) |v, c| v[0].dist(&v[1], c.real("p", 3.0));
        }
    } };
}
