//! Tensors and variables speak one vocabulary: the same call gives both the same values bit for bit, the same
//! dtype and shape, or the same error.

use std::fmt::Display;

use taper_autograd::Variable;
use taper_tensor::registry::Gradient;
use taper_tensor::{DType, Tensor};

use super::arguments::Arguments::Usual;
use super::samples;

/// A result's dtype, shape and bits.
type Described = (DType, Vec<usize>, Vec<u64>);

/// Returns the outcome of a call for comparison: the dtype, shape and bits of each result, with equal NaNs.
fn outcome<E: Display>(result: Result<Vec<Tensor>, E>) -> Result<Vec<Described>, String> {
    let outputs = result.map_err(|e| e.to_string())?;
    let described = outputs.iter().map(|y| {
        let bits = match y.dtype().is_float() {
            true => y.to_dtype(DType::F64)?.to_vec::<f64>()?.into_iter().map(bits).collect(),
            false => y.to_dtype(DType::I64)?.to_vec::<i64>()?.into_iter().map(|x| x as u64).collect(),
        };
        Ok((y.dtype(), y.size().to_vec(), bits))
    });
    described.collect::<taper_tensor::Result<_>>().map_err(|e| e.to_string())
}

fn bits(x: f64) -> u64 {
    if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() }
}

/// Calls every operation on inputs that `make` makes of ordinary ones, in each dtype, on both types; with and
/// without recording.
fn compare(what: &str, make: impl Fn(&Tensor) -> taper_tensor::Result<Tensor>) {
    let mut failures = Vec::new();
    for (op, sample) in samples() {
        for dtype in crate::DTYPES {
            let Ok(inputs) = sample.changed(|x| make(&x.to_dtype(dtype)?)) else { continue };
            let expected = outcome((sample.tensor)(&inputs, &Usual));
            let mut check = |how: &str, leaf: &dyn Fn(Tensor) -> Variable| {
                let v: Vec<Variable> = inputs.iter().cloned().map(leaf).collect();
                let found = (sample.variable)(&v, &Usual);
                let found = outcome(found.map(|all| all.iter().map(Variable::data).collect()));
                if found != expected {
                    failures.push(format!(
                        "{} of {what} {dtype}{how}: tensor {expected:?}, variable {found:?}",
                        op.name
                    ));
                }
            };
            check("", &Variable::from);
            if dtype.is_float() && op.gradient != Gradient::none {
                check(", recorded", &|x| {
                    if x.dtype().is_float() { Variable::requires_grad(x) } else { Variable::new(x) }
                });
            }
        }
    }
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn same_for_ordinary_inputs() {
    compare("ordinary", |x| Ok(x.clone()));
}

#[test]
fn same_for_transposed_inputs() {
    compare("transposed", |x| match x.dim() {
        0 | 1 => Ok(x.clone()),
        n => x.transpose(0, n as i64 - 1)?.copy()?.transpose(0, n as i64 - 1),
    });
}

#[test]
fn same_for_expanded_inputs() {
    compare("expanded", |x| match x.dim() {
        0 => Ok(x.clone()),
        _ => x.narrow(0, 0, 1)?.expand(x.size()),
    });
}

#[test]
fn same_for_empty_inputs() {
    compare("empty", |x| match x.dim() {
        0 => Ok(x.clone()),
        _ => x.narrow(0, 0, 0),
    });
}

#[test]
fn same_for_numbers() {
    compare("a number", |x| x.reshape(-1)?.select(0, 0));
}

#[test]
fn same_for_nan_and_infinities() {
    let special = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0];
    compare("special", |x| {
        let mut values = x.to_dtype(DType::F64)?.to_vec::<f64>()?;
        values.iter_mut().step_by(2).zip(special.iter().cycle()).for_each(|(x, &s)| *x = s);
        Tensor::from_vec(values, x.size())?.to_dtype(x.dtype())
    });
}

/// Among them products that leave the dtype's range on the way and come back.
#[test]
fn same_for_very_small_and_large_numbers() {
    compare("extreme", |x| {
        let mut values = x.to_dtype(DType::F64)?.to_vec::<f64>()?;
        values.iter_mut().enumerate().for_each(|(i, x)| *x *= if i % 4 < 2 { 1e-30 } else { 1e30 });
        Tensor::from_vec(values, x.size())?.to_dtype(x.dtype())
    });
}
