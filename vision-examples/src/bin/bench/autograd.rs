//! What the tape and the engine cost: chains of cheap operations on a few numbers, with a tape, and
//! the same kernels called without one.

use taper::autograd::Variable;
use taper::tensor::{Result as TensorResult, Tensor};
use taper_vision_examples::Result;

use crate::Common;
use crate::harness::{Bench, Case, Times};

/// An operation: recorded; its kernel forward; its kernel backward, from the output's gradient and
/// the output, where the gradient needs one; PyTorch's.
struct Operation {
    name: &'static str,
    recorded: fn(&Variable) -> taper::autograd::Result<Variable>,
    forward: fn(&Tensor) -> TensorResult<Tensor>,
    backward: Option<fn(&Tensor, &Tensor) -> TensorResult<Tensor>>,
    saves: bool,
    python: &'static str,
}

const OPERATIONS: &[Operation] = &[
    Operation {
        name: "add number",
        recorded: |x| x.add(1.0),
        forward: |x| x.add(1.0),
        backward: None,
        saves: false,
        python: "y + 1.0",
    },
    Operation {
        name: "mul number",
        recorded: |x| x.mul(1.0),
        forward: |x| x.mul(1.0),
        backward: Some(|g, _| g.mul(1.0)),
        saves: false,
        python: "y * 1.0",
    },
    Operation {
        name: "neg",
        recorded: Variable::neg,
        forward: Tensor::neg,
        backward: Some(|g, _| g.neg()),
        saves: false,
        python: "-y",
    },
    Operation {
        name: "relu",
        recorded: Variable::relu,
        forward: Tensor::relu,
        backward: Some(Tensor::relu_grad),
        saves: true,
        python: "torch.relu(y)",
    },
    Operation {
        name: "exp",
        recorded: Variable::exp,
        forward: Tensor::exp,
        backward: Some(|g, y| g.mul(y)),
        saves: true,
        python: "torch.exp(y)",
    },
];

pub fn run(common: &Common) -> Result<()> {
    let mut bench = common.open()?;
    for size in [1, 64] {
        for operation in OPERATIONS {
            chain(&mut bench, operation, size, 1000)?;
        }
    }
    // A node of a long chain costs what one of a short chain costs, but for the caches.
    for length in [10_000, 100_000, 1_000_000] {
        chain(&mut bench, &OPERATIONS[1], 1, length)?;
    }
    bench.finish()
}

/// `length` operations on `size` numbers.
fn chain(bench: &mut Bench, o: &Operation, size: usize, length: usize) -> Result<()> {
    let start = Tensor::ones(size)?;
    let leaf = Variable::requires_grad(start.clone());
    let recorded = || -> Result<Variable> {
        let mut y = leaf.clone();
        for _ in 0..length {
            y = (o.recorded)(&y)?;
        }
        Ok(y)
    };
    // What backward needs stays, as on a tape.
    let kernels = || -> Result<Vec<Tensor>> {
        let mut kept = Vec::new();
        let mut y = start.clone();
        for _ in 0..length {
            y = (o.forward)(&y)?;
            if o.saves {
                kept.push(y.clone());
            }
        }
        Ok(kept)
    };
    let setup = format!(
        "x, g = torch.ones({size}, requires_grad=True), torch.ones({size})\n\
         def forward():\n    y = x\n    for _ in range({length}):\n        y = {}\n    return y",
        o.python
    );

    let name = format!("{}, {size} x {length}", o.name);
    let forward = Case::new(format!("{name}, forward"), || recorded().map(drop));
    let forward = forward.other("kernels", || kernels().map(drop)).pytorch(&setup, "forward()");
    report(bench.case(forward)?, length);

    let both = Case::new(format!("{name}, and backward"), || {
        leaf.zero_grad();
        recorded()?.backward_with(&start)?;
        Ok(())
    });
    let both = both.other("kernels", || {
        let mut kept = kernels()?;
        let Some(backward) = o.backward else { return Ok(()) };
        let mut g = start.clone();
        for _ in 0..length {
            let y = kept.pop();
            g = backward(&g, y.as_ref().unwrap_or(&start))?;
        }
        Ok(())
    });
    report(bench.case(both.pytorch(&setup, "x.grad = None; forward().backward(g)"))?, length);
    Ok(())
}

/// What each of `length` nodes costs beyond its kernels.
fn report(times: Option<&[Times]>, length: usize) {
    if let Some([taper, kernels, ..]) = times {
        let node = |with: f64, without: f64| (with - without) / length as f64 * 1e9;
        let (least, median) = (node(taper.min, kernels.min), node(taper.median, kernels.median));
        eprintln!("    tape and engine: {least:.0} ns a node (median {median:.0})");
    }
}
