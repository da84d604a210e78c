//! The operations of variables, one file for each family; `taper-tensor` computes them in files of the same
//! names. An operation is one function: it computes, saves the least that its gradient needs, and records one
//! node. Its gradient rule is in the same function, written in operations on variables, so that it can be
//! differentiated again.

use taper_tensor::Tensor;

use crate::record::record;
use crate::{Result, Variable};

/// Declares methods of [`Variable`], each with a row in the registry; without one it does not compile. Shapes
/// and errors are those of the method of [`Tensor`] with the same name.
///
/// A method with a body is declared as written. For `= helper("Node", …)`, the tensor's method computes the
/// result `y`, and `self.helper(y, "Node", …)` records it. For `= both helper("Node", …)`, the helper gets
/// the second operand and the tensor's method itself.
macro_rules! operations {
    () => {};
    (
        $(#[$doc:meta])*
        pub fn $name:ident(&$this:ident $(, $arg:ident: $ty:ty)* $(,)?) -> $result:ty
            = $helper:ident($($more:expr),* $(,)?);
        $($rest:tt)*
    ) => {
        operations! {
            $(#[$doc])*
            pub fn $name(&$this $(, $arg: $ty)*) -> $result {
                if let Some(scope) = $crate::autocast::widened(&taper_tensor::registry::$name, $this) {
                    return scope.full($this)?.$name($($arg),*);
                }
                let y = $this.tensor().$name($($arg),*)?;
                $this.$helper(y, $($more),*)
            }
            $($rest)*
        }
    };
    (
        $(#[$doc:meta])*
        pub fn $name:ident(&$this:ident, $other:ident: $ty:ty) -> $result:ty
            = both $helper:ident($($more:expr),* $(,)?);
        $($rest:tt)*
    ) => {
        operations! {
            $(#[$doc])*
            pub fn $name(&$this, $other: $ty) -> $result {
                $this.$helper($other.operand(), |a, b| a.$name(b), $($more),*)
            }
            $($rest)*
        }
    };
    ($(#[$doc:meta])* pub fn $name:ident($($args:tt)*) -> $result:ty $body:block $($rest:tt)*) => {
        $(#[$doc])*
        ///
        #[doc = concat!("[`Tensor::", stringify!($name), "`](taper_tensor::Tensor::", stringify!($name), ") has the shapes and the errors.")]
        #[track_caller]
        pub fn $name($($args)*) -> $result {
            const _: taper_tensor::registry::Operation = taper_tensor::registry::$name;
            $body
        }
        operations! { $($rest)* }
    };
}

/// Declares methods of [`Variable`] that return the tensor method's mask, index or truth value, through which
/// no gradient flows. In the rows after `operand:`, the second operand may be a number; after `tensor:`, it
/// is a tensor or variable.
macro_rules! of_data {
    (operand: $($name:ident $(($arg:ident: $ty:ty))?)*) => {
        of_data! {$(
            $name(other: impl taper_tensor::IntoOperand<Self> $(, $arg: $ty)?) -> Tensor = |x| match other.operand() {
                taper_tensor::Operand::Scalar(v) => x.$name(v $(, $arg)?),
                taper_tensor::Operand::Tensor(b) => x.$name(&*b.tensor() $(, $arg)?),
            };
        )*}
    };
    (tensor: $($name:ident($($arg:ident: $ty:ty),*) -> $result:ty;)*) => {
        of_data! {$(
            $name(other: impl taper_tensor::AsTensor<Self> $(, $arg: $ty)*) -> $result
                = |x| x.$name(&*other.as_tensor().tensor() $(, $arg)*);
        )*}
    };
    ($($name:ident($($arg:ident: $ty:ty),*) -> $result:ty;)*) => {
        of_data! { $($name($($arg: $ty),*) -> $result = |x| x.$name($($arg),*);)* }
    };
    ($($name:ident($($arg:ident: $ty:ty),*) -> $result:ty = |$x:ident| $value:expr;)*) => {$(
        #[doc = concat!("Returns [`Tensor::", stringify!($name), "`](taper_tensor::Tensor::", stringify!($name), ")")]
        /// of the data, through which no gradient flows.
        pub fn $name(&self $(, $arg: $ty)*) -> Result<$result> {
            const _: taper_tensor::registry::Operation = taper_tensor::registry::$name;
            let $x = self.tensor();
            Ok($value?)
        }
    )*};
}

/// Declares methods of [`Variable`] that apply others in place.
macro_rules! in_place {
    ($($name_:ident = $name:ident($($arg:ident: $ty:ty),*);)*) => {$(
        #[doc = concat!("Applies [`Variable::", stringify!($name), "`] in place.")]
        ///
        /// # Errors
        /// If the variable is a leaf that requires a gradient, or a view of one, outside of
        /// [`no_grad`](crate::no_grad), because its previous value would be lost. If it is a view that was
        /// not recorded, because the graph would miss the change of its base. If the result has another
        /// shape, or is floating point and the variable is not.
        #[track_caller]
        pub fn $name_(&self $(, $arg: $ty)*) -> Result<()> {
            self.change(stringify!($name_), |x| Ok(x.$name($($arg),*)?.into()))
        }
    )*};
}

pub(crate) mod activation;
pub(crate) mod arithmetic;
pub(crate) mod bitwise;
pub(crate) mod cast;
pub(crate) mod compare;
pub(crate) mod conv;
pub(crate) mod einsum;
pub(crate) mod extreme;
pub(crate) mod in_place;
pub(crate) mod index;
pub(crate) mod join;
pub(crate) mod linalg;
pub(crate) mod loss;
pub(crate) mod mask;
pub(crate) mod matmul;
pub(crate) mod normalization;
pub(crate) mod pool;
pub(crate) mod random;
pub(crate) mod rearrange;
pub(crate) mod reduce;
pub(crate) mod scan;
pub(crate) mod scatter;
pub(crate) mod slice;
pub(crate) mod softmax;
pub(crate) mod sort;
pub(crate) mod statistics;
pub(crate) mod unary;
pub(crate) mod upsample;
pub(crate) mod view;

/// Helpers that record the results of operations on one input.
impl Variable {
    /// Records the output `y` of a linear function, whose gradient depends on no element.
    #[track_caller]
    fn linear_in(
        &self,
        y: Tensor,
        node: &'static str,
        rule: impl Fn(Self) -> Result<Self> + Send + Sync + 'static,
    ) -> Result<Self> {
        record(node, &[self]).unary(y, move |g, _| rule(g))
    }

    /// Records `y`. `rule` returns the gradient of the input from the gradient of the output and the input.
    #[track_caller]
    fn of_input(
        &self,
        y: Tensor,
        node: &'static str,
        rule: impl Fn(Self, Self) -> Result<Self> + Send + Sync + 'static,
    ) -> Result<Self> {
        let x = self.save();
        record(node, &[self]).unary(y, move |g, ctx| rule(g, x.get(ctx)?))
    }

    /// Records `y`. `rule` returns the gradient of the input from the gradient of the output and the output.
    #[track_caller]
    fn of_output(
        &self,
        y: Tensor,
        node: &'static str,
        rule: impl Fn(Self, Self) -> Result<Self> + Send + Sync + 'static,
    ) -> Result<Self> {
        record(node, &[self]).saves_output().unary(y, move |g, ctx| rule(g, ctx.output(0)?))
    }

    /// Records `y`. `rule` returns the gradient of the input from the gradient of the output, the input and
    /// the output.
    #[track_caller]
    fn of_both(
        &self,
        y: Tensor,
        node: &'static str,
        rule: impl Fn(Self, Self, Self) -> Result<Self> + Send + Sync + 'static,
    ) -> Result<Self> {
        let x = self.save();
        record(node, &[self]).saves_output().unary(y, move |g, ctx| rule(g, x.get(ctx)?, ctx.output(0)?))
    }

    /// Records `y = f(x)` for a linear `f` without a public method. `transposed` computes its gradient, which
    /// is recorded under the second node name, with the gradient `f`. Both get the size of their result.
    #[track_caller]
    fn linear_pair<F, B>(&self, y: Tensor, nodes: [&'static str; 2], f: F, transposed: B) -> Result<Self>
    where
        F: Fn(&Tensor, &[usize]) -> taper_tensor::Result<Tensor> + Clone + Send + Sync + 'static,
        B: Fn(&Tensor, &[usize]) -> taper_tensor::Result<Tensor> + Clone + Send + Sync + 'static,
    {
        let ([node, back], size) = (nodes, self.size());
        record(node, &[self]).unary(y, move |g, _| {
            let dx = transposed(&g.tensor(), &size)?;
            g.linear_pair(dx, [back, node], transposed.clone(), f.clone())
        })
    }
}
