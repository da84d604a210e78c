//! Sums and what is made of them.

#[doc(hidden)]
#[macro_export]
macro_rules! operations_reduce {
    ($callback:ident) => { $callback! { reduce
        sum "sum" [any twice full_on_gpu kernel kernel] { (any([2, 3])) |v, c| v[0].sum(); }
        sum_dim "sum" [any twice full_on_gpu kernel kernel] {
            (any([2, 3, 2])) |v, c| v[0].sum_dim(c.over(&[0, -1], true));
        }
        sum_to "Tensor.sum_to_size" [any twice keep kernel kernel] {
            (any([2, 3])) |v, c| v[0].sum_to(&c.sizes("size", &[3]));
        }
        mean "mean" [float twice keep kernel kernel] { (any([2, 3])) |v, c| v[0].mean(); }
        mean_dim "mean" [float twice keep kernel kernel] {
            (any([2, 3])) |v, c| v[0].mean_dim(c.over(&[1], false));
        }
        prod "prod" [any twice full kernel fallback] { (any([2, 3])) |v, c| v[0].prod(); }
        prod_dim "prod" [any twice full_on_gpu kernel fallback] {
            (any([2, 3, 3])) |v, c| v[0].prod_dim(c.over(&[0, 2], true));
            (any([2, 3, 3])) |v, c| v[0].prod_dim(c.over(&[2, 0], false));
        }
        any "any" [any none keep kernel fallback] { (any([2, 3])) |v, c| v[0].any(); }
        any_dim "any" [any none keep kernel fallback] {
            (any([2, 3])) |v, c| v[0].any_dim(c.over(&[1], false));
        }
        all "all" [any none keep kernel fallback] { (any([2, 3])) |v, c| v[0].all(); }
        all_dim "all" [any none keep kernel fallback] {
            (any([2, 3])) |v, c| v[0].all_dim(c.over(&[1], false));
        }
        count_nonzero "count_nonzero" [any none keep kernel fallback] { (any([2, 3])) |v, c| v[0].count_nonzero(); }
        count_nonzero_dim "count_nonzero" [any none keep kernel fallback] {
            (any([2, 3])) |v, c| v[0].count_nonzero_dim(c.over(&[1], false));
        }
        logsumexp "logsumexp" [float twice keep composed composed] {
            (any([2, 3])) |v, c| v[0].logsumexp(c.over(&[1], false));
        }
        norm "norm" [float twice keep kernel composed] { (any([2, 3])) |v, c| v[0].norm(); }
        norm_p "linalg.vector_norm" [float twice full_on_gpu kernel fallback] {
            (positive([2, 3])) |v, c| v[0].norm_p(c.real("p", 3.0), c.over(&[1], false));
            (any([2, 3])) |v, c| v[0].norm_p(c.real("p", 2.0), c.over(&[], true));
        }
        nansum "nansum" [any twice keep composed composed] {
            (any([2, 3])) |v, c| v[0].nansum(c.over(&[1], false));
        }
        nanmean "nanmean" [float twice keep composed composed] {
            (any([2, 3])) |v, c| v[0].nanmean(c.over(&[1], false));
        }
        dist "dist" [float twice keep composed composed] {
            (any([2, 3]), any([3])) |v, c| v[0].dist(&v[1], c.real("p", 3.0));
        }
    } };
}
