use serde_json::Value;
use taper_autograd::Variable;
use taper_autograd::tensor::Tensor;
use taper_optim::schedule::*;
use taper_optim::{Optimizer, Sgd};

use crate::golden::{Outcome, cases, conclude};

fn sgd(lr: f64) -> Sgd {
    Sgd::builder(vec![Variable::requires_grad(Tensor::zeros(1).unwrap())], lr).momentum(0.9).build().unwrap()
}

/// The schedule of a case, or `None` where there is no such schedule here.
fn schedule(case: &Value) -> Option<Box<dyn Schedule>> {
    let number = |name: &str, default: f64| case["args"][name].as_f64().unwrap_or(default);
    let count = |name: &str, default: u64| case["args"][name].as_u64().unwrap_or(default);
    let milestones =
        || case["args"]["milestones"].as_array().unwrap().iter().map(|m| m.as_u64().unwrap()).collect();
    Some(match case["name"].as_str()? {
        "StepLR" => {
            Box::new(StepLr::builder(count("step_size", 1)).gamma(number("gamma", 0.1)).build().unwrap())
        }
        "MultiStepLR" => {
            Box::new(MultiStepLr::builder(milestones()).gamma(number("gamma", 0.1)).build().unwrap())
        }
        "ExponentialLR" => Box::new(ExponentialLr::new(number("gamma", 0.1)).unwrap()),
        "CosineAnnealingLR" => Box::new(
            CosineAnnealingLr::builder(count("T_max", 1)).eta_min(number("eta_min", 0.0)).build().unwrap(),
        ),
        "CosineAnnealingWarmRestarts" => {
            let (t_0, t_mult) = (count("T_0", 1), count("T_mult", 1));
            let restarts = CosineAnnealingWarmRestarts::builder(t_0).t_mult(t_mult);
            Box::new(restarts.eta_min(number("eta_min", 0.0)).build().unwrap())
        }
        "LinearLR" => {
            let (start, end) = (number("start_factor", 1.0 / 3.0), number("end_factor", 1.0));
            let line = LinearLr::builder().start_factor(start).end_factor(end);
            Box::new(line.total_iters(count("total_iters", 5)).build().unwrap())
        }
        "ConstantLR" => {
            let constant = ConstantLr::builder().factor(number("factor", 1.0 / 3.0));
            Box::new(constant.total_iters(count("total_iters", 5)).build().unwrap())
        }
        "PolynomialLR" => {
            let power = PolynomialLr::builder().total_iters(count("total_iters", 5));
            Box::new(power.power(number("power", 1.0)).build().unwrap())
        }
        "OneCycleLR" => {
            let cycle = OneCycleLr::builder(number("max_lr", 0.1), count("total_steps", 1));
            Box::new(cycle.pct_start(number("pct_start", 0.3)).build().unwrap())
        }
        "CyclicLR" if case["args"]["mode"] == "triangular" => Box::new(
            CyclicLr::builder(number("base_lr", 0.1), number("max_lr", 1.0))
                .step_size_up(count("step_size_up", 2000))
                .build()
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
        let mut scheduler = Scheduler::new(schedule, &mut optimizer).unwrap();
        for (t, expected) in case["lrs"].as_array().unwrap().iter().enumerate() {
            let (lr, expected) = (optimizer.param_groups()[0].get("lr").unwrap(), expected.as_f64().unwrap());
            // A rate of 0 is reached by a closed form here and by a recursion there.
            if (lr - expected).abs() > 1e-12 + case["rtol"].as_f64().unwrap() * expected.abs() {
                return Outcome::Failed(format!("step {t}: {lr}, expected {expected}"));
            }
            optimizer.step().unwrap();
            scheduler.step(&mut optimizer).unwrap();
        }
        Outcome::Passed
    };
    conclude("sched", cases("sched").iter().map(|c| (c["name"].to_string(), run(c))).collect());
}

#[test]
fn one_schedule_after_the_other() {
    let schedules: Vec<Box<dyn Schedule>> =
        vec![Box::new(LambdaLr::new(|t| t as f64 / 4.0)), Box::new(ExponentialLr::new(0.5).unwrap())];
    let schedule = SequentialLr::new(schedules, vec![4]).unwrap();
    let rates: Vec<f64> = (0..7).map(|t| schedule.lr(1.0, t)).collect();
    assert_eq!(rates, [0.0, 0.25, 0.5, 0.75, 1.0, 0.5, 0.25]);
}

#[test]
fn the_momentum_goes_the_other_way() {
    let mut optimizer = sgd(0.1);
    let mut scheduler = Scheduler::new(OneCycleLr::new(1.0, 10).unwrap(), &mut optimizer).unwrap();
    assert_eq!(optimizer.param_groups()[0].get("momentum"), Some(0.95));
    (0..2).for_each(|_| scheduler.step(&mut optimizer).unwrap());
    assert_eq!(optimizer.param_groups()[0].get("momentum"), Some(0.85));
}

#[test]
fn a_saved_schedule_goes_on() {
    let new = |optimizer: &mut Sgd| Scheduler::new(StepLr::new(3).unwrap(), optimizer).unwrap();
    let (mut first, mut second) = (sgd(0.1), sgd(0.7));
    let mut scheduler = new(&mut first);
    (0..4).for_each(|_| scheduler.step(&mut first).unwrap());
    let mut again = new(&mut second);
    again.load_state_dict(&scheduler.state_dict()).unwrap();
    (0..4).for_each(|_| scheduler.step(&mut first).unwrap());
    (0..4).for_each(|_| again.step(&mut second).unwrap());
    assert_eq!(first.param_groups()[0].get("lr"), second.param_groups()[0].get("lr"));
    assert!(again.load_state_dict(&Default::default()).is_err());
}

#[test]
fn a_saved_plateau_goes_on() {
    let (mut first, mut second) = (sgd(1.0), sgd(1.0));
    let new = || ReduceLrOnPlateau::builder().factor(0.5).patience(1).cooldown(1).build().unwrap();
    let mut scheduler = new();
    (0..3).for_each(|_| scheduler.step(2.0, &mut first).unwrap());
    let mut again = new();
    again.load_state_dict(&scheduler.state_dict()).unwrap();
    second.load_state_dict(first.state_dict()).unwrap();
    for loss in [2.0, 1.0, 3.0, 3.0, 3.0, 3.0] {
        scheduler.step(loss, &mut first).unwrap();
        again.step(loss, &mut second).unwrap();
        assert_eq!(first.param_groups()[0].get("lr"), second.param_groups()[0].get("lr"));
    }
    assert_eq!(first.param_groups()[0].get("lr"), Some(0.25));
    assert!(again.load_state_dict(&Default::default()).is_err());
}
