//! Tensors joined and repeated.

#[doc(hidden)]
#[macro_export]
macro_rules! operations_join {
    ($callback:ident) => { $callback! { join
        cat "cat" [any twice keep kernel fallback] {
            (any([2, 3]), any([2, 1])) |v, c| T::cat(v, c.int("dim", 1));
            (any([2, 3]), any([0])) |v, c| T::cat(v, c.int("dim", 0));
            (any([2, 3]), any([1, 3])) |v, c| T::cat(&[&v[0].to_dtype(DType::F64)?, &v[1]], c.int("dim", 0));
        }
        stack "stack" [any twice keep composed composed] { (any([2, 3]), any([2, 3])) |v, c| T::stack(v, c.int("dim", -1)); }
        hstack "hstack" [any twice keep composed composed] { (any([2, 3]), any([2, 1])) |v, c| T::hstack(v); }
        vstack "vstack" [any twice keep composed composed] { (any([2, 3]), any([3])) |v, c| T::vstack(v); }
        dstack "dstack" [any twice keep composed composed] { (any([2, 3]), any([2, 3, 2])) |v, c| T::dstack(v); }
        repeat "Tensor.repeat" [any twice keep composed composed] { (any([2, 3])) |v, c| v[0].repeat(c.ints("repeats", &[2, 1, 3])); }
        tile "tile" [any twice keep composed composed] { (any([2, 3])) |v, c| v[0].tile(c.ints("dims", &[2])); }
        repeat_interleave "repeat_interleave" [any twice keep composed composed] {
            (any([2, 3])) |v, c| v[0].repeat_interleave(c.size("repeats", 2), c.int("dim", -1));
        }
        pad "nn.functional.pad" [any twice keep composed composed] {
            (any([2, 3])) |v, c| v[0].pad(c.ints("pad", &[1, -1]), c.padding(Pad::Constant(0.5)));
            (any([2, 3])) |v, c| v[0].pad(c.ints("pad", &[0, 2, -1, 1]), c.padding(Pad::Constant(0.5)));
            (any([2, 3])) |v, c| v[0].pad(c.ints("pad", &[1, 2]), c.padding(Pad::Reflect));
            (any([2, 3])) |v, c| v[0].pad(c.ints("pad", &[1, 2]), c.padding(Pad::Replicate));
            (any([2, 3])) |v, c| v[0].pad(c.ints("pad", &[1, 2]), c.padding(Pad::Circular));
        }
        meshgrid "meshgrid" [any twice keep view view] { (any([2]), any([3])) |v, c| T::meshgrid(v); }
    } };
}
