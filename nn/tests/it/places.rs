//! Refusals and anomaly reports name the layer, also one without parameters.

use taper_autograd::{Variable, detect_anomaly};
use taper_nn::{
    AdaptiveAvgPool2d, AvgPool1d, AvgPool2d, BatchNorm2d, BceLoss, BceWithLogitsLoss, Conv2d,
    CosineEmbeddingLoss, CrossEntropyLoss, Dropout2d, Flatten, Forward, HuberLoss, InstanceNorm2d, KLDivLoss,
    Layer, LayerNorm, Linear, LogSoftmax, MaxPool1d, MaxPool2d, Module, MseLoss, NllLoss, PixelShuffle, Relu,
    Result, RmsNorm, Sequential, Softmax, TripletMarginLoss, Upsample,
};
use taper_tensor::Tensor;

fn ones(shape: &[usize]) -> Variable {
    Variable::new(Tensor::ones(shape).unwrap())
}

/// Each refuses its input, in `features.1` of a network.
#[test]
fn refusals_name_layers_without_parameters() -> Result<()> {
    let cases: Vec<(Box<dyn Layer>, &[usize])> = vec![
        (Box::new(MaxPool2d::new(2)?), &[3, 4, 4]),
        (Box::new(MaxPool2d::new(5)?), &[1, 1, 4, 4]),
        (Box::new(AvgPool2d::new(2)?), &[3, 4, 4]),
        (Box::new(MaxPool1d::new(2)?), &[3, 4]),
        (Box::new(AvgPool1d::new(2)?), &[3, 4]),
        (Box::new(AdaptiveAvgPool2d::new(1)), &[3, 4]),
        (Box::new(Softmax::new(3)), &[2, 2]),
        (Box::new(LogSoftmax::new(3)), &[2, 2]),
        (Box::new(Dropout2d::new(0.5)?), &[2, 2]),
        (Box::new(Upsample::new(2)?), &[2, 2, 2]),
        (Box::new(PixelShuffle::new(2)?), &[1, 3, 2, 2]),
        (Box::new(Flatten::builder().start_dim(4).build()?), &[2, 2]),
        (Box::new(InstanceNorm2d::new(3)?), &[2, 4, 2, 2]),
        (Box::new(BatchNorm2d::builder(3).affine(false).build()?), &[2, 4, 2, 2]),
        (Box::new(LayerNorm::builder([3]).elementwise_affine(false).build()?), &[2, 4]),
        (Box::new(RmsNorm::builder([3]).elementwise_affine(false).build()?), &[2, 4]),
    ];
    #[derive(Module)]
    struct Net {
        features: Vec<Box<dyn Layer>>,
    }
    for (layer, shape) in cases {
        let net = Net { features: vec![Box::new(Relu::new()), layer] };
        net.eval();
        net.train();
        let message = net.features[1].forward(&ones(shape)).unwrap_err().to_string();
        assert!(message.starts_with("in features.1: "), "{}: {message}", net.features[1].name());
    }
    Ok(())
}

#[test]
fn a_layer_keeps_its_place_in_the_largest_network() -> Result<()> {
    let inner = Sequential::new().add(Relu::new()).add(MaxPool2d::new(2)?);
    inner.parameters();
    #[derive(Module)]
    struct Net {
        stem: Conv2d,
        body: Sequential,
    }
    let net = Net { stem: Conv2d::new(1, 1, 1)?, body: inner };
    net.parameters();
    net.body.parameters(); // shorter names, which say less
    let message = net.body.forward(&ones(&[1, 4, 4])).unwrap_err().to_string();
    assert!(message.starts_with("in body.1: max_pool2d: ") && message.contains("unsqueeze(0)"), "{message}");
    let message = net.stem.forward(&ones(&[1, 4, 4])).unwrap_err().to_string();
    assert!(message.starts_with("in stem: conv2d: ") && message.contains("unsqueeze(0)"), "{message}");
    Ok(())
}

#[derive(Module)]
struct Losses {
    classes: CrossEntropyLoss,
    nll: NllLoss,
    mse: MseLoss,
    huber: HuberLoss,
    bce: BceLoss,
    logits: BceWithLogitsLoss,
    kl: KLDivLoss,
    cosine: CosineEmbeddingLoss,
    triplet: TripletMarginLoss,
}

#[test]
fn refusals_name_losses() -> Result<()> {
    let losses = Losses {
        classes: CrossEntropyLoss::new(),
        nll: NllLoss::new(),
        mse: MseLoss::new(),
        huber: HuberLoss::new(),
        bce: BceLoss::new(),
        logits: BceWithLogitsLoss::new(),
        kl: KLDivLoss::new(),
        cosine: CosineEmbeddingLoss::new(),
        triplet: TripletMarginLoss::new(),
    };
    losses.train();
    let (x, y) = (ones(&[2, 3]), ones(&[3, 2]));
    let refused = |result: Result<Variable>, expected: &str| {
        let message = result.unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}");
    };
    let classes = Tensor::new([1i64, 3])?;
    let out_of_range = "target[1] is class 3, expected 0 to 2";
    refused(losses.classes.forward(&x, &classes), &format!("in classes: cross_entropy: {out_of_range}"));
    refused(losses.nll.forward(&x, &classes), &format!("in nll: nll_loss: {out_of_range}"));
    let real = Tensor::new([1.0f32, 0.0])?;
    refused(
        losses.classes.forward(&x, &real),
        "in classes: cross_entropy: target has shape [2] and dtype float32",
    );
    refused(losses.mse.forward(&x, &y), "in mse: ");
    refused(losses.huber.forward(&x, &y), "in huber: ");
    refused(losses.bce.forward(&x, &y), "in bce: ");
    refused(losses.logits.forward(&x, &y), "in logits: ");
    refused(losses.kl.forward(&x, &y), "in kl: ");
    refused(losses.cosine.forward(&x, &y, &x), "in cosine: ");
    refused(losses.triplet.forward(&x, &y, &x), "in triplet: ");
    Ok(())
}

/// The softmax of an infinity is not a number, and neither is its gradient.
#[test]
fn anomalies_name_layers_without_parameters() -> Result<()> {
    let net = Sequential::new().add(Linear::new(2, 2)?).add(Softmax::new(1));
    net.eval();
    let x = Variable::new(Tensor::new([[f32::INFINITY, 1.0]])?);
    let error = detect_anomaly(|| -> Result<()> { Ok(net.forward(&x)?.sum()?.backward()?) });
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("Softmax returned a gradient that is not finite") && error.ends_with("in 1"),
        "{error}"
    );
    Ok(())
}

/// The place is the one where the program called the layer, not where the layer called the operation.
#[test]
fn anomalies_say_where_the_layer_was_called() -> Result<()> {
    let softmax = Softmax::new(0);
    let x = Variable::requires_grad(Tensor::new([f32::INFINITY, 1.0])?);
    let y = softmax.forward(&x)?;
    let error = y.sum()?.backward_options().detect_anomaly(true).run().unwrap_err().to_string();
    assert!(error.contains("places.rs"), "{error}");
    Ok(())
}
