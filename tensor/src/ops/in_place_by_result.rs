//! Operations whose result goes into a tensor that is there: in place, and PyTorch's `out=`.

use crate::{AsTensor, IntoBound, IntoOperand, Reduce, Result, Scalar, Tensor};

/// In-place forms by way of the result. Those that a step of training repeats have kernels of their own
/// (`inplace.rs`, `unary.rs`).
macro_rules! in_place {
    ($($name_:ident = $name:ident($($arg:ident: $ty:ty),*);)*) => {$(
        #[doc = concat!("[`Tensor::", stringify!($name), "`] in place.")]
        ///
        /// # Errors
        #[doc = concat!("As [`Tensor::", stringify!($name), "`] and [`Tensor::copy_`]; and when the result has another shape, or is a real number that the dtype cannot hold.")]
        pub fn $name_(&self $(, $arg: $ty)*) -> Result<()> {
            self.accept(stringify!($name_), &self.$name($($arg),*)?)
        }
    )*};
}

/// `out` arguments. `out` may be any view of the right shape.
macro_rules! out {
    ($($name_out:ident = $name:ident($($arg:ident: $ty:ty),*);)*) => {$(
        #[doc = concat!("[`Tensor::", stringify!($name), "`], written into `out`.")]
        ///
        /// # Errors
        #[doc = concat!("As [`Tensor::", stringify!($name), "`] and [`Tensor::copy_`]; and when `out` has another shape than the result, or cannot hold its real numbers.")]
        pub fn $name_out(&self $(, $arg: $ty)*, out: &Self) -> Result<()> {
            out.accept(stringify!($name_out), &self.$name($($arg),*)?)
        }
    )*};
}

impl Tensor {
    in_place! {
        pow_ = pow(other: impl IntoOperand);
        masked_fill_ = masked_fill(mask: &Self, value: impl Into<Scalar>);
        fmod_ = fmod(other: impl IntoOperand);
        clamp_min_ = clamp_min(min: impl IntoOperand);
        clamp_max_ = clamp_max(max: impl IntoOperand);
        logical_not_ = logical_not();
        bitwise_not_ = bitwise_not();
        put_ = put(index: &Self, source: impl AsTensor);
        scatter_ = scatter(dim: i64, index: &Self, source: impl IntoOperand);
        scatter_add_ = scatter_add(dim: i64, index: &Self, source: impl AsTensor);
        scatter_reduce_ = scatter_reduce(dim: i64, index: &Self, source: impl AsTensor, reduce: Reduce, include_self: bool);
        index_add_ = index_add(dim: i64, index: &Self, source: impl AsTensor);
        masked_scatter_ = masked_scatter(mask: &Self, source: impl AsTensor);
        clip_ = clip(min: impl IntoBound, max: impl IntoBound);
        lerp_ = lerp(end: impl AsTensor, weight: impl IntoOperand);
        addcmul_ = addcmul(a: impl AsTensor, b: impl AsTensor, value: impl Into<Scalar>);
        addcdiv_ = addcdiv(a: impl AsTensor, b: impl AsTensor, value: impl Into<Scalar>);
        addmm_ = addmm(a: &Self, b: &Self, beta: impl Into<Scalar>, alpha: impl Into<Scalar>);
        addmv_ = addmv(matrix: &Self, vector: &Self, beta: impl Into<Scalar>, alpha: impl Into<Scalar>);
        baddbmm_ = baddbmm(a: &Self, b: &Self, beta: impl Into<Scalar>, alpha: impl Into<Scalar>);
        nan_to_num_ = nan_to_num(nan: f64, posinf: Option<f64>, neginf: Option<f64>);
        deg2rad_ = deg2rad();
        rad2deg_ = rad2deg();
        cumsum_ = cumsum(dim: i64);
        cumprod_ = cumprod(dim: i64);
        tril_ = tril(diagonal: i64);
        triu_ = triu(diagonal: i64);
    }

    out! {
        add_out = add(other: impl IntoOperand);
        sub_out = sub(other: impl IntoOperand);
        mul_out = mul(other: impl IntoOperand);
        div_out = div(other: impl IntoOperand);
        pow_out = pow(other: impl IntoOperand);
        matmul_out = matmul(other: &Self);
        mm_out = mm(other: &Self);
        bmm_out = bmm(other: &Self);
        exp_out = exp();
        sqrt_out = sqrt();
        sum_out = sum();
    }

    /// Takes over an operation's result.
    pub(super) fn accept(&self, op: &'static str, result: &Self) -> Result<()> {
        bail_if!(
            result.size() != self.size(),
            shape(op, "the result has shape {:?}, the tensor for it {:?}", result.size(), self.size())
        );
        self.expect_holds(op, result.dtype)?;
        self.copy_(result)
    }
}
