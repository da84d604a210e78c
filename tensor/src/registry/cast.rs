//! Dtypes, devices and copies.

#[doc(hidden)]
#[macro_export]
macro_rules! operations_cast {
    ($callback:ident) => { $callback! { cast
        to_dtype "Tensor.to" [any twice keep kernel kernel] {
            (any([2, 3])) |v, c| v[0].to_dtype(c.dtype("dtype", DType::F64));
        }
        to "Tensor.to" [any twice keep view kernel] { (any([2, 3])) |v, c| v[0].to(&Device::cpu()); }
        contiguous "Tensor.contiguous" [any twice keep kernel kernel] { (any([2, 3])) |v, c| v[0].t()?.contiguous(); }
        copy "clone" [any twice keep kernel kernel] { (any([2, 3])) |v, c| v[0].copy(); }
    } };
}
