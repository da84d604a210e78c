//! Weights that builders draw, and options that they refuse.

use taper_nn::*;
use taper_tensor::{Tensor, manual_seed};

fn said<T>(built: Result<T>) -> String {
    built.map(drop).unwrap_err().to_string()
}

#[test]
fn build_refuses_what_no_input_fits() {
    let cases = [
        (said(Conv2d::new(3, 6, 0)), "conv2d: kernel_size is (0, 0), expected at least 1 in each direction"),
        (said(Conv1d::new(3, 6, 0)), "conv1d: kernel_size is 0, expected at least 1"),
        (
            said(Conv2d::builder(3, 6, 5).stride((1, 0)).build()),
            "conv2d: stride is (1, 0), expected at least 1 in each direction",
        ),
        (said(Conv1d::builder(3, 6, 5).dilation(0).build()), "conv1d: dilation is 0, expected at least 1"),
        (
            said(Conv2d::builder(4, 8, 3).groups(3).build()),
            "conv2d: groups is 3, expected a divisor of in_channels 4 and out_channels 8",
        ),
        (
            said(ConvTranspose2d::builder(4, 6, 3).groups(0).build()),
            "conv_transpose2d: groups is 0, expected a divisor of in_channels 4 and out_channels 6",
        ),
        (
            said(Conv2d::builder(3, 6, 5).padding_same(true).stride(2).build()),
            "conv2d: stride is (2, 2), expected 1 with padding_same; give padding as a number instead",
        ),
        (
            said(Conv1d::builder(3, 6, 5).padding(1).padding_same(true).build()),
            "conv1d: padding is (1,), expected none with padding_same; choose one",
        ),
        (
            said(ConvTranspose2d::builder(4, 6, 3).output_padding(1).build()),
            "conv_transpose2d: output_padding is (1, 1), expected less than the larger of stride (1, 1) and \
             dilation (1, 1)",
        ),
        (
            said(MaxPool2d::builder(2).padding(2).build()),
            "max_pool2d: padding is 2, expected at most half of kernel_size, which is 2",
        ),
        (
            said(AvgPool2d::builder(2).divisor_override(0).build()),
            "avg_pool2d: divisor_override is 0, expected at least 1",
        ),
        (said(GroupNorm::new(0, 4)), "group_norm: num_groups is 0, expected a divisor of num_channels 4"),
        (
            said(BatchNorm2d::builder(3).eps(-1.0).build()),
            "batch_norm2d: eps is -1, expected a finite number, at least 0",
        ),
        (
            said(InstanceNorm1d::builder(3).momentum(f64::NAN).build()),
            "instance_norm1d: momentum is NaN, expected a finite number",
        ),
        (
            said(LayerNorm::builder([3]).eps(f64::INFINITY).build()),
            "layer_norm: eps is inf, expected a finite number, at least 0",
        ),
        (said(Dropout::new(1.5)), "dropout: p is 1.5, expected a number from 0 to 1"),
        (said(Dropout2d::new(-0.5)), "dropout2d: p is -0.5, expected a number from 0 to 1"),
        (
            said(Embedding::builder(3, 2).padding_idx(3).build()),
            "embedding: padding_idx is 3, expected less than num_embeddings 3",
        ),
        (
            said(Embedding::from_pretrained(Tensor::new([1i64]).unwrap())),
            "embedding: weight has shape [1] and dtype int64, expected shape \"[num_embeddings, embedding_dim]\" \
             and a floating dtype",
        ),
        (said(Rnn::new(3, 0)), "rnn: hidden_size is 0, expected at least 1"),
        (said(Gru::builder(3, 2).num_layers(0).build()), "gru: num_layers is 0, expected at least 1"),
        (
            said(Lstm::builder(3, 4).proj_size(4).build()),
            "lstm: proj_size is 4, expected less than hidden_size 4",
        ),
        (
            said(MultiheadAttention::new(5, 2)),
            "multihead_attention: num_heads is 2, expected a divisor of embed_dim 5",
        ),
        (
            said(Upsample::builder().build()),
            "upsample: scale_factor is None and size None, expected exactly one of the two",
        ),
        (
            said(Hardtanh::builder().max_val(-2.0).build()),
            "hardtanh: min_val is -1, expected less than max_val -2",
        ),
        (said(Softplus::builder().beta(0.0).build()), "softplus: beta is 0, expected another number"),
        (
            said(Flatten::builder().start_dim(2).end_dim(1).build()),
            "flatten: end_dim is 1, expected at least start_dim 2",
        ),
        (said(PRelu::builder().num_parameters(0).build()), "prelu: num_parameters is 0, expected at least 1"),
        (
            said(CrossEntropyLoss::builder().label_smoothing(1.5).build()),
            "cross_entropy: label_smoothing is 1.5, expected a number from 0 to 1",
        ),
        (
            said(NllLoss::builder().weight(Tensor::ones(()).unwrap()).build()),
            "nll_loss: weight has shape [], expected [classes]",
        ),
        (
            said(HuberLoss::builder().delta(0.0).build()),
            "huber_loss: delta is 0, expected a finite number above 0",
        ),
        (
            said(SmoothL1Loss::builder().beta(-1.0).build()),
            "smooth_l1_loss: beta is -1, expected a finite number, at least 0",
        ),
    ];
    for (got, expected) in cases {
        assert_eq!(got, expected);
    }
}

/// As in PyTorch. In a process of its own, where no other test takes numbers of the default generator.
#[test]
fn an_absent_bias_draws_no_numbers() -> Result<()> {
    const CHILD: &str = "TAPER_BIAS_TEST";
    if std::env::var_os(CHILD).is_none() {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "builders::an_absent_bias_draws_no_numbers"]).env(CHILD, "1");
        assert!(child.status().unwrap().success());
        return Ok(());
    }
    let bound = 1.0 / 3f64.sqrt();
    manual_seed(7);
    let layers = [Linear::builder(3, 2).bias(false).build()?, Linear::builder(3, 2).bias(false).build()?];
    manual_seed(7);
    for layer in layers {
        let expected = Tensor::options().uniform((2, 3), -bound, bound)?;
        assert!(layer.weight.data().equal(&expected)?);
    }
    Ok(())
}

#[test]
fn keys_and_values_of_their_own_width_have_their_own_weights() -> Result<()> {
    let layer = MultiheadAttention::builder(4, 2).kdim(3).vdim(6).bias(false).build()?;
    let names: Vec<String> = layer.named_parameters().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["q_proj_weight", "k_proj_weight", "v_proj_weight", "out_proj.weight"]);
    let x = |width: usize| Ok::<_, Error>(Tensor::randn((5, 2, width))?.into());
    layer.attend(&x(4)?, &x(3)?, &x(6)?)?.0.square()?.sum()?.backward()?;
    for (name, parameter) in layer.named_parameters() {
        assert!(parameter.grad().unwrap().abs()?.sum()?.item::<f32>()? > 0.0, "{name}");
    }
    Ok(())
}

/// One function for all losses of an input and a target.
fn mean(criterion: &dyn Loss, input: &Tensor, target: &Tensor) -> Result<f32> {
    Ok(criterion.forward(&input.into(), &target.into())?.item::<f32>()?)
}

#[test]
fn losses_can_be_chosen_at_run_time() -> Result<()> {
    let (input, target) = (Tensor::new([1.0f32, 3.0])?, Tensor::new([1.0f32, 1.0])?);
    let criteria: Vec<Box<dyn Loss>> = vec![Box::new(MseLoss::new()), Box::new(L1Loss::new())];
    let losses: Vec<f32> = criteria.iter().map(|loss| mean(loss, &input, &target)).collect::<Result<_>>()?;
    assert_eq!(losses, [2.0, 1.0]);
    Ok(())
}

fn shared<T: Send + Sync + ?Sized>() {}

#[test]
fn threads_can_share_networks_and_losses() {
    shared::<Sequential>();
    shared::<Box<dyn Layer>>();
    shared::<Box<dyn Loss>>();
    shared::<Lstm>();
    shared::<Error>();
}

/// With everything imported, the standard library's methods are still the ones that are called.
#[test]
fn traits_shadow_no_method_of_the_standard_library() {
    let mut list = vec![3, 1, 2];
    list.push(4);
    list.sort();
    list.extend([5].iter().map(|x| x + 1));
    assert_eq!((list.iter().copied().max(), list.len(), list.is_empty()), (Some(6), 5, false));
    let (mut text, parts) = (String::from("a"), Some(1).filter(|&x| x > 0).map(|x| x + 1));
    text.push('b');
    assert_eq!((text.as_str().chars().count(), parts, text.clone().len()), (2, Some(2), 2));
}
