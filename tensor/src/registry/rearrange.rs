//! Elements in other places.

#[doc(hidden)]
#[macro_export]
macro_rules! operations_rearrange {
    ($callback:ident) => { $callback! { rearrange
        flip "flip" [any twice keep kernel fallback] { (any([2, 3])) |v, c| v[0].flip(c.ints("dims", &[0, 1])); }
        fliplr "fliplr" [any twice keep composed composed] { (any([2, 3])) |v, c| v[0].fliplr(); }
        flipud "flipud" [any twice keep composed composed] { (any([2, 3])) |v, c| v[0].flipud(); }
        roll "roll" [any twice keep kernel fallback] {
            (any([2, 3])) |v, c| v[0].roll(c.ints("shift", &[-4]), c.ints("dim", &[1]));
        }
        rot90 "rot90" [any twice keep composed composed] {
            (any([2, 3])) |v, c| v[0].rot90(c.int("k", 1), (c.int("dim0", 0), c.int("dim1", 1)));
            (any([2, 3, 2])) |v, c| v[0].rot90(c.int("k", -1), (c.int("dim0", 2), c.int("dim1", 0)));
            (any([2, 3])) |v, c| v[0].rot90(c.int("k", 4), (c.int("dim0", 0), c.int("dim1", 1)));
        }
        tril "tril" [any twice keep kernel fallback] { (any([2, 3])) |v, c| v[0].tril(c.int("diagonal", 0)); }
        triu "triu" [any twice keep kernel fallback] { (any([2, 3])) |v, c| v[0].triu(c.int("diagonal", 1)); }
        diag "diag" [any twice keep composed composed] {
            (any([2, 3])) |v, c| v[0].diag(c.int("diagonal", 0));
            (any([3])) |v, c| v[0].diag(c.int("diagonal", -1));
        }
        diag_embed "diag_embed" [any twice keep kernel fallback] { (any([2, 3])) |v, c| v[0].diag_embed(c.int("offset", -1)); }
        trace "trace" [any twice keep composed composed] { (any([2, 3])) |v, c| v[0].trace(); }
    } };
}
