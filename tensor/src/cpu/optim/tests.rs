use std::path::PathBuf;

use safetensors::SafeTensors;
use serde_json::Value;

use super::*;
use crate::cpu::tests::forced::each_isa;
use crate::cpu::tests::given::with_threads;

/// One optimiser of the reference cases, its settings read from their arguments, over one
/// parameter and its state.
struct Run {
    args: Value,
    name: String,
    step: u64,
    mu_product: f64,
    state: Vec<Vec<f32>>,
}

impl Run {
    fn new(name: &str, args: &Value, len: usize) -> Self {
        let first = args.get("initial_accumulator_value").and_then(Value::as_f64).unwrap_or(0.0) as f32;
        let state = vec![vec![first; len]; 3];
        Self { args: args.clone(), name: name.into(), step: 0, mu_product: 1.0, state }
    }

    fn number(&self, name: &str, default: f64) -> f64 {
        self.args.get(name).map_or(default, |v| v.as_f64().unwrap())
    }

    fn flag(&self, name: &str) -> bool {
        self.args.get(name).is_some_and(|v| v.as_bool().unwrap())
    }

    fn betas(&self) -> (f64, f64) {
        let beta = |i: usize, default| self.args.get("betas").map_or(default, |v| v[i].as_f64().unwrap());
        (beta(0, 0.9), beta(1, 0.999))
    }

    fn step(&mut self, param: &mut [f32], grad: &[f32]) {
        self.step += 1;
        let (step, lr, betas) = (self.step, self.number("lr", f64::NAN), self.betas());
        let (weight_decay, eps) = (self.number("weight_decay", 0.0), self.number("eps", 1e-8));
        let (momentum, maximize) = (self.number("momentum", 0.0), self.flag("maximize"));
        let (amsgrad, centered, nesterov) =
            (self.flag("amsgrad"), self.flag("centered"), self.flag("nesterov"));
        let (dampening, alpha, rho) =
            (self.number("dampening", 0.0), self.number("alpha", 0.99), self.number("rho", 0.9));
        let lr_decay = self.number("lr_decay", 0.0);
        let momentum_decay = self.number("momentum_decay", 4e-3);
        let [a, b, c] = &mut self.state[..] else { unreachable!() };
        match &self.name[..] {
            "SGD" => {
                let sgd = Sgd { lr, momentum, dampening, weight_decay, nesterov, maximize };
                if momentum == 0.0 {
                    sgd.step(param, grad);
                } else {
                    sgd.step_momentum(param, grad, a, step == 1);
                }
            }
            "Adam" => Adam { lr, betas, eps, weight_decay, decoupled: false, maximize }.step(
                step,
                param,
                grad,
                a,
                b,
                amsgrad.then_some(c),
            ),
            "AdamW" => {
                let weight_decay = self.args.get("weight_decay").map_or(1e-2, |v| v.as_f64().unwrap());
                Adam { lr, betas, eps, weight_decay, decoupled: true, maximize }.step(
                    step,
                    param,
                    grad,
                    a,
                    b,
                    amsgrad.then_some(c),
                );
            }
            "RMSprop" => RmsProp { lr, alpha, eps, weight_decay, momentum, maximize }.step(
                param,
                grad,
                a,
                centered.then_some(b),
                (momentum != 0.0).then_some(c),
            ),
            "Adagrad" => {
                let eps = self.args.get("eps").map_or(1e-10, |v| v.as_f64().unwrap());
                Adagrad { lr, lr_decay, weight_decay, eps, maximize }.step(step, param, grad, a);
            }
            "Adadelta" => {
                let eps = self.args.get("eps").map_or(1e-6, |v| v.as_f64().unwrap());
                Adadelta { lr, rho, eps, weight_decay, maximize }.step(param, grad, a, b);
            }
            "Adamax" => Adamax { lr, betas, eps, weight_decay, maximize }.step(step, param, grad, a, b),
            "NAdam" => NAdam { lr, betas, eps, weight_decay, momentum_decay, decoupled: false, maximize }
                .step(step, &mut self.mu_product, param, grad, a, b),
            "RAdam" => RAdam { lr, betas, eps, weight_decay, decoupled: false, maximize }
                .step(step, param, grad, a, b),
            name => panic!("no kernel for the reference cases of {name}"),
        }
    }
}

#[test]
fn trajectories_are_pytorchs() {
    let folder = std::env::var("TAPER_GOLDEN")
        .map_or_else(|_| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../golden"), PathBuf::from);
    let cases: Value = serde_json::from_slice(&std::fs::read(folder.join("optim.json")).unwrap()).unwrap();
    let bytes = std::fs::read(folder.join("optim.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let tensor = |name: &str| -> Vec<f32> {
        let bytes = tensors.tensor(name).unwrap_or_else(|e| panic!("{name}: {e}"));
        bytes.data().as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect()
    };
    let cases = cases["cases"].as_array().unwrap();
    assert!(!cases.is_empty());
    each_isa(|_| {
        for case in cases {
            let name = case["name"].as_str().unwrap();
            let (rtol, atol) = (case["rtol"].as_f64().unwrap(), case["atol"].as_f64().unwrap());
            for k in 0..case["params"].as_u64().unwrap() {
                let mut param = tensor(&format!("{name}/param.{k}"));
                let mut run = Run::new(case["optimizer"].as_str().unwrap(), &case["args"], param.len());
                for t in 0..case["steps"].as_u64().unwrap() {
                    run.step(&mut param, &tensor(&format!("{name}/step.{t}.grad.{k}")));
                    let expected = tensor(&format!("{name}/step.{t}.param.{k}"));
                    for (i, (&got, &expected)) in param.iter().zip(&expected).enumerate() {
                        let (got, expected) = (f64::from(got), f64::from(expected));
                        assert!(
                            (got - expected).abs() <= atol + rtol * expected.abs(),
                            "{name}, step {t}, parameter {k}, element {i}: {got}, not {expected}"
                        );
                    }
                }
            }
        }
    });
}

/// Settings without reference cases are compared with plain f64 code, over lengths that leave a remainder.
#[test]
fn settings_without_a_reference_case_follow_their_formulae() {
    for n in [1, 7, 33] {
        let start: Vec<f64> = (0..n).map(|i| (i as f64 * 0.7).sin()).collect();
        let grads: Vec<Vec<f64>> =
            (0..4).map(|t| (0..n).map(|i| ((i * 3 + t * 5) as f64 * 0.9).cos()).collect()).collect();
        let close = |got: &[f64], expected: &[f64]| {
            for (got, expected) in got.iter().zip(expected) {
                assert!((got - expected).abs() < 1e-12, "{got}, not {expected}");
            }
        };

        let lion = Lion { lr: 0.1, betas: (0.9, 0.99), weight_decay: 0.2, maximize: true };
        let (mut p, mut m) = (start.clone(), vec![0.0; n]);
        let (mut q, mut v) = (start.clone(), vec![0.0; n]);
        for g in &grads {
            lion.step(&mut p, g, &mut m);
            for i in 0..n {
                q[i] -= 0.1 * 0.2 * q[i] + 0.1 * (0.9 * v[i] - 0.1 * g[i]).signum();
                v[i] = 0.99 * v[i] - 0.01 * g[i];
            }
            close(&p, &q);
            close(&m, &v);
        }

        let adam = Adam {
            lr: 0.1,
            betas: (0.9, 0.99),
            eps: 1e-8,
            weight_decay: 0.1,
            decoupled: true,
            maximize: true,
        };
        let (mut p, mut m, mut v, mut x) = (start.clone(), vec![0.0; n], vec![0.0; n], vec![0.0; n]);
        let (mut q, mut s, mut r, mut y) = (start.clone(), vec![0.0; n], vec![0.0; n], vec![0f64; n]);
        for (t, g) in grads.iter().enumerate() {
            adam.step(t as u64 + 1, &mut p, g, &mut m, &mut v, Some(&mut x));
            let corrections = [0.9f64, 0.99].map(|b| 1.0 - b.powi(t as i32 + 1));
            for i in 0..n {
                q[i] *= 1.0 - 0.1 * 0.1;
                s[i] = 0.9 * s[i] - 0.1 * g[i];
                r[i] = 0.99 * r[i] + 0.01 * g[i] * g[i];
                y[i] = y[i].max(r[i]);
                q[i] -= 0.1 * s[i] / corrections[0] / ((y[i] / corrections[1]).sqrt() + 1e-8);
            }
            close(&p, &q);
        }

        for (centered, momentum) in [(true, 0.0), (false, 0.9)] {
            let rms =
                RmsProp { lr: 0.1, alpha: 0.9, eps: 1e-3, weight_decay: 0.1, momentum, maximize: false };
            let (mut p, mut a, mut b, mut c) = (start.clone(), vec![0.0; n], vec![0.0; n], vec![0.0; n]);
            let (mut q, mut d, mut e, mut f) = (start.clone(), vec![0f64; n], vec![0.0; n], vec![0.0; n]);
            for g in &grads {
                rms.step(&mut p, g, &mut a, centered.then_some(&mut b), (momentum > 0.0).then_some(&mut c));
                for i in 0..n {
                    let g = g[i] + 0.1 * q[i];
                    d[i] = 0.9 * d[i] + 0.1 * g * g;
                    e[i] = 0.9 * e[i] + 0.1 * g;
                    let mean = if centered { e[i] } else { 0.0 };
                    f[i] = momentum * f[i] + g / ((d[i] - mean * mean).sqrt() + 1e-3);
                    q[i] -= 0.1 * f[i];
                }
                close(&p, &q);
            }
        }
    }
}

#[test]
fn the_first_step_ignores_what_the_buffer_held() {
    let sgd =
        Sgd { lr: 0.5, momentum: 0.9, dampening: 0.5, weight_decay: 0.0, nesterov: false, maximize: false };
    let (mut param, mut buffer) = ([1f32; 3], [f32::NAN; 3]);
    sgd.step_momentum(&mut param, &[2.0; 3], &mut buffer, true);
    assert_eq!((param, buffer), ([0.0; 3], [2.0; 3]));
}

#[test]
fn threads_do_not_change_a_bit() {
    let n = 100_003;
    let grad: Vec<f32> = (0..n).map(|i| (i as f32).sin()).collect();
    let run = |threads: usize| {
        let (mut param, mut m, mut v) = (vec![1f32; n], vec![0f32; n], vec![0f32; n]);
        let adam = Adam {
            lr: 0.1,
            betas: (0.9, 0.999),
            eps: 1e-8,
            weight_decay: 0.1,
            decoupled: false,
            maximize: false,
        };
        with_threads(threads, || (1..4).for_each(|t| adam.step(t, &mut param, &grad, &mut m, &mut v, None)));
        param
    };
    each_isa(|_| assert_eq!(run(1), run(3)));
}

/// Arithmetic with subnormal numbers is slow, and a decaying average would stay among them for good.
#[test]
fn averages_that_fade_end_at_zero() {
    let (mut param, mut buf) = ([1.0f32; 40], [1e-30; 40]);
    let sgd =
        Sgd { lr: 0.1, momentum: 0.9, dampening: 0.0, weight_decay: 0.0, nesterov: false, maximize: false };
    let (mut avg, mut sq) = ([1e-30f32; 40], [1e-30f32; 40]);
    let adam =
        Adam { lr: 0.1, betas: (0.9, 0.9), eps: 1e-8, weight_decay: 0.0, decoupled: false, maximize: false };
    for step in 1..300 {
        sgd.step_momentum(&mut param, &[0.0; 40], &mut buf, false);
        adam.step(step, &mut param, &[0.0; 40], &mut avg, &mut sq, None);
        let all = [buf, avg, sq].concat();
        assert!(!all.iter().any(|x| x.is_subnormal()), "step {step}");
    }
    assert_eq!([buf, avg, sq].concat(), [0.0; 120]);
}
