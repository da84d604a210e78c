//! Selection by masks.

#[doc(hidden)]
#[macro_export]
macro_rules! operations_mask {
    ($callback:ident) => { $callback! { mask
        where_ "where" [any twice keep kernel fallback] {
            as where (mask([1, 0, 1]), any([2, 3]), any([3])) |v, c| v[1].where_(&v[0].mask(), &v[2]);
            (any([2, 3]), mask([1, 0, 1]), any([3])) |v, c| v[0].where_(&v[1].mask(), &v[2]);
            (any([2, 1]), mask([1, 0, 1])) |v, c| v[0].where_(&v[1].mask(), c.number("other", 0.5));
        }
        masked_fill "masked_fill" [any twice keep kernel fallback] {
            (any([2, 3]), mask([1, 0, 1])) |v, c| v[0].masked_fill(&v[1].mask(), c.number("value", 2.0));
            (any([3]), mask([[1, 0, 1], [0, 1, 1]])) |v, c| v[0].masked_fill(&v[1].mask(), c.number("value", 2.0));
        }
        masked_select "masked_select" [any twice keep composed composed] {
            (any([2, 3]), mask([1, 0, 1])) |v, c| v[0].masked_select(&v[1].mask());
        }
        masked_scatter "Tensor.masked_scatter" [any twice keep composed composed] {
            (any([2, 3]), mask([1, 0, 1]), any([2, 3])) |v, c| v[0].masked_scatter(&v[1].mask(), &v[2]);
            (any([3]), mask([[1, 0, 1], [0, 1, 1]]), any([2, 3])) |v, c| v[0].masked_scatter(&v[1].mask(), &v[2]);
        }
        nonzero "nonzero" [any none keep kernel fallback] { (any([2, 3])) |v, c| v[0].nonzero(); }
        argwhere "argwhere" [any none keep kernel fallback] { (any([2, 3])) |v, c| v[0].argwhere(); }
    } };
}
