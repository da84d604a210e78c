//! Operations that change a variable's memory, and its place in the graph: afterwards it is the
//! output of the operation. Its views, and what it is a view of, change with it: see `alias`.

use taper_tensor::{AsTensor, IntoBound, IntoOperand, Scalar, Tensor};

use crate::alias::Source;
use crate::node::Edge;
use crate::{Error, Result, Variable, is_grad_enabled};

macro_rules! in_place {
    ($($(#[$doc:meta])* $name:ident = $f:ident($($arg:ident: $ty:ty),*);)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// On a leaf that requires a gradient, or a view of one, outside of
        /// [`no_grad`](crate::no_grad): its value before would be lost; on a view that was made where
        /// nothing was recorded, whose base would change unseen; when the result has another shape.
        #[track_caller]
        pub fn $name(&self, $($arg: $ty),*) -> Result<()> {
            self.change(stringify!($name), |x| x.$f($($arg),*))
        }
    )*};
}

impl Variable {
    in_place! {
        /// Adds `other`, in place.
        add_ = add(other: impl IntoOperand<Self>);
        /// Subtracts `other`, in place.
        sub_ = sub(other: impl IntoOperand<Self>);
        /// Multiplies by `other`, in place.
        mul_ = mul(other: impl IntoOperand<Self>);
        /// Divides by `other`, in place.
        div_ = div(other: impl IntoOperand<Self>);
        /// [`Variable::relu`], in place.
        relu_ = relu();
        /// [`Variable::neg`], in place.
        neg_ = neg();
        /// [`Variable::abs`], in place.
        abs_ = abs();
        /// [`Variable::square`], in place.
        square_ = square();
        /// [`Variable::sin`], in place.
        sin_ = sin();
        /// [`Variable::cos`], in place.
        cos_ = cos();
        /// [`Variable::pow`], in place.
        pow_ = pow(other: impl IntoOperand<Self>);
        /// [`Variable::addcmul`], in place.
        addcmul_ = addcmul(a: impl AsTensor<Self>, b: impl AsTensor<Self>, value: impl Into<Scalar>);
        /// [`Variable::addcdiv`], in place.
        addcdiv_ = addcdiv(a: impl AsTensor<Self>, b: impl AsTensor<Self>, value: impl Into<Scalar>);
        /// [`Variable::index_add`], in place.
        index_add_ = index_add(dim: i64, index: &Tensor, source: impl AsTensor<Self>);
        /// [`Variable::scatter_add`], in place.
        scatter_add_ = scatter_add(dim: i64, index: &Tensor, source: impl AsTensor<Self>);
        /// [`Variable::scatter`], in place.
        scatter_ = scatter(dim: i64, index: &Tensor, source: impl IntoOperand<Self>);
        /// [`Variable::index_fill`], in place.
        index_fill_ = index_fill(dim: i64, index: &Tensor, value: impl Into<Scalar>);
        /// [`Variable::index_copy`], in place.
        index_copy_ = index_copy(dim: i64, index: &Tensor, source: impl AsTensor<Self>);
        /// [`Variable::put`], in place.
        put_ = put(index: &Tensor, source: impl AsTensor<Self>);
        /// [`Variable::masked_scatter`], in place.
        masked_scatter_ = masked_scatter(mask: &Tensor, source: impl AsTensor<Self>);
        /// [`Variable::clamp`], in place.
        clamp_ = clamp(min: impl IntoBound<Self>, max: impl IntoBound<Self>);
        /// [`Variable::masked_fill`], in place.
        masked_fill_ = masked_fill(mask: &Tensor, value: impl Into<Scalar>);
    }

    /// Takes over what `f` makes of this variable.
    #[track_caller]
    pub(super) fn change(&self, op: &'static str, f: impl FnOnce(&Self) -> Result<Self>) -> Result<()> {
        self.check_in_place(op)?;
        // Where a gradient rule needs the elements that were there, it keeps a copy of them.
        let before = if is_grad_enabled() { self.data().copy()? } else { self.data() };
        self.write(op, f(&Self::with_history(before, self.history()))?)
    }

    /// Sets all elements to 0; no gradient flows to what was there.
    ///
    /// # Errors
    /// As [`Variable::add_`].
    #[track_caller]
    pub fn zero_(&self) -> Result<()> {
        self.fill(0.into(), "zero_")
    }

    /// Sets all elements to a number; no gradient flows to what was there.
    ///
    /// # Errors
    /// As [`Variable::add_`].
    #[track_caller]
    pub fn fill_(&self, value: impl Into<Scalar>) -> Result<()> {
        self.fill(value.into(), "fill_")
    }

    #[track_caller]
    fn fill(&self, value: Scalar, op: &'static str) -> Result<()> {
        self.check_in_place(op)?;
        let data = self.data();
        self.write(op, Self::new(data.like().full(data.size(), value)?))
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
