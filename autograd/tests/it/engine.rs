use taper_autograd::{Backward, Error, Result, Variable, grad, no_grad};
use taper_tensor::{DType, Tensor};

fn leaf(values: &[f32]) -> Variable {
    Variable::requires_grad(Tensor::new(values).unwrap())
}

/// d/dx of 1/4 Σ 3 (x + 2)² is 3/2 (x + 2): 4.5 at x = 1.
#[test]
fn the_tutorials_four_and_a_half() -> Result<()> {
    let x = Variable::requires_grad(Tensor::ones((2, 2))?);
    let y = (&x + 2.0)?;
    assert_eq!(y.creator().unwrap().name(), "AddScalar");
    let out = ((&y * &y)? * 3.0)?.mean()?;
    out.backward()?;
    assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [4.5; 4]);
    Ok(())
}

/// The graph records the operations that ran: as many doublings as the loop took.
#[test]
fn the_tutorials_doubling_loop() -> Result<()> {
    let x = leaf(&[0.5, -1.0, 2.0]);
    let mut y = x.mul(2.0)?;
    let mut factor = 2.0;
    while y.data().norm()?.item::<f32>()? < 1000.0 {
        y = y.mul(2.0)?;
        factor *= 2.0;
    }
    y.backward_with(&Tensor::new([0.1f32, 1.0, 0.0001])?)?;
    assert_eq!(factor, 512.0); // |x| is 2.29
    assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [0.1 * factor, factor, 0.0001 * factor]);
    Ok(())
}

#[test]
fn gradients_flow_through_the_branch_that_ran() -> Result<()> {
    let f = |x: &Variable| if x.item::<f32>()? > 0.0 { x.mul(x) } else { x.mul(-3.0) };
    for (at, slope) in [(2.0, 4.0), (-2.0, -3.0)] {
        let x = leaf(&[at]);
        f(&x)?.backward()?;
        assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [slope]);
    }
    Ok(())
}

/// One walk from two outputs that share a part: the shared part's gradients are in before it runs.
#[test]
fn backward_starts_from_several_outputs() -> Result<()> {
    let x = leaf(&[1.0, 2.0]);
    let shared = x.mul(&x)?;
    let (sum, triple) = (shared.sum()?, shared.mul(3.0)?);
    let weights = Variable::new(Tensor::new([1.0f32, 10.0])?);
    Backward::new().output(&sum, None).output(&triple, Some(&weights)).run()?;
    assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [2.0 * (1.0 + 3.0), 4.0 * (1.0 + 30.0)]);
    assert!(matches!(shared.sum()?.backward(), Err(Error::GraphFreed { op: "Mul" })));
    let by = leaf(&[5.0]);
    let (a, b) = (by.mul(2.0)?, by.exp()?);
    let found = grad(&[&a, &b], &[&by]).grad_outputs(&[None, None]).run()?;
    assert!((found[0].item::<f32>()? - (2.0 + 5f32.exp())).abs() < 1e-4);
    Ok(())
}

#[test]
fn what_has_no_gradient_is_an_error_at_once() -> Result<()> {
    let x = leaf(&[1.5, 2.5]);
    let error = x.to_dtype(DType::I64).unwrap_err().to_string();
    assert!(error.starts_with("to_dtype: this operation has no gradient"), "{error}");
    assert_eq!(x.detach().to_dtype(DType::I64)?.data().to_vec::<i64>()?, [1, 2]);
    assert_eq!(no_grad(|| x.to_dtype(DType::I64))?.dtype(), DType::I64);
    // Between real numbers there is one, in the dtype of the input.
    x.to_dtype(DType::F64)?.square()?.sum()?.backward()?;
    assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [3.0, 5.0]);
    Ok(())
}

#[test]
fn gradients_accumulate_until_they_are_zeroed() -> Result<()> {
    let x = leaf(&[1.0, 2.0]);
    for _ in 0..3 {
        x.mul(2.0)?.sum()?.backward()?;
    }
    assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [6.0, 6.0]);
    x.zero_grad();
    assert!(x.grad().is_none());
    Ok(())
}

/// Two leaves get the same gradient from a sum; accumulating into one must not change the other.
#[test]
fn a_shared_gradient_is_not_shared_memory() -> Result<()> {
    let (x, y) = (leaf(&[1.0]), leaf(&[2.0]));
    (&x + &y)?.sum()?.backward()?;
    x.mul(10.0)?.sum()?.backward()?;
    assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [11.0]);
    assert_eq!(y.grad().unwrap().to_vec::<f32>()?, [1.0]);
    Ok(())
}

#[test]
fn a_million_operations_neither_overflow_nor_leak() -> Result<()> {
    let x = leaf(&[1.0]);
    let mut y = x.clone();
    for _ in 0..1_000_000 {
        y = (&y + 1.0)?;
    }
    y.backward()?;
    assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [1.0]);
    let mut z = x.clone();
    for _ in 0..1_000_000 {
        z = (&z * &z)?; // saves its inputs, so the rules own the chain as well
    }
    drop(z);
    Ok(())
}

/// 2^40 paths, 40 nodes.
#[test]
fn a_diamond_of_diamonds_visits_each_node_once() -> Result<()> {
    let x = leaf(&[1.0]);
    let mut y = x.clone();
    for _ in 0..40 {
        y = (&y + &y)?;
    }
    y.backward()?;
    assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [(1u64 << 40) as f32]);
    Ok(())
}

#[test]
fn errors_say_what_to_do() -> Result<()> {
    let x = leaf(&[1.0, 2.0, 3.0]);
    let y = x.mul(&x)?;
    assert!(matches!(y.backward(), Err(Error::NotScalar { shape }) if shape == [3]));
    assert!(matches!(y.backward_with(&Tensor::ones(2)?), Err(Error::GradientShape { .. })));
    let z = y.sum()?;
    z.backward()?;
    assert!(matches!(z.backward(), Err(Error::GraphFreed { op: "Sum" })));
    let quiet = no_grad(|| x.mul(&x)?.sum())?;
    assert!(matches!(quiet.backward(), Err(Error::NoGradient)));
    Ok(())
}

#[test]
fn a_saved_tensor_that_changed_is_an_error() -> Result<()> {
    let x = leaf(&[1.0, 2.0]);
    let y = x.mul(3.0)?;
    let z = y.mul(&y)?.sum()?;
    y.data().add_(1.0)?;
    let error = z.backward().unwrap_err().to_string();
    assert!(
        error.contains("shape [2]") && error.contains("Mul") && error.contains("version 1, expected 0"),
        "{error}"
    );
    Ok(())
}

#[test]
fn retained_graphs_run_again() -> Result<()> {
    let x = leaf(&[3.0]);
    let y = x.mul(&x)?.sum()?;
    y.backward_options().retain_graph(true).run()?;
    y.backward()?;
    assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [12.0]);
    Ok(())
}

#[test]
fn grad_leaves_the_leaves_alone_and_nests() -> Result<()> {
    let (x, unused) = (leaf(&[2.0]), leaf(&[1.0]));
    let y = x.exp()?.mul(&x)?; // x e^x; its n-th derivative is (x + n) e^x
    let d1 = grad(&[&y], &[&x]).create_graph(true).run()?.remove(0);
    let d2 = grad(&[&d1], &[&x]).create_graph(true).run()?.remove(0);
    let e = 2f32.exp();
    assert!((d1.item::<f32>()? - 3.0 * e).abs() < 1e-4 && (d2.item::<f32>()? - 4.0 * e).abs() < 1e-4);
    assert!(x.grad().is_none());
    assert!(matches!(grad(&[&y], &[&unused]).run(), Err(Error::Unused { index: 0, .. })));
    unused.set_name("fc.bias");
    let error = grad(&[&y], &[&unused]).run().unwrap_err().to_string();
    assert!(error.contains("input 0 (fc.bias)"), "{error}");
    Ok(())
}

#[test]
fn hooks_see_and_replace_gradients() -> Result<()> {
    let x = leaf(&[1.0]);
    let y = x.mul(2.0)?;
    y.retain_grad();
    let handle = x.register_hook(|g| g.mul(10.0).ok());
    y.mul(3.0)?.backward()?;
    assert_eq!(y.grad().unwrap().to_vec::<f32>()?, [3.0]);
    assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [60.0]);
    handle.remove();
    x.zero_grad();
    x.mul(2.0)?.backward()?;
    assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [2.0]);
    Ok(())
}

/// As the hooks leave it, also one that was registered later; and it accumulates.
#[test]
fn retained_gradients_are_those_that_flow_on() -> Result<()> {
    let x = leaf(&[1.0]);
    let y = x.mul(2.0)?;
    y.retain_grad();
    let hook = y.register_hook(|g| g.mul(5.0).ok());
    let z = y.mul(3.0)?;
    z.backward_options().retain_graph(true).run()?;
    assert_eq!(y.grad().unwrap().to_vec::<f32>()?, [15.0]);
    hook.remove();
    grad(&[&z], &[&x]).create_graph(true).run()?;
    assert_eq!(y.grad().unwrap().to_vec::<f32>()?, [15.0]);
    z.backward()?;
    assert_eq!(y.grad().unwrap().to_vec::<f32>()?, [18.0]);
    assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [36.0]);
    let error = grad(&[&x.exp()?], &[&x]).grad_outputs(&[None, None]).run().unwrap_err().to_string();
    assert!(error.starts_with("grad: got 2 gradients for 1 outputs"), "{error}");
    Ok(())
}

#[test]
fn anomaly_detection_names_the_forward_operation() -> Result<()> {
    let x = leaf(&[0.0]);
    let y = x.log()?;
    let error = y.backward_options().detect_anomaly(true).run().unwrap_err().to_string();
    assert!(error.contains("Log") && error.contains("engine.rs"), "{error}");
    Ok(())
}
