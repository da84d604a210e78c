//! The tutorial's second section, autograd: tensors that remember how they were made.
//!
//!     cargo run --release -p taper-vision-examples --example 02_autograd
//!
//! Every statement of the tutorial stands above its counterpart.

use taper::autograd::{BackwardContext, ForwardContext, Function, grad, to_dot};
use taper::prelude::*;

/// The section; public, as a test runs it too.
pub fn main() -> taper::Result<()> {
    manual_seed(0); // the same numbers in every run, whatever the threads

    println!("--- Variables");
    // x = Variable(torch.ones(2, 2), requires_grad=True): a leaf, whose gradient we want
    let x = Variable::requires_grad(Tensor::ones((2, 2))?);
    println!("{x}");
    // y = x + 2: an operation on a variable runs, and is recorded. As shapes are checked when it
    // runs, it gives a `Result`.
    let y = (&x + 2.0)?;
    println!("{y}");
    // y.creator: the operation that made it (later PyTorch calls it grad_fn). What we made has none.
    println!("{:?} {:?}", y.creator().map(|f| f.name()), x.creator().map(|f| f.name()));
    // z = y * y * 3; out = z.mean()
    let z = ((&y * &y)? * 3.0)?;
    let mean = z.mean()?;
    println!("{z} {mean}");

    println!("--- Gradients");
    // out.backward(): from one number, back through what ran, to the leaves
    mean.backward()?;
    // x.grad: d(out)/dx. out = 1/4 Σ zᵢ and zᵢ = 3 (xᵢ + 2)², so that
    // ∂out/∂xᵢ = 1/4 · 6 (xᵢ + 2) = 3/2 (xᵢ + 2), which is 4.5 at xᵢ = 1.
    println!("{}", x.grad().ok_or("backward gave x no gradient")?);
    // Another backward adds to .grad; zero_grad forgets it. The graph of the first is gone: what it
    // saved is freed as backward walks, unless retain_graph keeps it.
    let error = mean.backward().expect_err("the graph was freed");
    println!("error: {error}");

    println!("--- The graph is what ran");
    // x = torch.randn(3); x = Variable(x, requires_grad=True); y = x * 2
    let x = Variable::requires_grad(Tensor::randn(3)?);
    let mut y = (&x * 2.0)?;
    // while y.data.norm() < 1000: y = y * 2. Loops and branches are Rust's own: each run records
    // its own graph. `data` is the tensor outside of the graph.
    while y.data().norm()?.item::<f32>()? < 1000.0 {
        y = (&y * 2.0)?;
    }
    println!("{y}");
    // gradients = torch.FloatTensor([0.1, 1.0, 0.0001]); y.backward(gradients): y is not one number,
    // so backward is told the gradient of what follows, and gives the product with y's Jacobian.
    y.backward_with(&Tensor::new([0.1, 1.0, 0.0001])?)?;
    println!("{}", x.grad().ok_or("backward gave x no gradient")?);

    println!("--- Switching it on and off");
    // a = torch.randn(2, 2); a = (a * 3) / (a - 1); print(a.requires_grad)
    let a = Variable::new(Tensor::randn((2, 2))?);
    let a = ((&a * 3.0)? / (&a - 1.0)?)?;
    print!("{} ", a.is_requires_grad());
    // a.requires_grad_(True); b = (a * a).sum(); print(b.grad_fn)
    a.set_requires_grad(true)?;
    let b = (&a * &a)?.sum()?;
    println!("{} {:?}", a.is_requires_grad(), b.creator().map(|f| f.name()));
    // with torch.no_grad(): print((x ** 2).requires_grad)
    println!("{} {}", x.square()?.is_requires_grad(), no_grad(|| x.square())?.is_requires_grad());
    // y = x.detach(); print(x.eq(y).all()): the same numbers, without a history
    let y = x.detach();
    println!("{} {}", y.is_requires_grad(), x.data().eq(y.data())?.all()?);

    // a = x + y; b = x + z, of which only z requires a gradient: what is made of z requires one
    let (x, y) = (Variable::new(Tensor::ones(5)?), Variable::new(Tensor::ones(5)?));
    let z = Variable::requires_grad(Tensor::ones(5)?);
    println!("{} {}", (&x + &y)?.is_requires_grad(), (&x + &z)?.is_requires_grad());

    println!("--- Q = 3a³ - b²");
    // a = torch.tensor([2., 3.], requires_grad=True); b = torch.tensor([6., 4.], requires_grad=True)
    let a = Variable::requires_grad(Tensor::new([2.0, 3.0])?);
    let b = Variable::requires_grad(Tensor::new([6.0, 4.0])?);
    // Q = 3*a**3 - b**2; external_grad = torch.tensor([1., 1.]); Q.backward(gradient=external_grad)
    let q = ((a.pow(3.0)? * 3.0)? - b.square()?)?;
    q.backward_with(&Tensor::new([1.0, 1.0])?)?;
    // print(9*a**2 == a.grad); print(-2*b == b.grad)
    for (by_hand, leaf) in [((a.pow(2.0)? * 9.0)?, &a), ((&b * -2.0)?, &b)] {
        println!("{}", by_hand.data().eq(leaf.grad().ok_or("no gradient")?)?);
    }

    println!("--- Further than the tutorial");
    // With create_graph the gradients are recorded too, and can be differentiated. x³ by x, three times.
    let x = Variable::requires_grad(Tensor::new(2.0)?);
    let mut f = x.pow(3.0)?;
    for _ in 0..3 {
        f = grad(&[&f], &[&x]).create_graph(true).run()?.remove(0);
        print!("{} ", f.item::<f32>()?);
    }
    // A function of one's own: rounds on the way forward, lets the gradient through on the way back.
    let rounded = Round.apply(&[&(&x * 0.7)?])?.remove(0);
    println!("{rounded}");
    // The graph as a drawing, for Graphviz's dot.
    x.set_name("x");
    print!("{}", to_dot(&rounded));
    Ok(())
}

/// A straight-through estimator.
struct Round;

impl Function for Round {
    const NAME: &'static str = "Round";

    fn forward(&mut self, _: &mut ForwardContext, x: &[Tensor]) -> autograd::Result<Vec<Tensor>> {
        Ok(vec![x[0].round()?])
    }

    fn backward(
        &self,
        _: &BackwardContext<'_>,
        grads: &[Option<Variable>],
    ) -> autograd::Result<Vec<Option<Variable>>> {
        Ok(grads.to_vec())
    }
}
