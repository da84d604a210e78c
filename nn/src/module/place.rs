//! The place of a module in its network, for errors and anomaly reports.

use std::sync::Mutex;

use taper_autograd::{ModuleScope, Variable, is_detecting_anomaly};

use crate::{Error, Result};

/// The dotted path of a module without parameters, which holds it as a field. Listing a network's parameters,
/// or switching between training and evaluation, fills it in.
///
/// ```
/// use taper_autograd::Variable;
/// use taper_nn::{Forward, Module, Place, Result};
/// use taper_tensor::Tensor;
///
/// #[derive(Module, Default)]
/// struct Rows { place: Place }
///
/// impl Forward for Rows {
///     fn forward(&self, x: &Variable) -> Result<Variable> {
///         self.place.run(|| Ok(x.sum_dim(1)?))
///     }
/// }
///
/// let net = vec![Rows::default(), Rows::default()];
/// net.eval();
/// let error = net[1].forward(&Variable::new(Tensor::ones(2)?)).unwrap_err();
/// assert!(error.to_string().starts_with("in 1: sum"), "{error}");
/// # Ok::<(), taper_nn::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Place(Mutex<String>);

impl Place {
    /// Makes a place that is not known yet.
    pub const fn new() -> Self {
        Self(Mutex::new(String::new()))
    }

    /// Returns the path, if the network has filled it in.
    pub fn path(&self) -> Option<String> {
        let path = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        (!path.is_empty()).then(|| path.clone())
    }

    /// Runs the forward pass of the module. An error, or a report of anomaly detection, names it.
    ///
    /// # Errors
    /// Those of `forward`.
    pub fn run<T>(&self, forward: impl FnOnce() -> Result<T>) -> Result<T> {
        let _scope = enter(self);
        named(self, forward())
    }

    /// Sets the path, unless the module already has one in a larger network.
    pub(super) fn give(&self, path: &str) {
        let mut known = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if !known.strip_suffix(path).is_some_and(|above| above.ends_with('.')) {
            path.clone_into(&mut known);
        }
    }
}

/// Knows the path of a layer.
pub(crate) trait Located {
    fn layer(&self) -> Option<String>;
}

impl Located for Place {
    fn layer(&self) -> Option<String> {
        self.path()
    }
}

/// A parameter's name begins with that of its layer.
impl Located for Variable {
    fn layer(&self) -> Option<String> {
        Some(self.name()?.rsplit_once('.')?.0.to_owned())
    }
}

/// Marks what runs until the guard is dropped as part of the layer. With [`named`] it does what
/// [`in_layer`](crate::in_layer) does, but without a closure, so that `#[track_caller]` reaches the operations.
pub(crate) fn enter(layer: &impl Located) -> Option<ModuleScope> {
    is_detecting_anomaly().then(|| layer.layer()).flatten().map(|path| ModuleScope::enter(&path))
}

/// Adds the layer's path to an error, unless it names one already.
pub(crate) fn named<T, E: Into<Error>>(layer: &impl Located, result: Result<T, E>) -> Result<T> {
    result.map_err(|error| match (error.into(), layer.layer()) {
        (error @ Error::In { .. }, _) | (error, None) => error,
        (error, Some(path)) => Error::In { path, source: Box::new(error) },
    })
}
