//! Operations that change a variable's memory, and its place in the graph: afterwards it is the
//! output of the operation.

use taper_tensor::Tensor;

use crate::node::Edge;
use crate::operand::IntoOperand;
use crate::variable::History;
use crate::{Error, Result, Variable, is_grad_enabled};

macro_rules! in_place {
    ($($(#[$doc:meta])* $name:ident = $f:ident($($arg:ident: $ty:ty),*);)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// On a leaf that requires a gradient, outside of [`no_grad`](crate::no_grad): its value
        /// before would be lost; on a view, whose source would change unseen; when the result has
        /// another shape.
        #[track_caller]
        pub fn $name(&self, $($arg: $ty),*) -> Result<()> {
            self.check_in_place(stringify!($name))?;
            let before = Self::with_history(self.data(), self.history());
            self.become_result(stringify!($name), before.$f($($arg),*)?)
        }
    )*};
}

impl Variable {
    in_place! {
        /// Adds `other`, in place.
        add_ = add(other: impl IntoOperand);
        /// Subtracts `other`, in place.
        sub_ = sub(other: impl IntoOperand);
        /// Multiplies by `other`, in place.
        mul_ = mul(other: impl IntoOperand);
        /// Divides by `other`, in place.
        div_ = div(other: impl IntoOperand);
        /// [`Variable::relu`], in place.
        relu_ = relu();
        /// [`Variable::exp`], in place.
        exp_ = exp();
        /// [`Variable::tanh`], in place.
        tanh_ = tanh();
        /// [`Variable::sigmoid`], in place.
        sigmoid_ = sigmoid();
        /// [`Variable::neg`], in place.
        neg_ = neg();
        /// [`Variable::clamp`], in place.
        clamp_ = clamp(min: Option<f64>, max: Option<f64>);
        /// [`Variable::leaky_relu`], in place.
        leaky_relu_ = leaky_relu(slope: f64);
        /// [`Variable::masked_fill`], in place.
        masked_fill_ = masked_fill(mask: &Tensor, value: f64);
    }

    /// Sets all elements to 0; no gradient flows to what was there.
    ///
    /// # Errors
    /// As [`Variable::add_`].
    #[track_caller]
    pub fn zero_(&self) -> Result<()> {
        self.check_in_place("zero_")?;
        self.become_result("zero_", Self::new(self.data().zeros_like()?))
    }

    fn check_in_place(&self, op: &'static str) -> Result<()> {
        let fail = |message: String| Err(Error::InPlace { op, message });
        if !is_grad_enabled() {
            return Ok(());
        }
        match self.edge() {
            Edge::Leaf(leaf) => fail(format!(
                "{} that requires a gradient cannot be changed in place where operations are recorded; use \
                 the operation that makes a new variable, or no_grad(|| …)",
                leaf.name.lock().as_deref().map_or("a leaf".into(), |name| format!("the leaf {name}"))
            )),
            // Changing it would change its source too, which no gradient would tell.
            Edge::Node(node, _) if node.view => fail(format!(
                "{} made this variable as a view, whose source would change unseen by its gradient; use the \
                 operation that makes a new variable",
                node.name
            )),
            _ => Ok(()),
        }
    }

    /// Takes over the result's elements, and its place in the graph.
    fn become_result(&self, op: &'static str, result: Self) -> Result<()> {
        if result.shape() != self.shape() {
            let message = format!("the result has shape {:?}, the variable {:?}", result.size(), self.size());
            return Err(Error::InPlace { op, message });
        }
        let saved = result.data();
        self.data().copy_(&saved)?;
        // Under no_grad a variable keeps its place: only its values change.
        if is_grad_enabled() {
            let history = result.history();
            if !matches!((&history, self.history()), (History::Constant, History::Leaf(..))) {
                self.set_history(history);
            }
        }
        Ok(())
    }
}
