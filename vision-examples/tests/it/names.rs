//! The tables of `docs/coming-from-pytorch.md`, row by row: what stands there compiles and does what PyTorch's does.

use taper::autograd::{
    BackwardContext, ForwardContext, Function, GradMode, Variable, autocast, detect_anomaly, grad, inference,
    no_grad,
};
use taper::data::pictures::{Grid, save_image};
use taper::data::{DataLoader, Dataset, TensorDataset};
use taper::nn::{
    Conv2d, CrossEntropyLoss, Dropout, Flatten, Forward, Linear, Lstm, Module, MseLoss, Relu, Sequential,
    init, load, load_state_dict, load_state_dict_lenient, save, state_dict,
};
use taper::optim::schedule::{Scheduler, StepLr};
use taper::optim::{Optimizer, Sgd, clip_grad_norm_};
use taper::tensor::{DType, Device, Index, Keepdim, Tensor};

type Result = std::result::Result<(), Box<dyn std::error::Error>>;

#[test]
fn tensors() -> Result {
    assert_eq!(Tensor::new([[1.0f32, 2.0]])?.dtype(), DType::F32);
    let d = Device::cpu();
    assert_eq!(Tensor::options().dtype(DType::I64).device(&d).zeros((2, 3))?.size(), [2, 3]);
    let x = Tensor::arange(0, 10, 1)?;
    assert_eq!((x.size(), x.size_of(-1)?, x.dtype()), (&[10][..], 10, DType::I64));
    let x = x.to_dtype(DType::F32)?.to(&Device::cpu())?;
    assert_eq!(x.i(3)?.item::<f32>()?, 3.0);

    let copy = x.copy()?;
    x.add_(1.0)?;
    assert_eq!((copy.i(0)?.item::<f32>()?, x.i(0)?.item::<f32>()?), (0.0, 1.0));
    assert_eq!(x.pow(2.0)?.i(1)?.item::<f32>()?, 4.0);
    assert_eq!(x.gt(9.0)?.count_nonzero()?.item::<i64>()?, 1);
    assert!(!x.eq(&copy)?.any()?.item::<bool>()?);

    let y = x.view((2, 5))?; // 1 to 5, 6 to 10
    assert_eq!(y.i((.., 1))?.to_vec::<f32>()?, [2.0, 7.0]);
    assert_eq!(y.i((-1, 1..3))?.to_vec::<f32>()?, [7.0, 8.0]);
    assert_eq!(x.i(Index::step(.., 2))?.to_vec::<f32>()?, [1.0, 3.0, 5.0, 7.0, 9.0]);
    assert_eq!(y.i((Index::Ellipsis, Index::NewAxis))?.size(), [2, 5, 1]);
    assert_eq!(x.i(x.gt(8.0)?)?.to_vec::<f32>()?, [9.0, 10.0]);
    assert_eq!(y.sum_dim(1)?.to_vec::<f32>()?, [15.0, 40.0]);
    assert_eq!(y.mean_dim(Keepdim(1))?.size(), [2, 1]);
    let (values, indices) = y.max_dim(1)?;
    assert_eq!((values.to_vec::<f32>()?, indices.to_vec::<i64>()?), (vec![5.0, 10.0], vec![4, 4]));
    assert_eq!(y.argmax(1)?.to_vec::<i64>()?, [4, 4]);
    assert_eq!(y.unsqueeze(0)?.squeeze(())?.size(), y.unsqueeze(0)?.squeeze(0)?.size());
    assert_eq!(y.t()?.matmul(&y)?.size(), [5, 5]);
    assert_eq!(Tensor::cat(&[&y, &y], 1)?.size(), [2, 10]);
    assert_eq!(x.where_(&x.gt(9.0)?, &copy)?.to_vec::<f32>()?[8..], [8.0, 10.0]);
    let z = Tensor::empty(10)?;
    x.add_out(&copy, &z)?;
    assert_eq!(z.i(9)?.item::<f32>()?, 19.0);
    assert!((x.relu()?.softmax(0)?.sum()?.item::<f32>()? - 1.0).abs() < 1e-6);

    y.i((.., 1))?.fill_(0.0)?;
    x.masked_fill_(&x.gt(9.0)?, 0.0)?;
    assert_eq!(x.to_vec::<f32>()?, [1.0, 0.0, 3.0, 4.0, 5.0, 6.0, 0.0, 8.0, 9.0, 0.0]);
    Ok(())
}

struct Double;

impl Function for Double {
    const NAME: &'static str = "Double";

    fn forward(&mut self, _: &mut ForwardContext, x: &[Tensor]) -> taper::autograd::Result<Vec<Tensor>> {
        Ok(vec![x[0].mul(2.0)?])
    }

    fn backward(
        &self,
        _: &BackwardContext<'_>,
        grads: &[Option<Variable>],
    ) -> taper::autograd::Result<Vec<Option<Variable>>> {
        grads.iter().map(|g| g.as_ref().map(|g| g.mul(2.0)).transpose()).collect()
    }
}

#[test]
fn autograd() -> Result {
    let x = Variable::requires_grad(Tensor::ones(2)?);
    assert!(x.is_requires_grad() && !Variable::new(x.data().copy()?).is_requires_grad());
    let y = x.square()?;
    let previous = |y: &Variable| y.creator().map(|node| node.previous_functions().len());
    assert_eq!([&x, &y, &y.sum()?].map(previous), [None, Some(0), Some(1)]);
    y.backward_with(&Tensor::ones(2)?)?;
    assert_eq!(x.grad().ok_or("a gradient")?.to_vec::<f32>()?, [2.0, 2.0]);
    x.zero_grad();
    assert!(x.grad().is_none());

    let loss = x.square()?.sum()?;
    loss.backward_options().retain_graph(true).run()?;
    let first = grad(&[&loss], &[&x]).create_graph(true).run()?.remove(0);
    assert!(first.is_requires_grad());
    assert!(!no_grad(|| x.square())?.is_requires_grad() && !inference(|| x.square())?.is_requires_grad());
    {
        let _off = GradMode::set(false);
        assert!(!x.square()?.is_requires_grad());
    }
    assert!(x.square()?.is_requires_grad() && !x.square()?.detach().is_requires_grad());
    detect_anomaly(|| x.square()?.sum()?.backward())?;
    let doubled = Double.apply(&[&x])?.remove(0);
    assert_eq!(doubled.data().to_vec::<f32>()?, [2.0, 2.0]);

    let y = x.mul(1.0)?; // no leaf: a leaf that requires a gradient cannot change in place, as in PyTorch
    y.select(0, 0)?.copy_(&Variable::new(Tensor::new(7.0f32)?))?;
    assert_eq!(y.data().to_vec::<f32>()?, [7.0, 1.0]);
    x.set_requires_grad(false)?;
    assert!(!x.is_requires_grad());
    Ok(())
}

#[derive(Module)]
struct Mine {
    weight: Variable,
    #[module(buffer)]
    mean: Variable,
    #[module(skip)]
    channels: usize,
    layers: Vec<Linear>,
}

#[test]
fn networks() -> Result {
    let mine = Mine {
        weight: Variable::requires_grad(Tensor::ones((2, 2))?),
        mean: Variable::new(Tensor::zeros(2)?),
        channels: 2,
        layers: vec![Linear::new(2, 2)?],
    };
    let names: Vec<_> = state_dict(&mine).into_keys().collect();
    assert_eq!(names, ["layers.0.bias", "layers.0.weight", "mean", "weight"]);
    assert_eq!((mine.parameters().len(), mine.channels), (3, 2));

    let net = Sequential::new()
        .add(Conv2d::builder(3, 6, 5).stride(2).build()?)
        .add(Relu::new())
        .add(Flatten::new())
        .add(Dropout::new(0.5)?)
        .add(Linear::new(6 * 14 * 14, 10)?);
    net.train();
    net.eval();
    net.to(&Device::cpu())?;
    let input = Variable::new(Tensor::randn((4, 3, 32, 32))?);
    let output = net.forward(&input)?;
    let target = Tensor::new([3i64, 8, 8, 0])?;
    CrossEntropyLoss::new().forward(&output, &target)?.backward()?;
    assert!(net.parameters().iter().all(|p| p.grad().is_some()));
    assert!(MseLoss::new().forward(&output, &Tensor::zeros((4, 10))?)?.item::<f32>()? > 0.0);
    assert_eq!(input.max_pool2d(2)?.size(), [4, 3, 16, 16]);
    assert_eq!(Lstm::new(10, 20)?.parameters().len(), 4);
    init::xavier_uniform_(&mine.weight, 1.0)?;

    let folder = tempfile::tempdir()?;
    let p = folder.path().join("net.safetensors");
    save(&state_dict(&net), &p)?;
    load_state_dict(&net, &load(&p)?)?;
    assert_eq!(load_state_dict_lenient(&net, &load(&p)?)?.missing.len(), 0);
    net.requires_grad_(false)?;
    assert!(!net.forward(&input)?.is_requires_grad());
    Ok(())
}

#[test]
fn training_and_data() -> Result {
    let net = Linear::new(3, 2)?;
    let mut optimizer = Sgd::builder(net.parameters(), 0.001).momentum(0.9).build()?;
    for g in optimizer.param_groups_mut() {
        g.change("lr", 1e-4)?;
    }
    let mut scheduler = Scheduler::new(StepLr::new(1)?, &mut optimizer)?;
    let set = TensorDataset::new(Tensor::randn((10, 3))?, Tensor::zeros((10, 2))?)?;
    let parts = set.random_split(&[8, 2], 0)?;
    let set = parts.into_iter().next().ok_or("two parts")?;
    let loader = DataLoader::builder(set).batch_size(4).shuffle(true).build()?;
    for batch in loader.iter() {
        let (x, y) = batch?;
        let loss = autocast(DType::BF16, || {
            let output = net.forward(&x)?;
            MseLoss::new().forward(&output, &y)
        })?;
        loss.backward()?;
        clip_grad_norm_(&net.parameters(), 1.0)?;
        optimizer.step()?;
    }
    scheduler.step(&mut optimizer)?;
    assert!((optimizer.param_groups()[0].settings()["lr"] - 1e-5).abs() < 1e-12);
    let folder = tempfile::tempdir()?;
    let picture = folder.path().join("a.png");
    save_image(&Tensor::rand((1, 3, 8, 8))?, &picture, &Grid::new())?;
    assert!(picture.exists());
    Ok(())
}
