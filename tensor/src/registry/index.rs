//! Elements found by indices.

#[doc(hidden)]
#[macro_export]
macro_rules! operations_index {
    ($callback:ident) => { $callback! { index
        i "Tensor.__getitem__" [any twice keep kernel fallback] {
            (any([2, 3])) |v, c| v[0].i(c.indices((.., Index::step(.., 2))));
            (any([2, 3]), index([1, 0, 1])) |v, c| v[0].i(c.indices((.., v[1].plain())));
            (any([2, 3]), mask([1, 0, 1])) |v, c| v[0].i(c.indices((-1, v[1].mask())));
        }
        gather "gather" [any twice keep kernel fallback] {
            (any([2, 3]), index([[1, 0, 1], [0, 1, 1]])) |v, c| v[0].gather(c.int("dim", 1), &v[1].plain());
        }
        index_select "index_select" [any twice keep kernel fallback] {
            (any([2, 3]), index([1, 0, 1])) |v, c| v[0].index_select(c.int("dim", 1), &v[1].plain());
        }
        take "take" [any twice keep composed composed] {
            (any([2, 3]), index([[-1, 0, -1], [0, -1, -1]])) |v, c| v[0].take(&v[1].plain());
        }
        take_along_dim "take_along_dim" [any twice keep composed composed] {
            (any([1, 3]), index([[1], [0]])) |v, c| v[0].take_along_dim(&v[1].plain(), c.int("dim", 1));
        }
        embedding "nn.functional.embedding" [any twice keep kernel fallback] {
            (any([2, 3]), index([[1, 0, 1], [0, 1, 1]])) |v, c| v[0].embedding(&v[1].plain(), c.some_size("padding_idx", None));
        }
        one_hot "nn.functional.one_hot" [int none keep kernel fallback] {
            (index([1, 0, 1])) |v, c| v[0].one_hot(c.size("num_classes", 3));
        }
    } };
}
