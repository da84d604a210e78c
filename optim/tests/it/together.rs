//! Many parameters in one call, as on a GPU, and one after another.

use taper_autograd::tensor::Tensor;
use taper_optim::{AdamSettings, AdamWSettings, ParamState, Rule, SgdSettings, Update};

/// The parameters after three steps; the last one joins at the second.
fn trained<R: Rule>(settings: &[(&str, f64)], together: bool) -> Vec<Vec<f32>> {
    let mut rule = R::default();
    settings.iter().for_each(|(name, value)| rule.set(name, *value).unwrap());
    let settings = rule;
    let tensor = |n: usize, scale: f32| {
        let values = (0..n).map(|i| (i as f32 - 1.3) * scale).collect();
        Tensor::from_vec(values, n).unwrap().to(&crate::device()).unwrap()
    };
    let sizes = [3, 1, 70];
    let params = sizes.map(|n| tensor(n, 0.1));
    let mut states = sizes.map(|_| ParamState::default());
    for step in 1..=3 {
        let count = if step == 1 { 2 } else { 3 };
        let mut all: Vec<Update<'_>> = states
            .iter_mut()
            .zip(&params)
            .take(count)
            .map(|(state, param)| {
                state.step += 1;
                Update { state, param: param.clone(), grad: tensor(param.numel(), step as f32) }
            })
            .collect();
        if together {
            settings.update_all(&mut all).unwrap();
        } else {
            all.iter_mut().for_each(|u| settings.update(u.state, &u.param, &u.grad).unwrap());
        }
    }
    params.iter().map(|p| p.to_vec().unwrap()).collect()
}

fn check<R: Rule>(settings: &[(&str, f64)]) {
    let one_by_one = trained::<R>(settings, false);
    assert!(one_by_one.iter().flatten().all(|v| v.is_finite()) && one_by_one[0][0] != -0.13);
    assert_eq!(trained::<R>(settings, true), one_by_one, "{settings:?}");
}

#[test]
fn steps_of_many_parameters_are_those_of_each() {
    check::<SgdSettings>(&[("lr", 0.1)]);
    check::<SgdSettings>(&[("lr", 0.1), ("momentum", 0.9), ("nesterov", 1.0), ("weight_decay", 0.01)]);
    let adam = [("lr", 0.1), ("beta1", 0.9), ("beta2", 0.999), ("eps", 1e-8), ("weight_decay", 0.01)];
    check::<AdamSettings>(&adam);
    check::<AdamWSettings>(&[&adam[..], &[("amsgrad", 1.0)]].concat());
}
