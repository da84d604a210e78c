use serde_json::Value;
use taper_autograd::Variable;
use taper_autograd::tensor::Tensor;
use taper_optim::schedule::*;
use taper_optim::{Optimizer, Sgd};

use crate::golden::{Outcome, cases, conclude};

fn sgd(lr: f64) -> Sgd {
    Sgd::new(vec![Variable::requires_grad(Tensor::zeros(1).unwrap())], lr).unwrap().momentum(0.9)
}

/// The schedule of a case, or `None` where there is no such schedule here.
fn schedule(case: &Value) -> Option<Box<dyn Schedule>> {
    let number = |name: &str, default: f64| case["args"][name].as_f64().unwrap_or(default);
    let count = |name: &str, default: u64| case["args"][name].as_u64().unwrap_or(default);
    let milestones =
        || case["args"]["milestones"].as_array().unwrap().iter().map(|m| m.as_u64().unwrap()).collect();
    Some(match case["name"].as_str()? {
        "StepLR" => Box::new(StepLr::new(count("step_size", 1), number("gamma", 0.1)).unwrap()),
        "MultiStepLR" => Box::new(MultiStepLr::new(milestones(), number("gamma", 0.1)).unwrap()),
        "ExponentialLR" => Box::new(ExponentialLr::new(number("gamma", 0.1)).unwrap()),
        "CosineAnnealingLR" => {
            Box::new(CosineAnnealingLr::new(count("T_max", 1), number("eta_min", 0.0)).unwrap())
        }
        "CosineAnnealingWarmRestarts" => {
            let (t_0, t_mult) = (count("T_0", 1), count("T_mult", 1));
            Box::new(CosineAnnealingWarmRestarts::new(t_0, t_mult, number("eta_min", 0.0)).unwrap())
        }
        "LinearLR" => {
            let (start, end) = (number("start_factor", 1.0 / 3.0), number("end_factor", 1.0));
            Box::new(LinearLr::new(start, end, count("total_iters", 5)).unwrap())
        }
        "ConstantLR" => {
            Box::new(ConstantLr::new(number("factor", 1.0 / 3.0), count("total_iters", 5)).unwrap())
        }
        "PolynomialLR" => Box::new(PolynomialLr::new(count("total_iters", 5), number("power", 1.0)).unwrap()),
        "OneCycleLR" => {
            let cycle = OneCycleLr::new(number("max_lr", 0.1), count("total_steps", 1)).unwrap();
            Box::new(cycle.pct_start(number("pct_start", 0.3)).unwrap())
        }
        "CyclicLR" if case["args"]["mode"] == "triangular" => Box::new(
            CyclicLr::new(number("base_lr", 0.1), number("max_lr", 1.0), count("step_size_up", 2000))
                .unwrap(),
        ),
        _ => return None,
    })
}

#[test]
fn learning_rates_are_pytorchs() {
    let run = |case: &Value| {
        let Some(schedule) = schedule(case) else { return Outcome::Unsupported };
        let mut optimizer = sgd(case["base_lr"].as_f64().unwrap());
        let mut scheduler = Scheduler::new(schedule, &mut optimizer);
        for (t, expected) in case["lrs"].as_array().unwrap().iter().enumerate() {
            let (lr, expected) = (optimizer.param_groups()[0].get("lr").unwrap(), expected.as_f64().unwrap());
            // A rate of 0 is reached by a closed form here and by a recursion there.
            if (lr - expected).abs() > 1e-12 + case["rtol"].as_f64().unwrap() * expected.abs() {
                return Outcome::Failed(format!("step {t}: {lr}, expected {expected}"));
            }
            optimizer.step().unwrap();
            scheduler.step(&mut optimizer);
        }
        Outcome::Passed
    };
    conclude("sched", cases("sched").iter().map(|c| (c["name"].to_string(), run(c))).collect());
}

#[test]
fn one_schedule_after_the_other() {
    let schedule = SequentialLr::new(LambdaLr(|t| t as f64 / 4.0)).then(4, ExponentialLr::new(0.5).unwrap());
    let rates: Vec<f64> = (0..7).map(|t| schedule.lr(1.0, t)).collect();
    assert_eq!(rates, [0.0, 0.25, 0.5, 0.75, 1.0, 0.5, 0.25]);
}

#[test]
fn the_momentum_goes_the_other_way() {
    let mut optimizer = sgd(0.1);
    let mut scheduler = Scheduler::new(OneCycleLr::new(1.0, 10).unwrap(), &mut optimizer);
    assert_eq!(optimizer.param_groups()[0].get("momentum"), Some(0.95));
    (0..2).for_each(|_| scheduler.step(&mut optimizer));
    assert_eq!(optimizer.param_groups()[0].get("momentum"), Some(0.85));
}

#[test]
fn a_saved_schedule_goes_on() {
    let new = |optimizer: &mut Sgd| Scheduler::new(StepLr::new(3, 0.1).unwrap(), optimizer);
    let (mut first, mut second) = (sgd(0.1), sgd(0.7));
    let mut scheduler = new(&mut first);
    (0..4).for_each(|_| scheduler.step(&mut first));
    let mut again = new(&mut second);
    again.load_state_dict(&scheduler.state_dict()).unwrap();
    (0..4).for_each(|_| scheduler.step(&mut first));
    (0..4).for_each(|_| again.step(&mut second));
    assert_eq!(first.param_groups()[0].get("lr"), second.param_groups()[0].get("lr"));
    assert!(again.load_state_dict(&Default::default()).is_err());
}

#[test]
fn a_saved_plateau_goes_on() {
    let (mut first, mut second) = (sgd(1.0), sgd(1.0));
    let new = || ReduceLrOnPlateau::new().factor(0.5).unwrap().patience(1).cooldown(1);
    let mut scheduler = new();
    (0..3).for_each(|_| scheduler.step(2.0, &mut first));
    let mut again = new();
    again.load_state_dict(&scheduler.state_dict()).unwrap();
    second.load_state_dict(first.state_dict()).unwrap();
    for loss in [2.0, 1.0, 3.0, 3.0, 3.0, 3.0] {
        scheduler.step(loss, &mut first);
        again.step(loss, &mut second);
        assert_eq!(first.param_groups()[0].get("lr"), second.param_groups()[0].get("lr"));
    }
    assert_eq!(first.param_groups()[0].get("lr"), Some(0.25));
    assert!(again.load_state_dict(&Default::default()).is_err());
}
