//! Tensors and variables speak one vocabulary: the same call gives both the same values bit for bit, the same
//! dtype and shape, or the same error.

use std::fmt::Display;

use taper_autograd::Variable;
use taper_tensor::{DType, Tensor};

use crate::table::rows;

/// What came of a call, to compare: every NaN is the same.
fn outcome<E: Display>(result: Result<Tensor, E>) -> Result<(DType, Vec<usize>, Vec<u64>), String> {
    let y = result.map_err(|e| e.to_string())?;
    let bits = match y.dtype().is_float() {
        true => {
            y.to_dtype(DType::F64).unwrap().to_vec::<f64>().unwrap().into_iter().map(|x| match x.is_nan() {
                true => f64::NAN.to_bits(),
                false => x.to_bits(),
            })
        }
        false => return Ok((y.dtype(), y.size().to_vec(), integers(&y))),
    };
    Ok((y.dtype(), y.size().to_vec(), bits.collect()))
}

fn integers(y: &Tensor) -> Vec<u64> {
    y.to_dtype(DType::I64).unwrap().to_vec::<i64>().unwrap().into_iter().map(|x| x as u64).collect()
}

/// Calls every operation of the table on inputs that `make` makes of ordinary ones, in each dtype, on both
/// types; with and without recording.
fn compare(what: &str, make: impl Fn(&Tensor) -> taper_tensor::Result<Tensor>) {
    let mut failures = Vec::new();
    for row in rows() {
        for dtype in [DType::F64, DType::F32, DType::F16, DType::BF16, DType::I64] {
            let inputs: Result<Vec<Tensor>, _> =
                row.inputs().iter().map(|x| make(&x.to_dtype(dtype)?)).collect();
            let Ok(inputs) = inputs else { continue };
            let expected = outcome((row.tensor)(&inputs));
            let constants: Vec<Variable> = inputs.iter().map(Variable::from).collect();
            let found = outcome((row.variable)(&constants).map(|y| y.data()));
            if found != expected {
                failures
                    .push(format!("{} of {what} {dtype}: tensor {expected:?}, variable {found:?}", row.name));
            }
            if dtype.is_float() {
                let leaves: Vec<Variable> = inputs.iter().cloned().map(Variable::requires_grad).collect();
                let found = outcome((row.variable)(&leaves).map(|y| y.data()));
                if found != expected {
                    failures.push(format!(
                        "{} of {what} {dtype}, recorded: tensor {expected:?}, variable {found:?}",
                        row.name
                    ));
                }
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
