//! The family `losses`.

use taper_autograd::Reduction;
use taper_nn::{
    BceLoss, BceWithLogitsLoss, CrossEntropyLoss, HingeEmbeddingLoss, HuberLoss, KLDivLoss, L1Loss, Loss,
    MseLoss, NllLoss, SmoothL1Loss,
};

use super::{Case, Fault, family};

#[test]
fn golden_losses() {
    family("losses", |case| {
        let loss = loss(case)?;
        Some(check(case, &*loss))
    });
}

fn check(case: &Case<'_>, loss: &dyn Loss) -> Result<(), Fault> {
    let input = case.input("input")?;
    let output = loss.forward(&input, &case.tensor("target")?.into())?;
    case.compare("out", &output.data())?;
    output.backward_with(&case.tensor("grad_out")?)?;
    case.compare_grad("grad", &input)
}

fn loss(case: &Case<'_>) -> Option<Box<dyn Loss>> {
    let batchmean = case.text("reduction") == Some("batchmean");
    let reduction = match case.text("reduction").unwrap_or("mean") {
        "mean" | "batchmean" => Reduction::Mean,
        "sum" => Reduction::Sum,
        "none" => Reduction::None,
        _ => return None,
    };
    macro_rules! boxed {
        ($loss:expr) => {{ Box::new($loss.reduction(reduction).build().unwrap()) }};
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
    let loss: Box<dyn Loss> = match case.json["loss"].as_str()? {
        "MSELoss" => boxed!(MseLoss::builder()),
        "CrossEntropyLoss" => {
            let mut loss =
                CrossEntropyLoss::builder().label_smoothing(case.real("label_smoothing").unwrap_or(0.0));
            if let Some(class) = case.arg("ignore_index") {
                loss = loss.ignore_index(class.as_i64()?);
            }
            with_tensor!(loss, weight);
            boxed!(loss)
        }
        "L1Loss" => boxed!(L1Loss::builder()),
        "SmoothL1Loss" => boxed!(SmoothL1Loss::builder().beta(case.real("beta").unwrap_or(1.0))),
        "HuberLoss" => boxed!(HuberLoss::builder().delta(case.real("delta").unwrap_or(1.0))),
        "NLLLoss" => {
            let mut loss = NllLoss::builder();
            if let Some(class) = case.arg("ignore_index") {
                loss = loss.ignore_index(class.as_i64()?);
            }
            with_tensor!(loss, weight);
            boxed!(loss)
        }
        "BCELoss" => {
            let mut loss = BceLoss::builder();
            with_tensor!(loss, weight);
            boxed!(loss)
        }
        "BCEWithLogitsLoss" => {
            let mut loss = BceWithLogitsLoss::builder();
            with_tensor!(loss, pos_weight);
            with_tensor!(loss, weight);
            boxed!(loss)
        }
        "KLDivLoss" => {
            boxed!(KLDivLoss::builder().log_target(case.flag("log_target", false)).batchmean(batchmean))
        }
        "HingeEmbeddingLoss" => {
            boxed!(HingeEmbeddingLoss::builder().margin(case.real("margin").unwrap_or(1.0)))
        }
        _ => return None,
    };
    case.unread().is_none().then_some(loss)
}
