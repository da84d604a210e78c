//! Norms and clipped gradients are PyTorch's.

use taper_autograd::Variable;
use taper_autograd::tensor::Tensor;
use taper_optim::{
    Error, IfNonFinite, Optimizer, Sgd, clip_grad_norm_, clip_grad_value_, clip_grads_with_norm_,
    get_total_norm,
};

const GRADS: [f32; 7] = [3.0, -4.0, 0.5, 2.0, -1.0, 7.0, 0.25];

/// Two parameters with gradients, and one without.
fn parameters(grads: [f32; 7]) -> Vec<Variable> {
    let leaf = |shape: &[usize], grad: &[f32]| {
        let p = Variable::requires_grad(Tensor::zeros(shape).unwrap());
        p.set_grad(Some(Tensor::from_vec(grad.to_vec(), shape).unwrap()));
        p
    };
    let idle = Variable::requires_grad(Tensor::ones(5).unwrap());
    vec![leaf(&[2, 2], &grads[..4]), idle, leaf(&[3], &grads[4..])]
}

fn grads(parameters: &[Variable]) -> Vec<f32> {
    parameters.iter().filter_map(Variable::grad).flat_map(|g| g.to_vec::<f32>().unwrap()).collect()
}

fn close(got: &[f32], expected: &[f32]) {
    let near = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-6 * b.abs() || a.is_nan() && b.is_nan();
    assert!(
        got.len() == expected.len() && got.iter().zip(expected).all(near),
        "{got:?}, expected {expected:?}"
    );
}

#[test]
fn norms_are_pytorchs() {
    for (norm_type, expected, first) in [
        (2.0, 8.905756950378418, 0.842_151_76),
        (1.0, 17.75, 0.422_535_18),
        (3.0, 7.623959064483643, 0.983_740_75),
        (f64::INFINITY, 7.0, 1.071_428_4),
        (f64::NEG_INFINITY, 0.25, 3.0),
        (0.0, 2.0, 3.0),
    ] {
        let p = parameters(GRADS);
        let norm = get_total_norm(&p, norm_type, IfNonFinite::Refuse).unwrap();
        assert!((norm - expected).abs() < 1e-6 * expected, "{norm_type}-norm {norm}, expected {expected}");
        clip_grads_with_norm_(&p, 2.5, norm).unwrap();
        close(&grads(&p)[..1], &[first]);
    }
}

#[test]
fn gradients_are_scaled_only_down() {
    let p = parameters(GRADS);
    clip_grad_norm_(&p, 2.5).unwrap();
    let scaled =
        [0.842_151_76, -1.122_869, 0.140_358_63, 0.561_434_5, -0.280_717_25, 1.965_020_8, 0.070_179_31];
    close(&grads(&p), &scaled);
    clip_grad_norm_(&p, 100.0).unwrap();
    close(&grads(&p), &scaled);
    assert_eq!(clip_grad_norm_(&[], 1.0).unwrap(), 0.0);
}

#[test]
fn values_are_limited() {
    let p = parameters(GRADS);
    clip_grad_value_(&p, 1.5).unwrap();
    assert_eq!(grads(&p), [1.5, -1.5, 0.5, 1.5, -1.0, 1.5, 0.25]);
}

#[test]
fn a_norm_that_is_no_number() {
    let with = |value: f32| {
        let mut grads = GRADS;
        grads[5] = value;
        parameters(grads)
    };
    let p = with(f32::NAN);
    assert!(clip_grad_norm_(&p, 2.5).unwrap().is_nan());
    close(&grads(&p), &[f32::NAN; 7]);
    let p = with(f32::INFINITY);
    assert_eq!(clip_grad_norm_(&p, 2.5).unwrap(), f64::INFINITY);
    close(&grads(&p), &[0.0, 0.0, 0.0, 0.0, 0.0, f32::NAN, 0.0]);
    let error = get_total_norm(&with(f32::NAN), 2.0, IfNonFinite::Refuse).unwrap_err();
    assert!(matches!(error, Error::NonFinite { nan: 1, infinite: 0, numel: 3, .. }), "{error}");
    // Finite elements whose squares' root is beyond f32 are not a fault of a parameter.
    let p = parameters([2e38; 7]);
    assert!(get_total_norm(&p, 2.0, IfNonFinite::Refuse).unwrap_err().to_string().contains("too large"));
}

#[test]
fn bounds_that_make_no_sense() {
    let p = parameters(GRADS);
    assert!(clip_grad_norm_(&p, -1.0).unwrap_err().to_string().contains("max_norm is -1"));
    assert!(clip_grad_value_(&p, f64::NAN).unwrap_err().to_string().contains("clip_value is NaN"));
    assert_eq!(grads(&p), GRADS);
}

#[test]
fn a_gradient_that_is_no_number_is_reported_by_name() {
    let p = parameters(GRADS);
    p[2].set_name("fc1.bias");
    let sgd = Sgd::new(p.clone(), 0.1).unwrap();
    sgd.check_gradients().unwrap();
    let set = |i: usize, values: &[f32]| p[i].set_grad(Some(Tensor::new(values).unwrap()));
    set(2, &[f32::NAN, 1.0, f32::NEG_INFINITY]);
    let error = sgd.check_gradients().unwrap_err().to_string();
    assert!(error.contains("parameter fc1.bias has 1 NaN and 1 infinite elements of 3"), "{error}");
    set(1, &[0.0, 0.0, 0.0, 0.0, f32::INFINITY]);
    let error = sgd.check_gradients().unwrap_err().to_string();
    assert!(error.contains("parameter 1 of shape [5]"), "{error}");
}
