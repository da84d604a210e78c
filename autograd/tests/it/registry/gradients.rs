//! Every operation against numerical derivatives, for inputs of every layout.

use taper_autograd::{GradcheckOptions, Result, Variable, gradcheck, gradgradcheck};
use taper_tensor::registry::{Dtypes, Gradient};
use taper_tensor::{DType, Tensor};

use super::arguments::Arguments;
use super::{Sample, samples};

impl Sample {
    /// Returns the operation's results as one: the sum of several, each element multiplied by its own factor.
    fn call(&self, v: &[Variable]) -> Result<Variable> {
        let outputs = (self.variable)(v, &Arguments::Usual)?;
        let outputs: Vec<Variable> = outputs.into_iter().filter(|y| y.dtype().is_float()).collect();
        if let [y] = &outputs[..] {
            return Ok(y.clone());
        }
        let mut sum = Variable::new(Tensor::options().dtype(DType::F64).tensor(0.0f64)?.to(&v[0].device())?);
        for y in outputs {
            let factors = Tensor::options().dtype(DType::F64).linspace(0.5, 2.0, y.numel())?;
            sum = sum.add(y.mul(factors.to(&y.device())?.reshape(&y.size()[..])?)?.sum()?)?;
        }
        Ok(sum)
    }

    /// Returns the inputs. `layout` makes those that gradients flow to.
    fn leaves(&self, layout: impl Fn(&Tensor) -> taper_tensor::Result<Tensor>) -> Vec<Variable> {
        let leaf = |(x, real): (Tensor, bool)| {
            if real { Variable::requires_grad(layout(&x).unwrap()) } else { Variable::new(x) }
        };
        self.ordinary().into_iter().map(leaf).collect()
    }
}

fn transposed(x: &Tensor) -> taper_tensor::Result<Tensor> {
    match x.dim() {
        0 | 1 => Ok(x.clone()),
        n => x.transpose(0, n as i64 - 1)?.copy()?.transpose(0, n as i64 - 1),
    }
}

/// Returns a view of wider memory.
fn sliced(x: &Tensor) -> taper_tensor::Result<Tensor> {
    let mut size = x.size().to_vec();
    let last = size.len() - 1;
    size[last] += 2;
    let part = x.like().ones(&size)?.narrow(last as i64, 1, size[last] - 2)?;
    part.copy_(x)?;
    Ok(part)
}

#[test]
fn gradients_of_contiguous_transposed_and_sliced_inputs() {
    for (op, sample) in samples().filter(|(op, _)| op.gradient != Gradient::none) {
        type Layout<'a> = (&'a str, &'a dyn Fn(&Tensor) -> taper_tensor::Result<Tensor>);
        let layouts: [Layout<'_>; 3] =
            [("contiguous", &|x| Ok(x.clone())), ("transposed", &transposed), ("sliced", &sliced)];
        for (layout, make) in layouts {
            let inputs = sample.leaves(make);
            gradcheck(|v| sample.call(v), &inputs, GradcheckOptions::default())
                .unwrap_or_else(|e| panic!("{}, {layout}: {e}", op.name));
            if op.gradient == Gradient::twice && layout == "contiguous" {
                gradgradcheck(|v| sample.call(v), &inputs, GradcheckOptions::default())
                    .unwrap_or_else(|e| panic!("{}: {e}", op.name));
            }
        }
    }
}

/// Repeated by a stride of 0 along the first dimension that has several elements; and one number everywhere,
/// where the function is smooth there.
#[test]
fn gradients_of_expanded_inputs() {
    let along = |x: &Tensor| match x.size().iter().position(|&n| n > 1) {
        Some(d) => x.narrow(d as i64, 0, 1)?.expand(x.size()),
        None => Ok(x.clone()),
    };
    let everywhere = |x: &Tensor| match x.numel() {
        0 => Ok(x.clone()),
        _ => x.ravel()?.select(0, 0)?.expand(x.size()),
    };
    // Roots of 0, and the middle of equals.
    let apart = ["norm_p", "std", "std_mean", "corrcoef", "median"];
    for (op, sample) in samples().filter(|(op, _)| op.gradient != Gradient::none && op.family != "linalg") {
        let check = |what: &str, inputs: Vec<Variable>| {
            gradcheck(|v| sample.call(v), &inputs, GradcheckOptions::default())
                .unwrap_or_else(|e| panic!("{}, {what}: {e}", op.name));
        };
        if apart.contains(&op.name) {
            continue;
        }
        check("along a dimension", sample.leaves(along));
        if op.gradient == Gradient::twice {
            check("everywhere", sample.leaves(everywhere));
        }
    }
}

/// Matrices as a batch by a stride of 0.
#[test]
fn gradients_of_expanded_matrices() {
    for (op, sample) in samples().filter(|(op, _)| op.family == "linalg") {
        let inputs = sample.leaves(|x| x.expand([2, 3, 3]));
        gradcheck(|v| sample.call(v), &inputs, GradcheckOptions::default())
            .unwrap_or_else(|e| panic!("{}: {e}", op.name));
    }
}

/// An empty batch gives an empty gradient, or an error, never a panic.
#[test]
fn gradients_of_empty_inputs() {
    for (op, sample) in samples().filter(|(op, _)| op.gradient != Gradient::none) {
        let size = sample.ordinary()[0].0.size().to_vec();
        let empty = |x: &Tensor| if x.size() == size { x.narrow(0, 0, 0) } else { Ok(x.clone()) };
        let inputs = sample.leaves(empty);
        if let Ok(y) = sample.call(&inputs).and_then(|y| y.sum()) {
            y.backward().unwrap_or_else(|e| panic!("{}: {e}", op.name));
            for (x, g) in inputs.iter().filter_map(|x| Some((x, x.grad()?))) {
                assert_eq!(x.size(), g.size(), "{}", op.name);
            }
        }
    }
}

/// Operations without a gradient return constants, also for variables that require one, or an error.
#[test]
fn results_without_a_gradient_are_constants() {
    for (op, sample) in samples() {
        if op.gradient != Gradient::none || op.dtypes == Dtypes::int {
            continue;
        }
        match (sample.variable)(&sample.leaves(|x| Ok(x.clone())), &Arguments::Usual) {
            Ok(outputs) => assert!(outputs.iter().all(|y| !y.is_requires_grad()), "{}", op.name),
            Err(e) => assert!(e.to_string().contains(op.name), "{}: {e}", op.name),
        }
    }
}
