//! Arithmetic of the bits of integers.

#[doc(hidden)]
#[macro_export]
macro_rules! operations_bitwise {
    ($callback:ident) => { $callback! { bitwise
        bitwise_and "bitwise_and" [bits none keep kernel fallback] {
            (integers([2, 3]), integers([3])) |v, c| v[0].bitwise_and(&v[1]);
            (integers([2, 3])) |v, c| v[0].bitwise_and(c.int("other", 3));
        }
        bitwise_or "bitwise_or" [bits none keep kernel fallback] {
            (integers([2, 3]), integers([3])) |v, c| v[0].bitwise_or(&v[1]);
            (integers([2, 3])) |v, c| v[0].bitwise_or(c.int("other", 3));
        }
        bitwise_xor "bitwise_xor" [bits none keep kernel fallback] {
            (integers([2, 3]), integers([3])) |v, c| v[0].bitwise_xor(&v[1]);
            (integers([2, 3])) |v, c| v[0].bitwise_xor(c.int("other", 3));
        }
        bitwise_not "bitwise_not" [bits none keep kernel fallback] { (integers([2, 3])) |v, c| v[0].bitwise_not(); }
        bitwise_left_shift "bitwise_left_shift" [int none keep kernel fallback] {
            (integers([2, 3]), integers([3])) |v, c| v[0].bitwise_left_shift(&v[1]);
            (integers([2, 3])) |v, c| v[0].bitwise_left_shift(c.int("other", 2));
        }
        bitwise_right_shift "bitwise_right_shift" [int none keep kernel fallback] {
            (integers([2, 3]), integers([3])) |v, c| v[0].bitwise_right_shift(&v[1]);
            (integers([2, 3])) |v, c| v[0].bitwise_right_shift(c.int("other", 1));
        }
        gcd "gcd" [int none keep kernel fallback] {
            (integers([2, 3]), integers([3])) |v, c| v[0].gcd(&v[1]);
            (integers([2, 3])) |v, c| v[0].gcd(c.int("other", 6));
        }
        lcm "lcm" [int none keep kernel fallback] {
            (integers([2, 3]), integers([3])) |v, c| v[0].lcm(&v[1]);
            (integers([2, 3])) |v, c| v[0].lcm(c.int("other", 6));
        }
    } };
}
