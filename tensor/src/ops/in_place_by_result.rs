//! Operations that compute a result and copy it into an existing tensor: in-place forms, and PyTorch's
//! `out=`.

use crate::{IntoOperand, Result, Tensor};

/// Calls `$callback!` with the in-place operations that compute a result and copy it, for tensors and
/// variables alike.
#[doc(hidden)]
#[macro_export]
macro_rules! in_place_by_result {
    ($callback:ident) => {
        $callback! {
            fmod_ = fmod(other: impl $crate::IntoOperand<Self>);
            clamp_min_ = clamp_min(min: impl $crate::IntoOperand<Self>);
            clamp_max_ = clamp_max(max: impl $crate::IntoOperand<Self>);
            logical_not_ = logical_not();
            bitwise_not_ = bitwise_not();
            put_ = put(index: &$crate::Tensor, source: impl $crate::AsTensor<Self>);
            scatter_ = scatter(dim: i64, index: &$crate::Tensor, source: impl $crate::IntoOperand<Self>);
            scatter_add_ = scatter_add(dim: i64, index: &$crate::Tensor, source: impl $crate::AsTensor<Self>);
            scatter_reduce_ = scatter_reduce(dim: i64, index: &$crate::Tensor, source: impl $crate::AsTensor<Self>, reduce: $crate::Reduce, include_self: $crate::IncludeSelf);
            index_add_ = index_add(dim: i64, index: &$crate::Tensor, source: impl $crate::AsTensor<Self>);
            masked_scatter_ = masked_scatter(mask: &$crate::Tensor, source: impl $crate::AsTensor<Self>);
            clip_ = clip(min: impl $crate::IntoBound<Self>, max: impl $crate::IntoBound<Self>);
            lerp_ = lerp(end: impl $crate::AsTensor<Self>, weight: impl $crate::IntoOperand<Self>);
            addcmul_ = addcmul(a: impl $crate::AsTensor<Self>, b: impl $crate::AsTensor<Self>, value: impl Into<$crate::Scalar>);
            addcdiv_ = addcdiv(a: impl $crate::AsTensor<Self>, b: impl $crate::AsTensor<Self>, value: impl Into<$crate::Scalar>);
            addmm_ = addmm(a: impl $crate::AsTensor<Self>, b: impl $crate::AsTensor<Self>, beta: impl Into<$crate::Scalar>, alpha: impl Into<$crate::Scalar>);
            addmv_ = addmv(matrix: impl $crate::AsTensor<Self>, vector: impl $crate::AsTensor<Self>, beta: impl Into<$crate::Scalar>, alpha: impl Into<$crate::Scalar>);
            baddbmm_ = baddbmm(a: impl $crate::AsTensor<Self>, b: impl $crate::AsTensor<Self>, beta: impl Into<$crate::Scalar>, alpha: impl Into<$crate::Scalar>);
            nan_to_num_ = nan_to_num(nan: f64, posinf: Option<f64>, neginf: Option<f64>);
            deg2rad_ = deg2rad();
            rad2deg_ = rad2deg();
            cumsum_ = cumsum(dim: i64);
            cumprod_ = cumprod(dim: i64);
            pow_ = pow(other: impl $crate::IntoOperand<Self>);
            masked_fill_ = masked_fill(mask: &$crate::Tensor, value: impl Into<$crate::Scalar>);
            tril_ = tril(diagonal: i64);
            triu_ = triu(diagonal: i64);
        }
    };
}

/// Calls `$callback!` with the in-place operations for which tensors have kernels, while variables compute
/// and copy a result.
#[doc(hidden)]
#[macro_export]
macro_rules! in_place_by_kernel {
    ($callback:ident) => {
        $callback! {
            floor_divide_ = floor_divide(other: impl $crate::IntoOperand<Self>);
            remainder_ = remainder(other: impl $crate::IntoOperand<Self>);
            atan2_ = atan2(other: impl $crate::IntoOperand<Self>);
            hypot_ = hypot(other: impl $crate::IntoOperand<Self>);
            copysign_ = copysign(other: impl $crate::IntoOperand<Self>);
            xlogy_ = xlogy(other: impl $crate::IntoOperand<Self>);
            eq_ = eq(other: impl $crate::IntoOperand<Self>);
            ne_ = ne(other: impl $crate::IntoOperand<Self>);
            lt_ = lt(other: impl $crate::IntoOperand<Self>);
            le_ = le(other: impl $crate::IntoOperand<Self>);
            gt_ = gt(other: impl $crate::IntoOperand<Self>);
            ge_ = ge(other: impl $crate::IntoOperand<Self>);
            logical_and_ = logical_and(other: impl $crate::IntoOperand<Self>);
            logical_or_ = logical_or(other: impl $crate::IntoOperand<Self>);
            logical_xor_ = logical_xor(other: impl $crate::IntoOperand<Self>);
            bitwise_and_ = bitwise_and(other: impl $crate::IntoOperand<Self>);
            bitwise_or_ = bitwise_or(other: impl $crate::IntoOperand<Self>);
            bitwise_xor_ = bitwise_xor(other: impl $crate::IntoOperand<Self>);
            bitwise_left_shift_ = bitwise_left_shift(other: impl $crate::IntoOperand<Self>);
            bitwise_right_shift_ = bitwise_right_shift(other: impl $crate::IntoOperand<Self>);
            gcd_ = gcd(other: impl $crate::IntoOperand<Self>);
            lcm_ = lcm(other: impl $crate::IntoOperand<Self>);
            tan_ = tan();
            asin_ = asin();
            acos_ = acos();
            atan_ = atan();
            sinh_ = sinh();
            cosh_ = cosh();
            asinh_ = asinh();
            acosh_ = acosh();
            atanh_ = atanh();
            log2_ = log2();
            log10_ = log10();
            exp2_ = exp2();
            frac_ = frac();
            lgamma_ = lgamma();
            digamma_ = digamma();
            erfinv_ = erfinv();
            add_ = add(other: impl $crate::IntoOperand<Self>);
            sub_ = sub(other: impl $crate::IntoOperand<Self>);
            mul_ = mul(other: impl $crate::IntoOperand<Self>);
            div_ = div(other: impl $crate::IntoOperand<Self>);
            maximum_ = maximum(other: impl $crate::IntoOperand<Self>);
            minimum_ = minimum(other: impl $crate::IntoOperand<Self>);
            clamp_ = clamp(min: impl $crate::IntoBound<Self>, max: impl $crate::IntoBound<Self>);
            index_fill_ = index_fill(dim: i64, index: &$crate::Tensor, value: impl Into<$crate::Scalar>);
            index_copy_ = index_copy(dim: i64, index: &$crate::Tensor, source: impl $crate::AsTensor<Self>);
            neg_ = neg();
            abs_ = abs();
            sign_ = sign();
            square_ = square();
            relu_ = relu();
            sin_ = sin();
            cos_ = cos();
            erfc_ = erfc();
            floor_ = floor();
            ceil_ = ceil();
            round_ = round();
            trunc_ = trunc();
        }
    };
}

/// Declares in-place forms that compute a result and copy it. Those that every training step needs have
/// kernels of their own (`in_place.rs`, `unary.rs`).
macro_rules! in_place {
    ($($name_:ident = $name:ident($($arg:ident: $ty:ty),*);)*) => {$(
        #[doc = concat!("Applies [`Tensor::", stringify!($name), "`] in place.")]
        ///
        /// # Errors
        #[doc = concat!("If [`Tensor::", stringify!($name), "`] returns an error, the result has another shape than `self`, elements of `self` share a place in memory, or the result is floating point and `self` is not.")]
        pub fn $name_(&self $(, $arg: $ty)*) -> Result<()> {
            self.accept(stringify!($name_), &self.$name($($arg),*)?)
        }
    )*};
}

/// Declares the forms with an `out` argument, which may be any view of the right shape.
macro_rules! out {
    ($($name_out:ident = $name:ident($($arg:ident: $ty:ty),*);)*) => {$(
        #[doc = concat!("Computes [`Tensor::", stringify!($name), "`] into `out`.")]
        ///
        /// # Errors
        #[doc = concat!("If [`Tensor::", stringify!($name), "`] returns an error, the result has another shape than `out`, elements of `out` share a place in memory, or the result is floating point and `out` is not.")]
        pub fn $name_out(&self $(, $arg: $ty)*, out: &Self) -> Result<()> {
            out.accept(stringify!($name_out), &self.$name($($arg),*)?)
        }
    )*};
}

impl Tensor {
    in_place_by_result!(in_place);

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

    /// Copies the result of an operation.
    pub(super) fn accept(&self, op: &'static str, result: &Self) -> Result<()> {
        bail_if!(
            result.size() != self.size(),
            shape(
                op,
                "the result has shape {:?}, but the tensor that receives it has {:?}",
                result.size(),
                self.size()
            )
        );
        self.expect_holds(op, result.dtype)?;
        self.copy_(result)
    }
}
