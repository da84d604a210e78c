//! `#[derive(Module)]` and what a module's tree can be asked.

use std::collections::HashMap;
use std::sync::Arc;

use taper_autograd::Variable;
use taper_nn::{Module, Training, Visitor};
use taper_tensor::{DType, Tensor};

fn parameter() -> Variable {
    Variable::requires_grad(Tensor::ones(2).unwrap())
}

#[derive(Module)]
#[module(extra_repr = "Self::sizes")]
struct Linear {
    weight: Variable,
    bias: Option<Variable>,
    #[module(skip)]
    outputs: usize,
}

impl Linear {
    fn new(bias: bool) -> Self {
        Self { weight: parameter(), bias: bias.then(parameter), outputs: 2 }
    }

    fn sizes(&self) -> String {
        format!("out_features={}", self.outputs)
    }
}

#[derive(Module)]
#[module(rename = "BatchNorm2d")]
struct Norm {
    #[module(rename = "weight")]
    gamma: Variable,
    #[module(buffer)]
    running_mean: Variable,
    #[module(buffer)]
    num_batches_tracked: Option<Variable>,
    training: Training,
}

impl Norm {
    fn new() -> Self {
        let buffer = |dtype| Variable::new(Tensor::zeros(2).unwrap().to_dtype(dtype).unwrap());
        Self {
            gamma: parameter(),
            running_mean: buffer(DType::F32),
            num_batches_tracked: Some(buffer(DType::I64)),
            training: Training::default(),
        }
    }
}

#[derive(Module)]
struct Relu;

#[derive(Module)]
enum Layer {
    Linear(Linear),
    Norm(Box<Norm>),
    Residual {
        body: Vec<Linear>,
        #[module(skip)]
        scale: f64,
    },
    Pair(Linear, Linear),
    None,
}

#[derive(Module)]
struct Generic<M, const N: usize> {
    list: [M; N],
    map: HashMap<String, M>,
    shared: Arc<M>,
}

macro_rules! defined_by_a_macro {
    ($name:ident, $ty:ty) => {
        #[derive(Module)]
        struct $name {
            inside: $ty,
        }
    };
}
defined_by_a_macro!(Wrapped, Linear);

fn names(module: &dyn Module) -> Vec<String> {
    module.named_parameters().into_iter().map(|(name, _)| name).collect()
}

#[test]
fn parameters_have_dotted_names_in_pytorchs_order() {
    let net = Generic {
        list: [
            Layer::Linear(Linear::new(true)),
            Layer::Norm(Box::new(Norm::new())),
            Layer::Residual { body: vec![Linear::new(false), Linear::new(true)], scale: 1.0 },
        ],
        map: ["b", "a"].map(|key| (key.to_owned(), Layer::Linear(Linear::new(false)))).into(),
        shared: Arc::new(Layer::Pair(Linear::new(false), Linear::new(false))),
    };
    let expected = [
        "list.0.weight",
        "list.0.bias",
        "list.1.weight",
        "list.2.body.0.weight",
        "list.2.body.1.weight",
        "list.2.body.1.bias",
        "map.a.weight",
        "map.b.weight",
        "shared.0.weight",
        "shared.1.weight",
    ];
    assert_eq!(names(&net), expected);
    assert!(matches!(&net.list[2], Layer::Residual { scale, .. } if *scale == 1.0));
    let buffers: Vec<String> = net.named_buffers().into_iter().map(|(name, _)| name).collect();
    assert_eq!(buffers, ["list.1.running_mean", "list.1.num_batches_tracked"]);
    assert_eq!(names(&Layer::None), [""; 0]);
    assert_eq!(names(&Wrapped { inside: Linear::new(false) }), ["inside.weight"]);
}

/// A parameter beside children comes first, wherever its field stands.
#[test]
fn own_parameters_come_before_those_of_children() {
    #[derive(Module)]
    struct Attention {
        out_proj: Linear,
        in_proj_weight: Variable,
    }
    let attention = Attention { out_proj: Linear::new(false), in_proj_weight: parameter() };
    assert_eq!(names(&attention), ["in_proj_weight", "out_proj.weight"]);
}

#[test]
fn a_shared_parameter_counts_once() {
    let first = Linear::new(false);
    let tied = Linear { weight: first.weight.clone(), bias: None, outputs: 2 };
    let net = vec![first, tied];
    assert_eq!(names(&net), ["0.weight"]);
    assert_eq!(net.parameters().len(), 1);
}

#[test]
fn variables_learn_their_longest_path() {
    let net = vec![Wrapped { inside: Linear::new(false) }];
    net.parameters();
    assert_eq!(net[0].inside.weight.name().as_deref(), Some("0.inside.weight"));
    net[0].parameters();
    assert_eq!(
        net[0].inside.weight.name().as_deref(),
        Some("0.inside.weight"),
        "a part is asked: the whole is known"
    );
}

#[test]
fn modules_are_listed_by_path_without_boxes_and_variants() {
    let net = Generic {
        list: [Layer::Norm(Box::new(Norm::new()))],
        map: HashMap::new(),
        shared: Arc::new(Layer::None),
    };
    let listed: Vec<_> =
        net.modules().iter().map(|(path, module)| format!("{path}:{}", module.name())).collect();
    assert_eq!(
        listed,
        [":Generic", "list:ModuleList", "list.0:BatchNorm2d", "map:ModuleDict", "shared:Layer"]
    );
    let children: Vec<_> = net.children().into_iter().map(|(name, _)| name).collect();
    assert_eq!(children, ["list", "map", "shared"]);
    assert!(net.modules()[2].1.downcast_ref::<Norm>().is_some());
    assert!(net.modules()[2].1.downcast_ref::<Linear>().is_none());
}

#[test]
fn apply_goes_children_first_and_stops_at_an_error() {
    let net = vec![Wrapped { inside: Linear::new(false) }];
    let mut seen = Vec::new();
    net.apply(&mut |module| {
        seen.push(module.name());
        Ok(())
    })
    .unwrap();
    assert_eq!(seen, ["Linear", "Wrapped", "ModuleList"]);
    let refuse = Tensor::ones(2).unwrap().reshape(3);
    let mut calls = 0;
    let result = net.apply(&mut |_| {
        calls += 1;
        refuse.as_ref().map(|_| ()).map_err(|_| Tensor::ones(2).unwrap().reshape(3).unwrap_err().into())
    });
    assert!(result.is_err());
    assert_eq!(calls, 1);
}

#[test]
fn train_and_eval_reach_the_whole_tree() {
    let net = vec![Layer::Norm(Box::new(Norm::new())), Layer::Norm(Box::new(Norm::new()))];
    let flags = || -> Vec<bool> {
        net.iter()
            .filter_map(|layer| if let Layer::Norm(norm) = layer { Some(norm.training.get()) } else { None })
            .collect()
    };
    assert_eq!(flags(), [true, true]);
    net.eval();
    assert_eq!(flags(), [false, false]);
    net.train();
    assert_eq!(flags(), [true, true]);
}

#[test]
fn gradients_are_cleared_and_frozen() {
    let layer = Linear::new(true);
    let sum = |layer: &Linear| layer.weight.sum();
    sum(&layer).unwrap().backward().unwrap();
    assert!(layer.weight.grad().is_some());
    layer.zero_grad();
    assert!(layer.weight.grad().is_none());
    layer.requires_grad_(false).unwrap();
    assert!(layer.parameters().iter().all(|parameter| !parameter.is_requires_grad()));
    assert!(sum(&layer).unwrap().backward().is_err());
    layer.requires_grad_(true).unwrap();
    sum(&layer).unwrap().backward().unwrap();
    assert!(layer.weight.grad().is_some());
}

#[test]
fn to_dtype_converts_what_is_floating_and_keeps_identity() {
    let norm = Norm::new();
    let gamma = norm.gamma.clone();
    norm.to_dtype(DType::F64).unwrap();
    assert_eq!(gamma.data().dtype(), DType::F64, "an optimiser's handle sees it");
    assert_eq!(norm.running_mean.data().dtype(), DType::F64);
    assert_eq!(norm.num_batches_tracked.as_ref().unwrap().data().dtype(), DType::I64);
}

#[test]
fn it_prints_as_pytorch_does() {
    let net = Generic {
        list: [
            Layer::Linear(Linear::new(true)),
            Layer::Linear(Linear::new(true)),
            Layer::Norm(Box::new(Norm::new())),
        ],
        map: [("act".to_owned(), Layer::Linear(Linear::new(true)))].into(),
        shared: Arc::new(Layer::Residual { body: Vec::new(), scale: 2.0 }),
    };
    let expected = "\
Generic(
  (list): ModuleList(
    (0-1): 2 x Linear(out_features=2)
    (2): BatchNorm2d()
  )
  (map): ModuleDict(
    (act): Linear(out_features=2)
  )
  (shared): Layer(
    (body): ModuleList()
  )
)";
    assert_eq!(net.to_string(), expected);
    assert_eq!(Relu.to_string(), "Relu()");
}

/// A module written by hand, as a container of layers is: no level of its own for the list in it.
#[test]
fn visit_can_be_written_by_hand() {
    struct Sequential(Vec<Box<dyn Module>>);
    impl Module for Sequential {
        fn visit<'a>(&'a self, visitor: &mut Visitor<'a>) {
            self.0.visit(visitor);
        }
        fn name(&self) -> &'static str {
            "Sequential"
        }
    }
    let net = Sequential(vec![Box::new(Linear::new(true)), Box::new(Relu)]);
    assert_eq!(names(&net), ["0.weight", "0.bias"]);
    let children: Vec<_> =
        net.children().iter().map(|(name, child)| format!("{name}:{}", child.name())).collect();
    assert_eq!(children, ["0:Linear", "1:Relu"]);
}
