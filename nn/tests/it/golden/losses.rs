//! The family `losses`.

use taper_autograd::{Reduction, Variable};
use taper_nn::{
    BceLoss, BceWithLogitsLoss, CrossEntropyLoss, HingeEmbeddingLoss, HuberLoss, KLDivLoss, L1Loss, MseLoss,
    NllLoss, SmoothL1Loss,
};
use taper_tensor::Tensor;

use super::{Case, Fault, family};

#[test]
fn golden_losses() {
    family("losses", |case| {
        let loss = loss(case)?;
        Some(check(case, &*loss))
    });
}

type Loss = dyn Fn(&Variable, &Tensor) -> taper_nn::Result<Variable>;

fn check(case: &Case<'_>, loss: &Loss) -> Result<(), Fault> {
    let input = case.input("input")?;
    let output = loss(&input, &case.tensor("target")?)?;
    case.compare("out", &output.data())?;
    output.backward_with(&case.tensor("grad_out")?)?;
    case.compare_grad("grad", &input)
}

fn loss(case: &Case<'_>) -> Option<Box<Loss>> {
    let batchmean = case.text("reduction") == Some("batchmean");
    let reduction = match case.text("reduction").unwrap_or("mean") {
        "mean" | "batchmean" => Reduction::Mean,
        "sum" => Reduction::Sum,
        "none" => Reduction::None,
        _ => return None,
    };
    macro_rules! boxed {
        ($loss:expr) => {{
            let loss = $loss.reduction(reduction);
            Box::new(move |input: &Variable, target: &Tensor| loss.forward(input, target))
        }};
    }
    /// Sets the tensor that an argument stands for, where there is one.
    macro_rules! with_tensor {
        ($loss:ident, $method:ident) => {
            if case.arg(stringify!($method)).is_some() {
                $loss =
                    $loss.$method(case.tensor(stringify!($method)).or_else(|_| case.tensor("weight")).ok()?);
            }
        };
    }
    let loss: Box<Loss> = match case.json["loss"].as_str()? {
        "MSELoss" => boxed!(MseLoss::new()),
        "CrossEntropyLoss" => {
            let mut loss =
                CrossEntropyLoss::new().label_smoothing(case.real("label_smoothing").unwrap_or(0.0));
            if let Some(class) = case.arg("ignore_index") {
                loss = loss.ignore_index(class.as_i64()?);
            }
            with_tensor!(loss, weight);
            boxed!(loss)
        }
        "L1Loss" => boxed!(L1Loss::new()),
        "SmoothL1Loss" => boxed!(SmoothL1Loss::new().beta(case.real("beta").unwrap_or(1.0))),
        "HuberLoss" => boxed!(HuberLoss::new().delta(case.real("delta").unwrap_or(1.0))),
        "NLLLoss" => {
            let mut loss = NllLoss::new();
            if let Some(class) = case.arg("ignore_index") {
                loss = loss.ignore_index(class.as_i64()?);
            }
            with_tensor!(loss, weight);
            boxed!(loss)
        }
        "BCELoss" => {
            let mut loss = BceLoss::new();
            with_tensor!(loss, weight);
            boxed!(loss)
        }
        "BCEWithLogitsLoss" => {
            let mut loss = BceWithLogitsLoss::new();
            with_tensor!(loss, pos_weight);
            with_tensor!(loss, weight);
            boxed!(loss)
        }
        "KLDivLoss" => {
            boxed!(KLDivLoss::new().log_target(case.flag("log_target", false)).batchmean(batchmean))
        }
        "HingeEmbeddingLoss" => boxed!(HingeEmbeddingLoss::new().margin(case.real("margin").unwrap_or(1.0))),
        _ => return None,
    };
    case.unread().is_none().then_some(loss)
}
