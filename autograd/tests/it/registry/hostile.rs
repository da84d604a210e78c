//! Every operation with arguments and inputs drawn at random, most of them absurd, of all dtypes and layouts:
//! a result or an error, and never a panic, an abort or the machine's whole memory. A case's seed is in its
//! message, so that a failure comes back.

use std::panic::{AssertUnwindSafe, catch_unwind};

use taper_autograd::Variable;
use taper_tensor::{Generator, Tensor};

use super::arguments::Arguments;
use super::{Sample, samples};
use crate::chance::Chance;

const ROUNDS: usize = 400;

impl Sample {
    /// Returns inputs: some are the sample's, in any dtype and layout, and others have any shape.
    fn absurd(&self, c: &Chance) -> Vec<Tensor> {
        let (ordinary, mut inputs) = (self.ordinary(), Vec::new());
        let dtype = c.of(&crate::DTYPES);
        let own = c.below(3) > 0;
        for (x, real) in ordinary {
            let first = inputs.first().unwrap_or(&x);
            let drawn = match (own && c.below(6) > 0, real) {
                (true, true) => c.relaid(&x, if c.below(8) > 0 { dtype } else { c.of(&crate::DTYPES) }),
                (true, false) => x,
                (false, false) if !x.dtype().is_float() => c.index(first),
                (false, _) if c.bool() => c.like(first),
                _ => c.tensor(),
            };
            inputs.push(drawn);
        }
        inputs
    }
}

#[test]
fn absurd_arguments_give_a_result_or_an_error() {
    let mut wrong = vec![];
    Generator::new(1).scope(|| {
        for (row, (op, sample)) in samples().enumerate() {
            let mut results = 0;
            for round in 0..ROUNDS {
                let seed = (row * ROUNDS + round) as u64;
                let c = Chance::new(seed);
                let inputs = sample.absurd(&c);
                let variables: Vec<Variable> = inputs.iter().map(Variable::from).collect();
                // Each call draws the same arguments.
                let arguments = Chance::new(!seed);
                let tensor = || (sample.tensor)(&inputs, &Arguments::Hostile(&arguments)).is_ok();
                let again = Chance::new(!seed);
                let variable = || (sample.variable)(&variables, &Arguments::Hostile(&again)).is_ok();
                match catch_unwind(AssertUnwindSafe(|| (tensor(), variable()))) {
                    Ok((tensor, variable)) if tensor == variable => results += usize::from(tensor),
                    Ok(_) => wrong.push(format!("{} is an error on one type alone, seed {seed}", op.name)),
                    Err(_) => wrong.push(format!("{} panics, seed {seed}, for {inputs:?}", op.name)),
                }
            }
            if results == 0 {
                wrong.push(format!("{} never gives a result", op.name));
            }
        }
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
