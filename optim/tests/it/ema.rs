use taper_autograd::Variable;
use taper_autograd::tensor::Tensor;
use taper_optim::Ema;

const WEIGHTS: [[f32; 2]; 3] = [[2.0, -1.0], [0.3, 0.7], [5.0, 0.125]];
/// The averages of PyTorch's `AveragedModel` after each of them, with a decay of 0.9.
const AVERAGES: [[f32; 2]; 3] = [[2.0, -1.0], [1.83, -0.83], [2.147, -0.7345]];

fn weight() -> Variable {
    Variable::requires_grad(Tensor::new([1.0f32, 2.0]).unwrap())
}

fn set(w: &Variable, values: [f32; 2]) {
    w.data().copy_(&Tensor::new(values).unwrap()).unwrap();
}

#[test]
fn averages_are_pytorchs() {
    let w = weight();
    let mut ema = Ema::new(vec![w.clone()], 0.9).unwrap();
    for (weights, expected) in WEIGHTS.into_iter().zip(AVERAGES) {
        set(&w, weights);
        ema.update().unwrap();
        assert!(ema.averages()[0].allclose(Tensor::new(expected).unwrap(), 1e-6, 0.0).unwrap());
        assert_eq!(w.data().to_vec::<f32>().unwrap(), weights);
    }
}

#[test]
fn swapped_and_swapped_back() {
    let w = weight();
    let mut ema = Ema::new(vec![w.clone()], 0.5).unwrap();
    let data = w.data();
    ema.update().unwrap();
    set(&w, [3.0, 4.0]);
    ema.swap().unwrap();
    assert_eq!(data.to_vec::<f32>().unwrap(), [1.0, 2.0]); // in place: whoever shares the memory sees it
    ema.swap().unwrap();
    assert_eq!(data.to_vec::<f32>().unwrap(), [3.0, 4.0]);
}

#[test]
fn a_saved_average_goes_on() {
    let w = weight();
    let (mut first, mut second) =
        (Ema::new(vec![w.clone()], 0.9).unwrap(), Ema::new(vec![w.clone()], 0.9).unwrap());
    first.update().unwrap();
    set(&w, WEIGHTS[0]);
    first.update().unwrap();
    second.load_state_dict(&first.state_dict().unwrap()).unwrap();
    set(&w, WEIGHTS[1]);
    first.update().unwrap();
    second.update().unwrap();
    assert!(first.averages()[0].equal(&second.averages()[0]).unwrap());

    let other = Variable::requires_grad(Tensor::zeros(3).unwrap());
    let mut other = Ema::new(vec![other], 0.9).unwrap();
    assert!(other.load_state_dict(&first.state_dict().unwrap()).unwrap_err().to_string().contains("shape"));
    assert!(other.load_state_dict(&Default::default()).is_err());
}

#[test]
fn a_decay_that_makes_no_sense() {
    assert!(Ema::new(vec![weight()], 1.5).unwrap_err().to_string().contains("decay is 1.5"));
}
