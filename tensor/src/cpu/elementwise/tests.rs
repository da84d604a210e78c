use half::{bf16, f16};
use proptest::prelude::*;

use super::super::element::{Element, Number};
use super::super::operators::*;
use super::super::tests::{Random, View};
use super::*;

/// Compares each kernel with a plain loop over the elements in row-major order.
fn check<T: Element>(seed: u64) {
    let random = &mut Random(seed);
    let dims = random.dims();
    let value = |random: &mut Random| (random.unit() * 40.0).round();
    let a = View::<T>::random(random, &dims, true, value);
    let b = View::<T>::random(random, &dims, true, value);
    let mask = View::<u8>::random(random, &dims, true, |r| r.below(2) as f64);
    let (av, bv, mv) = (a.values(), b.values(), mask.values());
    let pairs = || av.iter().zip(&bv).map(|(&a, &b)| (a, b));

    assert_eq!(map1(a.view(), Copied), av);
    let negated: Vec<T> = av.iter().map(|a| T::narrow(a.wide().neg())).collect();
    assert_eq!(map1(a.view(), Neg), negated);
    assert_eq!(map1(a.view(), |x: T| T::narrow(x.wide().neg())), negated);
    let sum: Vec<T> = pairs().map(|(a, b)| T::narrow(a.wide().add(b.wide()))).collect();
    assert_eq!(map2(a.view(), b.view(), Add), sum);
    let less: Vec<u8> = pairs().map(|(a, b)| (a < b) as u8).collect();
    assert_eq!(map2(a.view(), b.view(), Lt), less);
    let chosen: Vec<T> = pairs().zip(&mv).map(|((a, b), &m)| if m != 0 { a } else { b }).collect();
    assert_eq!(map3(mask.view(), a.view(), b.view(), Where), chosen);
    let shifted: Vec<T> = av.iter().map(|a| T::narrow(a.wide().mul(T::from_f64(3.0).wide()))).collect();
    assert_eq!(map1(a.view(), With(Mul, T::from_f64(3.0))), shifted);
    let cast: Vec<f64> = av.iter().map(|a| a.to_f64()).collect();
    assert_eq!(map1::<T, f64>(a.view(), Cast), cast);

    // In place: the destination's elements change, the gaps between them do not.
    let start = View::<T>::random(random, &dims, false, value);
    let mut y = start.clone();
    update1(y.view_mut(), a.view(), Put);
    assert_eq!(y.values(), av);
    update1(y.view_mut(), b.view(), Add);
    assert_eq!(y.values(), sum);
    update(y.view_mut(), |_| T::from_f64(7.0));
    assert_eq!(y.values(), vec![T::from_f64(7.0); av.len()]);
    update1(
        y.view_mut(),
        View { data: start.values(), strides: contiguous_strides(&dims), offset: 0, ..start.clone() }.view(),
        Put,
    );
    assert_eq!(y.data, start.data);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]
    #[test]
    fn any_layout(seed: u64) {
        check::<f32>(seed);
        check::<f64>(seed);
        check::<bf16>(seed);
        check::<u8>(seed);
        check::<i64>(seed);
    }

    #[test]
    fn half_conversions_are_those_of_half(bits: u32, h: u16) {
        let x = f32::from_bits(bits);
        for x in [x, x * 1e-30, f16::from_bits(h).to_f32(), f16::from_bits(h).to_f32() * (1.0 + 1.0 / 4096.0)] {
            let same = |a: u16, b: u16| a == b || (x.is_nan() && f16::from_bits(a).is_nan() && f16::from_bits(b).is_nan());
            prop_assert!(same(f16::from_f32(x).to_bits(), <f16 as Element>::from_f32(x).to_bits()), "f16 of {x:e}");
            prop_assert!(x.is_nan() || bf16::from_f32(x) == <bf16 as Element>::from_f32(x), "bf16 of {x:e}");
        }
        let y = f64::from_bits((bits as u64) << 32 | bits as u64) * 1e-140;
        for y in [y, x as f64 * (1.0 + 1e-13), x as f64 * (1.0 - 1e-13)] {
            prop_assert!(y.is_nan() || f16::from_f64(y) == <f16 as Element>::from_f64(y), "f16 of {y:e}");
        }
        let wide = Element::wide(f16::from_bits(h));
        prop_assert!(wide.to_bits() == f16::from_bits(h).to_f32().to_bits() || f16::from_bits(h).is_nan() && wide.is_nan());
    }
}

#[test]
fn special_values() {
    let (nan, inf) = (f32::NAN, f32::INFINITY);
    let dims = [5];
    let view = |x: &'static [f32; 5]| Strided::new(x, &[5], &[1], 0);
    let bits = |x: Vec<f32>| x.into_iter().map(f32::to_bits).collect::<Vec<_>>();
    const X: [f32; 5] = [f32::NAN, 1.0, -0.0, f32::NEG_INFINITY, 3.5];
    const Y: [f32; 5] = [1.0, f32::NAN, 2.0, f32::INFINITY, -2.0];
    let maximum = map2(view(&X), view(&Y), Maximum);
    assert!(maximum[0].is_nan() && maximum[1].is_nan());
    assert_eq!(maximum[2..], [2.0, inf, 3.5]);
    let minimum = map2(view(&X), view(&Y), Minimum);
    assert!(minimum[0].is_nan() && minimum[1].is_nan());
    assert_eq!(minimum[2..], [-0.0, -inf, -2.0]);
    let relu = map1(view(&X), Relu);
    assert!(relu[0].is_nan());
    assert_eq!(relu[1..], [1.0, 0.0, 0.0, 3.5]);
    let sign = map1(view(&X), Sign);
    assert_eq!(sign, [0.0, 1.0, 0.0, -1.0, 1.0]);
    assert_eq!(bits(map1(view(&X), Abs))[1..], bits(vec![1.0, 0.0, inf, 3.5]));
    assert_eq!(map2(view(&X), view(&X), Eq), [0, 1, 1, 1, 1]);
    assert_eq!(map2(view(&X), view(&X), Ne), [1, 0, 0, 0, 0]);
    // floor_divide and remainder, as Python has them.
    assert_eq!(
        map2(view(&[7.0, -7.0, 7.0, -7.0, 1.0]), view(&[2.0, 2.0, -2.0, -2.0, 0.1]), FloorDiv),
        [3.0, -4.0, -4.0, 3.0, 9.0]
    );
    assert_eq!(
        map2(view(&[7.0, -7.0, 7.0, -7.0, 6.0]), view(&[2.0, 2.0, -2.0, -2.0, -2.0]), Remainder),
        [1.0, 1.0, -1.0, -1.0, 0.0]
    );
    let (a, b) = ([7, -7, 7, -7, i32::MIN], [2, 2, -2, 0, -1]);
    let ints = |x| Strided::new(x, &dims, &[1], 0);
    assert_eq!(map2(ints(&a), ints(&b), FloorDiv), [3, -4, -4, 0, i32::MIN]);
    assert_eq!(map2(ints(&a), ints(&b), Remainder), [1, 1, -1, 0, 0]);
    assert_eq!(map2(ints(&a), ints(&b), Div), [3, -3, -3, 0, i32::MIN]);
    assert_eq!(map1(ints(&a), Abs), [7, 7, 7, 7, i32::MIN]);
    // Casts: truncate, wrap around, saturate nowhere that PyTorch does not.
    assert_eq!(map1::<f32, u8>(view(&[-1.0, 2.9, 300.0, 255.0, -0.5]), Cast), [255, 2, 44, 255, 0]);
    assert_eq!(map1::<f32, i64>(view(&[-1.5, 2.9, 3e9, -0.0, 0.5]), Cast), [-1, 2, 3_000_000_000, 0, 0]);
    assert_eq!(map1::<i32, u8>(ints(&[256, -1, 7, 511, 0]), Cast), [0, 255, 7, 255, 0]);
    assert!(nan.is_nan());
}

#[test]
#[should_panic(expected = "overlapping destination")]
fn an_overlapping_destination_is_refused() {
    StridedMut::new(&mut [0.0f32; 8], &[4, 4], &[1, 1], 0);
}

#[test]
#[should_panic(expected = "leave 4 elements")]
fn a_view_out_of_bounds_is_refused() {
    Strided::new(&[0.0f32; 4], &[2, 3], &[2, 1], 0);
}
