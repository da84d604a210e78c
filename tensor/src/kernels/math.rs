//! Functions of `f32`.

macro_rules! std_functions {
    ($($name:ident($x:ident $(, $y:ident)?) = $e:expr;)*) => {
        $(
            #[inline(always)]
            pub(super) fn $name<const L: usize>($x: f32 $(, $y: f32)?) -> f32 {
                $e
            }
        )*
        /// The same of `f64`.
        pub(super) mod double {
            $(
                #[inline(always)]
                pub fn $name($x: f64 $(, $y: f64)?) -> f64 {
                    $e
                }
            )*
        }
    };
}
std_functions! {
    exp(x) = x.exp();
    expm1(x) = x.exp_m1();
    ln(x) = x.ln();
    log1p(x) = x.ln_1p();
    sqrt(x) = x.sqrt();
    tanh(x) = x.tanh();
    sigmoid(x) = 1.0 / (1.0 + (-x).exp());
    sin(x) = x.sin();
    cos(x) = x.cos();
    pow(x, y) = x.powf(y);
    floor(x) = x.floor();
    ceil(x) = x.ceil();
    round(x) = x.round_ties_even();
    trunc(x) = x.trunc();
}
