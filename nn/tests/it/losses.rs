//! Arguments that losses refuse, and large numbers.

use taper_autograd::{GradcheckOptions, Reduction, Variable, gradcheck, gradgradcheck};
use taper_nn::{
    BceLoss, BceWithLogitsLoss, CosineEmbeddingLoss, CrossEntropyLoss, HingeEmbeddingLoss, HuberLoss,
    KLDivLoss, L1Loss, MarginRankingLoss, Module, MseLoss, NllLoss, Result, SmoothL1Loss, TripletMarginLoss,
};
use taper_tensor::{DType, Tensor};

fn logits(rows: usize, classes: usize) -> Variable {
    let values = (0..rows * classes).map(|i| ((i * 37 + 11) % 17) as f64 / 7.0 - 1.0).collect();
    Variable::requires_grad(Tensor::from_vec::<f64>(values, (rows, classes)).unwrap())
}

fn refused(loss: Result<Variable>) -> String {
    loss.unwrap_err().to_string()
}

#[test]
fn cross_entropy_refuses_what_is_no_class() {
    let loss = CrossEntropyLoss::new();
    let classes = |classes: &[i64]| Tensor::new(classes).unwrap();
    assert_eq!(
        refused(loss.forward(&logits(3, 10), classes(&[1, 10, 2]))),
        "cross_entropy: target[1] is class 10, expected 0 to 9 or the ignored -100"
    );
    assert!(refused(loss.forward(&logits(3, 10), classes(&[1, -1, 2]))).contains("target[1] is class -1"));
    assert!(refused(loss.forward(&logits(3, 10), classes(&[1, 2]))).contains("classes of shape [3]"));
    let real = Tensor::new([1.0f32, 2.0, 3.0]).unwrap();
    assert!(refused(loss.forward(&logits(3, 10), real)).contains("dtype float32, expected int64 classes"));
    let single = logits(1, 10).reshape(10).unwrap();
    assert!(refused(loss.forward(&single, classes(&[1]))).contains(".unsqueeze(0)"));
    let weighted = CrossEntropyLoss::builder().weight(Tensor::ones(9).unwrap()).build().unwrap();
    assert!(
        refused(weighted.forward(&logits(1, 10), classes(&[1])))
            .contains("weight has shape [9], expected [10], one for each class")
    );
    let pictures = Variable::new(Tensor::zeros((1, 2, 2, 2)).unwrap());
    let target = Tensor::new([[[0i64, 1], [2, 0]]]).unwrap();
    assert!(refused(loss.forward(&pictures, target)).contains("target[0, 1, 0] is class 2"));
}

#[test]
fn mse_refuses_to_broadcast() {
    let (column, row) = (Tensor::ones((4, 1)).unwrap(), Tensor::ones(4).unwrap());
    let message = refused(MseLoss::new().forward(&column.into(), row));
    assert_eq!(message, "mse_loss: input has shape [4, 1] and target [4], expected equal shapes");
}

#[test]
fn cross_entropy_is_stable_for_large_logits() -> Result<()> {
    let x = Variable::requires_grad(Tensor::new([[1e4f32, -1e4, 0.0], [-1e4, 1e4, 0.0]])?);
    let y = CrossEntropyLoss::new().forward(&x, Tensor::new([0i64, 0])?)?;
    assert_eq!(y.item::<f32>()?, 1e4);
    y.backward()?;
    assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [0.0, 0.0, 0.0, -0.5, 0.5, 0.0]);
    Ok(())
}

/// The mean over no samples is NaN, as in PyTorch, but a step with its gradient changes nothing.
#[test]
fn the_gradient_of_ignored_samples_alone_is_zero() -> Result<()> {
    for smoothing in [0.0, 0.1] {
        let x = Variable::requires_grad(Tensor::new([[1.0f32, 2.0]])?);
        let loss = CrossEntropyLoss::builder()
            .label_smoothing(smoothing)
            .build()?
            .forward(&x, Tensor::new([-100i64])?)?;
        assert!(loss.item::<f32>()?.is_nan());
        loss.backward()?;
        assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [0.0, 0.0]);
    }
    let x = Variable::requires_grad(Tensor::new([[1.0f32, 2.0]])?);
    let loss = NllLoss::new().forward(&x, Tensor::new([-100i64])?)?;
    assert!(loss.item::<f32>()?.is_nan());
    loss.backward()?;
    assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [0.0, 0.0]);
    Ok(())
}

/// PyTorch's result.
#[test]
fn smoothing_leaves_out_the_infinities_of_ignored_samples() -> Result<()> {
    let x = Variable::requires_grad(Tensor::new([[f32::NEG_INFINITY, 0.0], [1.0, 2.0]])?);
    let loss =
        CrossEntropyLoss::builder().label_smoothing(0.1).build()?.forward(&x, Tensor::new([-100i64, 1])?)?;
    assert!((loss.item::<f32>()? - 0.3633).abs() < 1e-4);
    loss.backward()?;
    let g = x.grad().unwrap().to_vec::<f32>()?;
    assert!(g[0] == 0.0 && g[1] == 0.0 && g.iter().all(|g| g.is_finite()), "{g:?}");
    Ok(())
}

/// An ignored sample adds nothing, also where class 0, or any, is impossible.
#[test]
fn ignored_samples_do_not_count() -> Result<()> {
    let x =
        Variable::requires_grad(Tensor::new([[f32::NEG_INFINITY, 1.0, 1.0], [f32::NEG_INFINITY, 0.0, 0.0]])?);
    let y = CrossEntropyLoss::builder().ignore_index(7).build()?.forward(&x, Tensor::new([7i64, 1])?)?;
    assert!((y.item::<f64>()? - 2f64.ln()).abs() < 1e-6);
    y.backward()?;
    assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [0.0, 0.0, 0.0, 0.0, -0.5, 0.5]);
    let none = CrossEntropyLoss::new().forward(&x, Tensor::new([-100i64, -100])?)?;
    assert!(none.item::<f32>()?.is_nan(), "the mean of nothing");
    Ok(())
}

#[test]
fn gradients() -> Result<()> {
    let target = Tensor::new([2i64, 0, 3])?;
    let probabilities = Variable::requires_grad(logits(3, 4).data().softmax(1)?);
    let weight = Tensor::options().dtype(DType::F64).tensor([0.5f64, 2.0, 1.5, 1.0])?;
    let options = GradcheckOptions::default();
    for reduction in [Reduction::Mean, Reduction::Sum, Reduction::None] {
        for smoothing in [0.0, 0.2] {
            let loss = CrossEntropyLoss::builder()
                .weight(weight.clone())
                .label_smoothing(smoothing)
                .reduction(reduction)
                .build()?;
            let hard = |v: &[Variable]| Ok(loss.forward(&v[0], &target).unwrap());
            gradcheck(hard, &[logits(3, 4)], options)?;
            gradgradcheck(hard, &[logits(3, 4)], options)?;
            let soft = |v: &[Variable]| Ok(loss.forward(&v[0], &v[1]).unwrap());
            gradcheck(soft, &[logits(3, 4), probabilities.clone()], options)?;
        }
        let loss = MseLoss::builder().reduction(reduction).build()?;
        let mse = |v: &[Variable]| Ok(loss.forward(&v[0], &v[1]).unwrap());
        gradcheck(mse, &[logits(3, 4), probabilities.clone()], options)?;
        gradgradcheck(mse, &[logits(3, 4), probabilities.clone()], options)?;
    }
    Ok(())
}

/// A loss of several inputs.
type Loss = Box<dyn Fn(&[Variable]) -> Result<Variable>>;

#[test]
fn gradients_of_all_others() -> Result<()> {
    let probabilities = Variable::requires_grad(logits(3, 4).data().sigmoid()?);
    let targets = Variable::new(logits(4, 3).data().t()?.mul(0.3)?.add(0.5)?);
    let distribution = Variable::new(logits(3, 4).data().softmax(1)?);
    let signs = |shape: &[usize]| {
        let count = shape.iter().product::<usize>();
        let signs = (0..count).map(|i| if i % 3 == 0 { -1.0 } else { 1.0 }).collect();
        Variable::new(Tensor::from_vec::<f64>(signs, shape).unwrap())
    };
    let (all, each) = (signs(&[3, 4]), signs(&[3]));
    let other = || Variable::requires_grad(logits(4, 3).data().t().unwrap().mul(0.9).unwrap());
    let third = || Variable::requires_grad(logits(3, 4).data().flip(1).unwrap().mul(1.1).unwrap());
    let classes = Tensor::new([2i64, 0, 3])?;
    for reduction in [Reduction::Mean, Reduction::Sum, Reduction::None] {
        let (t, d, a, e) = (targets.clone(), distribution.clone(), all.clone(), each.clone());
        let (t2, t3, c, a2) = (t.clone(), t.clone(), classes.clone(), all.clone());
        let cases: Vec<(&str, Loss, Vec<Variable>)> = vec![
            (
                "l1",
                Box::new(move |v| L1Loss::builder().reduction(reduction).build()?.forward(&v[0], &v[1])),
                vec![logits(3, 4), other()],
            ),
            (
                "smooth l1",
                Box::new(move |v| {
                    SmoothL1Loss::builder().beta(0.5).reduction(reduction).build()?.forward(&v[0], &v[1])
                }),
                vec![logits(3, 4), other()],
            ),
            (
                "huber",
                Box::new(move |v| {
                    HuberLoss::builder().delta(0.4).reduction(reduction).build()?.forward(&v[0], &v[1])
                }),
                vec![logits(3, 4), other()],
            ),
            (
                "nll",
                Box::new(move |v| {
                    NllLoss::builder().reduction(reduction).build()?.forward(&v[0].log_softmax(1)?, &c)
                }),
                vec![logits(3, 4)],
            ),
            (
                "bce",
                Box::new(move |v| BceLoss::builder().reduction(reduction).build()?.forward(&v[0], &t)),
                vec![probabilities.clone()],
            ),
            (
                "bce with logits",
                Box::new(move |v| {
                    BceWithLogitsLoss::builder()
                        .pos_weight(Tensor::options().dtype(DType::F64).tensor(2.0f64)?)
                        .reduction(reduction)
                        .build()?
                        .forward(&v[0], &t2)
                }),
                vec![logits(3, 4)],
            ),
            (
                "kl",
                Box::new(move |v| {
                    KLDivLoss::builder().reduction(reduction).build()?.forward(&v[0].log_softmax(1)?, &d)
                }),
                vec![logits(3, 4)],
            ),
            (
                "kl of logarithms",
                Box::new(move |v| {
                    KLDivLoss::builder().log_target(true).reduction(reduction).build()?.forward(&v[0], &t3)
                }),
                vec![logits(3, 4)],
            ),
            (
                "hinge",
                Box::new(move |v| {
                    HingeEmbeddingLoss::builder().reduction(reduction).build()?.forward(&v[0], &a)
                }),
                vec![logits(3, 4)],
            ),
            (
                "ranking",
                Box::new(move |v| {
                    MarginRankingLoss::builder()
                        .margin(0.3)
                        .reduction(reduction)
                        .build()?
                        .forward(&v[0], &v[1], &a2)
                }),
                vec![logits(3, 4), other()],
            ),
            (
                "cosine",
                Box::new(move |v| {
                    CosineEmbeddingLoss::builder()
                        .margin(-0.9)
                        .reduction(reduction)
                        .build()?
                        .forward(&v[0], &v[1], &e)
                }),
                vec![logits(3, 4), other()],
            ),
            (
                "triplet",
                Box::new(move |v| {
                    TripletMarginLoss::builder().reduction(reduction).build()?.forward(&v[0], &v[1], &v[2])
                }),
                vec![logits(3, 4), other(), third()],
            ),
        ];
        for (name, loss, inputs) in cases {
            let check = |v: &[Variable]| Ok(loss(v).unwrap());
            gradcheck(check, &inputs, GradcheckOptions::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
            let total = loss(&inputs)?.sum()?;
            total.backward()?;
            for x in &inputs {
                assert!(x.grad().unwrap().norm()?.item::<f64>()? > 0.0, "{name} has a gradient of zero");
                x.zero_grad();
            }
        }
    }
    Ok(())
}

/// Values computed by PyTorch.
#[test]
fn losses_of_pairs_are_pytorchs() -> Result<()> {
    let variable = |rows: [[f32; 3]; 2]| Variable::new(Tensor::new(rows).unwrap());
    let a = variable([[1.0, 2.0, 3.0], [-1.0, 0.5, 0.0]]);
    let b = variable([[0.5, -1.0, 2.0], [1.0, 1.0, 1.0]]);
    let c = variable([[1.5, 2.0, 2.0], [0.0, 0.0, -2.0]]);
    let signs = Variable::new(Tensor::new([1.0f32, -1.0])?);
    let all = variable([[1.0, -1.0, 1.0], [-1.0, 1.0, -1.0]]);
    let close = |name: &str, found: Variable, expected: f32| {
        let found = found.item::<f32>().unwrap();
        assert!(
            (found - expected).abs() < 1e-5 * expected.abs().max(1.0),
            "{name}: {found}, expected {expected}"
        );
    };
    close("hinge", HingeEmbeddingLoss::new().forward(&a, &all)?, 1.25);
    close("ranking", MarginRankingLoss::builder().margin(0.5).build()?.forward(&a, &b, &all)?, 0.75);
    close("cosine", CosineEmbeddingLoss::builder().margin(-0.5).build()?.forward(&a, &b, &signs)?, 0.3584552);
    close("triplet", TripletMarginLoss::builder().margin(2.0).build()?.forward(&a, &b, &c)?, 3.041764);
    close(
        "swap",
        TripletMarginLoss::builder().margin(2.0).p(1.0).swap(true).build()?.forward(&a, &b, &c)?,
        3.5,
    );
    let (p, t) = (Variable::new(a.data().sigmoid()?), variable([[1.0, 0.0, 0.5], [0.0, 1.0, 0.2]]));
    let weight = Tensor::new([1.0f32, 2.0, 0.5])?;
    close("bce", BceLoss::builder().weight(weight.clone()).build()?.forward(&p, &t)?, 1.1582333);
    close("logits", BceWithLogitsLoss::builder().weight(weight).build()?.forward(&a, &t)?, 1.1582333);
    let logarithms = Variable::new(a.data().log_softmax(1)?);
    close(
        "kl",
        KLDivLoss::builder().batchmean(true).build()?.forward(&logarithms, &b.data().softmax(1)?)?,
        0.17394984,
    );
    Ok(())
}

/// Logits as large as ±1e4, and targets on the wrong side of them.
#[test]
fn losses_are_finite_for_large_logits() -> Result<()> {
    let x = || Variable::requires_grad(Tensor::new([[1e4f32, -1e4], [-1e4, 1e4]]).unwrap());
    let (classes, targets) = (Tensor::new([1i64, 1])?, Tensor::new([[0.0f32, 1.0], [0.0, 1.0]])?);
    let distribution = Tensor::new([[0.0f32, 1.0], [0.5, 0.5]])?;
    let losses: [(&str, Loss); 7] = [
        (
            "cross entropy",
            Box::new(move |v| {
                CrossEntropyLoss::builder().label_smoothing(0.1).build()?.forward(&v[0], &classes)
            }),
        ),
        (
            "bce with logits",
            Box::new({
                let t = targets.clone();
                move |v| BceWithLogitsLoss::new().forward(&v[0], &t)
            }),
        ),
        (
            "bce",
            Box::new({
                let t = targets.clone();
                move |v| BceLoss::new().forward(&v[0].sigmoid()?, &t)
            }),
        ),
        ("kl", Box::new(move |v| KLDivLoss::new().forward(&v[0].log_softmax(1)?, &distribution))),
        (
            "mse",
            Box::new({
                let t = targets.clone();
                move |v| MseLoss::new().forward(&v[0], &t)
            }),
        ),
        (
            "huber",
            Box::new({
                let t = targets.clone();
                move |v| HuberLoss::new().forward(&v[0], &t)
            }),
        ),
        (
            "smooth l1",
            Box::new({
                let t = targets.clone();
                move |v| SmoothL1Loss::new().forward(&v[0], &t)
            }),
        ),
    ];
    for (name, loss) in losses {
        let x = x();
        let y = loss(std::slice::from_ref(&x))?;
        y.backward()?;
        let all = x.grad().unwrap().to_vec::<f32>()?;
        assert!(y.item::<f32>()?.is_finite() && all.iter().all(|g| g.is_finite()), "{name}: {y}, {all:?}");
    }
    Ok(())
}

#[test]
fn a_class_weight_is_a_buffer() {
    let loss = CrossEntropyLoss::builder().weight(Tensor::ones(3).unwrap()).build().unwrap();
    assert_eq!(loss.named_buffers()[0].0, "weight");
    assert_eq!(MseLoss::new().to_string(), "MSELoss()");
}
