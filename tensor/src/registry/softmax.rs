//! Softmax and its logarithm.

#[doc(hidden)]
#[macro_export]
macro_rules! operations_softmax {
    ($callback:ident) => { $callback! { softmax
        softmax "softmax" [float twice full_on_gpu kernel kernel] { (any([2, 3])) |v, c| v[0].softmax(c.int("dim", 1)); }
        log_softmax "log_softmax" [float twice full_on_gpu kernel kernel] {
            (any([2, 3])) |v, c| v[0].log_softmax(c.int("dim", 0));
        }
    } };
}
