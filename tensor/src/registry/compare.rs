//! Comparisons, masks of properties, and bounds.

#[doc(hidden)]
#[macro_export]
macro_rules! operations_compare {
    ($callback:ident) => { $callback! { compare
        eq "eq" [any none keep kernel kernel] {
            (any([2, 3]), any([3])) |v, c| v[0].eq(&v[1]);
            (any([2, 3])) |v, c| v[0].eq(c.number("other", 0.5));
        }
        ne "ne" [any none keep kernel kernel] {
            (any([2, 3]), any([3])) |v, c| v[0].ne(&v[1]);
            (any([2, 3])) |v, c| v[0].ne(c.number("other", 0.5));
        }
        lt "lt" [any none keep kernel kernel] {
            (any([2, 3]), any([3])) |v, c| v[0].lt(&v[1]);
            (any([2, 3])) |v, c| v[0].lt(c.number("other", 0.5));
        }
        le "le" [any none keep kernel kernel] {
            (any([2, 3]), any([3])) |v, c| v[0].le(&v[1]);
            (any([2, 3])) |v, c| v[0].le(c.number("other", 0.5));
        }
        gt "gt" [any none keep kernel kernel] {
            (any([2, 3]), any([3])) |v, c| v[0].gt(&v[1]);
            (any([2, 3])) |v, c| v[0].gt(c.number("other", 0.5));
        }
        ge "ge" [any none keep kernel kernel] {
            (any([2, 3]), any([3])) |v, c| v[0].ge(&v[1]);
            (any([2, 3])) |v, c| v[0].ge(c.number("other", 0.5));
        }
        logical_and "logical_and" [any none keep kernel fallback] {
            (any([2, 3]), integers([3])) |v, c| v[0].logical_and(&v[1]);
            (integers([2, 3])) |v, c| v[0].logical_and(c.number("other", 1.0));
        }
        logical_or "logical_or" [any none keep kernel fallback] {
            (any([2, 3]), integers([3])) |v, c| v[0].logical_or(&v[1]);
            (integers([2, 3])) |v, c| v[0].logical_or(c.number("other", 1.0));
        }
        logical_xor "logical_xor" [any none keep kernel fallback] {
            (any([2, 3]), integers([3])) |v, c| v[0].logical_xor(&v[1]);
            (integers([2, 3])) |v, c| v[0].logical_xor(c.number("other", 1.0));
        }
        logical_not "logical_not" [any none keep kernel fallback] { (integers([2, 3])) |v, c| v[0].logical_not(); }
        isnan "isnan" [any none keep kernel fallback] { (any([2, 3])) |v, c| v[0].isnan(); }
        isinf "isinf" [any none keep kernel fallback] { (any([2, 3])) |v, c| v[0].isinf(); }
        isposinf "isposinf" [any none keep kernel fallback] { (any([2, 3])) |v, c| v[0].isposinf(); }
        isneginf "isneginf" [any none keep kernel fallback] { (any([2, 3])) |v, c| v[0].isneginf(); }
        isfinite "isfinite" [any none keep kernel fallback] { (any([2, 3])) |v, c| v[0].isfinite(); }
        signbit "signbit" [any none keep kernel fallback] { (any([2, 3])) |v, c| v[0].signbit(); }
        maximum "maximum" [any once keep kernel kernel] {
            (any([2, 3]), any([3])) |v, c| v[0].maximum(&v[1]);
            (any([2, 3])) |v, c| v[0].maximum(c.number("other", 0.1));
        }
        minimum "minimum" [any once keep kernel kernel] {
            (any([2, 3]), any([3])) |v, c| v[0].minimum(&v[1]);
            (any([2, 3])) |v, c| v[0].minimum(c.number("other", 0.1));
        }
        fmax "fmax" [any once keep composed fallback] {
            (any([2, 3]), any([3])) |v, c| v[0].fmax(&v[1]);
            (any([2, 3])) |v, c| v[0].fmax(c.number("other", 0.1));
        }
        fmin "fmin" [any once keep composed fallback] {
            (any([2, 3]), any([3])) |v, c| v[0].fmin(&v[1]);
            (any([2, 3])) |v, c| v[0].fmin(c.number("other", 0.1));
        }
        clamp "clamp" [any once keep composed composed] {
            (any([2, 3])) |v, c| v[0].clamp(c.some_number("min", Some(-0.5)), c.some_number("max", Some(0.5)));
            (any([2, 3]), any([3])) |v, c| v[0].clamp((), &v[1]);
        }
        clip "clip" [any once keep composed composed] {
            (any([2, 3]), any([3]), any([2, 1])) |v, c| v[0].clip(&v[1], &v[2]);
        }
        clamp_min "clamp_min" [any once keep composed composed] {
            (any([2, 3]), any([3])) |v, c| v[0].clamp_min(&v[1]);
            (any([2, 3])) |v, c| v[0].clamp_min(c.number("min", 0.1));
        }
        clamp_max "clamp_max" [any once keep composed composed] {
            (any([2, 3]), any([3])) |v, c| v[0].clamp_max(&v[1]);
            (any([2, 3])) |v, c| v[0].clamp_max(c.number("max", 0.1));
        }
        isclose "isclose" [any none keep kernel fallback] {
            (any([2, 3]), any([3])) |v, c| v[0].isclose(&v[1], c.real("rtol", 1e-5), c.real("atol", 1e-8));
        }
        allclose "allclose" [any none keep kernel fallback] {
            (any([2, 3]), any([3])) |v, c| v[0].allclose(&v[1], c.real("rtol", 1e-5), c.real("atol", 1e-8));
        }
        equal "equal" [any none keep kernel fallback] { (any([2, 3]), any([2, 3])) |v, c| v[0].equal(&v[1]); }
        isin "isin" [any none keep composed fallback] { (any([2, 3]), any([3])) |v, c| v[0].isin(&v[1].plain()); }
    } };
}
