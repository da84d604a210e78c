//! Custom operations with gradient rules.

use smallvec::SmallVec;
use taper_tensor::Tensor;

use crate::record::{Context, record};
use crate::saved::Saved;
use crate::{Error, Result, Variable};
use taper_tensor::Shape;

/// An operation with its own gradient rule: PyTorch's `autograd.Function`. Fields of the type hold the data
/// that the rule needs in addition to its inputs and outputs.
///
/// The example has an exponential function that saves its output, and a straight-through estimator, which
/// rounds in forward and passes the gradient unchanged in backward:
///
/// ```
/// use taper_autograd::{BackwardContext, ForwardContext, Function, Result, Variable};
/// use taper_tensor::Tensor;
///
/// struct Exp;
/// impl Function for Exp {
///     const NAME: &'static str = "MyExp";
///     fn forward(&mut self, ctx: &mut ForwardContext, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
///         ctx.save_output(0);
///         Ok(vec![inputs[0].exp()?])
///     }
///     fn backward(&self, ctx: &BackwardContext<'_>, grads: &[Option<Variable>]) -> Result<Vec<Option<Variable>>> {
///         let y = ctx.output(0)?;
///         Ok(vec![grads[0].as_ref().map(|g| g.mul(&y)).transpose()?])
///     }
/// }
///
/// struct RoundStraightThrough;
/// impl Function for RoundStraightThrough {
///     const NAME: &'static str = "RoundStraightThrough";
///     fn forward(&mut self, _: &mut ForwardContext, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
///         Ok(vec![inputs[0].to_dtype(taper_tensor::DType::I64)?.to_dtype(inputs[0].dtype())?])
///     }
///     fn backward(&self, _: &BackwardContext<'_>, grads: &[Option<Variable>]) -> Result<Vec<Option<Variable>>> {
///         Ok(grads.to_vec())
///     }
/// }
///
/// let x = Variable::requires_grad(Tensor::new(&[1.4f32, 2.0])?);
/// let y = RoundStraightThrough.apply(&[&x])?.remove(0);
/// assert_eq!(y.data().to_vec::<f32>()?, [1.0, 2.0]);
/// let z = Exp.apply(&[&y])?.remove(0);
/// z.sum()?.backward()?;
/// assert_eq!(x.grad().unwrap().to_vec::<f32>()?, z.data().to_vec::<f32>()?);
/// # Ok::<(), taper_autograd::Error>(())
/// ```
pub trait Function: Sized + Send + Sync + 'static {
    /// The operation's name in error messages and drawings of the graph.
    const NAME: &'static str;

    /// Computes the outputs from the inputs' data. It tells `ctx` what to keep for [`Function::backward`].
    ///
    /// # Errors
    /// If the function refuses its inputs; make the error with [`Error::value`].
    fn forward(&mut self, ctx: &mut ForwardContext, inputs: &[Tensor]) -> Result<Vec<Tensor>>;

    /// Computes the gradients of the inputs from those of the outputs. A gradient is `None` for an output
    /// that nothing depends on, and for an input without a gradient. Operations on variables make the rule
    /// differentiable again.
    ///
    /// # Errors
    /// If the function refuses its arguments; make the error with [`Error::value`].
    fn backward(
        &self,
        ctx: &BackwardContext<'_>,
        grads: &[Option<Variable>],
    ) -> Result<Vec<Option<Variable>>>;

    /// Runs the function, and records it if an input requires a gradient.
    ///
    /// # Errors
    /// If [`Function::forward`] returns an error, or marks an input or output that does not exist.
    #[track_caller]
    fn apply(mut self, inputs: &[&Variable]) -> Result<Vec<Variable>> {
        let data: Vec<Tensor> = inputs.iter().map(|v| v.data()).collect();
        let mut ctx = ForwardContext::default();
        let ys = self.forward(&mut ctx, &data)?;
        let beyond = |marked: &[usize], count: usize| marked.iter().any(|&i| i >= count);
        if beyond(&ctx.inputs, inputs.len())
            || beyond(&ctx.outputs, ys.len())
            || beyond(&ctx.constant, ys.len())
        {
            return Err(Error::value(
                Self::NAME,
                format!(
                    "forward marked an index out of range, expected inputs below {} and outputs below {}",
                    inputs.len(),
                    ys.len()
                ),
            ));
        }
        let saved: Vec<(usize, Saved)> = ctx.inputs.iter().map(|&i| (i, inputs[i].save())).collect();
        let shapes: Vec<Shape> = inputs.iter().map(|v| v.size()).collect();
        let rule = move |ctx: &Context<'_>| {
            let grads = self.backward(&BackwardContext { ctx, inputs: &saved }, ctx.grads)?;
            let fits = |(g, s): (&Option<Variable>, &Shape)| g.as_ref().is_none_or(|g| g.size() == *s);
            if grads.len() != shapes.len() || !grads.iter().zip(&shapes).all(fits) {
                let got: Vec<_> = grads.iter().map(|g| g.as_ref().map(Variable::size)).collect();
                return Err(Error::value(
                    Self::NAME,
                    format!(
                        "backward returned gradients of shapes {got:?}, expected the shapes of the inputs, {shapes:?}"
                    ),
                ));
            }
            Ok(SmallVec::from_vec(grads))
        };
        let mut ys = record(Self::NAME, inputs).opaque_view().saves_outputs(&ctx.outputs).many(ys, rule)?;
        for &i in &ctx.constant {
            ys[i] = ys[i].detach();
        }
        Ok(ys)
    }
}

/// A record of the inputs and outputs that [`Function::forward`] keeps.
#[derive(Debug, Default)]
pub struct ForwardContext {
    inputs: Vec<usize>,
    outputs: Vec<usize>,
    constant: Vec<usize>,
}

impl ForwardContext {
    /// Keeps input `i` for the gradient.
    pub fn save_input(&mut self, i: usize) {
        self.inputs.push(i);
    }

    /// Keeps output `i` for the gradient.
    pub fn save_output(&mut self, i: usize) {
        self.outputs.push(i);
    }

    /// Marks output `i` as not differentiable, such as an index.
    pub fn mark_non_differentiable(&mut self, i: usize) {
        self.constant.push(i);
    }
}

/// Access to the inputs and outputs that forward kept, for [`Function::backward`].
pub struct BackwardContext<'a> {
    ctx: &'a Context<'a>,
    inputs: &'a [(usize, Saved)],
}

impl BackwardContext<'_> {
    /// Returns input `i`, which forward saved.
    ///
    /// # Errors
    /// If it was not saved, or was changed in place since.
    pub fn input(&self, i: usize) -> Result<Variable> {
        let Some((_, saved)) = self.inputs.iter().find(|(k, _)| *k == i) else {
            return Err(Error::value(
                self.ctx.node.name,
                format!("input {i} was not saved; call ctx.save_input({i}) in forward"),
            ));
        };
        saved.get(self.ctx)
    }

    /// Returns output `i`, which forward saved.
    ///
    /// # Errors
    /// If it was not saved, or was changed in place since.
    pub fn output(&self, i: usize) -> Result<Variable> {
        if !matches!(self.ctx.saved_outputs.get(i), Some(Some(_))) {
            return Err(Error::value(
                self.ctx.node.name,
                format!("output {i} was not saved; call ctx.save_output({i}) in forward"),
            ));
        }
        self.ctx.output(i)
    }

    /// Returns true if the gradient of input `i` is needed.
    pub fn needs_input_grad(&self, i: usize) -> bool {
        self.ctx.node.edges.get(i).is_some_and(|e| !matches!(e, crate::node::Edge::None))
    }
}
