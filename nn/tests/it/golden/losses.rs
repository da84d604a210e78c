//! The family `losses`.

use taper_autograd::{Reduction, Variable};
use taper_nn::{
    BceLoss, BceWithLogitsLoss, CrossEntropyLoss, HuberLoss, KLDivLoss, L1Loss, MseLoss, NllLoss,
    SmoothL1Loss,
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
    let reduction = match case.json["args"]["reduction"].as_str()? {
        "mean" => Reduction::Mean,
        "sum" => Reduction::Sum,
        _ => Reduction::None,
    };
    macro_rules! boxed {
        ($loss:expr) => {{
            let loss = $loss.reduction(reduction);
            Box::new(move |input: &Variable, target: &Tensor| loss.forward(input, target))
        }};
    }
    Some(match case.json["loss"].as_str()? {
        "MSELoss" => boxed!(MseLoss::new()),
        "CrossEntropyLoss" => {
            let mut loss =
                CrossEntropyLoss::new().label_smoothing(case.real("label_smoothing").unwrap_or(0.0));
            if let Some(class) = case.json["args"]["ignore_index"].as_i64() {
                loss = loss.ignore_index(class);
            }
            if case.json["args"]["weight"].is_string() {
                loss = loss.weight(case.tensor("weight").ok()?);
            }
            boxed!(loss)
        }
        "L1Loss" => boxed!(L1Loss::new()),
        "SmoothL1Loss" => boxed!(SmoothL1Loss::new().beta(case.real("beta").unwrap_or(1.0))),
        "HuberLoss" => boxed!(HuberLoss::new().delta(case.real("delta").unwrap_or(1.0))),
        "NLLLoss" => {
            let mut loss = NllLoss::new();
            if let Some(class) = case.json["args"]["ignore_index"].as_i64() {
                loss = loss.ignore_index(class);
            }
            boxed!(loss)
        }
        "BCELoss" => boxed!(BceLoss::new()),
        "BCEWithLogitsLoss" => boxed!(BceWithLogitsLoss::new()),
        "KLDivLoss" => boxed!(KLDivLoss::new()),
        _ => return None,
    })
}
