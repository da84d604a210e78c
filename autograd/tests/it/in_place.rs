//! Every operation in place gives the values and gradients of the operation that it is named after.

use taper_autograd::{Result, Variable};
use taper_tensor::{DType, Generator, IncludeSelf, Reduce, Tensor};

/// An operation in place, and the one that it is named after, on the same operands.
struct Twin {
    name: &'static str,
    in_place: fn(&[Variable]) -> Result<()>,
    functional: fn(&[Variable]) -> Result<Variable>,
    shapes: &'static [&'static [usize]],
}

/// Makes twins of rows whose arguments after the first tensor are given.
macro_rules! twins {
    ($v:ident: $($name_:ident $name:ident($($arg:expr),*) $shapes:expr;)*) => {
        &[$(Twin {
            name: stringify!($name_),
            in_place: |$v| $v[0].$name_($($arg),*),
            functional: |$v| Ok($v[0].$name($($arg),*)?.into()),
            shapes: $shapes,
        }),*]
    };
}

/// Makes twins of the rows of the shared lists: those without arguments, or with one other operand. The
/// others are named in `REST`, and stand in `WITH_ARGUMENTS`.
macro_rules! from_list {
    ($($name_:ident = $name:ident($($arg:ident: $ty:ty),*);)*) => {
        const NAMES: &[&str] = &[$(stringify!($name_)),*];
        from_list! { @ [] [] $($name_ $name ($($arg)*);)* }
    };
    (@ [$($plain:ident $of:ident)*] [$($operand:ident $by:ident)*]) => {
        const PLAIN: &[super::Twin] = twins! { v: $($plain $of() &[&[2, 3]];)* };
        const WITH_OPERAND: &[super::Twin] = twins! { v: $($operand $by(&v[1]) &[&[2, 3], &[3]];)* };
    };
    (@ [$($plain:tt)*] $operand:tt $name_:ident $name:ident (); $($rest:tt)*) => {
        from_list! { @ [$($plain)* $name_ $name] $operand $($rest)* }
    };
    (@ $plain:tt [$($operand:tt)*] $name_:ident $name:ident (other); $($rest:tt)*) => {
        from_list! { @ $plain [$($operand)* $name_ $name] $($rest)* }
    };
    (@ $plain:tt $operand:tt $name_:ident $name:ident ($($arg:ident)*); $($rest:tt)*) => {
        from_list! { @ $plain $operand $($rest)* }
    };
}

mod by_result {
    use super::Twin;
    taper_tensor::in_place_by_result!(from_list);

    pub fn all() -> (&'static [&'static str], [&'static [Twin]; 2]) {
        (NAMES, [PLAIN, WITH_OPERAND])
    }
}

mod by_kernel {
    use super::Twin;
    taper_tensor::in_place_by_kernel!(from_list);

    pub fn all() -> (&'static [&'static str], [&'static [Twin]; 2]) {
        (NAMES, [PLAIN, WITH_OPERAND])
    }
}

/// Makes twins of the rows of a table of elementwise operations, with the parameters' defaults.
macro_rules! elementwise_twins {
    ($($(#[$doc:meta])* $Type:ident $name:ident $name_:ident ($($p:ident = $default:literal),*) $costs:tt
        value |$x:ident| $value:expr; gradient of $saved:ident |$g:ident, $s:ident| $gradient:expr;)*) => {
        pub const TWINS: &[super::Twin] = {
            use super::Twin;
            twins! { v: $($name_ $name($($default),*) &[&[2, 3]];)* }
        };
    };
}

mod activations {
    taper_tensor::activations!(elementwise_twins);
}

mod functions {
    taper_tensor::functions!(elementwise_twins);
}

fn vector() -> Tensor {
    Tensor::new([2i64, 0]).unwrap().to(&crate::device()).unwrap()
}

fn places() -> Tensor {
    Tensor::new([[1i64, 0, 2], [0, 2, 1]]).unwrap().to(&crate::device()).unwrap()
}

fn mask() -> Tensor {
    Tensor::new([true, false, true]).unwrap().to(&crate::device()).unwrap()
}

const WITH_ARGUMENTS: &[Twin] = twins! {
    v:
    clamp_min_ clamp_min(&v[1]) &[&[2, 3], &[3]];
    clamp_max_ clamp_max(0.5) &[&[2, 3]];
    clamp_ clamp(0.3, &v[1]) &[&[2, 3], &[3]];
    clip_ clip((), 0.5) &[&[2, 3]];
    put_ put(&vector(), &v[1]) &[&[2, 3], &[2]];
    scatter_ scatter(1, &places(), &v[1]) &[&[2, 3], &[2, 3]];
    scatter_add_ scatter_add(1, &places(), &v[1]) &[&[2, 3], &[2, 3]];
    scatter_reduce_ scatter_reduce(1, &places(), &v[1], Reduce::Prod, IncludeSelf(true)) &[&[2, 3], &[2, 3]];
    index_add_ index_add(1, &vector(), &v[1]) &[&[2, 3], &[2, 2]];
    index_fill_ index_fill(1, &vector(), 2.0) &[&[2, 3]];
    index_copy_ index_copy(1, &vector(), &v[1]) &[&[2, 3], &[2, 2]];
    masked_fill_ masked_fill(&mask(), 2.0) &[&[2, 3]];
    masked_scatter_ masked_scatter(&mask(), &v[1]) &[&[2, 3], &[2, 3]];
    lerp_ lerp(&v[1], &v[2]) &[&[2, 3], &[2, 3], &[3]];
    addcmul_ addcmul(&v[1], &v[2], 0.7) &[&[2, 3], &[3], &[2, 1]];
    addcdiv_ addcdiv(&v[1], &v[2], 0.7) &[&[2, 3], &[3], &[2, 1]];
    addmm_ addmm(&v[1], &v[2], 2, 0.5) &[&[2, 3], &[2, 4], &[4, 3]];
    addmv_ addmv(&v[1], &v[2], 2, 0.5) &[&[2], &[2, 3], &[3]];
    baddbmm_ baddbmm(&v[1], &v[2], 2, 0.5) &[&[2, 2, 3], &[2, 2, 4], &[2, 4, 3]];
    nan_to_num_ nan_to_num(0.0, None, None) &[&[2, 3]];
    cumsum_ cumsum(1) &[&[2, 3]];
    cumprod_ cumprod(1) &[&[2, 3]];
    tril_ tril(0) &[&[3, 3]];
    triu_ triu(1) &[&[3, 3]];
};

fn twins() -> Vec<&'static Twin> {
    let lists = [by_result::all().1, by_kernel::all().1].concat();
    [lists, vec![WITH_ARGUMENTS, activations::TWINS, functions::TWINS]]
        .concat()
        .into_iter()
        .flatten()
        .collect()
}

/// Returns true for the same bits, or NaN in both.
fn same(a: &Tensor, b: &Tensor) -> bool {
    let bits = |x: &Tensor| x.to_dtype(DType::F64).unwrap().to_vec::<f64>().unwrap();
    let equal = |(a, b): (&f64, &f64)| a == b || (a.is_nan() && b.is_nan());
    a.size() == b.size() && bits(a).iter().zip(&bits(b)).all(equal)
}

/// Returns the result of an operation on copies of leaves, and the leaves' gradients.
fn outcome(
    inputs: &[Tensor],
    f: impl FnOnce(&[Variable]) -> Result<Variable>,
) -> Result<(Tensor, Vec<Option<Tensor>>)> {
    let real = inputs[0].dtype().is_float();
    let leaf = |x: &Tensor| if real { Variable::requires_grad(x.clone()) } else { Variable::new(x.clone()) };
    let leaves: Vec<Variable> = inputs.iter().map(leaf).collect();
    // Not the leaves themselves, which cannot change in place; squared, so that the gradients count what was
    // there.
    let copies = leaves.iter().map(Variable::square).collect::<Result<Vec<_>>>()?;
    let y = f(&copies)?;
    if y.is_requires_grad() {
        y.mul(&y)?.sum()?.backward()?;
    }
    Ok((y.data(), leaves.iter().map(Variable::grad).collect()))
}

#[test]
fn values_and_gradients_are_those_of_the_operation() {
    for Twin { name, in_place, functional, shapes } in twins() {
        let options =
            Tensor::options().dtype(DType::F64).device(&crate::device()).generator(&Generator::new(7));
        let make = |shape: &&[usize]| options.rand(*shape).unwrap().mul(0.6).unwrap().add(0.2).unwrap();
        let mut inputs: Vec<Tensor> = shapes.iter().map(make).collect();
        let changed = |v: &[Variable]| {
            let version = v[0].data().version();
            in_place(v)?;
            assert!(v[0].data().version() > version, "{name} has not raised the version");
            Ok(v[0].clone())
        };
        let (y, grads) = match outcome(&inputs, functional) {
            Ok(found) => found,
            Err(_) => {
                // Of integers alone, or without a gradient.
                assert!(outcome(&inputs, changed).is_err(), "{name}");
                inputs =
                    inputs.iter().map(|x| x.mul(9)?.to_dtype(DType::I64)).collect::<Result<_, _>>().unwrap();
                outcome(&inputs, functional).unwrap_or_else(|e| panic!("{name}: {e}"))
            }
        };
        let (changed, changed_grads) = outcome(&inputs, changed).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(same(&y, &changed), "{name}: {y} and {changed}");
        for (a, b) in grads.iter().zip(&changed_grads) {
            // A mask has no gradient, and what was there has none either.
            match (a, b) {
                (Some(a), Some(b)) => assert!(same(a, b), "gradient of {name}: {a} and {b}"),
                (a, b) => assert_eq!(a.is_some(), b.is_some(), "{name}"),
            }
        }
    }
}

#[test]
fn every_operation_of_the_lists_has_its_twin_tested() {
    let tested: Vec<&str> = twins().iter().map(|twin| twin.name).collect();
    for name in [by_result::all().0, by_kernel::all().0].concat() {
        assert!(tested.contains(&name), "{name} is not tested");
    }
}

#[test]
fn fills_cut_the_graph() {
    let fills: [fn(&Variable) -> Result<()>; 5] = [
        |x| x.zero_(),
        |x| x.fill_(3),
        |x| x.uniform_(1.0, 2.0),
        |x| x.normal_(0.0, 1.0),
        |x| x.bernoulli_(0.5),
    ];
    for fill in fills {
        let x = Variable::requires_grad(Tensor::ones(4).unwrap());
        assert!(fill(&x).is_err(), "a leaf");
        let y = x.mul(2).unwrap();
        let version = y.data().version();
        fill(&y).unwrap();
        assert!(!y.is_requires_grad() && y.data().version() > version);
        y.mul(&x).unwrap().sum().unwrap().backward().unwrap();
        assert_eq!(x.grad().unwrap().to_vec::<f32>().unwrap(), y.data().to_vec::<f32>().unwrap());
    }
}

#[test]
fn integers_cannot_hold_real_results() {
    let x = Variable::new(Tensor::new([1i64, 2]).unwrap());
    let error = x.div_(2).unwrap_err().to_string();
    assert!(error.starts_with("div_: the result is floating point"), "{error}");
    x.add_(1).unwrap();
    assert_eq!(x.data().to_vec::<i64>().unwrap(), [2, 3]);
}
