//! Runs layers one after the other.

use taper_autograd::Variable;

use crate::{Forward, Layer, Module, Result, Visitor, print_module};

/// Runs layers that each take the output of the one before; PyTorch's `nn.Sequential`.
///
/// # Shapes
/// Input as the first layer takes it, output as the last one returns it.
///
/// ```
/// use taper_autograd::Variable;
/// use taper_nn::{Flatten, Forward, Linear, Module, Sequential};
/// use taper_tensor::Tensor;
///
/// let net = Sequential::new().add(Flatten::new()).add(Linear::new(12, 5)?).add(Linear::new(5, 2)?);
/// assert_eq!(net.forward(&Variable::new(Tensor::ones((1, 3, 4))?))?.size(), [1, 2]);
/// assert_eq!(net.named_parameters()[0].0, "1.weight");
/// # Ok::<(), taper_nn::Error>(())
/// ```
#[derive(Default)]
pub struct Sequential {
    layers: Vec<Box<dyn Layer>>,
}

impl Sequential {
    /// Makes a network without layers, which returns its input.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a layer at the end.
    #[expect(clippy::should_implement_trait, reason = "it adds a layer, not a number")]
    pub fn add(mut self, layer: impl Layer) -> Self {
        self.layers.push(Box::new(layer));
        self
    }

    /// Returns the layers.
    pub fn layers(&self) -> &[Box<dyn Layer>] {
        &self.layers
    }
}

impl FromIterator<Box<dyn Layer>> for Sequential {
    fn from_iter<I: IntoIterator<Item = Box<dyn Layer>>>(layers: I) -> Self {
        Self { layers: layers.into_iter().collect() }
    }
}

impl Module for Sequential {
    fn visit<'a>(&'a self, visitor: &mut Visitor<'a>) {
        self.layers.visit(visitor);
    }

    fn name(&self) -> &'static str {
        "Sequential"
    }
}

impl std::fmt::Display for Sequential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        print_module(self, f)
    }
}

impl Forward for Sequential {
    fn forward(&self, x: &Variable) -> Result<Variable> {
        self.layers.iter().try_fold(x.clone(), |x, layer| layer.forward(&x))
    }
}
