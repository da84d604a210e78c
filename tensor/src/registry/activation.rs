//! Activation functions that are not rows of `activations!`.

#[doc(hidden)]
#[macro_export]
macro_rules! operations_activation {
    ($callback:ident) => {
        $callback! { activation
            relu "relu" [any once keep kernel kernel] {
                (any([2, 3])) |v, c| v[0].relu();
            }
            prelu "prelu" [any once low composed composed] {
                (any([2, 3]), any([3])) |v, c| v[0].prelu(&v[1]);
            }
        }
    };
}
