use super::*;

/// |ours - exact| in units in the last place of the exact result as an `f32`.
fn ulps(ours: f32, exact: f64) -> f64 {
    let rounded = exact as f32;
    if ours == rounded || (ours.is_nan() && exact.is_nan()) {
        return 0.0;
    }
    if !ours.is_finite() || !rounded.is_finite() {
        // Overflow may come one rounding early or late.
        return if ours.is_nan() || rounded.is_nan() || exact.abs() < 3.402_823e38 {
            f64::INFINITY
        } else {
            1.0
        };
    }
    let exponent = (rounded.abs().to_bits() >> 23).max(1) as i32;
    (ours as f64 - exact).abs() / 2f64.powi(exponent - 150)
}

/// Checks `f` at a million arguments of either sign and every magnitude, at the special ones and
/// densely in [-20, 20], with and without fused multiply-add.
#[track_caller]
fn check(name: &str, limit: f64, f: [fn(f32) -> f32; 2], exact: impl Fn(f64) -> f64) {
    let special = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
        f32::MIN_POSITIVE,
        f32::MAX,
        f32::MIN,
    ];
    let all = (0..1u64 << 32).step_by(4099).map(|bits| f32::from_bits(bits as u32));
    let near = (-200_000..200_000).map(|i| i as f32 * 1e-4);
    let mut worst = (0.0, 0.0);
    for x in all.chain(near).chain(special) {
        let expected = exact(x as f64);
        for f in f {
            let error = ulps(f(x), expected);
            if error > worst.0 {
                worst = (error, x);
            }
            if error == 0.0 && expected == 0.0 && x == 0.0 {
                assert_eq!(f(x).is_sign_negative(), expected.is_sign_negative(), "{name}({x:?}): sign");
            }
        }
    }
    assert!(worst.0 <= limit, "{name}({:e}) is off by {} ulp", worst.1, worst.0);
}

macro_rules! functions {
    ($($test:ident: $f:ident, $limit:literal, |$x:ident| $exact:expr;)*) => {$(
        #[test]
        fn $test() {
            check(stringify!($f), $limit, [$f::<4>, $f::<16>], |$x| $exact);
        }
    )*};
}
functions! {
    exp_is_right: exp, 1.0, |x| x.exp();
    expm1_is_right: expm1, 1.5, |x| x.exp_m1();
    ln_is_right: ln, 1.0, |x| x.ln();
    log1p_is_right: log1p, 1.5, |x| x.ln_1p();
    tanh_is_right: tanh, 1.5, |x| x.tanh();
    sigmoid_is_right: sigmoid, 2.3, |x| double::sigmoid(x);
    erf_is_right: erf, 1.2, |x| double::erf(x);
    normal_cdf_is_right: normal_cdf, 4.5, |x| double::normal_cdf(x);
}

/// 1 for what is too large.
#[test]
fn sine_and_cosine_are_right() {
    fn of(f: fn(f32) -> f32, x: f32) -> f32 {
        if x.abs() > EXACT { 1.0 } else { f(x) }
    }
    let limited = |x: f64, y: f64| if x.abs() > f64::from(EXACT) { 1.0 } else { y };
    check("sin", 1.6, [|x| of(sin::<4>, x), |x| of(sin::<16>, x)], |x| limited(x, x.sin()));
    check("cos", 1.6, [|x| of(cos::<4>, x), |x| of(cos::<16>, x)], |x| limited(x, x.cos()));
}

#[test]
fn normal_cdf_is_right_above_0() {
    check("normal_cdf(|x|)", 2.0, [|x| normal_cdf::<4>(x.abs()), |x| normal_cdf::<16>(x.abs())], |x| {
        double::normal_cdf(x.abs())
    });
}

#[test]
fn pow_is_right() {
    for y in
        [-3.5, -2.0, -1.0, -0.5, -0.0, 0.1, 0.5, 1.0, 2.0, 2.5, 3.0, 4.0, 7.0, 100.0, f32::INFINITY, f32::NAN]
    {
        let f: [fn(f32, f32) -> f32; 2] = [pow::<4>, pow::<16>];
        let mut worst = (0.0, 0.0);
        let all = (0..1u64 << 32).step_by(65_537).map(|bits| f32::from_bits(bits as u32));
        for x in all.chain([0.0, -0.0, 1.0, -1.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN]) {
            for f in f {
                let error = ulps(f(x, y), (x as f64).powf(y as f64));
                if error > worst.0 {
                    worst = (error, x);
                }
            }
        }
        assert!(worst.0 <= 1.0, "pow({:e}, {y}) is off by {} ulp", worst.1, worst.0);
    }
    // Zeros keep their sign under odd powers.
    assert_eq!(pow::<16>(-0.0, 3.0).to_bits(), (-0.0f32).to_bits());
    assert_eq!(pow::<16>(-0.0, -3.0), f32::NEG_INFINITY);
    assert_eq!(pow::<16>(-0.0, 2.0).to_bits(), 0);
}

#[test]
fn double_erf_is_right() {
    // 17 digits from mpmath.
    for (x, erf) in ERF {
        let close = |ours: f64, exact: f64| (ours - exact).abs() <= 8.0 * f64::EPSILON * exact;
        assert!(close(double::erf(x), erf), "erf({x}) = {:e}, not {erf:e}", double::erf(x));
        assert_eq!(double::erf(-x), -double::erf(x));
    }
    for (x, cdf) in CDF {
        let close =
            |ours: f64, exact: f64| (ours - exact).abs() <= 4.0 * f64::EPSILON * exact * (2.0 + x * x);
        assert!(close(double::normal_cdf(x), cdf), "cdf({x}) = {:e}, not {cdf:e}", double::normal_cdf(x));
    }
    assert_eq!(double::erf(f64::INFINITY), 1.0);
    assert_eq!(double::normal_cdf(f64::NEG_INFINITY), 0.0);
    assert!(double::erf(f64::NAN).is_nan() && double::normal_cdf(f64::NAN).is_nan());
}

const ERF: [(f64, f64); 13] = [
    (1e-10, 1.128_379_167_095_512_6e-10),
    (0.1, 0.112_462_916_018_284_9),
    (0.5, 0.520_499_877_813_046_5),
    (0.9, 0.796_908_212_422_832_2),
    (1.0, 0.842_700_792_949_714_9),
    (1.5, 0.966_105_146_475_310_8),
    (1.9, 0.992_790_429_235_257_5),
    (1.99, 0.995_111_413_199_617),
    (2.0, 0.995_322_265_018_952_7),
    (2.5, 0.999_593_047_982_555),
    (3.0, 0.999_977_909_503_001_4),
    (4.0, 0.9999999845827421),
    (5.5, 0.999_999_999_999_992_7),
];
const CDF: [(f64, f64); 14] = [
    (-37.0, 5.725_571_222_524_577e-300),
    (-20.0, 2.7536241186062337e-89),
    (-10.0, 7.619_853_024_160_525e-24),
    (-5.0, 2.866_515_718_791_939e-7),
    (-3.0, 1.349_898_031_630_094_6e-3),
    (-2.5, 6.209_665_325_776_135e-3),
    (-1.0, 0.158_655_253_931_457_05),
    (-0.1, 0.460_172_162_722_971),
    (0.0, 0.5),
    (0.1, 0.539_827_837_277_029),
    (1.0, 0.841_344_746_068_542_9),
    (2.5, 0.993_790_334_674_223_8),
    (2.9, 0.998_134_186_699_616),
    (5.0, 0.999_999_713_348_428_1),
];
