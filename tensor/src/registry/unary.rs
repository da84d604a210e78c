//! Functions of each element that are not rows of `functions!`.

#[doc(hidden)]
#[macro_export]
macro_rules! operations_unary {
    ($callback:ident) => { $callback! { unary
        neg "neg" [number twice keep kernel kernel] { (any([2, 3])) |v, c| v[0].neg(); }
        abs "abs" [any once keep kernel kernel] { (any([2, 3])) |v, c| v[0].abs(); }
        sign "sign" [any once keep kernel kernel] { (any([2, 3])) |v, c| v[0].sign(); }
        square "square" [any twice keep kernel kernel] { (any([2, 3])) |v, c| v[0].square(); }
        sin "sin" [any twice keep kernel kernel] { (any([2, 3])) |v, c| v[0].sin(); }
        cos "cos" [any twice keep kernel kernel] { (any([2, 3])) |v, c| v[0].cos(); }
        erfc "special.erfc" [any twice keep kernel fallback] { (any([2, 3])) |v, c| v[0].erfc(); }
        tan "tan" [any twice full_on_gpu kernel fallback] { (unit([2, 3])) |v, c| v[0].tan(); }
        asin "asin" [any twice full_on_gpu kernel fallback] { (unit([2, 3])) |v, c| v[0].asin(); }
        acos "acos" [any twice full_on_gpu kernel fallback] { (unit([2, 3])) |v, c| v[0].acos(); }
        atan "atan" [any twice keep kernel fallback] { (any([2, 3])) |v, c| v[0].atan(); }
        sinh "sinh" [any twice full_on_gpu kernel fallback] { (any([2, 3])) |v, c| v[0].sinh(); }
        cosh "cosh" [any twice full_on_gpu kernel fallback] { (any([2, 3])) |v, c| v[0].cosh(); }
        asinh "asinh" [any twice keep kernel fallback] { (any([2, 3])) |v, c| v[0].asinh(); }
        acosh "acosh" [any twice keep kernel fallback] { (positive([2, 3])) |v, c| v[0].acosh(); }
        atanh "atanh" [any twice keep kernel fallback] { (unit([2, 3])) |v, c| v[0].atanh(); }
        log2 "log2" [any twice full_on_gpu kernel fallback] { (positive([2, 3])) |v, c| v[0].log2(); }
        log10 "log10" [any twice full_on_gpu kernel fallback] { (positive([2, 3])) |v, c| v[0].log10(); }
        exp2 "exp2" [any twice keep kernel fallback] { (any([2, 3])) |v, c| v[0].exp2(); }
        sinc "sinc" [any twice keep kernel fallback] { (positive([2, 3])) |v, c| v[0].sinc(); }
        frac "frac" [any twice keep kernel fallback] { (unit([2, 3])) |v, c| v[0].frac(); }
        lgamma "lgamma" [any twice keep kernel fallback] { (positive([2, 3])) |v, c| v[0].lgamma(); }
        digamma "digamma" [any twice keep kernel fallback] { (positive([2, 3])) |v, c| v[0].digamma(); }
        polygamma "polygamma" [any twice keep kernel fallback] {
            (positive([2, 3])) |v, c| v[0].polygamma(c.size("n", 2));
        }
        erfinv "erfinv" [any twice full_on_gpu kernel fallback] { (unit([2, 3])) |v, c| v[0].erfinv(); }
        floor "floor" [any once keep kernel fallback] { (unit([2, 3])) |v, c| v[0].floor(); }
        ceil "ceil" [any once keep kernel fallback] { (unit([2, 3])) |v, c| v[0].ceil(); }
        round "round" [any once keep kernel fallback] { (any([2, 3])) |v, c| v[0].round(); }
        trunc "trunc" [any once keep kernel fallback] { (any([2, 3])) |v, c| v[0].trunc(); }
        nan_to_num "nan_to_num" [any twice keep kernel fallback] {
            (any([2, 3])) |v, c| v[0].nan_to_num(c.real("nan", 0.0), c.some_real("posinf", None), c.some_real("neginf", None));
        }
        logit "logit" [any once keep composed composed] {
            (unit([2, 3])) |v, c| v[0].logit(c.some_real("eps", None));
            (unit([2, 3])) |v, c| v[0].logit(c.some_real("eps", Some(0.4)));
        }
        deg2rad "deg2rad" [any twice keep composed composed] { (any([2, 3])) |v, c| v[0].deg2rad(); }
        rad2deg "rad2deg" [any twice keep composed composed] { (any([2, 3])) |v, c| v[0].rad2deg(); }
    } };
}
