use taper_autograd::Variable;
use taper_autograd::tensor::Tensor;
use taper_optim::{Optimizer, Sgd};

fn weight() -> Variable {
    Variable::requires_grad(Tensor::new([1.0f32, 2.0]).unwrap())
}

#[test]
fn parameters_are_leaves_given_once() {
    let w = weight();
    let message = |p: Vec<Variable>| Sgd::new(p, 0.1).unwrap_err().to_string();
    assert!(message(vec![]).contains("net.parameters()"));
    assert!(message(vec![w.clone(), w.clone()]).contains("given twice"));
    assert!(message(vec![w.mul(2.0).unwrap()]).contains("only leaves"));
    assert!(Sgd::new(vec![w], -0.1).unwrap_err().to_string().contains("lr is -0.1"));
}

#[test]
fn nesterov_needs_momentum_without_dampening() {
    let step = |s: Sgd| s.nesterov(true).step().unwrap_err().to_string();
    let sgd = || Sgd::new(vec![weight()], 0.1).unwrap();
    assert!(step(sgd()).contains("momentum"));
    assert!(step(sgd().momentum(0.9).dampening(0.5)).contains("dampening"));
}

#[test]
fn parameters_without_a_gradient_stay() {
    let (w, idle) = (weight(), weight());
    let mut sgd = Sgd::new(vec![w.clone(), idle.clone()], 0.5).unwrap();
    w.sum().unwrap().backward().unwrap();
    sgd.step().unwrap();
    assert_eq!(w.data().to_vec::<f32>().unwrap(), [0.5, 1.5]);
    assert_eq!(idle.data().to_vec::<f32>().unwrap(), [1.0, 2.0]);
}
