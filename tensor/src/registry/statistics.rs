//! Moments, quantiles and counts.

#[doc(hidden)]
#[macro_export]
macro_rules! operations_statistics {
    ($callback:ident) => { $callback! { statistics
        var "var" [float twice keep kernel fallback] {
            (any([2, 3])) |v, c| v[0].var(c.over(&[1], false), c.correction(1.0));
            (any([2, 3])) |v, c| v[0].var(c.over(&[], true), c.real("correction", 0.0));
        }
        std "std" [float twice keep kernel fallback] {
            (positive([2, 3])) |v, c| v[0].std(c.over(&[1], true), c.correction(1.0));
        }
        var_mean "var_mean" [float twice keep composed composed] {
            (any([2, 3, 2])) |v, c| v[0].var_mean(c.over(&[0, 2], true), c.correction(1.0));
        }
        std_mean "std_mean" [float twice keep composed composed] {
            (positive([2, 3])) |v, c| v[0].std_mean(c.over(&[1], false), c.real("correction", 0.5));
        }
        median "median" [any once keep kernel fallback] { (any([3])) |v, c| v[0].median(); }
        median_dim "median" [any once keep kernel fallback] {
            (any([2, 3])) |v, c| v[0].median_dim(c.over(&[1], false));
        }
        mode "mode" [any once keep kernel fallback] {
            (any([2, 3])) |v, c| v[0].mode(c.over(&[1], false));
        }
        quantile "quantile" [float once keep composed composed] {
            (any([2, 3]), numbers([1.0, 0.5])) |v, c| v[0].quantile(&v[1].plain().to_dtype(v[0].dtype())?, c.over(&[1], true));
            (any([2, 4]), numbers([0.3])) |v, c| {
                v[0].quantile(&v[1].plain().to_dtype(v[0].dtype())?.select(0, 0)?, c.over(&[-1], false))
            };
        }
        cov "cov" [any twice low composed composed] { (any([2, 3])) |v, c| v[0].cov(c.int("correction", 1)); }
        corrcoef "corrcoef" [any twice low composed composed] { (positive([2, 3])) |v, c| v[0].corrcoef(); }
        bincount "bincount" [int none keep kernel fallback] { (index([1, 0, 1])) |v, c| v[0].bincount(c.size("minlength", 4)); }
        histc "histc" [float none keep kernel fallback] {
            (any([2, 3])) |v, c| v[0].histc(c.size("bins", 4), c.real("min", -1.0), c.real("max", 1.0));
        }
    } };
}
