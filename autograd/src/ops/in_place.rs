//! In-place operations. They change a variable's memory and its position in the graph: afterwards it is the
//! output of the operation. Its views and its base change too; see `alias`.

use taper_tensor::{Scalar, Tensor};

use crate::alias::Source;
use crate::node::Edge;
use crate::{Error, Result, Variable, is_grad_enabled};

/// Declares methods that copy a new constant tensor.
macro_rules! fills {
    ($($(#[$doc:meta])* $name_:ident($($arg:ident: $ty:ty),*) = |$x:ident| $made:expr;)*) => {$(
        $(#[$doc])*
        /// No gradient flows to the previous elements.
        ///
        /// # Errors
        #[doc = concat!("If [`Tensor::", stringify!($name_), "`] returns an error, or the variable is a leaf that requires a gradient")]
        /// (or a view of one) outside of [`no_grad`](crate::no_grad).
        #[track_caller]
        pub fn $name_(&self $(, $arg: $ty)*) -> Result<()> {
            self.replace(stringify!($name_), |$x| $made)
        }
    )*};
}

impl Variable {
    taper_tensor::in_place_by_result!(in_place);
    taper_tensor::in_place_by_kernel!(in_place);

    /// Replaces the variable by the result of `f`.
    #[track_caller]
    pub(super) fn change(&self, op: &'static str, f: impl FnOnce(&Self) -> Result<Self>) -> Result<()> {
        self.check_in_place(op)?;
        // A gradient rule that needs the previous elements keeps this copy of them.
        let before = if is_grad_enabled() { self.data().copy()? } else { self.data() };
        self.write(op, f(&Self::with_history(before, self.history()))?)
    }

    fills! {
        /// Sets all elements to 0.
        zero_() = |x| x.zeros_like();
        /// Sets all elements to a number.
        fill_(value: impl Into<Scalar>) = |x| x.like().full(x.size(), value);
        /// Fills the variable with random numbers, uniform in [low, high).
        uniform_(low: f64, high: f64) = |x| x.like().uniform(x.size(), low, high);
        /// Fills the variable with normally distributed random numbers.
        normal_(mean: f64, std: f64) = |x| x.like().normal(x.size(), mean, std);
        /// Sets each element to 1 with probability `p`, else to 0.
        bernoulli_(p: f64) = |x| {
            let y = x.zeros_like()?;
            y.bernoulli_(p)?;
            Ok(y)
        };
    }

    /// Replaces the elements by those of a tensor that `f` makes, as a constant.
    #[track_caller]
    fn replace(
        &self,
        op: &'static str,
        f: impl FnOnce(&Tensor) -> taper_tensor::Result<Tensor>,
    ) -> Result<()> {
        self.check_in_place(op)?;
        self.write(op, Self::new(f(&self.data())?))
    }

    /// Copies the elements of `other`, which broadcasts and gets the gradient. For a view, this fills a part
    /// of its base:
    ///
    /// ```
    /// use taper_autograd::{Variable, tensor::Tensor};
    /// let x = Variable::requires_grad(Tensor::new(&[1.0f32, 2.0])?);
    /// let y = Variable::new(Tensor::zeros((2, 2))?);
    /// y.select(0, 1)?.copy_(&x)?;
    /// y.mul(&y)?.sum()?.backward()?;
    /// assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [2.0, 4.0]);
    /// # Ok::<(), taper_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the shape of `other` does not broadcast to that of `self`, or `self` is a leaf that requires a
    /// gradient (or a view of one) outside of [`no_grad`](crate::no_grad).
    #[track_caller]
    pub fn copy_(&self, other: &Self) -> Result<()> {
        self.check_in_place("copy_")?;
        self.write("copy_", other.to(&self.device())?.to_dtype(self.dtype())?.expand(self.size())?)
    }

    /// Checks that the variable can be changed while operations are recorded.
    fn check_in_place(&self, op: &'static str) -> Result<()> {
        if !is_grad_enabled() {
            return Ok(());
        }
        let leaf = |v: &Self, view: &str| {
            let Edge::Leaf(leaf) = v.edge() else { return Ok(()) };
            let name = leaf.name.lock().as_deref().map_or("a leaf".into(), |name| format!("the leaf {name}"));
            let message = format!(
                "got {view}{name} that requires a gradient, which cannot be changed in place while operations are \
                 recorded; use the operation that returns a new variable, or no_grad(|| …)"
            );
            Err(Error::InPlace { op, message })
        };
        leaf(self, "")?;
        match self.0.source.as_deref() {
            Some(Source::Base(base, _)) => leaf(base, "a view of "),
            _ => Ok(()),
        }
    }

    /// Takes over the elements of `result` and its position in the graph.
    #[track_caller]
    fn write(&self, op: &'static str, result: Self) -> Result<()> {
        let fail = |message: String| Err(Error::InPlace { op, message });
        if result.size() != self.size() {
            return fail(format!(
                "the result has shape {:?} and the variable {:?}, expected equal shapes",
                result.size(),
                self.size()
            ));
        }
        if result.dtype().is_float() && !self.dtype().is_float() {
            return fail(format!(
                "the result is floating point, but the variable is {}; convert it with .to_dtype(…)",
                self.dtype()
            ));
        }
        let result = result.to_dtype(self.dtype())?;
        if let Some(Source::Hidden(by)) = self.0.source.as_deref()
            && is_grad_enabled()
            && (self.is_requires_grad() || result.is_requires_grad())
        {
            return fail(format!(
                "got a view made by {by} without recording, or with a gradient rule of its own, so the gradient of \
                 its base would miss the change; use the operation that returns a new variable"
            ));
        }
        let (data, value) = (self.data(), result.data());
        data.copy_(&if value.shares_storage(&data) { value.copy()? } else { value })?;
        // Under no_grad a variable keeps its position in the graph; only its values change.
        if is_grad_enabled() {
            self.become_in_place(&result)?;
        }
        Ok(())
    }
}
