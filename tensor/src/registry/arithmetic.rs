//! Arithmetic of two operands.

#[doc(hidden)]
#[macro_export]
macro_rules! operations_arithmetic {
    ($callback:ident) => { $callback! { arithmetic
        add "add" [any twice keep kernel kernel] {
            (any([2, 3]), any([3])) |v, c| v[0].add(&v[1]);
            as add_scalar (any([2, 3])) |v, c| v[0].add(c.number("scalar", 0.5));
        }
        sub "sub" [number twice keep kernel kernel] { (any([2, 3]), any([2, 1])) |v, c| v[0].sub(&v[1]); }
        mul "mul" [any twice keep kernel kernel] {
            (any([2, 3]), any([3])) |v, c| v[0].mul(&v[1]);
            as mul_scalar (any([2, 3])) |v, c| v[0].mul(c.number("scalar", 0.5));
        }
        div "div" [any twice keep kernel kernel] { (any([2, 3]), positive([3])) |v, c| v[0].div(&v[1]); }
        rsub "rsub" [any twice keep kernel kernel] { (any([2, 3])) |v, c| v[0].rsub(c.number("other", 2.0)); }
        rdiv "Tensor.__rtruediv__" [any twice keep kernel kernel] {
            (positive([2, 3])) |v, c| v[0].rdiv(c.number("other", 2.5));
        }
        floor_divide "floor_divide" [number none keep kernel fallback] {
            (positive([2, 3]), positive([3])) |v, c| v[0].floor_divide(&v[1]);
            (positive([2, 3])) |v, c| v[0].floor_divide(c.number("other", 0.7));
        }
        remainder "remainder" [number once keep kernel fallback] {
            (positive([2, 3]), positive([3])) |v, c| v[0].remainder(&v[1]);
            (unit([2, 3])) |v, c| v[0].remainder(c.number("other", -0.3));
        }
        fmod "fmod" [number once keep kernel fallback] {
            (unit([2, 3]), positive([3])) |v, c| v[0].fmod(&v[1]);
            (unit([2, 3])) |v, c| v[0].fmod(c.number("other", -0.3));
        }
        pow "pow" [any twice full_on_gpu kernel fallback] {
            (positive([2, 3]), any([3])) |v, c| v[0].pow(&v[1]);
            as powf (positive([2, 3])) |v, c| v[0].pow(c.number("exponent", 2.5));
        }
        atan2 "atan2" [any twice keep kernel fallback] {
            (positive([2, 3]), positive([3])) |v, c| v[0].atan2(&v[1]);
            (positive([2, 3])) |v, c| v[0].atan2(c.number("other", 0.5));
        }
        hypot "hypot" [any twice keep kernel fallback] {
            (positive([2, 3]), positive([3])) |v, c| v[0].hypot(&v[1]);
            (positive([2, 3])) |v, c| v[0].hypot(c.number("other", 0.5));
        }
        logaddexp "logaddexp" [any twice keep kernel fallback] {
            (any([2, 3]), any([3])) |v, c| v[0].logaddexp(&v[1]);
            (any([2, 3])) |v, c| v[0].logaddexp(c.number("other", 0.5));
        }
        xlogy "xlogy" [any twice keep kernel fallback] {
            (positive([2, 3]), positive([3])) |v, c| v[0].xlogy(&v[1]);
            (positive([2, 3])) |v, c| v[0].xlogy(c.number("other", 0.5));
        }
        copysign "copysign" [any once keep kernel fallback] {
            (any([2, 3]), any([3])) |v, c| v[0].copysign(&v[1]);
            (any([2, 3])) |v, c| v[0].copysign(c.number("other", -1.0));
        }
        heaviside "heaviside" [any none keep kernel fallback] {
            (any([2, 3]), any([3])) |v, c| v[0].heaviside(&v[1]);
            (any([2, 3])) |v, c| v[0].heaviside(c.number("values", 1.0));
        }
        lerp "lerp" [float twice keep kernel fallback] {
            (any([2, 3]), any([2, 3])) |v, c| v[0].lerp(&v[1], c.number("weight", 0.3));
            (any([2, 3]), any([2, 3]), unit([3])) |v, c| v[0].lerp(&v[1], &v[2]);
        }
        addcmul "addcmul" [any twice keep composed composed] {
            (any([2, 3]), any([3]), any([2, 1])) |v, c| v[0].addcmul(&v[1], &v[2], c.number("value", 2.0));
        }
        addcdiv "addcdiv" [float twice keep composed composed] {
            (any([2, 3]), any([3]), positive([2, 1])) |v, c| v[0].addcdiv(&v[1], &v[2], c.number("value", 2.0));
        }
    } };
}
