use taper_autograd::Variable;
use taper_autograd::tensor::Tensor;
use taper_optim::schedule::*;
use taper_optim::*;

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
    let sgd = || Sgd::builder(vec![weight()], 0.1);
    let said = |builder: OptimizerBuilder<SgdSettings>| builder.build().unwrap_err().to_string();
    assert_eq!(said(sgd().momentum(-1.0)), "sgd: momentum is -1, expected a finite number, at least 0");
    assert_eq!(said(sgd().nesterov(true)), "sgd: momentum is 0, expected more than 0 with nesterov");
    let dampened = sgd().nesterov(true).momentum(0.9).dampening(0.5);
    assert_eq!(said(dampened), "sgd: dampening is 0.5, expected 0 with nesterov");
    assert!(said(sgd().group(vec![weight()], |s| s.lr(f64::NAN))).contains("lr is NaN"));
    let adam = AdamW::builder(vec![weight()], 0.1).betas(0.9, 1.0).build().unwrap_err();
    assert_eq!(adam.to_string(), "adamw: beta2 is 1, expected a number from 0 to below 1");
    let default = AdamW::new(vec![weight()], 1e-3).unwrap();
    assert_eq!(default.param_groups()[0].get("lr"), Some(1e-3));
    assert_eq!(default.param_groups()[0].get("weight_decay"), Some(0.01));
}

/// The order of the options does not matter.
#[test]
fn a_group_differs_from_the_optimizer_in_what_it_says() {
    let sgd = Sgd::builder(vec![weight()], 0.1).group(vec![weight()], |s| s.nesterov(true)).momentum(0.9);
    let mut sgd = sgd.build().unwrap();
    sgd.add_param_group(vec![weight()], |s| s.lr(0.5)).unwrap();
    let rows = |name: &str| sgd.param_groups().iter().map(|g| g.get(name).unwrap()).collect::<Vec<_>>();
    assert_eq!(rows("lr"), [0.1, 0.1, 0.5]);
    assert_eq!(rows("momentum"), [0.9; 3]);
    assert_eq!(rows("nesterov"), [0.0, 1.0, 0.0]);
}

#[test]
fn a_change_by_name_is_checked_when_it_is_made() {
    let mut sgd = Sgd::new(vec![weight()], 0.1).unwrap();
    let group = &mut sgd.param_groups_mut()[0];
    let mut said = |name: &str, value: f64| group.change(name, value).unwrap_err().to_string();
    assert!(said("momentun", 0.9).contains("no setting \"momentun\"; there are lr, momentum, dampening"));
    assert!(said("nesterov", 0.5).contains("nesterov is 0.5, expected 1 or 0"));
    assert!(said("nesterov", 1.0).contains("momentum is 0, expected more than 0 with nesterov"));
    assert!(said("lr", f64::NAN).contains("lr is NaN"));
    assert_eq!((group.get("lr"), group.get("nesterov"), group.get("momentun")), (Some(0.1), Some(0.0), None));
    group.change("lr", 0.2).unwrap();
    assert_eq!(group.get("lr"), Some(0.2));
}

#[test]
fn schedules_and_scalers_are_checked_when_they_are_made() {
    let cases = [
        (said(StepLr::new(0)), "step_lr: step_size is 0, expected at least 1"),
        (
            said(CosineAnnealingLr::builder(9).eta_min(-1.0).build()),
            "cosine_annealing_lr: eta_min is -1, expected a finite number, at least 0",
        ),
        (
            said(OneCycleLr::builder(1.0, 9).pct_start(1.5).build()),
            "one_cycle_lr: pct_start is 1.5, expected a number from 0 to 1",
        ),
        (
            said(OneCycleLr::builder(1.0, 9).div_factor(0.0).build()),
            "one_cycle_lr: div_factor is 0, expected a finite number above 0",
        ),
        (
            said(CyclicLr::builder(0.1, 1.0).step_size_down(0).build()),
            "cyclic_lr: step_size_down is 0, expected at least 1",
        ),
        (
            said(ReduceLrOnPlateau::builder().factor(1.0).build()),
            "reduce_lr_on_plateau: factor is 1, expected a number from 0 to below 1",
        ),
        (
            said(SequentialLr::new(vec![], vec![])),
            "sequential_lr: got 0 schedules and 0 milestones, expected one milestone less",
        ),
        (
            said(GradScaler::builder().growth_factor(1.0).build()),
            "grad_scaler: growth_factor is 1, expected a finite number above 1",
        ),
        (
            said(Lbfgs::builder(vec![weight()], 1.0).tolerance_grad(-1.0).build()),
            "lbfgs: tolerance_grad is -1, expected a finite number, at least 0",
        ),
    ];
    for (got, expected) in cases {
        assert_eq!(got, expected);
    }
}

fn said<T>(made: Result<T>) -> String {
    made.map(drop).unwrap_err().to_string()
}

/// A function that returns this crate's error can use `?` on variables.
#[test]
fn errors_of_variables_are_converted() {
    fn product(a: &Variable, b: &Variable) -> Result<Variable> {
        Ok(a.mul(b)?)
    }
    let other = Variable::new(Tensor::ones(3).unwrap());
    assert!(matches!(product(&weight(), &other), Err(Error::Autograd(_))));
}

fn shared<T: Send + Sync + ?Sized>() {}

#[test]
fn threads_can_share_optimizers_and_schedules() {
    shared::<Sgd>();
    shared::<Box<dyn Optimizer>>();
    shared::<Scheduler<Box<dyn Schedule>>>();
    shared::<SequentialLr>();
    shared::<Error>();
}

/// With everything imported, the standard library's methods are still the ones that are called.
#[test]
fn traits_shadow_no_method_of_the_standard_library() {
    let mut list = vec![3, 1, 2];
    list.push(4);
    list.extend([5].iter().map(|x| x + 1));
    assert_eq!((list.iter().copied().max(), list.len(), list.is_empty()), (Some(6), 5, false));
    let boxed: Box<dyn Fn(u64) -> f64> = Box::new(|t| t as f64);
    assert_eq!(Some(boxed(2)).filter(|x| *x > 1.0).map(|x| x + 1.0), Some(3.0));
}
