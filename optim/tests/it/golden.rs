//! The golden family `optim`: each optimiser's trajectory over given gradients, from PyTorch.

use std::path::PathBuf;

use safetensors::SafeTensors;
use serde_json::Value;
use taper_autograd::Variable;
use taper_autograd::tensor::Tensor;
use taper_optim::*;

fn folder() -> PathBuf {
    let own = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../golden");
    std::env::var_os("TAPER_GOLDEN").map_or_else(own, PathBuf::from)
}

/// The cases of a family.
pub fn cases(family: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(folder().join(format!("{family}.json"))).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()["cases"].as_array().unwrap().clone()
}

/// Prints a family's result, and fails on a wrong case.
pub fn conclude(family: &str, results: Vec<(String, Outcome)>) {
    let all = |f: fn(&Outcome) -> bool| results.iter().filter(|r| f(&r.1)).count();
    for (name, _) in results.iter().filter(|r| r.1 == Outcome::Unsupported) {
        println!("unsupported: {name}");
    }
    let (passed, unsupported) = (all(|o| *o == Outcome::Passed), all(|o| *o == Outcome::Unsupported));
    let failed: Vec<_> = results.iter().filter(|r| matches!(r.1, Outcome::Failed(_))).collect();
    println!(
        "golden {family}: {} cases, {passed} passed, {} failed, {unsupported} unsupported",
        results.len(),
        failed.len()
    );
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(passed > 0, "no case was run");
}

/// The outcome of a case.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    Passed,
    Failed(String),
    Unsupported,
}

fn tensor(all: &SafeTensors<'_>, key: &str) -> Tensor {
    let view = all.tensor(key).unwrap_or_else(|e| panic!("{key}: {e}"));
    assert_eq!(view.dtype(), safetensors::Dtype::F32, "{key}");
    let values = view.data().as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    Tensor::from_vec(values, view.shape()).unwrap().to(&crate::device()).unwrap()
}

/// The optimiser of a case, or `None` where there is no such optimiser here.
fn optimizer(case: &Value, parameters: Vec<Variable>) -> Option<Box<dyn Optimizer>> {
    let args = &case["args"];
    let number = |name: &str, default: f64| args[name].as_f64().unwrap_or(default);
    let flag = |name: &str| args[name].as_bool().unwrap_or(false);
    let lr = args["lr"].as_f64().unwrap();
    let betas = || {
        let beta = |i: usize, default: f64| args["betas"][i].as_f64().unwrap_or(default);
        (beta(0, 0.9), beta(1, 0.999))
    };
    let adam = || (betas().0, betas().1, number("eps", 1e-8));
    Some(match case["optimizer"].as_str()? {
        "SGD" => Box::new(
            Sgd::builder(parameters, lr)
                .momentum(number("momentum", 0.0))
                .dampening(number("dampening", 0.0))
                .weight_decay(number("weight_decay", 0.0))
                .nesterov(flag("nesterov"))
                .maximize(flag("maximize"))
                .build()
                .unwrap(),
        ),
        "Adam" => {
            let (beta1, beta2, eps) = adam();
            let adam = Adam::builder(parameters, lr).betas(beta1, beta2).eps(eps);
            Box::new(adam.weight_decay(number("weight_decay", 0.0)).amsgrad(flag("amsgrad")).build().unwrap())
        }
        "AdamW" => {
            let (beta1, beta2, eps) = adam();
            let adam = AdamW::builder(parameters, lr).betas(beta1, beta2).eps(eps);
            Box::new(
                adam.weight_decay(number("weight_decay", 0.01)).amsgrad(flag("amsgrad")).build().unwrap(),
            )
        }
        "RMSprop" => Box::new(
            RmsProp::builder(parameters, lr)
                .alpha(number("alpha", 0.99))
                .eps(number("eps", 1e-8))
                .weight_decay(number("weight_decay", 0.0))
                .momentum(number("momentum", 0.0))
                .centered(flag("centered"))
                .build()
                .unwrap(),
        ),
        "Adagrad" => Box::new(
            Adagrad::builder(parameters, lr)
                .lr_decay(number("lr_decay", 0.0))
                .weight_decay(number("weight_decay", 0.0))
                .initial_accumulator_value(number("initial_accumulator_value", 0.0))
                .eps(number("eps", 1e-10))
                .build()
                .unwrap(),
        ),
        "Adadelta" => Box::new(
            Adadelta::builder(parameters, lr)
                .rho(number("rho", 0.9))
                .eps(number("eps", 1e-6))
                .build()
                .unwrap(),
        ),
        "Adamax" => Box::new(Adamax::builder(parameters, lr).betas(betas().0, betas().1).build().unwrap()),
        "NAdam" => Box::new(
            NAdam::builder(parameters, lr)
                .betas(betas().0, betas().1)
                .momentum_decay(number("momentum_decay", 4e-3))
                .build()
                .unwrap(),
        ),
        "RAdam" => Box::new(RAdam::builder(parameters, lr).betas(betas().0, betas().1).build().unwrap()),
        _ => return None,
    })
}

#[test]
fn trajectories_are_pytorchs() {
    let bytes = std::fs::read(folder().join("optim.safetensors")).unwrap();
    let all = SafeTensors::deserialize(&bytes).unwrap();
    let run = |case: &Value| {
        let name = case["name"].as_str().unwrap();
        let number = |key: &str| case[key].as_f64().unwrap();
        let parameters: Vec<Variable> = (0..number("params") as usize)
            .map(|k| Variable::requires_grad(tensor(&all, &format!("{name}/param.{k}"))))
            .collect();
        let Some(mut optimizer) = optimizer(case, parameters.clone()) else { return Outcome::Unsupported };
        for t in 0..number("steps") as usize {
            for (k, p) in parameters.iter().enumerate() {
                p.set_grad(Some(tensor(&all, &format!("{name}/step.{t}.grad.{k}"))));
            }
            optimizer.step().unwrap();
            for (k, p) in parameters.iter().enumerate() {
                let expected = tensor(&all, &format!("{name}/step.{t}.param.{k}"));
                if !p.data().allclose(&expected, number("rtol"), number("atol")).unwrap() {
                    return Outcome::Failed(format!("parameter {k} after step {t}"));
                }
            }
        }
        Outcome::Passed
    };
    conclude("optim", cases("optim").iter().map(|c| (c["name"].to_string(), run(c))).collect());
}
