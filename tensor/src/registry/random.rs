//! Draws. Each call of a sample draws the same numbers.

#[doc(hidden)]
#[macro_export]
macro_rules! operations_random {
    ($callback:ident) => { $callback! { random
        bernoulli "bernoulli" [float none keep kernel fallback] {
            (unit([2, 3])) |v, c| Generator::new(3).scope(|| v[0].bernoulli());
        }
        multinomial "multinomial" [float none keep kernel fallback] {
            (unit([2, 3])) |v, c| {
                Generator::new(3).scope(|| v[0].multinomial(c.size("num_samples", 2), Replacement(c.flag("replacement", false))))
            };
        }
        dropout "nn.functional.dropout" [any twice keep composed composed] {
            (any([2, 3])) |v, c| v[0].dropout(c.real("p", 0.5), Some(&Generator::new(3)));
        }
        feature_dropout "nn.functional.dropout2d" [any twice keep composed composed] {
            (any([2, 3, 2])) |v, c| v[0].feature_dropout(c.real("p", 0.5), Some(&Generator::new(3)));
        }
    } };
}
