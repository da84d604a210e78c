//! The models: their parts, sizes and names.

use taper::autograd::Variable;
use taper::nn::{Forward, Module, state_dict, summary};
use taper::tensor::Tensor;
use taper_vision_examples::Result;
use taper_vision_examples::models::{Net, ResNet18};

#[test]
fn net_is_the_tutorials_for_both_kinds_of_pictures() -> Result<()> {
    for (channels, parameters) in [(1, 61_706), (3, 62_006)] {
        let summary = summary(&Net::new(channels)?, (4, channels, 32, 32))?;
        assert_eq!(summary.parameters, parameters);
        assert_eq!(summary.rows.last().unwrap().output_shape, Some(vec![4, 10]));
    }
    Ok(())
}

/// torchvision says 11,689,512 parameters and 1.814 G multiply-adds for a picture of 224 pixels.
#[test]
fn resnet18_is_torchvisions() -> Result<()> {
    let net = ResNet18::new(1000)?;
    let state = state_dict(&net);
    assert_eq!(state.len(), 122);
    for name in
        ["conv1.weight", "bn1.num_batches_tracked", "layer1.0.conv1.weight", "layer2.0.downsample.0.weight"]
    {
        assert!(state.contains_key(name), "{name}");
    }
    let summary = summary(&net, (1, 3, 64, 64))?;
    assert_eq!(summary.parameters, 11_689_512);
    // All but the last layer's 512,000 grow with the picture's area, by 12.25 up to 224 pixels.
    let at_224 = (summary.multiply_adds - 512_000) * 49 / 4 + 512_000;
    assert_eq!(at_224, 1_814_073_344);
    Ok(())
}

/// A step of the one with CIFAR's stem: each parameter gets a gradient that is not zero.
#[test]
fn resnet18_for_cifar_learns() -> Result<()> {
    let net = ResNet18::cifar(10)?;
    let y = net.forward(&Variable::new(Tensor::randn((2, 3, 32, 32))?))?;
    assert_eq!(y.size(), [2, 10]);
    y.backward_with(&Tensor::randn((2, 10))?)?;
    assert_eq!(net.parameters().len(), 62);
    for (name, parameter) in net.named_parameters() {
        assert!(parameter.grad().unwrap().norm()?.item::<f32>()? > 0.0, "{name} has no gradient");
    }
    Ok(())
}
