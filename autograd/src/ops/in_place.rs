//! Operations that change a variable's memory, and its place in the graph: afterwards it is the
//! output of the operation. Its views, and what it is a view of, change with it: see `alias`.

use taper_tensor::{Scalar, Tensor};

use crate::alias::Source;
use crate::node::Edge;
use crate::{Error, Result, Variable, is_grad_enabled};

/// Methods that take over a tensor made for the purpose, as a constant.
macro_rules! fills {
    ($($(#[$doc:meta])* $name_:ident($($arg:ident: $ty:ty),*) = |$x:ident| $made:expr;)*) => {$(
        $(#[$doc])*
        /// No gradient flows to what was there.
        ///
        /// # Errors
        #[doc = concat!("As [`Variable::add_`] and [`Tensor::", stringify!($name_), "`].")]
        #[track_caller]
        pub fn $name_(&self $(, $arg: $ty)*) -> Result<()> {
            self.replace(stringify!($name_), |$x| $made)
        }
    )*};
}

impl Variable {
    taper_tensor::in_place_by_result!(in_place);
    taper_tensor::in_place_by_kernel!(in_place);

    /// Takes over what `f` makes of this variable.
    #[track_caller]
    pub(super) fn change(&self, op: &'static str, f: impl FnOnce(&Self) -> Result<Self>) -> Result<()> {
        self.check_in_place(op)?;
        // Where a gradient rule needs the elements that were there, it keeps a copy of them.
        let before = if is_grad_enabled() { self.data().copy()? } else { self.data() };
        self.write(op, f(&Self::with_history(before, self.history()))?)
    }

    fills! {
        /// Sets all elements to 0.
        zero_() = |x| x.zeros_like();
        /// Sets all elements to a number.
        fill_(value: impl Into<Scalar>) = |x| x.like().full(x.size(), value);
        /// Fills the variable with numbers uniform in [low, high).
        uniform_(low: f64, high: f64) = |x| x.like().uniform(x.size(), low, high);
        /// Fills the variable with normal numbers.
        normal_(mean: f64, std: f64) = |x| x.like().normal(x.size(), mean, std);
        /// Sets each element to 1 with probability `p`, else to 0.
        bernoulli_(p: f64) = |x| {
            let y = x.zeros_like()?;
            y.bernoulli_(p)?;
            Ok(y)
        };
    }

    /// Takes over a tensor that `f` makes, as a constant.
    #[track_caller]
    fn replace(
        &self,
        op: &'static str,
        f: impl FnOnce(&Tensor) -> taper_tensor::Result<Tensor>,
    ) -> Result<()> {
        self.check_in_place(op)?;
        self.write(op, Self::new(f(&self.data())?))
    }

    /// Takes over the elements of `other`, which broadcasts, and gives it the gradient. Into a view,
    /// this fills a part of its base:
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
    /// As [`Variable::add_`].
    #[track_caller]
    pub fn copy_(&self, other: &Self) -> Result<()> {
        self.check_in_place("copy_")?;
        self.write("copy_", other.to(&self.device())?.to_dtype(self.dtype())?.expand(self.size())?)
    }

    /// Whether the variable can be changed where operations are recorded.
    fn check_in_place(&self, op: &'static str) -> Result<()> {
        if !is_grad_enabled() {
            return Ok(());
        }
        let leaf = |v: &Self, view: &str| {
            let Edge::Leaf(leaf) = v.edge() else { return Ok(()) };
            let name = leaf.name.lock().as_deref().map_or("a leaf".into(), |name| format!("the leaf {name}"));
            let message = format!(
                "{view}{name} that requires a gradient cannot be changed in place where operations are recorded; \
                 use the operation that makes a new variable, or no_grad(|| …)"
            );
            Err(Error::InPlace { op, message })
        };
        leaf(self, "")?;
        match self.0.source.as_deref() {
            Some(Source::Base(base, _)) => leaf(base, "a view of "),
            _ => Ok(()),
        }
    }

    /// Takes over the result's elements, and its place in the graph.
    #[track_caller]
    fn write(&self, op: &'static str, result: Self) -> Result<()> {
        let fail = |message: String| Err(Error::InPlace { op, message });
        if result.size() != self.size() {
            return fail(format!("the result has shape {:?}, the variable {:?}", result.size(), self.size()));
        }
        if result.dtype().is_float() && !self.dtype().is_float() {
            return fail(format!(
                "the result is a real number, which a variable of {} cannot hold; convert it with .to_dtype(…)",
                self.dtype()
            ));
        }
        let result = result.to_dtype(self.dtype())?;
        if let Some(Source::Hidden(by)) = self.0.source.as_deref()
            && is_grad_enabled()
            && (self.is_requires_grad() || result.is_requires_grad())
        {
            return fail(format!(
                "{by} made this variable as a view where its base was not recorded, or by a rule of its own, so \
                 the base would change unseen by its gradient; use the operation that makes a new variable"
            ));
        }
        let (data, value) = (self.data(), result.data());
        data.copy_(&if value.shares_storage(&data) { value.copy()? } else { value })?;
        // Under no_grad a variable keeps its place: only its values change.
        if is_grad_enabled() {
            self.become_in_place(&result)?;
        }
        Ok(())
    }
}
