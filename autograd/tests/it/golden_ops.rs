//! PyTorch's name of an operation, and its arguments, to ours.

use serde_json::Value;
use taper_autograd::{Conv2dOptions, ConvTranspose2dOptions, Pad, Result, Variable};
use taper_tensor::{PoolOptions, Tensor};

/// `None` where there is no counterpart.
pub fn apply(op: &str, args: &Value, v: &[Variable]) -> Option<Result<Vec<Variable>>> {
    let int = |key: &str| args[key].as_i64().unwrap_or_else(|| panic!("{op}: no integer {key} in {args}"));
    // JSON has no infinity: "inf" and "-inf".
    let number = |a: &Value| a.as_f64().or_else(|| a.as_str()?.parse().ok());
    let real = |key: &str| number(&args[key]).unwrap_or_else(|| panic!("{op}: no number {key} in {args}"));
    let flag = |key: &str| args[key].as_bool().unwrap_or_else(|| panic!("{op}: no flag {key} in {args}"));
    let count = |key: &str| int(key) as usize;
    let real_or = |key: &str, default: f64| args[key].as_f64().unwrap_or(default);
    let list = |key: &str| -> Vec<i64> {
        args[key].as_array().unwrap().iter().map(|n| n.as_i64().unwrap()).collect()
    };
    let has = |key: &str| args.get(key).is_some_and(|a| !a.is_null());
    // One number for both directions, or one for each.
    let both = |key: &str| match args[key].as_array() {
        Some(_) => (list(key)[0] as usize, list(key)[1] as usize),
        None => (count(key), count(key)),
    };
    let conv = || Conv2dOptions {
        stride: both("stride"),
        padding: both("padding"),
        dilation: both("dilation"),
        groups: count("groups"),
    };
    let either = |key: &str, default: bool| if has(key) { flag(key) } else { default };
    let both_or = |key: &str, default: (usize, usize)| if has(key) { both(key) } else { default };
    let pool = || {
        let plain = PoolOptions::new(both("kernel_size"));
        PoolOptions {
            stride: both_or("stride", plain.stride),
            padding: both_or("padding", plain.padding),
            dilation: both_or("dilation", plain.dilation),
            ceil_mode: either("ceil_mode", false),
            count_include_pad: either("count_include_pad", true),
            divisor_override: has("divisor_override").then(|| count("divisor_override")),
            ..plain
        }
    };
    let x = v.first()?;
    let one = match op {
        "add" => x.add(&v[1]),
        "sub" => x.sub(&v[1]),
        "mul" => x.mul(&v[1]),
        "div" => x.div(&v[1]),
        "add_scalar" => x.add(real("scalar")),
        "mul_scalar" => x.mul(real("scalar")),
        "pow" => x.pow(&v[1]),
        "powf" => x.pow(real("exponent")),
        "maximum" => x.maximum(&v[1]),
        "minimum" => x.minimum(&v[1]),
        "lerp" => x.lerp(&v[1], real("weight")),
        "where" => v[1].where_(&x.data(), &v[2]),
        "clamp" => x.clamp(has("min").then(|| real("min")), has("max").then(|| real("max"))),
        "masked_fill" => x.masked_fill(&v[1].data(), real("value")),
        "neg" => x.neg(),
        "square" => x.square(),
        "sin" => x.sin(),
        "cos" => x.cos(),
        "abs" => x.abs(),
        "sign" => x.sign(),
        "floor" => x.floor(),
        "ceil" => x.ceil(),
        "round" => x.round(),
        "relu" => x.relu(),
        "fmax" => x.fmax(&v[1]),
        "fmin" => x.fmin(&v[1]),
        "fmod" => x.fmod(&v[1]),
        "remainder" => x.remainder(&v[1]),
        "atan2" => x.atan2(&v[1]),
        "hypot" => x.hypot(&v[1]),
        "logaddexp" => x.logaddexp(&v[1]),
        "xlogy" => x.xlogy(&v[1]),
        "nan_to_num" => x.nan_to_num(real("nan"), None, None),
        "frac" => x.frac(),
        "log2" => x.log2(),
        "log10" => x.log10(),
        "asin" => x.asin(),
        "acos" => x.acos(),
        "acosh" => x.acosh(),
        "atanh" => x.atanh(),
        "cumsum" => x.cumsum(int("dim")),
        "cumprod" => x.cumprod(int("dim")),
        "cummax" => return Some(x.cummax(int("dim")).map(pair)),
        "cummin" => return Some(x.cummin(int("dim")).map(pair)),
        "amax" => x.amax(list("dim"), flag("keepdim")),
        "amin" => x.amin(list("dim"), flag("keepdim")),
        "median" => x.median(),
        "median_dim" => return Some(x.median_dim(int("dim"), flag("keepdim")).map(pair)),
        "kthvalue" => return Some(x.kthvalue(count("k"), int("dim"), flag("keepdim")).map(pair)),
        "mode" => return Some(x.mode(int("dim"), flag("keepdim")).map(pair)),
        "sort" => return Some(x.sort(int("dim"), flag("descending")).map(pair)),
        "topk" => return Some(x.topk(count("k"), int("dim"), true).map(pair)),
        "inverse" => x.inverse(),
        "det" => x.det(),
        "solve" => x.solve(&v[1]),
        "cholesky" => x.cholesky(),
        "prod" if has("dim") => x.prod_dim(list("dim"), flag("keepdim")),
        "prod" => x.prod(),
        "var" => x.var(list("dim"), if flag("unbiased") { 1.0 } else { 0.0 }, flag("keepdim")),
        "std" => x.std(list("dim"), if flag("unbiased") { 1.0 } else { 0.0 }, flag("keepdim")),
        "norm" if has("dim") => x.norm_p(real("p"), list("dim"), flag("keepdim")),
        "norm" => x.norm_p(real("p"), (), false),
        "logsumexp" => x.logsumexp(list("dim"), flag("keepdim")),
        "max" => x.max(),
        "min" => x.min(),
        "max_dim" => return Some(x.max_dim(int("dim"), flag("keepdim")).map(pair)),
        "min_dim" => return Some(x.min_dim(int("dim"), flag("keepdim")).map(pair)),
        "argmax" => x.argmax(int("dim"), flag("keepdim")).map(Variable::new),
        "argmin" => x.argmin(int("dim"), flag("keepdim")).map(Variable::new),
        "tril" => x.tril(int("diagonal")),
        "triu" => x.triu(int("diagonal")),
        "avg_pool2d" => x.avg_pool2d(pool()),
        "adaptive_avg_pool2d" => x.adaptive_avg_pool2d(both("output_size")),
        "sum" if has("dim") => x.sum_dim(list("dim"), flag("keepdim")),
        "sum" => x.sum(),
        "mean" if has("dim") => x.mean_dim(list("dim"), flag("keepdim")),
        "mean" => x.mean(),
        "softmax" => x.softmax(int("dim")),
        "log_softmax" => x.log_softmax(int("dim")),
        "reshape" => x.reshape(list("shape")),
        "transpose" => x.transpose(int("dim0"), int("dim1")),
        "permute" => x.permute(list("dims")),
        "unsqueeze" => x.unsqueeze(int("dim")),
        "squeeze" if args["dim"].is_array() => x.squeeze(list("dim")),
        "squeeze" => x.squeeze(int("dim")),
        "flatten" if int("end_dim") == -1 => x.flatten(int("start_dim")),
        "expand" => x.expand(list("shape")),
        "narrow" => x.narrow(int("dim"), int("start"), count("length")),
        "select" => x.select(int("dim"), int("index")),
        "slice" => x.slice(int("dim"), Some(int("start")), Some(int("end")), count("step")),
        "cat" => Variable::cat(v, int("dim")),
        "stack" => Variable::stack(v, int("dim")),
        "repeat" => x.repeat(list("repeats")),
        "flip" => x.flip(list("dims")),
        "roll" => x.roll(int("shift"), int("dim")),
        "pad" => x.pad(
            list("pad"),
            match args["mode"].as_str()? {
                "constant" => Pad::Constant(real("value")),
                "reflect" => Pad::Reflect,
                "replicate" => Pad::Replicate,
                "circular" => Pad::Circular,
                _ => return None,
            },
        ),
        "diag" => x.diag(if has("diagonal") { int("diagonal") } else { 0 }),
        "index_select" => x.index_select(int("dim"), &v[1].data()),
        "gather" => x.gather(int("dim"), &v[1].data()),
        "scatter_add" => x.scatter_add(int("dim"), &v[1].data(), &v[2]),
        "index_add" => x.index_add(int("dim"), &v[1].data(), &v[2]),
        "scatter" => x.scatter(int("dim"), &v[1].data(), &v[2]),
        "index_fill" => x.index_fill(int("dim"), &v[1].data(), real("value")),
        "take" => x.take(&v[1].data()),
        "take_along_dim" => x.take_along_dim(&v[1].data(), int("dim")),
        "masked_select" => x.masked_select(&v[1].data()),
        "repeat_interleave" => x.repeat_interleave(count("repeats"), int("dim")),
        "diagonal" => x.diagonal(int("offset"), int("dim1"), int("dim2")),
        "embedding" => x.embedding(&v[1].data(), None),
        "matmul" => x.matmul(&v[1]),
        "bmm" => x.bmm(&v[1]),
        "addmm" => x.addmm(&v[1], &v[2], 1, 1),
        "outer" => x.outer(&v[1]),
        "dot" => x.dot(&v[1]),
        "linear" => x.linear(&v[1], v.get(2)),
        "conv2d" => x.conv2d(&v[1], v.get(2), conv()),
        "conv1d" => x.conv1d(&v[1], v.get(2), conv()),
        "conv_transpose2d" => {
            let options = ConvTranspose2dOptions { conv: conv(), output_padding: both("output_padding") };
            x.conv_transpose2d(&v[1], v.get(2), options)
        }
        "max_pool2d" if either("return_indices", false) => {
            return Some(x.max_pool2d_with_indices(pool()).map(pair));
        }
        "max_pool2d" => x.max_pool2d(pool()),
        "adaptive_max_pool2d" => {
            let pooled = x.adaptive_max_pool2d(both("output_size"));
            return Some(if either("return_indices", false) {
                pooled.map(pair)
            } else {
                pooled.map(|p| vec![p.0])
            });
        }
        "upsample_nearest2d" => {
            let s = x.size();
            x.upsample_nearest2d((s[2] * count("scale_factor"), s[3] * count("scale_factor")))
        }
        "upsample_bilinear2d" => {
            let size = list("size");
            x.upsample_bilinear2d((size[0] as usize, size[1] as usize), flag("align_corners"))
        }
        "layer_norm" => {
            let shape: Vec<usize> = list("normalized_shape").iter().map(|&n| n as usize).collect();
            x.layer_norm(&shape, v.get(1), v.get(2), real("eps"))
        }
        "group_norm" => x.group_norm(count("num_groups"), v.get(1), v.get(2), real("eps")),
        "split" => return Some(x.split(count("size"), int("dim"))),
        "chunk" => return Some(x.chunk(count("chunks"), int("dim"))),
        _ => elementwise(op, x, &real_or)?,
    };
    Some(one.map(|y| vec![y]))
}

fn pair((values, index): (Variable, Tensor)) -> Vec<Variable> {
    vec![values, Variable::new(index)]
}

/// Makes a table of elementwise operations a function that finds one by its name.
macro_rules! by_name {
    ($($(#[$doc:meta])* $Type:ident $name:ident $name_:ident ($($p:ident = $default:literal),*) $costs:tt
        value |$x:ident| $value:expr; gradient of $saved:ident |$g:ident, $s:ident| $gradient:expr;)*) => {
        /// Calls `op` with the parameters that `real` finds by name, or their defaults.
        #[allow(unused_variables)] // where no row has parameters
        pub fn call(op: &str, x: &Variable, real: &dyn Fn(&str, f64) -> f64) -> Option<Result<Variable>> {
            Some(match op {
                $(stringify!($name) => x.$name($(real(stringify!($p), $default)),*),)*
                _ => return None,
            })
        }
    };
}

mod activations {
    use taper_autograd::{Result, Variable};
    taper_tensor::activations!(by_name);
}

mod functions {
    use taper_autograd::{Result, Variable};
    taper_tensor::functions!(by_name);
}

/// Calls an elementwise operation, where `op` is one.
fn elementwise(op: &str, x: &Variable, real: &dyn Fn(&str, f64) -> f64) -> Option<Result<Variable>> {
    activations::call(op, x, real).or_else(|| functions::call(op, x, real))
}
