//! An optimiser that goes on from a saved state makes the steps of one that never stopped.

use std::collections::BTreeMap;

use taper_autograd::Variable;
use taper_autograd::tensor::{DType, Tensor};
use taper_optim::{
    Adadelta, Adagrad, Adam, AdamW, Adamax, Lion, NAdam, Optimizer, OptimizerBuilder, RAdam, RmsProp, Rule,
    Sgd, StateDict,
};

/// Makes an optimiser of two groups of parameters.
type Make = fn(Vec<Variable>, Vec<Variable>) -> Box<dyn Optimizer>;

fn two<R: Rule + 'static>(builder: OptimizerBuilder<R>, second: Vec<Variable>) -> Box<dyn Optimizer> {
    let slower = |mut settings: R| {
        settings.set("lr", 0.03).unwrap();
        settings
    };
    Box::new(builder.group(second, slower).build().unwrap())
}

const OPTIMIZERS: [Make; 11] = [
    |a, b| two(Sgd::builder(a, 0.1).momentum(0.9), b),
    |a, b| two(Adam::builder(a, 0.1).amsgrad(true), b),
    |a, b| two(AdamW::builder(a, 0.1), b),
    |a, b| two(RmsProp::builder(a, 0.1).centered(true).momentum(0.5), b),
    |a, b| two(Adagrad::builder(a, 0.1), b),
    |a, b| two(Adadelta::builder(a, 1.0), b),
    |a, b| two(Adamax::builder(a, 0.1), b),
    |a, b| two(NAdam::builder(a, 0.1), b),
    |a, b| two(RAdam::builder(a, 0.1), b),
    |a, b| two(Lion::builder(a, 0.1), b),
    |a, b| two(Sgd::builder(a, 0.1), b),
];

/// Two groups of a parameter each. The second has no gradient at first.
fn start(make: Make) -> (Vec<Variable>, Box<dyn Optimizer>) {
    let leaf = |x: f32| Variable::requires_grad(Tensor::new([x, 2.0 - x, 0.3]).unwrap());
    let p = vec![leaf(1.0), leaf(-2.0)];
    let optimizer = make(vec![p[0].clone()], vec![p[1].clone()]);
    (p, optimizer)
}

fn steps(p: &[Variable], optimizer: &mut dyn Optimizer, steps: std::ops::Range<usize>) {
    for step in steps {
        optimizer.zero_grad();
        let loss = p[0].square().unwrap().sum().unwrap();
        let loss = if step < 2 { loss } else { loss.add(p[1].exp().unwrap().sum().unwrap()).unwrap() };
        loss.backward().unwrap();
        optimizer.step().unwrap();
    }
}

fn values(p: &[Variable]) -> Vec<Vec<f32>> {
    p.iter().map(|p| p.data().to_vec().unwrap()).collect()
}

#[test]
fn every_optimizer_goes_on_to_the_bit() {
    for (i, make) in OPTIMIZERS.into_iter().enumerate() {
        let (straight, mut optimizer) = start(make);
        steps(&straight, &mut *optimizer, 0..8);

        let (p, mut optimizer) = start(make);
        steps(&p, &mut *optimizer, 0..4);
        let saved = optimizer.state_dict().to_tensors().unwrap();
        let (again, mut optimizer) = start(make);
        again.iter().zip(&p).for_each(|(a, p)| a.data().copy_(&p.data()).unwrap());
        optimizer.load_state_dict(StateDict::from_tensors(&saved).unwrap()).unwrap();
        steps(&again, &mut *optimizer, 4..8);
        assert_eq!(values(&again), values(&straight), "optimizer {i}");
        assert_ne!(values(&p), values(&straight), "optimizer {i}");
    }
}

#[test]
fn a_state_takes_its_parameters_dtype() {
    let w = Variable::requires_grad(Tensor::options().dtype(DType::F64).tensor([1.0f64]).unwrap());
    w.sum().unwrap().backward().unwrap();
    let mut sgd = Sgd::builder(vec![w], 0.1).momentum(0.9).build().unwrap();
    let buffer = BTreeMap::from([("state.0.momentum_buffer".to_owned(), Tensor::new([0.5f32]).unwrap())]);
    let mut state = StateDict::from_tensors(&buffer).unwrap();
    state.param_groups.push(BTreeMap::new());
    sgd.load_state_dict(state).unwrap();
    sgd.step().unwrap();
    let tensor = &sgd.state_dict().state[&0].tensors["momentum_buffer"];
    assert_eq!((tensor.dtype(), tensor.item::<f64>().unwrap()), (DType::F64, 1.45));
}

#[test]
fn states_of_something_else() {
    let saved = |make: Make| {
        let (p, mut optimizer) = start(make);
        steps(&p, &mut *optimizer, 0..1);
        optimizer.state_dict()
    };
    let w = Variable::requires_grad(Tensor::zeros(3).unwrap());
    let mut sgd = Sgd::new(vec![w], 0.1).unwrap();
    let mut error = |state| sgd.load_state_dict(state).unwrap_err().to_string();
    assert!(error(saved(OPTIMIZERS[0])).contains("2 groups, expected 1"));
    let mut adam = saved(OPTIMIZERS[1]);
    adam.param_groups.pop();
    assert!(error(adam).contains("no setting \"amsgrad\""));

    let from = |name: &str, tensor: Tensor| {
        StateDict::from_tensors(&BTreeMap::from([(name.to_owned(), tensor)])).unwrap_err().to_string()
    };
    assert!(
        from("weight", Tensor::options().dtype(DType::F64).tensor(1.0f64).unwrap())
            .contains("weight in the saved state is not a name")
    );
    assert!(
        from("step.x", Tensor::options().dtype(DType::F64).tensor(1.0f64).unwrap())
            .contains("no number of a parameter")
    );
    assert!(
        from("step.0", Tensor::options().dtype(DType::F64).tensor([1.0f64]).unwrap())
            .contains("is not a single f64 number")
    );
}

#[test]
fn a_step_with_a_closure() {
    let w = Variable::requires_grad(Tensor::new([1.0f32]).unwrap());
    let mut sgd = Sgd::new(vec![w.clone()], 0.25).unwrap();
    let mut losses = vec![];
    for _ in 0..2 {
        let loss = sgd.step_with(&mut || {
            let loss = w.square()?.sum()?;
            loss.backward()?;
            Ok(loss.item::<f64>()?)
        });
        losses.push(loss.unwrap());
    }
    assert_eq!(losses, [1.0, 0.25]);
    let failed = sgd.step_with(&mut || Err("no data".into())).unwrap_err();
    assert!(failed.to_string().contains("no data"));
    assert_eq!(w.item::<f32>().unwrap(), 0.25);
}
