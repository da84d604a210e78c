//! Four steps on Rosenbrock's valley with a second parameter beside, in f64: the loss before the step,
//! the parameters after it, how often the loss was evaluated, and the iterations, all from PyTorch.

use taper_autograd::Variable;
use taper_autograd::tensor::{DType, Tensor};
use taper_optim::{Lbfgs, LbfgsBuilder, LossResult, Optimizer};

type Row = ([f64; 5], u64, u64);

fn parameters() -> Vec<Variable> {
    vec![
        Variable::requires_grad(Tensor::options().dtype(DType::F64).tensor([-1.2f64, 1.0]).unwrap()),
        Variable::requires_grad(Tensor::options().dtype(DType::F64).tensor([[0.5f64], [-0.3]]).unwrap()),
    ]
}

fn loss(p: &[Variable], maximize: bool) -> LossResult {
    let (a, b) = (p[0].narrow(0, 0, 1)?, p[0].narrow(0, 1, 1)?);
    let (c, d) = (p[1].narrow(0, 0, 1)?.flatten(0)?, p[1].narrow(0, 1, 1)?.flatten(0)?);
    let valley = ((&a - 1.0)?.square()? + ((&b - &a.square()?)?.square()? * 100.0)?)?;
    let circle = ((c.square()? + d.square()?)? - &a)?.square()?;
    let line = (&c - &(&d * 2.0)?)?.square()?;
    let loss = ((valley + circle)? + line)?.sum()?;
    let loss = if maximize { (&loss * -1.0)? } else { loss };
    loss.backward()?;
    Ok(loss.item::<f64>()?)
}

fn follows(make: impl Fn(LbfgsBuilder) -> LbfgsBuilder, lr: f64, maximize: bool, rows: &[Row]) {
    let p = parameters();
    let mut optimizer = make(Lbfgs::builder(p.clone(), lr)).build().unwrap();
    let mut evaluated = 0;
    for (step, (expected, evaluations, iterations)) in rows.iter().enumerate() {
        let first = optimizer.step_with(&mut || {
            evaluated += 1;
            loss(&p, maximize)
        });
        let mut got = vec![first.unwrap()];
        got.extend(p.iter().flat_map(|p| p.data().to_vec::<f64>().unwrap()));
        for (got, expected) in got.iter().zip(expected) {
            // The valley is steep: one unit in the last place of the start moves PyTorch's own fourth
            // row by 5e-8.
            let tolerance = 1e-6 * expected.abs();
            assert!((got - expected).abs() <= tolerance, "step {step}: {got}, expected {expected}");
        }
        assert_eq!((evaluated, optimizer.state_dict().state[&0].step), (*evaluations, *iterations));
    }
}

#[test]
fn fixed_steps() {
    let rows = [
        ([27.7816, -1.099302473, 1.041629563, 0.4941192323, -0.2929291892], 5, 5),
        ([10.39965476, -1.070425717, 1.052622907, 0.48290916, -0.2793828057], 10, 10),
        ([8.14919946, -1.049098698, 1.056163815, 0.4664577262, -0.2596286291], 15, 15),
        ([7.147760979, -1.030641843, 1.05240282, 0.4439253202, -0.2328200827], 20, 20),
    ];
    follows(|o| o.max_iter(5), 0.1, false, &rows);
}

#[test]
fn strong_wolfe_with_few_evaluations() {
    let rows = [
        ([27.7816, -1.029855356, 1.050465079, 0.4702484072, -0.2638425928], 5, 3),
        ([6.870449249, -0.9143402003, 0.8248521489, 0.1097576599, 0.1475095465], 10, 7),
        ([4.610468686, -0.8173244552, 0.7082052104, 0.02752744788, 0.177365012], 16, 11),
        ([4.29293989, -0.4443223525, 0.1786691425, -0.2539716742, 0.2099121207], 21, 12),
    ];
    follows(|o| o.max_iter(4).strong_wolfe(true), 1.0, false, &rows);
}

#[test]
fn strong_wolfe_upwards_with_a_short_memory() {
    let rows = [
        ([-27.7816, -1.019207109, 1.054617018, 0.4735411196, -0.2679439142], 7, 6),
        ([-6.851077504, -0.9327023262, 0.8942181841, 0.1755282415, 0.08019344533], 15, 12),
        ([-4.735331853, -0.4150171468, 0.1210269708, -0.1308038775, 0.05603052756], 22, 17),
        ([-2.512983155, 0.1456022841, 0.002030116784, -0.1303856479, -0.1626661725], 29, 23),
    ];
    let make = |o: LbfgsBuilder| o.max_iter(6).history_size(2).strong_wolfe(true).maximize(true);
    follows(make, 0.5, true, &rows);
}

#[test]
fn to_the_bottom_of_the_valley() {
    let rows = [
        ([27.7816, 0.08016729512, -0.0255271017, -0.06665400785, -0.112888238], 25, 18),
        ([0.9774838967, 0.9606057372, 0.9243845879, 0.8703787459, 0.4338755789], 50, 38),
        ([0.002040640246, 1.00000909, 1.000017106, 0.8944320063, 0.4472170388], 58, 46),
    ];
    follows(|o| o.strong_wolfe(true), 1.0, false, &rows);
}

/// A resumed optimiser goes the same way, to the bit.
#[test]
fn a_saved_state_goes_on() {
    let run = |interrupt: bool| {
        let p = parameters();
        let make = || Lbfgs::builder(p.clone(), 1.0).max_iter(3).strong_wolfe(true).build().unwrap();
        let mut optimizer = make();
        for step in 0..5 {
            if interrupt && step == 2 {
                let saved = optimizer.state_dict();
                optimizer = make();
                optimizer.load_state_dict(saved).unwrap();
            }
            optimizer.step_with(&mut || loss(&p, false)).unwrap();
        }
        p.iter().flat_map(|p| p.data().to_vec::<f64>().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(run(true), run(false));
}

#[test]
fn refusals() {
    let p = parameters();
    let error = |r: Result<Lbfgs, taper_optim::Error>| r.unwrap_err().to_string();
    assert!(error(Lbfgs::new(vec![], 1.0)).contains("net.parameters()"));
    assert!(error(Lbfgs::new(vec![p[0].clone(), p[0].clone()], 1.0)).contains("given twice"));
    let other = Variable::requires_grad(Tensor::new([1.0f32]).unwrap());
    assert!(error(Lbfgs::new(vec![p[0].clone(), other], 1.0)).contains("one dtype"));
    let mut optimizer = Lbfgs::new(p, 1.0).unwrap();
    assert!(optimizer.step().unwrap_err().to_string().contains("step_with"));
    let failed = optimizer.step_with(&mut || Err("no data".into())).unwrap_err().to_string();
    assert!(failed.contains("closure failed: no data"), "{failed}");
}
