//! The registry's rows, called in every way there is.

mod arguments;
mod golden; // values, gradients and second gradients against PyTorch's
mod gradients; // against numerical derivatives, for inputs of every layout
mod hostile; // absurd arguments and inputs
mod page; // docs/operations.md, and what the registry claims
mod vocabulary; // tensors and variables agree bit for bit

use taper_autograd::Variable;
use taper_tensor::Tensor;
use taper_tensor::registry::Operation;

use arguments::{Arguments, Input};

/// An operation and its samples.
pub struct Row {
    pub operation: &'static Operation,
    pub samples: &'static [Sample],
}

/// A call of an operation on each type, and inputs for it.
pub struct Sample {
    /// The name of its reference cases.
    pub case: &'static str,
    pub inputs: fn() -> Vec<Input>,
    pub tensor: fn(&[Tensor], &Arguments<'_>) -> taper_tensor::Result<Vec<Tensor>>,
    pub variable: fn(&[Variable], &Arguments<'_>) -> taper_autograd::Result<Vec<Variable>>,
}

impl Sample {
    /// Returns ordinary inputs, each with true if gradients flow to it.
    pub fn ordinary(&self) -> Vec<(Tensor, bool)> {
        let inputs = (self.inputs)();
        inputs.iter().zip(11..).map(|(input, seed)| (input.make(seed), input.shape().is_some())).collect()
    }

    /// Returns ordinary inputs changed by `change`; constants are unchanged.
    pub fn changed(
        &self,
        change: impl Fn(&Tensor) -> taper_tensor::Result<Tensor>,
    ) -> taper_tensor::Result<Vec<Tensor>> {
        self.ordinary().into_iter().map(|(x, real)| if real { change(&x) } else { Ok(x) }).collect()
    }
}

/// Makes the rows of a family of the registry rows here.
macro_rules! rows {
    ($family:ident $($name:ident $torch:literal [$($words:ident)*] {
        $($(as $case:ident)? ($($input:expr),*) |$v:ident, $c:ident| $call:expr;)*
    })*) => {
        pub const ROWS: &[Row] = &[$(Row {
            operation: &taper_tensor::registry::$name,
            samples: &[$(Sample {
                case: rows!(@case $name $($case)?),
                inputs: || vec![$($input),*],
                tensor: |$v, $c| {
                    type T = taper_tensor::Tensor;
                    let y: taper_tensor::Result<_> = $call;
                    Ok(Outputs::<T>::list(y?))
                },
                variable: |$v, $c| {
                    type T = taper_autograd::Variable;
                    let y: taper_autograd::Result<_> = $call;
                    Ok(Outputs::<T>::list(y?))
                },
            }),*],
        }),*];
    };
    (@case $name:ident) => { stringify!($name) };
    (@case $name:ident $case:ident) => { stringify!($case) };
}

/// Makes the rows of a table of elementwise functions rows here.
macro_rules! elementwise_rows {
    ($($(#[$doc:meta])* $Type:ident $name:ident $name_:ident ($($p:ident = $default:literal),*) $costs:tt
        value |$x:ident| $value:expr; gradient of $saved:ident |$g:ident, $s:ident| $gradient:expr;)*) => {
        pub const ROWS: &[Row] = &[$(Row {
            operation: &taper_tensor::registry::$name,
            samples: &[Sample {
                case: stringify!($name),
                inputs: || vec![if FAMILY == "unary" { positive([2, 3]) } else { any([2, 3]) }],
                tensor: |v, c| Ok(vec![v[0].$name($(c.real(stringify!($p), $default)),*)?]),
                variable: |v, c| Ok(vec![v[0].$name($(c.real(stringify!($p), $default)),*)?]),
            }],
        }),*];
    };
}

#[allow(unused_variables)] // where a call needs no arguments
mod calls {
    use super::arguments::{
        Outputs, Plain, any, index, integers, mask, matrix, numbers, positive, unit, zeros,
    };
    use super::{Row, Sample};
    use taper_tensor::*;
    operations!(rows, elementwise_rows);
}

/// Returns all rows.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    calls::FAMILIES.iter().copied().flatten()
}

/// Returns all samples with their operations.
pub fn samples() -> impl Iterator<Item = (&'static Operation, &'static Sample)> {
    rows().flat_map(|row| row.samples.iter().map(|sample| (row.operation, sample)))
}
