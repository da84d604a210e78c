//! Scaled losses: PyTorch's scale and parameters after each step.

use taper_autograd::{Variable, tensor::Tensor};
use taper_optim::{GradScaler, Optimizer, Sgd};

fn parameter() -> Variable {
    Variable::requires_grad(Tensor::new([1.0f32, -2.0]).unwrap().to(&crate::device()).unwrap())
}

#[test]
fn the_scale_grows_and_falls_as_pytorchs() {
    // torch.amp.GradScaler("cpu", init_scale=1024, growth_factor=3, backoff_factor=0.25, growth_interval=3)
    // over SGD with lr 0.1 on the sum of squares; inf at steps 2 and 7, nan at 8.
    const EXPECTED: [(f32, f64, f32); 12] = [
        (1024.0, 1.0, 0.8),
        (1024.0, 2.0, 0.64),
        (256.0, 0.0, 0.64),
        (256.0, 1.0, 0.511_999_96),
        (256.0, 2.0, 0.409_599_96),
        (768.0, 0.0, 0.327_679_96),
        (768.0, 1.0, 0.262_143_97),
        (192.0, 0.0, 0.262_143_97),
        (48.0, 0.0, 0.262_143_97),
        (48.0, 1.0, 0.209_715_17),
        (48.0, 2.0, 0.167_772_14),
        (144.0, 0.0, 0.134_217_71),
    ];
    let p = parameter();
    let mut optimizer = Sgd::new(vec![p.clone()], 0.1).unwrap();
    let scaler =
        GradScaler::builder().init_scale(1024.0).growth_factor(3.0).backoff_factor(0.25).growth_interval(3);
    let mut scaler = scaler.build().unwrap();
    for (i, (scale, tracker, value)) in EXPECTED.into_iter().enumerate() {
        optimizer.zero_grad();
        let factor = match i {
            2 | 7 => f64::INFINITY,
            8 => f64::NAN,
            _ => 1.0,
        };
        let loss = p.square().unwrap().sum().unwrap().mul(factor).unwrap();
        scaler.scale(&loss).unwrap().backward().unwrap();
        assert_eq!(scaler.step(&mut optimizer).unwrap(), factor == 1.0);
        scaler.update().unwrap();
        assert_eq!(
            (scaler.current_scale(), scaler.state_dict()["_growth_tracker"]),
            (scale, tracker),
            "step {i}"
        );
        let found = p.data().to_vec::<f32>().unwrap();
        assert!(
            (found[0] - value).abs() < 1e-6 && (found[1] + 2.0 * value).abs() < 2e-6,
            "step {i}: {found:?}"
        );
    }
}

#[test]
fn unscaled_gradients_can_be_clipped_before_the_step() {
    let p = parameter();
    let mut optimizer = Sgd::new(vec![p.clone()], 1.0).unwrap();
    let mut scaler = GradScaler::new();
    scaler.scale(&p.square().unwrap().sum().unwrap()).unwrap().backward().unwrap();
    scaler.unscale_(&optimizer).unwrap();
    assert_eq!(p.grad().unwrap().to_vec::<f32>().unwrap(), [2.0, -4.0]);
    assert!(scaler.unscale_(&optimizer).unwrap_err().to_string().contains("already called"));
    taper_optim::clip_grad_value_(std::slice::from_ref(&p), 0.5).unwrap();
    assert!(scaler.step(&mut optimizer).unwrap());
    assert_eq!(p.data().to_vec::<f32>().unwrap(), [0.5, -1.5]);
    assert!(scaler.step(&mut optimizer).unwrap_err().to_string().contains("already called"));
    scaler.update().unwrap();
}

#[test]
fn a_scaler_refuses_what_makes_no_sense() {
    let p = parameter();
    let mut optimizer = Sgd::new(vec![p.clone()], 1.0).unwrap();
    let mut scaler = GradScaler::new();
    assert!(scaler.update().unwrap_err().to_string().contains("before step"));
    assert!(
        scaler.step(&mut optimizer).unwrap_err().to_string().contains("no parameter of the optimiser has")
    );
    let half = Variable::requires_grad(p.data().to_dtype(taper_autograd::tensor::DType::F16).unwrap());
    half.square().unwrap().sum().unwrap().backward().unwrap();
    let mut optimizer = Sgd::new(vec![half], 1.0).unwrap();
    assert!(scaler.step(&mut optimizer).unwrap_err().to_string().contains("keep the parameters in f32"));
}

#[test]
fn a_scalers_state_goes_on_and_a_disabled_one_does_nothing() {
    let scaler = GradScaler::builder().init_scale(8.0).growth_interval(7).build().unwrap();
    let mut other = GradScaler::new();
    other.load_state_dict(&scaler.state_dict()).unwrap();
    assert_eq!(other.state_dict(), scaler.state_dict());
    assert!(other.load_state_dict(&Default::default()).unwrap_err().to_string().contains("\"scale\""));

    let mut scaler = GradScaler::builder().enabled(false).build().unwrap();
    assert_eq!((scaler.current_scale(), scaler.state_dict().len()), (1.0, 0));
    let p = parameter();
    let mut optimizer = Sgd::new(vec![p.clone()], 0.5).unwrap();
    scaler.scale(&p.square().unwrap().sum().unwrap()).unwrap().backward().unwrap();
    scaler.unscale_(&optimizer).unwrap();
    assert!(scaler.step(&mut optimizer).unwrap());
    scaler.update().unwrap();
    assert_eq!(p.data().to_vec::<f32>().unwrap(), [0.0, 0.0]);
}
