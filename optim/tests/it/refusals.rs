use taper_autograd::Variable;
use taper_autograd::tensor::Tensor;
use taper_optim::{AdamW, AdamWSettings, Optimizer, ParamGroup, Settings, Sgd, SgdSettings};

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

#[test]
fn settings_are_checked_when_the_optimizer_is_made() {
    let sgd = |s: SgdSettings| Sgd::with_settings(vec![weight()], s).unwrap_err().to_string();
    assert_eq!(
        sgd(SgdSettings::default().momentum(-1.0)),
        "sgd: momentum is -1, expected a finite number, at least 0"
    );
    assert!(sgd(SgdSettings::default().nesterov(true)).contains("momentum is 0, expected more than 0"));
    let adam = AdamW::with_settings(vec![weight()], AdamWSettings::default().betas(0.9, 1.0)).unwrap_err();
    assert_eq!(adam.to_string(), "adamw: beta2 is 1, expected a number from 0 to below 1");
    let default = AdamW::with_settings(vec![weight()], AdamWSettings::default()).unwrap();
    assert_eq!(default.param_groups()[0].get("lr"), Some(1e-3));
    assert_eq!(default.param_groups()[0].get("weight_decay"), Some(0.01));
}

#[test]
fn a_group_has_settings_that_its_optimizer_knows() {
    let mut sgd = Sgd::new(vec![weight()], 0.1).unwrap();
    let mut added = |name: &str, value: f64| {
        let group = ParamGroup::new(vec![weight()]).set(name, value);
        sgd.add_param_group(group).unwrap_err().to_string()
    };
    assert!(added("momentun", 0.9).contains("no setting \"momentun\"; there are lr, momentum, dampening"));
    assert!(added("nesterov", 0.5).contains("nesterov is 0.5, expected 1 or 0"));
    assert!(added("lr", f64::NAN).contains("lr is NaN"));
    sgd.param_groups_mut()[0].change("momentun", 0.9);
    assert!(sgd.step().unwrap_err().to_string().contains("no setting \"momentun\""));
}

#[test]
fn settings_have_pytorchs_names() {
    let settings =
        SgdSettings::read(&ParamGroup::new(vec![]).set("nesterov", 1.0).set("momentum", 0.5)).unwrap();
    assert_eq!(settings, SgdSettings::default().nesterov(true).momentum(0.5));
}
