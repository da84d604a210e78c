//! Elements written where indices say.

#[doc(hidden)]
#[macro_export]
macro_rules! operations_scatter {
    ($callback:ident) => { $callback! { scatter
        scatter "scatter" [any twice keep kernel fallback] {
            (any([2, 3]), index([[1, 0], [2, 1]]), any([2, 3])) |v, c| v[0].scatter(c.int("dim", 1), &v[1].plain(), &v[2]);
            (any([2, 3]), index([[1, 0, 1], [0, 1, 1]])) |v, c| {
                v[0].scatter(c.int("dim", 1), &v[1].plain(), c.number("value", 0.5))
            };
        }
        scatter_add "scatter_add" [any twice keep kernel fallback] {
            (any([2, 3]), index([[1, 0, 1], [0, 1, 1]]), any([2, 3])) |v, c| {
                v[0].scatter_add(c.int("dim", 1), &v[1].plain(), &v[2])
            };
            (any([2, 3]), index([[1, 0, 1], [0, 1, 1]]), any([3, 4])) |v, c| {
                v[0].scatter_add(c.int("dim", 1), &v[1].plain(), &v[2])
            };
        }
        scatter_reduce "scatter_reduce" [any once keep kernel fallback] {
            (any([2, 3]), index([[1, 0, 1], [0, 1, 1]]), any([2, 4])) |v, c| {
                v[0].scatter_reduce(c.int("dim", 1), &v[1].plain(), &v[2], Reduce::Sum, IncludeSelf(c.flag("include_self", false)))
            };
            (any([2, 3]), index([[1, 0, 1], [0, 1, 1]]), any([2, 3])) |v, c| {
                v[0].scatter_reduce(c.int("dim", 1), &v[1].plain(), &v[2], Reduce::Mean, IncludeSelf(c.flag("include_self", true)))
            };
            (any([3, 3]), index([[1, 0, 1], [0, 1, 1]]), any([2, 3])) |v, c| {
                v[0].scatter_reduce(c.int("dim", 0), &v[1].plain(), &v[2], Reduce::Mean, IncludeSelf(c.flag("include_self", false)))
            };
            (any([2, 3]), index([[1, 0, 1], [0, 1, 1]]), any([2, 3])) |v, c| {
                v[0].scatter_reduce(c.int("dim", 1), &v[1].plain(), &v[2], Reduce::Prod, IncludeSelf(c.flag("include_self", true)))
            };
            (any([2, 3]), index([[1, 0, 1], [0, 1, 1]]), zeros([2, 3])) |v, c| {
                v[0].scatter_reduce(c.int("dim", 1), &v[1].plain(), &v[2], Reduce::Prod, IncludeSelf(c.flag("include_self", true)))
            };
            (any([2, 3]), index([[1, 0, 1], [0, 1, 1]]), any([2, 3])) |v, c| {
                v[0].scatter_reduce(c.int("dim", 1), &v[1].plain(), &v[2], Reduce::Prod, IncludeSelf(c.flag("include_self", false)))
            };
            (any([2, 3]), index([[1, 0, 1], [0, 1, 1]]), any([2, 3])) |v, c| {
                v[0].scatter_reduce(c.int("dim", 1), &v[1].plain(), &v[2], Reduce::Amax, IncludeSelf(c.flag("include_self", true)))
            };
            (any([2, 3]), index([[1, 0, 1], [0, 1, 1]]), any([2, 3])) |v, c| {
                v[0].scatter_reduce(c.int("dim", 1), &v[1].plain(), &v[2], Reduce::Amin, IncludeSelf(c.flag("include_self", false)))
            };
        }
        index_add "index_add" [any twice keep kernel fallback] {
            (any([2, 3]), index([1, 0, 1]), any([2, 3])) |v, c| v[0].index_add(c.int("dim", 1), &v[1].plain(), &v[2]);
        }
        index_copy "index_copy" [any twice keep kernel fallback] {
            (any([2, 3]), index([2, 0]), any([2, 2])) |v, c| v[0].index_copy(c.int("dim", 1), &v[1].plain(), &v[2]);
        }
        index_fill "index_fill" [any twice keep kernel fallback] {
            (any([2, 3]), index([1, 0, 1])) |v, c| v[0].index_fill(c.int("dim", 1), &v[1].plain(), c.number("value", 2.0));
        }
        put "Tensor.put" [any twice keep composed composed] {
            (any([2, 3]), index([-1, 0]), any([2])) |v, c| v[0].put(&v[1].plain(), &v[2]);
        }
    } };
}
