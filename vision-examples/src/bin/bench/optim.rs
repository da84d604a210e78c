//! An optimiser's step: ours, a plain copy that moves as many bytes, PyTorch's three ways.

use taper::autograd::Variable;
use taper::nn::Module;
use taper::optim::{Adam, Optimizer, Sgd};
use taper::tensor::{Tensor, num_threads};
use taper_vision_examples::Result;
use taper_vision_examples::models::Net;

use crate::Common;
use crate::harness::{Bench, Case};

/// PyTorch's ways: one operation after the other, or lists of tensors, or fused kernels.
const WAYS: [(&str, &str); 3] = [("default", ""), ("foreach", ", foreach=True"), ("fused", ", fused=True")];

pub fn run(common: &Common) -> Result<()> {
    let mut bench = common.open()?;
    let net: Vec<Vec<usize>> = Net::new(3)?.parameters().iter().map(|p| p.size().to_vec()).collect();
    for (network, shapes) in [("net", net), ("resnet18", resnet18())] {
        // Reads the parameter, the gradient and one state, writes all but the gradient.
        let sgd = |p| Ok(Box::new(Sgd::builder(p, 1e-6).momentum(0.9).build()?) as Box<dyn Optimizer>);
        steps(&mut bench, network, &shapes, ("sgd", 5, &sgd, "SGD(p, lr=1e-6, momentum=0.9"))?;
        let adam = |p| Ok(Box::new(Adam::new(p, 1e-6)?) as Box<dyn Optimizer>);
        steps(&mut bench, network, &shapes, ("adam", 7, &adam, "Adam(p, lr=1e-6"))?;
    }
    bench.finish()
}

/// An optimiser: its name, how many numbers it moves for each parameter, how it is made here and in
/// PyTorch.
type Contestant<'a> = (&'a str, usize, &'a dyn Fn(Vec<Variable>) -> Result<Box<dyn Optimizer>>, &'a str);

fn steps(
    bench: &mut Bench,
    network: &str,
    shapes: &[Vec<usize>],
    (name, moved, make, python): Contestant<'_>,
) -> Result<()> {
    let numel: usize = shapes.iter().map(|s| s.iter().product::<usize>()).sum();
    // A copy moves each number twice.
    let (from, mut to) = (vec![1.0; moved * numel / 2], vec![0.0; moved * numel / 2]);
    let parameters: Vec<Variable> = shapes.iter().map(|shape| parameter(shape)).collect::<Result<_>>()?;
    let mut optimizer = make(parameters)?;
    for (way, argument) in WAYS {
        let case = Case::new(format!("{name} {network}, {way}"), || Ok(optimizer.step()?));
        let setup = format!(
            "p = [torch.randn(s).requires_grad_() for s in {shapes:?}]\n\
             for w in p: w.grad = torch.randn_like(w)\n\
             optimizer = torch.optim.{python}{argument})"
        );
        let case = case
            .other("copy", || {
                copy(&from, &mut to);
                Ok(())
            })
            .pytorch(setup, "optimizer.step()");
        if let Some([ours, copy, ..]) = bench.case(case)? {
            let speed = |seconds: f64| (4 * moved * numel) as f64 / seconds / 1e9;
            eprintln!(
                "{:34}{:.1} GB/s, {:.0} % of the copy's {:.1} GB/s",
                "",
                speed(ours.min),
                100.0 * copy.min / ours.min,
                speed(copy.min)
            );
        }
    }
    Ok(())
}

/// `memcpy`, over the threads where it takes long: it goes past the caches, and is the fastest there is.
fn copy(from: &[f32], to: &mut [f32]) {
    let part = if to.len() < 1 << 20 { to.len() } else { to.len().div_ceil(num_threads()) };
    std::thread::scope(|scope| {
        let mut parts = to.chunks_mut(part).zip(from.chunks(part));
        let last = parts.next_back();
        for (to, from) in parts {
            scope.spawn(|| to.copy_from_slice(from));
        }
        if let Some((to, from)) = last {
            to.copy_from_slice(from);
        }
    });
}

fn parameter(shape: &[usize]) -> Result<Variable> {
    let parameter = Variable::requires_grad(Tensor::randn(shape)?);
    parameter.set_grad(Some(Tensor::randn(shape)?));
    Ok(parameter)
}

/// The shapes of the parameters of ResNet-18 for pictures of 32x32 in ten classes: 11,173,962 numbers.
fn resnet18() -> Vec<Vec<usize>> {
    let norm = |channels: usize| [vec![channels], vec![channels]];
    let mut shapes = vec![vec![64, 3, 3, 3]];
    shapes.extend(norm(64));
    let mut channels = 64;
    for out in [64, 64, 128, 128, 256, 256, 512, 512] {
        for (from, size) in [(channels, 3), (out, 3)] {
            shapes.push(vec![out, from, size, size]);
            shapes.extend(norm(out));
        }
        if channels != out {
            shapes.push(vec![out, channels, 1, 1]);
            shapes.extend(norm(out));
        }
        channels = out;
    }
    shapes.extend([vec![10, 512], vec![10]]);
    shapes
}
