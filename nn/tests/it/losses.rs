//! What losses refuse, and where numbers grow large.

use taper_autograd::{GradcheckOptions, Reduction, Variable, gradcheck, gradgradcheck};
use taper_nn::{CrossEntropyLoss, Module, MseLoss, Result};
use taper_tensor::Tensor;

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
    let weighted = CrossEntropyLoss::new().weight(Tensor::ones(9).unwrap());
    assert!(refused(weighted.forward(&logits(1, 10), classes(&[1]))).contains("10 classes expect [10]"));
    let pictures = Variable::new(Tensor::zeros((1, 2, 2, 2)).unwrap());
    let target = Tensor::new([[[0i64, 1], [2, 0]]]).unwrap();
    assert!(refused(loss.forward(&pictures, target)).contains("target[0, 1, 0] is class 2"));
}

#[test]
fn mse_refuses_to_broadcast() {
    let (column, row) = (Tensor::ones((4, 1)).unwrap(), Tensor::ones(4).unwrap());
    let message = refused(MseLoss::new().forward(&column.into(), row));
    assert_eq!(message, "mse_loss: input has shape [4, 1], target [4], expected the same");
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

/// An ignored sample adds nothing, also where class 0, or any, is impossible.
#[test]
fn ignored_samples_do_not_count() -> Result<()> {
    let x =
        Variable::requires_grad(Tensor::new([[f32::NEG_INFINITY, 1.0, 1.0], [f32::NEG_INFINITY, 0.0, 0.0]])?);
    let y = CrossEntropyLoss::new().ignore_index(7).forward(&x, Tensor::new([7i64, 1])?)?;
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
    let weight = Tensor::new([0.5f64, 2.0, 1.5, 1.0])?;
    let options = GradcheckOptions::default();
    for reduction in [Reduction::Mean, Reduction::Sum, Reduction::None] {
        for smoothing in [0.0, 0.2] {
            let loss = CrossEntropyLoss::new()
                .weight(weight.clone())
                .label_smoothing(smoothing)
                .reduction(reduction);
            let hard = |v: &[Variable]| Ok(loss.forward(&v[0], &target).unwrap());
            gradcheck(hard, &[logits(3, 4)], options)?;
            gradgradcheck(hard, &[logits(3, 4)], options)?;
            let soft = |v: &[Variable]| Ok(loss.forward(&v[0], &v[1]).unwrap());
            gradcheck(soft, &[logits(3, 4), probabilities.clone()], options)?;
        }
        let loss = MseLoss::new().reduction(reduction);
        let mse = |v: &[Variable]| Ok(loss.forward(&v[0], &v[1]).unwrap());
        gradcheck(mse, &[logits(3, 4), probabilities.clone()], options)?;
        gradgradcheck(mse, &[logits(3, 4), probabilities.clone()], options)?;
    }
    Ok(())
}

#[test]
fn a_class_weight_is_a_buffer() {
    let loss = CrossEntropyLoss::new().weight(Tensor::ones(3).unwrap());
    assert_eq!(loss.named_buffers()[0].0, "weight");
    assert_eq!(MseLoss::new().to_string(), "MSELoss()");
}
