//! Every operation against numerical derivatives, for inputs of every layout.

use taper_autograd::{
    Conv2dOptions, ConvTranspose2dOptions, GradcheckOptions, Pad, Reduction, Result, Variable, gradcheck,
    gradgradcheck,
};
use taper_tensor::{DType, Device, Generator, Index, PoolOptions, Reduce, Tensor};

/// Where an operation is tried.
#[derive(Clone, Copy)]
enum Domain {
    /// Normal numbers.
    Any,
    /// From 0.2 to 0.8.
    Unit,
    /// From 1.2 to 1.8.
    Positive,
    /// Matrices near the unit matrix, symmetric.
    Matrix,
}
use Domain::{Any, Matrix, Positive, Unit};

/// Whether the second derivative is checked: it jumps, or is 0 everywhere, where it is not.
const SMOOTH: bool = true;
const JUMPS: bool = false;

fn index() -> Tensor {
    Tensor::new([1i64, 0, 1]).unwrap().to(&crate::device()).unwrap()
}

fn places() -> Tensor {
    Tensor::new([[1i64, 0, 1], [0, 1, 1]]).unwrap().to(&crate::device()).unwrap()
}

fn mask() -> Tensor {
    Tensor::new([1u8, 0, 1]).unwrap().to(&crate::device()).unwrap()
}

fn classes() -> Tensor {
    Tensor::new([2i64, 0]).unwrap().to(&crate::device()).unwrap()
}

fn factors() -> Tensor {
    Tensor::new([1.0f64, 0.5]).unwrap().to(&crate::device()).unwrap()
}

fn conv() -> Conv2dOptions {
    Conv2dOptions { stride: (2, 1), padding: (1, 1), ..Conv2dOptions::default() }
}

fn pool() -> PoolOptions {
    PoolOptions { stride: (2, 1), padding: (1, 0), ..PoolOptions::new((2, 3)) }
}

fn dilated() -> PoolOptions {
    PoolOptions { stride: (2, 1), dilation: (1, 2), ceil_mode: true, ..PoolOptions::new((2, 2)) }
}

fn inside() -> PoolOptions {
    PoolOptions { ceil_mode: true, count_include_pad: false, ..pool() }
}

/// The sum of a decomposition's parts, each element times a factor of its own.
macro_rules! decomposed {
    ($x:expr, |$y:ident| $parts:expr) => {{
        let $y = $x;
        let mut sum = $y.sum()?.mul(0.0)?;
        for part in $parts? {
            let factors = Tensor::options().dtype(DType::F64).linspace(0.5, 2.0, part.numel())?;
            let factors = factors.to(&part.device())?.reshape(&part.size()[..])?;
            sum = sum.add(part.mul(factors)?.sum()?)?;
        }
        Ok(sum)
    }};
}

/// An operation, how it is called on each type, and inputs for it.
pub struct Row {
    pub name: &'static str,
    pub tensor: fn(&[Tensor]) -> taper_tensor::Result<Tensor>,
    pub variable: fn(&[Variable]) -> Result<Variable>,
    shapes: &'static [&'static [usize]],
    domain: Domain,
    /// Whether the second derivative is checked.
    smooth: bool,
}

impl Row {
    /// Ordinary inputs.
    pub fn inputs(&self) -> Vec<Tensor> {
        self.shapes.iter().zip(11..).map(|(shape, seed)| values(shape, self.domain, seed)).collect()
    }
}

/// Makes one call of an operation a function of tensors and one of variables: `T` is the type.
macro_rules! table {
    ($(($name:literal, |$v:ident| $call:expr, $shapes:expr, $domain:expr, $smooth:expr $(,)?)),* $(,)?) => {
        /// The operations that have a gradient and are not elementwise.
        const TABLE: &[Row] = &[$(Row {
            name: $name,
            tensor: |$v| {
                #[allow(dead_code)]
                type T = Tensor;
                $call
            },
            variable: |$v| {
                #[allow(dead_code)]
                type T = Variable;
                $call
            },
            shapes: $shapes,
            domain: $domain,
            smooth: $smooth,
        }),*];
    };
}

/// Makes each row of a table of elementwise operations one here, called with the parameters' defaults.
macro_rules! elementwise_rows {
    ($($(#[$doc:meta])* $Type:ident $name:ident $name_:ident ($($p:ident = $default:literal),*) $costs:tt
        value |$x:ident| $value:expr; gradient of $saved:ident |$g:ident, $s:ident| $gradient:expr;)*) => {
        pub const ROWS: &[super::Row] = &[$(super::Row {
            name: stringify!($name),
            tensor: |v| v[0].$name($($default),*),
            variable: |v| v[0].$name($($default),*),
            shapes: &[&[2, 3]],
            domain: DOMAIN,
            smooth: true,
        }),*];
    };
}

mod activations {
    const DOMAIN: super::Domain = super::Any;
    taper_tensor::activations!(elementwise_rows);
}

mod functions {
    const DOMAIN: super::Domain = super::Positive;
    taper_tensor::functions!(elementwise_rows);
}

/// Returns the operations that have a gradient.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    TABLE.iter().chain(activations::ROWS).chain(functions::ROWS)
}

table! {
    ("add", |v| v[0].add(&v[1]), &[&[2, 3], &[3]], Any, SMOOTH),
    ("sub", |v| v[0].sub(&v[1]), &[&[2, 3], &[2, 1]], Any, SMOOTH),
    ("mul", |v| v[0].mul(&v[1]), &[&[2, 3], &[3]], Any, SMOOTH),
    ("div", |v| v[0].div(&v[1]), &[&[2, 3], &[3]], Positive, SMOOTH),
    ("rsub", |v| v[0].rsub(2), &[&[2, 3]], Any, SMOOTH),
    ("rdiv", |v| v[0].rdiv(2.5), &[&[2, 3]], Positive, SMOOTH),
    ("copysign", |v| v[0].copysign(&v[1]), &[&[2, 3], &[3]], Any, JUMPS),
    ("fmod", |v| v[0].fmod(&v[1]), &[&[2, 3], &[3]], Unit, JUMPS),
    ("fmod", |v| v[0].fmod(-0.3), &[&[2, 3]], Unit, JUMPS),
    ("remainder", |v| v[0].remainder(&v[1]), &[&[2, 3], &[3]], Positive, JUMPS),
    ("atan2", |v| v[0].atan2(&v[1]), &[&[2, 3], &[3]], Positive, SMOOTH),
    ("hypot", |v| v[0].hypot(&v[1]), &[&[2, 3], &[3]], Positive, SMOOTH),
    ("logaddexp", |v| v[0].logaddexp(&v[1]), &[&[2, 3], &[3]], Any, SMOOTH),
    ("xlogy", |v| v[0].xlogy(&v[1]), &[&[2, 3], &[3]], Positive, SMOOTH),
    ("fmax", |v| v[0].fmax(&v[1]), &[&[2, 3], &[3]], Any, JUMPS),
    ("fmin", |v| v[0].fmin(&v[1]), &[&[2, 3], &[3]], Any, JUMPS),
    ("nan_to_num", |v| v[0].nan_to_num(0.0, None, None), &[&[2, 3]], Any, SMOOTH),
    ("addcmul", |v| v[0].addcmul(&v[1], &v[2], 0.7), &[&[2, 3], &[3], &[2, 1]], Any, SMOOTH),
    ("addcdiv", |v| v[0].addcdiv(&v[1], &v[2], 0.7), &[&[2, 3], &[3], &[2, 1]], Positive, SMOOTH),
    ("neg", |v| v[0].neg(), &[&[2, 3]], Any, SMOOTH),
    ("pow", |v| v[0].pow(&v[1]), &[&[2, 3], &[3]], Positive, SMOOTH),
    ("pow", |v| v[0].pow(2.5), &[&[2, 3]], Positive, SMOOTH),
    ("maximum", |v| v[0].maximum(&v[1]), &[&[2, 3], &[2, 3]], Any, JUMPS),
    ("minimum", |v| v[0].minimum(0.1), &[&[2, 3]], Any, JUMPS),
    ("lerp", |v| v[0].lerp(&v[1], 0.3), &[&[2, 3], &[2, 3]], Any, SMOOTH),
    ("maximum", |v| v[0].maximum(0.1), &[&[2, 3]], Any, JUMPS),
    ("fmin", |v| v[0].fmin(0.1), &[&[2, 3]], Any, JUMPS),
    ("clamp", |v| v[0].clamp(-0.5, 0.5), &[&[2, 3]], Any, JUMPS),
    ("clamp", |v| v[0].clamp((), &v[1]), &[&[2, 3], &[3]], Any, JUMPS),
    ("clip", |v| v[0].clip(&v[1], &v[2]), &[&[2, 3], &[3], &[2, 1]], Any, JUMPS),
    ("clamp_min", |v| v[0].clamp_min(&v[1]), &[&[2, 3], &[3]], Any, JUMPS),
    ("clamp_max", |v| v[0].clamp_max(0.1), &[&[2, 3]], Any, JUMPS),
    ("where_", |v| v[0].where_(&mask(), &v[1]), &[&[2, 3], &[3]], Any, SMOOTH),
    ("where_", |v| v[0].where_(&mask(), 0.5), &[&[2, 1]], Any, SMOOTH),
    ("masked_fill", |v| v[0].masked_fill(&mask(), 2.0), &[&[2, 3]], Any, SMOOTH),
    ("masked_fill", |v| v[0].masked_fill(&places(), 2), &[&[3]], Any, SMOOTH),
    ("masked_scatter", |v| v[0].masked_scatter(&mask(), &v[1]), &[&[2, 3], &[2, 3]], Any, SMOOTH),
    ("masked_scatter", |v| v[0].masked_scatter(&places(), &v[1]), &[&[3], &[2, 3]], Any, SMOOTH),
    ("put", |v| v[0].put(&Tensor::new([-1i64, 0])?, &v[1]), &[&[2, 3], &[2]], Any, SMOOTH),
    ("logit", |v| v[0].logit(None), &[&[2, 3]], Unit, SMOOTH),
    ("logit", |v| v[0].logit(Some(0.4)), &[&[2, 3]], Unit, JUMPS),
    ("sinc", |v| v[0].sinc(), &[&[2, 3]], Positive, SMOOTH),
    ("deg2rad", |v| v[0].deg2rad(), &[&[2, 3]], Any, SMOOTH),
    ("rad2deg", |v| v[0].rad2deg(), &[&[2, 3]], Any, SMOOTH),
    ("log2", |v| v[0].log2(), &[&[2, 3]], Positive, SMOOTH),
    ("log10", |v| v[0].log10(), &[&[2, 3]], Positive, SMOOTH),
    ("square", |v| v[0].square(), &[&[2, 3]], Any, SMOOTH),
    ("abs", |v| v[0].abs(), &[&[2, 3]], Any, JUMPS),
    ("sin", |v| v[0].sin(), &[&[2, 3]], Any, SMOOTH),
    ("cos", |v| v[0].cos(), &[&[2, 3]], Any, SMOOTH),
    ("tan", |v| v[0].tan(), &[&[2, 3]], Unit, SMOOTH),
    ("asin", |v| v[0].asin(), &[&[2, 3]], Unit, SMOOTH),
    ("acos", |v| v[0].acos(), &[&[2, 3]], Unit, SMOOTH),
    ("atan", |v| v[0].atan(), &[&[2, 3]], Any, SMOOTH),
    ("sinh", |v| v[0].sinh(), &[&[2, 3]], Any, SMOOTH),
    ("cosh", |v| v[0].cosh(), &[&[2, 3]], Any, SMOOTH),
    ("asinh", |v| v[0].asinh(), &[&[2, 3]], Any, SMOOTH),
    ("acosh", |v| v[0].acosh(), &[&[2, 3]], Positive, SMOOTH),
    ("atanh", |v| v[0].atanh(), &[&[2, 3]], Unit, SMOOTH),
    ("exp2", |v| v[0].exp2(), &[&[2, 3]], Any, SMOOTH),
    ("frac", |v| v[0].frac(), &[&[2, 3]], Unit, SMOOTH),
    ("erfc", |v| v[0].erfc(), &[&[2, 3]], Any, SMOOTH),
    ("erfinv", |v| v[0].erfinv(), &[&[2, 3]], Unit, SMOOTH),
    ("lgamma", |v| v[0].lgamma(), &[&[2, 3]], Positive, SMOOTH),
    ("digamma", |v| v[0].digamma(), &[&[2, 3]], Positive, SMOOTH),
    ("polygamma", |v| v[0].polygamma(2), &[&[2, 3]], Positive, SMOOTH),
    ("sign", |v| v[0].sign(), &[&[2, 3]], Any, JUMPS),
    ("floor", |v| v[0].floor(), &[&[2, 3]], Unit, JUMPS),
    ("ceil", |v| v[0].ceil(), &[&[2, 3]], Unit, JUMPS),
    ("round", |v| v[0].round(), &[&[2, 3]], Any, JUMPS),
    ("trunc", |v| v[0].trunc(), &[&[2, 3]], Any, JUMPS),
    ("relu", |v| v[0].relu(), &[&[2, 3]], Any, JUMPS),
    ("prelu", |v| v[0].prelu(&v[1]), &[&[2, 3], &[3]], Any, JUMPS),
    ("dropout", |v| v[0].dropout(0.5, Some(&Generator::new(3))), &[&[2, 3]], Any, SMOOTH),
    ("feature_dropout", |v| v[0].feature_dropout(0.5, Some(&Generator::new(3))), &[&[2, 3, 2]], Any, SMOOTH),
    ("sum", |v| v[0].sum(), &[&[2, 3]], Any, SMOOTH),
    ("sum_dim", |v| v[0].sum_dim((0, -1), true), &[&[2, 3, 2]], Any, SMOOTH),
    ("sum_to", |v| v[0].sum_to(&[3]), &[&[2, 3]], Any, SMOOTH),
    ("mean", |v| v[0].mean(), &[&[2, 3]], Any, SMOOTH),
    ("mean_dim", |v| v[0].mean_dim(1, false), &[&[2, 3]], Any, SMOOTH),
    ("var", |v| v[0].var(1, 1.0, false), &[&[2, 3]], Any, SMOOTH),
    ("var", |v| v[0].var((), 0.0, true), &[&[2, 3]], Any, SMOOTH),
    (
        "std",
        |v| v[0].mul(Tensor::new([1.0f64, 2.0, 4.0])?.to(&v[0].device())?)?.std(1, 1.0, true),
        &[&[2, 3]],
        Positive,
        SMOOTH,
    ),
    (
        "std_mean",
        |v| {
            let factors = Tensor::new([1.0f64, 2.0, 4.0])?.to(&v[0].device())?;
            let (std, mean) = v[0].mul(factors)?.std_mean(1, 0.5, false)?;
            std.mul(mean)
        },
        &[&[2, 3]],
        Positive,
        SMOOTH,
    ),
    (
        "var_mean",
        |v| {
            let (var, mean) = v[0].var_mean((0, 2), 1.0, true)?;
            var.mul(mean)
        },
        &[&[2, 3, 2]],
        Any,
        SMOOTH,
    ),
    ("quantile", |v| v[0].quantile(&factors(), 1, true), &[&[2, 3]], Any, JUMPS),
    ("quantile", |v| v[0].quantile(&Tensor::new(0.3f64)?, -1, false), &[&[2, 4]], Any, JUMPS),
    (
        "corrcoef",
        |v| {
            let factors = Tensor::new([[1.0f64, 2.0, 4.0], [3.0, 1.0, 2.0]])?.to(&v[0].device())?;
            v[0].mul(factors)?.corrcoef()
        },
        &[&[2, 3]],
        Positive,
        SMOOTH,
    ),
    ("dist", |v| v[0].dist(&v[1], 3.0), &[&[2, 3], &[3]], Any, SMOOTH),
    ("nansum", |v| v[0].nansum(1, false), &[&[2, 3]], Any, SMOOTH),
    ("nanmean", |v| v[0].nanmean((), false), &[&[2, 3]], Any, SMOOTH),
    ("norm", |v| v[0].norm(), &[&[2, 3]], Any, SMOOTH),
    ("norm_p", |v| v[0].norm_p(3.0, 1, false), &[&[2, 3]], Positive, SMOOTH),
    ("norm_p", |v| v[0].norm_p(1.0, (), true), &[&[2, 3]], Any, JUMPS),
    ("logsumexp", |v| v[0].logsumexp(1, false), &[&[2, 3]], Any, SMOOTH),
    ("logcumsumexp", |v| v[0].logcumsumexp(-1), &[&[2, 5]], Any, SMOOTH),
    ("cumsum", |v| v[0].cumsum(-1), &[&[2, 3]], Any, SMOOTH),
    ("prod", |v| v[0].prod(), &[&[2, 3]], Any, SMOOTH),
    ("max", |v| v[0].max(), &[&[2, 3]], Any, JUMPS),
    ("min", |v| v[0].min(), &[&[2, 3]], Any, JUMPS),
    ("amax", |v| v[0].amax((0, 2), true), &[&[2, 3, 2]], Any, JUMPS),
    ("amin", |v| v[0].amin(1, false), &[&[2, 3]], Any, JUMPS),
    (
        "aminmax",
        |v| {
            let (min, max) = v[0].aminmax(1, true)?;
            max.sub(min)
        },
        &[&[2, 3]],
        Any,
        JUMPS,
    ),
    ("max_dim", |v| Ok(v[0].max_dim(1, false)?.0), &[&[2, 3]], Any, JUMPS),
    ("min_dim", |v| Ok(v[0].min_dim(-1, true)?.0), &[&[2, 3]], Any, JUMPS),
    ("sort", |v| Ok(v[0].sort(1, true)?.0), &[&[2, 3]], Any, JUMPS),
    ("topk", |v| Ok(v[0].topk(2, 1, true)?.0), &[&[2, 3]], Any, JUMPS),
    ("topk", |v| Ok(v[0].topk(2, 1, false)?.0), &[&[2, 3]], Any, JUMPS),
    ("kthvalue", |v| Ok(v[0].kthvalue(2, 1, true)?.0), &[&[2, 3]], Any, JUMPS),
    ("mode", |v| Ok(v[0].mode(1, false)?.0), &[&[2, 3]], Any, JUMPS),
    ("median", |v| v[0].narrow(0, 0, 1)?.median(), &[&[2, 3]], Any, JUMPS),
    ("median_dim", |v| Ok(v[0].median_dim(1, false)?.0), &[&[2, 3]], Any, JUMPS),
    ("cummax", |v| Ok(v[0].cummax(1)?.0), &[&[2, 3]], Any, JUMPS),
    ("cummin", |v| Ok(v[0].cummin(1)?.0), &[&[2, 3]], Any, JUMPS),
    ("softmax", |v| v[0].softmax(1), &[&[2, 3]], Any, SMOOTH),
    ("log_softmax", |v| v[0].log_softmax(0), &[&[2, 3]], Any, SMOOTH),
    ("reshape", |v| v[0].reshape((3, 2)), &[&[2, 3]], Any, SMOOTH),
    ("flatten", |v| v[0].flatten(1), &[&[2, 3, 2]], Any, SMOOTH),
    ("transpose", |v| v[0].transpose(0, 1), &[&[2, 3]], Any, SMOOTH),
    ("permute", |v| v[0].permute((2, 0, -2)), &[&[2, 3, 2]], Any, SMOOTH),
    ("t", |v| v[0].t(), &[&[2, 3]], Any, SMOOTH),
    ("expand", |v| v[0].expand((2, 3, 2)), &[&[3, 1]], Any, SMOOTH),
    ("unsqueeze", |v| v[0].unsqueeze(-1), &[&[2, 3]], Any, SMOOTH),
    ("squeeze", |v| v[0].squeeze(1), &[&[2, 1, 3]], Any, SMOOTH),
    ("squeeze", |v| v[0].squeeze(()), &[&[2, 1, 3, 1]], Any, SMOOTH),
    ("flatten", |v| v[0].flatten((0, 1)), &[&[2, 3, 2]], Any, SMOOTH),
    ("view", |v| v[0].reshape((3, 2))?.mul(1.0)?.view((2, -1)), &[&[2, 3]], Any, SMOOTH),
    ("movedim", |v| v[0].movedim((0, 2), (-1, 0)), &[&[2, 3, 2]], Any, SMOOTH),
    ("moveaxis", |v| v[0].moveaxis(0, -1), &[&[2, 3, 2]], Any, SMOOTH),
    ("swapdims", |v| v[0].swapdims(0, 1), &[&[2, 3]], Any, SMOOTH),
    ("ravel", |v| v[0].ravel(), &[&[2, 3]], Any, SMOOTH),
    ("view_as", |v| v[0].copy()?.view_as(&v[1])?.mul(&v[1]), &[&[2, 3], &[3, 2]], Any, SMOOTH),
    ("reshape_as", |v| v[0].reshape_as(&v[1])?.mul(&v[1]), &[&[2, 3], &[3, 2]], Any, SMOOTH),
    ("broadcast_to", |v| v[0].broadcast_to((2, 3)), &[&[3]], Any, SMOOTH),
    (
        "broadcast_tensors",
        |v| {
            let wide = T::broadcast_tensors(v)?;
            wide[0].mul(&wide[1])
        },
        &[&[2, 1], &[3]],
        Any,
        SMOOTH,
    ),
    ("contiguous", |v| v[0].t()?.contiguous(), &[&[2, 3]], Any, SMOOTH),
    ("copy", |v| v[0].copy(), &[&[2, 3]], Any, SMOOTH),
    ("swapaxes", |v| v[0].swapaxes(0, -1), &[&[2, 3, 2]], Any, SMOOTH),
    ("mt", |v| v[0].mt(), &[&[2, 3, 2]], Any, SMOOTH),
    ("unflatten", |v| v[0].unflatten(1, (2, -1)), &[&[2, 4]], Any, SMOOTH),
    ("diagonal", |v| v[0].diagonal(1, 0, -1), &[&[2, 2, 3]], Any, SMOOTH),
    ("trace", |v| v[0].trace(), &[&[2, 3]], Any, SMOOTH),
    ("expand_as", |v| v[0].expand_as(&v[1])?.mul(&v[1]), &[&[3], &[2, 3]], Any, SMOOTH),
    ("tile", |v| v[0].tile(2), &[&[2, 3]], Any, SMOOTH),
    ("repeat_interleave", |v| v[0].repeat_interleave(2, -1), &[&[2, 3]], Any, SMOOTH),
    ("split_sizes", |v| Ok(v[0].split_sizes(&[1, 2], 1)?.remove(1)), &[&[2, 3]], Any, SMOOTH),
    ("unbind", |v| Ok(v[0].unbind(1)?.remove(1)), &[&[2, 3]], Any, SMOOTH),
    (
        "meshgrid",
        |v| {
            let grids = T::meshgrid(v)?;
            grids[0].mul(&grids[1])
        },
        &[&[2], &[3]],
        Any,
        SMOOTH,
    ),
    ("i", |v| v[0].i((.., Index::step(.., 2))), &[&[2, 3]], Any, SMOOTH),
    ("i", |v| v[0].i((.., index())), &[&[2, 3]], Any, SMOOTH),
    ("i", |v| v[0].i((-1, mask())), &[&[2, 3]], Any, SMOOTH),
    ("take", |v| v[0].take(&places().neg()?), &[&[2, 3]], Any, SMOOTH),
    ("masked_select", |v| v[0].masked_select(&mask()), &[&[2, 3]], Any, SMOOTH),
    ("take_along_dim", |v| v[0].take_along_dim(&Tensor::new([[1i64], [0]])?, 1), &[&[1, 3]], Any, SMOOTH),
    ("scatter", |v| v[0].scatter(1, &places(), 0.5), &[&[2, 3]], Any, SMOOTH),
    (
        "scatter",
        |v| v[0].scatter(1, &Tensor::new([[1i64, 0], [2, 1]])?, &v[1]),
        &[&[2, 3], &[2, 3]],
        Any,
        SMOOTH,
    ),
    ("index_fill", |v| v[0].index_fill(1, &index(), 2.0), &[&[2, 3]], Any, SMOOTH),
    ("index_copy", |v| v[0].index_copy(1, &Tensor::new([2i64, 0])?, &v[1]), &[&[2, 3], &[2, 2]], Any, SMOOTH),
    ("mm", |v| v[0].mm(&v[1]), &[&[2, 3], &[3, 2]], Any, SMOOTH),
    ("mv", |v| v[0].mv(&v[1]), &[&[2, 3], &[3]], Any, SMOOTH),
    ("baddbmm", |v| v[0].baddbmm(&v[1], &v[2], 1, 1), &[&[2], &[2, 2, 3], &[2, 3, 2]], Any, SMOOTH),
    ("tensordot", |v| v[0].tensordot(&v[1], 2), &[&[2, 3, 2], &[3, 2, 2]], Any, SMOOTH),
    ("einsum", |v| T::einsum("bij,bjk->bik", &[&v[0], &v[1]]), &[&[2, 2, 3], &[2, 3, 2]], Any, SMOOTH),
    (
        "einsum",
        |v| T::einsum("ii,ij,k->jk", &[&v[0], &v[1], &v[2]]),
        &[&[3, 3], &[3, 2], &[2]],
        Any,
        SMOOTH,
    ),
    ("einsum", |v| T::einsum("...i,i->...", &[&v[0], &v[1]]), &[&[2, 3], &[3]], Any, SMOOTH),
    ("cross", |v| v[0].cross(&v[1], -1), &[&[2, 3], &[1, 3]], Any, SMOOTH),
    ("cov", |v| v[0].cov(1), &[&[2, 3]], Any, SMOOTH),
    ("diff", |v| v[0].diff(2, -1), &[&[2, 4]], Any, SMOOTH),
    ("cumprod", |v| v[0].cumprod(-1), &[&[2, 5]], Any, SMOOTH),
    ("cumprod", |v| v[0].cumprod(0), &[&[3, 2]], Any, SMOOTH),
    ("prod_dim", |v| v[0].prod_dim((0, 2), true), &[&[2, 3, 3]], Any, SMOOTH),
    ("prod_dim", |v| v[0].prod_dim((2, 0), false), &[&[2, 3, 3]], Any, SMOOTH),
    ("narrow", |v| v[0].narrow(-1, -2, 2), &[&[2, 3]], Any, SMOOTH),
    ("select", |v| v[0].select(-1, -1), &[&[2, 3]], Any, SMOOTH),
    ("slice", |v| v[0].slice(1, None, Some(3), 2), &[&[2, 3]], Any, SMOOTH),
    ("slice", |v| v[0].slice(-1, Some(1), Some(-1), 1), &[&[2, 3]], Any, SMOOTH),
    ("tensor_split", |v| Ok(v[0].tensor_split(2, 1)?.remove(0)), &[&[2, 3]], Any, SMOOTH),
    ("unfold", |v| v[0].unfold(1, 2, 1), &[&[2, 4]], Any, SMOOTH),
    ("as_strided", |v| v[0].copy()?.as_strided((3, 2), (1, 2), None), &[&[2, 3]], Any, SMOOTH),
    (
        "as_strided",
        |v| v[0].copy()?.narrow(0, 1, 1)?.as_strided((2, 2), (1, 2), Some(1)),
        &[&[2, 3]],
        Any,
        SMOOTH,
    ),
    ("flip", |v| v[0].flip((0, 1)), &[&[2, 3]], Any, SMOOTH),
    ("fliplr", |v| v[0].fliplr(), &[&[2, 3]], Any, SMOOTH),
    ("flipud", |v| v[0].flipud(), &[&[2, 3]], Any, SMOOTH),
    ("rot90", |v| v[0].rot90(1, (0, 1)), &[&[2, 3]], Any, SMOOTH),
    ("rot90", |v| v[0].rot90(-1, (2, 0)), &[&[2, 3, 2]], Any, SMOOTH),
    ("rot90", |v| v[0].rot90(4, (0, 1)), &[&[2, 3]], Any, SMOOTH),
    ("diag_embed", |v| v[0].diag_embed(-1), &[&[2, 3]], Any, SMOOTH),
    ("roll", |v| v[0].roll(-4, 1), &[&[2, 3]], Any, SMOOTH),
    ("tril", |v| v[0].tril(0), &[&[2, 3]], Any, SMOOTH),
    ("triu", |v| v[0].triu(1), &[&[2, 3]], Any, SMOOTH),
    ("diag", |v| v[0].diag(1), &[&[2, 3]], Any, SMOOTH),
    ("diag", |v| v[0].diag(-1), &[&[3]], Any, SMOOTH),
    ("cat", |v| T::cat(v, 1), &[&[2, 3], &[2, 1]], Any, SMOOTH),
    ("cat", |v| T::cat(&[&v[0].to_dtype(DType::F64)?, &v[1]], 0), &[&[2, 3], &[0]], Any, SMOOTH),
    ("hstack", |v| T::hstack(v), &[&[2, 3], &[2, 1]], Any, SMOOTH),
    ("vstack", |v| T::vstack(v), &[&[2, 3], &[3]], Any, SMOOTH),
    ("dstack", |v| T::dstack(v), &[&[2, 3], &[2, 3, 2]], Any, SMOOTH),
    ("stack", |v| T::stack(v, -1), &[&[2, 3], &[2, 3]], Any, SMOOTH),
    ("split", |v| Ok(v[0].split(2, 1)?.remove(1)), &[&[2, 3]], Any, SMOOTH),
    ("chunk", |v| Ok(v[0].chunk(2, 1)?.remove(0)), &[&[2, 3]], Any, SMOOTH),
    ("repeat", |v| v[0].repeat((2, 1, 3)), &[&[2, 3]], Any, SMOOTH),
    ("pad", |v| v[0].pad([1, -1], Pad::Constant(0.5)), &[&[2, 3]], Any, SMOOTH),
    ("pad", |v| v[0].pad([0, 2, -1, 1], Pad::Constant(0.5)), &[&[2, 3]], Any, SMOOTH),
    ("pad", |v| v[0].pad([1, 2], Pad::Reflect), &[&[2, 3]], Any, SMOOTH),
    ("pad", |v| v[0].pad([1, 2], Pad::Replicate), &[&[2, 3]], Any, SMOOTH),
    ("pad", |v| v[0].pad([1, 2], Pad::Circular), &[&[2, 3]], Any, SMOOTH),
    ("gather", |v| v[0].gather(1, &places()), &[&[2, 3]], Any, SMOOTH),
    ("scatter_add", |v| v[0].scatter_add(1, &places(), &v[1]), &[&[2, 3], &[2, 3]], Any, SMOOTH),
    ("scatter_add", |v| v[0].scatter_add(1, &places(), &v[1]), &[&[2, 3], &[3, 4]], Any, SMOOTH),
    (
        "scatter_reduce",
        |v| v[0].scatter_reduce(1, &places(), &v[1], Reduce::Sum, false),
        &[&[2, 3], &[2, 4]],
        Any,
        SMOOTH,
    ),
    (
        "scatter_reduce",
        |v| v[0].scatter_reduce(1, &places(), &v[1], Reduce::Mean, true),
        &[&[2, 3], &[2, 3]],
        Any,
        SMOOTH,
    ),
    (
        "scatter_reduce",
        |v| v[0].scatter_reduce(0, &places(), &v[1], Reduce::Mean, false),
        &[&[3, 3], &[2, 3]],
        Any,
        SMOOTH,
    ),
    (
        "scatter_reduce",
        |v| v[0].scatter_reduce(1, &places(), &v[1], Reduce::Prod, true),
        &[&[2, 3], &[2, 3]],
        Any,
        SMOOTH,
    ),
    (
        // Some are 0.
        "scatter_reduce",
        |v| {
            v[0].scatter_reduce(
                1,
                &places(),
                &v[1].mul(mask().to_dtype(DType::F64)?)?,
                Reduce::Prod,
                true,
            )
        },
        &[&[2, 3], &[2, 3]],
        Any,
        JUMPS,
    ),
    (
        "scatter_reduce",
        |v| v[0].scatter_reduce(1, &places(), &v[1], Reduce::Prod, false),
        &[&[2, 3], &[2, 3]],
        Any,
        SMOOTH,
    ),
    (
        "scatter_reduce",
        |v| v[0].scatter_reduce(1, &places(), &v[1], Reduce::Amax, true),
        &[&[2, 3], &[2, 3]],
        Any,
        JUMPS,
    ),
    (
        "scatter_reduce",
        |v| v[0].scatter_reduce(1, &places(), &v[1], Reduce::Amin, false),
        &[&[2, 3], &[2, 3]],
        Any,
        JUMPS,
    ),
    ("index_select", |v| v[0].index_select(1, &index()), &[&[2, 3]], Any, SMOOTH),
    ("index_add", |v| v[0].index_add(1, &index(), &v[1]), &[&[2, 3], &[2, 3]], Any, SMOOTH),
    ("embedding", |v| v[0].embedding(&places(), None), &[&[2, 3]], Any, SMOOTH),
    ("matmul", |v| v[0].matmul(&v[1]), &[&[2, 3], &[3, 2]], Any, SMOOTH),
    ("bmm", |v| v[0].bmm(&v[1]), &[&[2, 2, 3], &[2, 3, 2]], Any, SMOOTH),
    ("addmm", |v| v[0].addmm(&v[1], &v[2], 1, 1), &[&[2], &[2, 3], &[3, 2]], Any, SMOOTH),
    ("outer", |v| v[0].outer(&v[1]), &[&[2], &[3]], Any, SMOOTH),
    ("dot", |v| v[0].dot(&v[1]), &[&[3], &[3]], Any, SMOOTH),
    ("linear", |v| v[0].linear(&v[1], Some(&v[2])), &[&[2, 3], &[2, 3], &[2]], Any, SMOOTH),
    ("inverse", |v| v[0].inverse(), &[&[3, 3]], Matrix, SMOOTH),
    ("det", |v| v[0].det(), &[&[3, 3]], Matrix, SMOOTH),
    ("solve", |v| v[0].solve(&v[1]), &[&[3, 3], &[3, 3]], Matrix, SMOOTH),
    ("slogdet", |v| Ok(v[0].slogdet()?.1), &[&[3, 3]], Matrix, SMOOTH),
    ("matrix_power", |v| v[0].matrix_power(3), &[&[3, 3]], Matrix, SMOOTH),
    ("matrix_power", |v| v[0].matrix_power(-1), &[&[3, 3]], Matrix, SMOOTH),
    ("pinv", |v| v[0].narrow(-1, 0, 2)?.pinv(), &[&[3, 3]], Matrix, SMOOTH),
    ("pinv", |v| v[0].pinv(), &[&[3, 3]], Matrix, SMOOTH),
    ("svdvals", |v| v[0].svdvals(), &[&[3, 3]], Matrix, SMOOTH),
    ("eigvalsh", |v| v[0].add(v[0].mt()?)?.eigvalsh(), &[&[3, 3]], Matrix, SMOOTH),
    ("qr", |v| decomposed!(&v[0], |x| x.qr().map(|(q, r)| vec![q, r])), &[&[3, 3]], Matrix, SMOOTH),
    (
        "qr",
        |v| decomposed!(&v[0].narrow(-2, 0, 2)?, |x| x.qr().map(|(q, r)| vec![q, r])),
        &[&[3, 3]],
        Matrix,
        SMOOTH,
    ),
    (
        "qr",
        |v| decomposed!(&v[0].narrow(-1, 0, 2)?, |x| x.qr().map(|(q, r)| vec![q, r])),
        &[&[3, 3]],
        Matrix,
        SMOOTH,
    ),
    ("svd", |v| decomposed!(&v[0], |x| x.svd().map(|(u, s, vt)| vec![u, s, vt])), &[&[3, 3]], Matrix, SMOOTH),
    (
        "svd",
        |v| decomposed!(&v[0].narrow(-2, 0, 2)?, |x| x.svd().map(|(u, s, vt)| vec![u, s, vt])),
        &[&[3, 3]],
        Matrix,
        SMOOTH,
    ),
    (
        "svd",
        |v| decomposed!(&v[0].narrow(-1, 0, 2)?, |x| x.svd().map(|(u, s, vt)| vec![u, s, vt])),
        &[&[3, 3]],
        Matrix,
        SMOOTH,
    ),
    (
        "eigh",
        |v| decomposed!(&v[0].add(v[0].mt()?)?, |x| x.eigh().map(|(l, v)| vec![l, v])),
        &[&[3, 3]],
        Matrix,
        SMOOTH,
    ),
    ("cholesky", |v| v[0].add(v[0].transpose(-1, -2)?)?.cholesky(), &[&[3, 3]], Matrix, SMOOTH),
    (
        "conv2d",
        |v| v[0].conv2d(&v[1], Some(&v[2]), conv()),
        &[&[1, 2, 4, 3], &[2, 2, 3, 2], &[2]],
        Any,
        SMOOTH,
    ),
    ("conv1d", |v| v[0].conv1d(&v[1], None, conv()), &[&[1, 2, 4], &[2, 2, 3]], Any, SMOOTH),
    (
        "conv_transpose2d",
        |v| {
            let options = ConvTranspose2dOptions { conv: conv(), output_padding: (1, 0) };
            v[0].conv_transpose2d(&v[1], Some(&v[2]), options)
        },
        &[&[1, 2, 2, 3], &[2, 2, 3, 2], &[2]],
        Any,
        SMOOTH,
    ),
    ("max_pool2d", |v| v[0].max_pool2d(2), &[&[1, 2, 4, 5]], Any, JUMPS),
    ("max_pool2d", |v| v[0].max_pool2d(pool()), &[&[1, 2, 4, 5]], Any, JUMPS),
    ("max_pool2d", |v| v[0].max_pool2d(dilated()), &[&[1, 2, 5, 5]], Any, JUMPS),
    (
        "max_pool2d_with_indices",
        |v| Ok(v[0].max_pool2d_with_indices(pool())?.0),
        &[&[1, 2, 4, 5]],
        Any,
        JUMPS,
    ),
    ("adaptive_max_pool2d", |v| Ok(v[0].adaptive_max_pool2d((2, 3))?.0), &[&[1, 2, 3, 4]], Any, JUMPS),
    ("avg_pool2d", |v| v[0].avg_pool2d(pool()), &[&[1, 2, 4, 5]], Any, SMOOTH),
    ("avg_pool2d", |v| v[0].avg_pool2d(inside()), &[&[1, 2, 4, 5]], Any, SMOOTH),
    ("adaptive_avg_pool2d", |v| v[0].adaptive_avg_pool2d((2, 3)), &[&[1, 2, 3, 4]], Any, SMOOTH),
    ("upsample_nearest2d", |v| v[0].upsample_nearest2d((3, 5)), &[&[1, 2, 2, 3]], Any, SMOOTH),
    ("upsample_bilinear2d", |v| v[0].upsample_bilinear2d((3, 5), true), &[&[1, 2, 2, 3]], Any, SMOOTH),
    (
        "layer_norm",
        |v| v[0].layer_norm(&[3], Some(&v[1]), Some(&v[2]), 0.1),
        &[&[2, 3], &[3], &[3]],
        Any,
        SMOOTH,
    ),
    (
        "group_norm",
        |v| v[0].group_norm(2, Some(&v[1]), Some(&v[2]), 0.1),
        &[&[1, 4, 2], &[4], &[4]],
        Any,
        SMOOTH,
    ),
    ("rms_norm", |v| v[0].rms_norm(&[3], Some(&v[1]), Some(0.1)), &[&[2, 3], &[3]], Any, SMOOTH),
    ("instance_norm", |v| v[0].instance_norm(Some(&v[1]), None, 0.1), &[&[1, 2, 3], &[2]], Any, SMOOTH),
    (
        "batch_norm",
        |v| Ok(v[0].batch_norm(Some(&v[1]), Some(&v[2]), 0.1)?.0),
        &[&[3, 2], &[2], &[2]],
        Any,
        SMOOTH,
    ),
    (
        "batch_norm_with",
        |v| {
            v[0].batch_norm_with(
                &Tensor::new([0.1f64, 0.2])?,
                &Tensor::new([1.0f64, 2.0])?,
                Some(&v[1]),
                None,
                0.1,
            )
        },
        &[&[3, 2], &[2]],
        Any,
        SMOOTH,
    ),
    ("to_dtype", |v| v[0].to_dtype(DType::F64), &[&[2, 3]], Any, SMOOTH),
    ("to", |v| v[0].to(&Device::cpu()), &[&[2, 3]], Any, SMOOTH),
    ("cross_entropy", |v| v[0].cross_entropy(&classes(), &factors(), true), &[&[2, 3]], Any, SMOOTH),
    ("cross_entropy", |v| v[0].cross_entropy(&classes(), &factors(), false), &[&[2, 3]], Any, SMOOTH),
    ("nll_loss", |v| v[0].nll_loss(&classes(), &factors(), true), &[&[2, 3]], Any, SMOOTH),
    ("nll_loss", |v| v[0].nll_loss(&classes(), &factors(), false), &[&[2, 3]], Any, SMOOTH),
    ("binary_cross_entropy", |v| v[0].binary_cross_entropy(&v[1]), &[&[2, 3], &[2, 3]], Unit, SMOOTH),
    ("reduce", |v| v[0].reduce(Reduction::Mean), &[&[2, 3]], Any, SMOOTH),
    ("mse_loss", |v| v[0].mse_loss(&v[1], Reduction::Mean), &[&[2, 3], &[2, 3]], Any, SMOOTH),
}

/// Not functions from real numbers to real numbers.
const ELSEWHERE: &[&str] = &[
    "all_dim",            // a mask
    "any_dim",            // a mask
    "row_norm",           // what the normalisations are made of
    "apply",              // of Reduction: a choice of mean and sum
    "argmax",             // an index
    "argmin",             // an index
    "bincount",           // counts
    "count_nonzero_dim",  // counts
    "histc",              // counts
    "isinf",              // a mask
    "isnan",              // a mask
    "searchsorted",       // indices
    "unique",             // an error where a gradient is required
    "unique_consecutive", // an error where a gradient is required
    "without_gradient",   // an error where a gradient is required
    "floor_divide",       // an error where a gradient is required
    "heaviside",          // an error where a gradient is required
    "bernoulli",          // without a gradient
];

fn values(shape: &[usize], domain: Domain, seed: u64) -> Tensor {
    let g = Generator::new(seed);
    let options = Tensor::options().dtype(DType::F64).generator(&g).device(&crate::device());
    match domain {
        Any => options.randn(shape).unwrap(),
        Unit => options.rand(shape).unwrap().mul(0.6).unwrap().add(0.2).unwrap(),
        Positive => options.rand(shape).unwrap().mul(0.6).unwrap().add(1.2).unwrap(),
        Matrix => {
            let x = options.rand(shape).unwrap().mul(0.3).unwrap();
            let unit = (0..9).map(|i| if i % 4 == 0 { 1.5 } else { 0.0 }).collect::<Vec<f64>>();
            x.add(x.t().unwrap())
                .unwrap()
                .add(Tensor::from_vec(unit, (3, 3)).unwrap().to(&crate::device()).unwrap())
                .unwrap()
        }
    }
}

#[test]
fn gradients_of_contiguous_transposed_and_sliced_inputs() {
    for Row { name, variable: f, shapes, domain, smooth, .. } in rows() {
        let plain: Vec<Tensor> = shapes.iter().zip(11..).map(|(s, seed)| values(s, *domain, seed)).collect();
        let transposed = |t: &Tensor| match t.dim() {
            0 | 1 => t.clone(),
            n => t.transpose(0, n as i64 - 1).unwrap().copy().unwrap().transpose(0, n as i64 - 1).unwrap(),
        };
        let sliced = |t: &Tensor| {
            let mut size = t.size().to_vec();
            let last = size.len() - 1;
            size[last] += 2;
            let wide = t.like().ones(&size).unwrap();
            let part = wide.narrow(last as i64, 1, size[last] - 2).unwrap();
            part.copy_(t).unwrap();
            part
        };
        type Layout<'a> = (&'a str, &'a dyn Fn(&Tensor) -> Tensor);
        let layouts: [Layout<'_>; 3] =
            [("contiguous", &Tensor::clone), ("transposed", &transposed), ("sliced", &sliced)];
        for (layout, of) in layouts {
            let inputs: Vec<Variable> = plain.iter().map(|t| Variable::requires_grad(of(t))).collect();
            gradcheck(f, &inputs, GradcheckOptions::default())
                .unwrap_or_else(|e| panic!("{name}, {layout}: {e}"));
            if *smooth && layout == "contiguous" {
                gradgradcheck(f, &inputs, GradcheckOptions::default())
                    .unwrap_or_else(|e| panic!("{name}: {e}"));
            }
        }
    }
}

/// Repeated by a stride of 0: the elements along the first dimension that has several, or matrices as a
/// batch; and one number everywhere, where the function is smooth there.
#[test]
fn gradients_of_expanded_inputs() {
    for Row { name, variable: f, shapes, domain, smooth, .. } in rows() {
        let along = |s: &[usize], seed| match domain {
            Matrix => values(s, *domain, seed).expand([2, s[0], s[1]]),
            _ => {
                let mut once = s.to_vec();
                once.iter_mut().find(|n| **n > 1).into_iter().for_each(|n| *n = 1);
                values(&once, *domain, seed).expand(s)
            }
        };
        let everywhere = |s: &[usize], seed| values(&[], *domain, seed).expand(s);
        let check = |what: &str, layout: &dyn Fn(&[usize], u64) -> taper_tensor::Result<Tensor>| {
            let inputs =
                shapes.iter().zip(11..).map(|(s, seed)| layout(s, seed).map(Variable::requires_grad));
            let inputs = inputs.collect::<Result<Vec<_>, _>>().unwrap();
            gradcheck(f, &inputs, GradcheckOptions::default())
                .unwrap_or_else(|e| panic!("{name}, {what}: {e}"));
        };
        check("along a dimension", &along);
        if *smooth && !matches!(domain, Matrix) && !matches!(*name, "norm_p" | "std") {
            check("everywhere", &everywhere);
        }
    }
}

/// An empty batch gives an empty gradient, or an error, never a panic.
#[test]
fn gradients_of_empty_inputs() {
    for Row { name, variable: f, shapes, .. } in rows() {
        let empty = |s: &&[usize]| {
            let mut size = s.to_vec();
            size[0] = 0;
            Variable::requires_grad(Tensor::options().dtype(DType::F64).zeros(size).unwrap())
        };
        let mut inputs: Vec<Variable> = shapes.iter().map(empty).collect();
        for (x, s) in inputs.iter_mut().zip(*shapes).skip(1).filter(|(_, s)| **s != shapes[0]) {
            *x = Variable::requires_grad(values(s, Positive, 5));
        }
        if let Ok(y) = f(&inputs).and_then(|y| y.sum()) {
            y.backward().unwrap_or_else(|e| panic!("{name}: {e}"));
            if let Some(g) = inputs[0].grad() {
                assert_eq!(inputs[0].size(), g.size(), "{name}");
            }
        }
    }
}

#[test]
fn every_operation_is_in_the_table() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ops");
    let mut names = vec![];
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let public = text.lines().filter_map(|l| l.trim().strip_prefix("pub fn "));
        names.extend(public.map(|l| l.split(['(', '<']).next().unwrap().to_owned()));
        // Rows of the macros: name "Node" |g, x| …, or name "Node";
        names.extend(text.lines().filter_map(|l| {
            let mut words = l.trim().split(' ');
            let (name, node) = (words.next()?, words.next()?);
            let row =
                node.starts_with('"') && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
            (row && !name.is_empty()).then(|| name.to_owned())
        }));
    }
    // Operations in place are made of the others.
    names.retain(|n| !n.starts_with('$') && (n == "where_" || !n.ends_with('_')));
    assert!(names.len() > 30, "the operations were not found: {names:?}");
    let missing: Vec<_> = names
        .iter()
        .filter(|n| !rows().any(|row| row.name == n.as_str()) && !ELSEWHERE.contains(&n.as_str()))
        .collect();
    assert!(missing.is_empty(), "not in the table: {missing:?}");
}
