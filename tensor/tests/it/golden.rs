//! Every case of PyTorch's results: `golden/` beside the crate, or the folder that `TAPER_GOLDEN` names.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;
use taper_tensor::{Conv2dOptions, ConvTranspose2dOptions, DType, Pad, PoolOptions, Tensor};

type Outcome = Result<Vec<Tensor>, Box<dyn std::error::Error>>;

/// A case's arguments, by their names in PyTorch.
struct Args<'a>(&'a Value);

impl Args<'_> {
    fn number(&self, name: &str, default: f64) -> f64 {
        self.0[name].as_f64().unwrap_or(default)
    }
    fn int(&self, name: &str, default: i64) -> i64 {
        self.0[name].as_i64().unwrap_or(default)
    }
    fn ints(&self, name: &str) -> Vec<i64> {
        match &self.0[name] {
            Value::Array(v) => v.iter().filter_map(Value::as_i64).collect(),
            v => v.as_i64().into_iter().collect(),
        }
    }
    /// A number for each of height and width, or one for both.
    fn pair(&self, name: &str, default: usize) -> (usize, usize) {
        match *self.ints(name) {
            [] => (default, default),
            [n] => (n as usize, n as usize),
            [h, w, ..] => (h as usize, w as usize),
        }
    }
    fn conv(&self) -> Conv2dOptions {
        Conv2dOptions {
            stride: self.pair("stride", 1),
            padding: self.pair("padding", 0),
            dilation: self.pair("dilation", 1),
            groups: self.int("groups", 1) as usize,
        }
    }
    fn pool(&self) -> PoolOptions {
        PoolOptions {
            stride: self.pair("stride", 1),
            padding: self.pair("padding", 0),
            ..PoolOptions::new(self.pair("kernel_size", 1))
        }
    }
    fn flag(&self, name: &str) -> bool {
        self.0[name].as_bool().unwrap_or(false)
    }
}

/// The result of the op that has this name in PyTorch; `None` where there is no such op.
#[rustfmt::skip]
fn run(op: &str, x: &[Tensor], args: &Args<'_>) -> Option<Outcome> {
    let two = |t: taper_tensor::Result<(Tensor, Tensor)>| t.map(|(a, b)| vec![a, b]).map_err(Into::into);
    let one = |t: taper_tensor::Result<Tensor>| t.map(|t| vec![t]).map_err(Into::into);
    let a = x.first()?;
    let b = || x.get(1).unwrap_or(a);
    let dims = || args.ints("dim");
    let keep = args.flag("keepdim");
    Some(match op {
        "add" => one(a.add(b())),
        "sub" => one(a.sub(b())),
        "mul" => one(a.mul(b())),
        "div" => one(a.div(b())),
        "pow" => one(a.pow(b())),
        "powf" => one(a.pow(args.number("exponent", 1.0))),
        "add_scalar" => one(a.add(args.number("scalar", 0.0))),
        "mul_scalar" => one(a.mul(args.number("scalar", 1.0))),
        "maximum" => one(a.maximum(b())),
        "minimum" => one(a.minimum(b())),
        "neg" => one(a.neg()),
        "sin" => one(a.sin()),
        "cos" => one(a.cos()),
        "relu" => one(a.relu()),
        "abs" => one(a.abs()),
        "square" => one(a.square()),
        "sign" => one(a.sign()),
        "floor" => one(a.floor()),
        "ceil" => one(a.ceil()),
        "round" => one(a.round()),
        "sum" => one(if dims().is_empty() { a.sum() } else { a.sum_dim(dims(), keep) }),
        "mean" => one(if dims().is_empty() { a.mean() } else { a.mean_dim(dims(), keep) }),
        "prod" => one(a.prod()),
        "var" => one(a.var(dims(), f64::from(u8::from(args.flag("unbiased"))), keep)),
        "std" => one(a.std(dims(), f64::from(u8::from(args.flag("unbiased"))), keep)),
        "max" => one(a.max()),
        "min" => one(a.min()),
        "max_dim" => two(a.max_dim(args.int("dim", 0), keep)),
        "min_dim" => two(a.min_dim(args.int("dim", 0), keep)),
        "argmax" => one(a.argmax(args.int("dim", 0), keep)),
        "argmin" => one(a.argmin(args.int("dim", 0), keep)),
        "norm" => one(a.norm_p(args.number("p", 2.0), dims(), keep)),
        "logsumexp" => one(a.logsumexp(dims(), keep)),
        "matmul" => one(a.matmul(b())),
        "bmm" => one(a.bmm(b())),
        "where" => one(b().where_(a, x.get(2).unwrap_or(a))),
        "masked_fill" => one(a.masked_fill(b(), args.number("value", 0.0))),
        "gather" => one(a.gather(args.int("dim", 0), b())),
        "index_select" => one(a.index_select(args.int("dim", 0), b())),
        "scatter_add" => one(a.scatter_add(args.int("dim", 0), b(), x.get(2)?)),
        "index_add" => one(a.index_add(args.int("dim", 0), b(), x.get(2)?)),
        "embedding" => one(if a.dtype().is_float() { a.embedding(b(), None) } else { b().embedding(a, None) }),
        "reshape" => one(a.reshape(args.ints("shape"))),
        "transpose" => one(a.transpose(args.int("dim0", 0), args.int("dim1", 1))),
        "permute" => one(a.permute(args.ints("dims"))),
        "unsqueeze" => one(a.unsqueeze(args.int("dim", 0))),
        "squeeze" => one(a.squeeze(args.int("dim", 0))),
        "flatten" => one(a.flatten(args.int("start_dim", 0))),
        "expand" => one(a.expand(args.ints("shape"))),
        "narrow" => one(a.narrow(args.int("dim", 0), args.int("start", 0), args.int("length", 0) as usize)),
        "select" => one(a.select(args.int("dim", 0), args.int("index", 0))),
        "slice" => one(a.slice(args.int("dim", 0), args.0["start"].as_i64(), args.0["end"].as_i64(), args.int("step", 1) as usize)),
        "cat" => one(Tensor::cat(x, args.int("dim", 0))),
        "stack" => one(Tensor::stack(x, args.int("dim", 0))),
        "chunk" => a.chunk(args.int("chunks", 1) as usize, args.int("dim", 0)).map_err(Into::into),
        "split" => a.split(args.int("size", 1) as usize, args.int("dim", 0)).map_err(Into::into),
        "repeat" => one(a.repeat(args.ints("repeats"))),
        "flip" => one(a.flip(args.ints("dims"))),
        "roll" => one(a.roll(args.int("shift", 0), args.int("dim", 0))),
        "pad" => one(a.pad(args.ints("pad"), match args.0["mode"].as_str() {
            Some("reflect") => Pad::Reflect,
            Some("replicate") => Pad::Replicate,
            Some("circular") => Pad::Circular,
            _ => Pad::Constant(args.number("value", 0.0)),
        })),
        "tril" => one(a.tril(args.int("diagonal", 0))),
        "triu" => one(a.triu(args.int("diagonal", 0))),
        "diag" => one(a.diag(args.int("diagonal", 0))),
        "clamp" => one(a.clamp(args.number("min", 0.0), args.number("max", 0.0))),
        "lerp" => one(a.lerp(b(), args.number("weight", 0.0))),
        "softmax" => one(a.softmax(args.int("dim", 0))),
        "log_softmax" => one(a.log_softmax(args.int("dim", 0))),
        "cumsum" => one(a.cumsum(args.int("dim", 0))),
        "sort" => two(a.sort(args.int("dim", 0), args.flag("descending"))),
        "topk" => two(a.topk(args.int("k", 1) as usize, args.int("dim", 0), true)),
        "layer_norm" => {
            let shape: Vec<usize> = args.ints("normalized_shape").iter().map(|&n| n as usize).collect();
            one(a.layer_norm(&shape, x.get(1), x.get(2), args.number("eps", 1e-5)))
        }
        "group_norm" => one(a.group_norm(args.int("num_groups", 1) as usize, x.get(1), x.get(2), args.number("eps", 1e-5))),
        "addmm" => one(a.addmm(b(), x.get(2)?, 1.0, 1.0)),
        "outer" => one(a.outer(b())),
        "dot" => one(a.dot(b())),
        "inverse" => one(a.inverse()),
        "det" => one(a.det()),
        "solve" => one(a.solve(b())),
        "cholesky" => one(a.cholesky()),
        "conv2d" => one(a.conv2d(b(), x.get(2), args.conv())),
        "conv1d" => one(a.conv1d(b(), x.get(2), args.conv())),
        "conv_transpose2d" => one(a.conv_transpose2d(b(), x.get(2), ConvTranspose2dOptions {
            conv: args.conv(),
            output_padding: args.pair("output_padding", 0),
        })),
        "max_pool2d" => one(a.max_pool2d(args.pool())),
        "avg_pool2d" => one(a.avg_pool2d(args.pool())),
        "adaptive_avg_pool2d" => one(a.adaptive_avg_pool2d(args.pair("output_size", 1))),
        "upsample_nearest2d" => {
            let by = args.int("scale_factor", 1) as usize;
            one(a.upsample_nearest2d((a.size()[2] * by, a.size()[3] * by)))
        }
        "upsample_bilinear2d" => one(a.upsample_bilinear2d(args.pair("size", 1), args.flag("align_corners"))),
        "linear" => one(a.linear(b(), x.get(2))),
        _ => one(elementwise(op, a, &|key, default| args.number(key, default))?),
    })
}

/// Whether `y` is the expected tensor, or why not.
fn compare(y: &Tensor, e: &Tensor, rtol: f64, atol: f64) -> Result<(), String> {
    if y.size() != e.size() || y.dtype() != e.dtype() {
        return Err(format!("{} {:?} instead of {} {:?}", y.dtype(), y.size(), e.dtype(), e.size()));
    }
    let numbers =
        |t: &Tensor| t.to_dtype(DType::F64).and_then(|t| t.to_vec::<f64>()).map_err(|e| e.to_string());
    let (rtol, atol) = if e.dtype().is_float() { (rtol, atol) } else { (0.0, 0.0) };
    for (i, (y, e)) in numbers(y)?.into_iter().zip(numbers(e)?).enumerate() {
        let near = y == e || (y - e).abs() <= atol + rtol * e.abs() || (y.is_nan() && e.is_nan());
        if !near {
            return Err(format!("element {i} is {y} instead of {e}"));
        }
    }
    Ok(())
}

fn tensor(view: &safetensors::tensor::TensorView<'_>) -> Tensor {
    fn of<T: taper_tensor::Element, const N: usize>(
        data: &[u8],
        shape: &[usize],
        f: fn([u8; N]) -> T,
    ) -> Tensor {
        let (chunks, _) = data.as_chunks::<N>();
        Tensor::from_vec(chunks.iter().map(|&c| f(c)).collect(), shape).expect("the file's own shape")
    }
    use safetensors::Dtype as D;
    let (data, shape) = (view.data(), view.shape());
    match view.dtype() {
        D::F32 => of(data, shape, f32::from_le_bytes),
        D::F64 => of(data, shape, f64::from_le_bytes),
        D::I64 => of(data, shape, i64::from_le_bytes),
        D::I32 => of(data, shape, i32::from_le_bytes),
        D::U8 | D::BOOL => of(data, shape, u8::from_le_bytes),
        other => panic!("a fixture of dtype {other:?}"),
    }
}

#[test]
fn ops() {
    let folder = std::env::var_os("TAPER_GOLDEN")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../golden")), PathBuf::from);
    let json: Value = serde_json::from_slice(&std::fs::read(folder.join("ops.json")).unwrap()).unwrap();
    let bytes = std::fs::read(folder.join("ops.safetensors")).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let cases = json["cases"].as_array().unwrap();
    let (mut passed, mut failed, mut unsupported) = (0, vec![], BTreeMap::<&str, usize>::new());
    for case in cases {
        let (name, op) = (case["name"].as_str().unwrap(), case["op"].as_str().unwrap());
        let list = |key: &str| -> Vec<Tensor> {
            (0..)
                .map_while(|i| tensors.tensor(&format!("{name}/{key}.{i}")).ok())
                .map(|v| tensor(&v).to(&crate::device()).unwrap())
                .collect()
        };
        let (inputs, expected) = (list("in"), list("out"));
        let (rtol, atol) = (case["rtol"].as_f64().unwrap(), case["atol"].as_f64().unwrap());
        let fault = match run(op, &inputs, &Args(&case["args"])) {
            None => {
                *unsupported.entry(op).or_default() += 1;
                continue;
            }
            Some(Err(e)) => Some(e.to_string()),
            Some(Ok(y)) if y.len() != expected.len() => {
                Some(format!("{} results instead of {}", y.len(), expected.len()))
            }
            Some(Ok(y)) => y.iter().zip(&expected).find_map(|(y, e)| compare(y, e, rtol, atol).err()),
        };
        match fault {
            None => passed += 1,
            Some(why) => failed.push(format!("{name}: {why}")),
        }
    }
    let without: usize = unsupported.values().sum();
    println!(
        "golden ops (forward): {} cases, {passed} passed, {} failed, {without} unsupported",
        cases.len(),
        failed.len()
    );
    if without > 0 {
        println!("unsupported: {:?}", unsupported.keys().collect::<Vec<_>>());
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Makes a table of elementwise operations a function that finds one by its name.
macro_rules! by_name {
    ($($(#[$doc:meta])* $Type:ident $name:ident $name_:ident ($($p:ident = $default:literal),*) $costs:tt
        value |$x:ident| $value:expr; gradient of $saved:ident |$g:ident, $s:ident| $gradient:expr;)*) => {
        /// Calls `op` with the parameters that `real` finds by name, or their defaults.
        #[allow(unused_variables)] // where no row has parameters
        pub fn call(op: &str, x: &Tensor, real: &dyn Fn(&str, f64) -> f64) -> Option<Result<Tensor>> {
            Some(match op {
                $(stringify!($name) => x.$name($(real(stringify!($p), $default)),*),)*
                _ => return None,
            })
        }
    };
}

mod activations {
    use taper_tensor::{Result, Tensor};
    taper_tensor::activations!(by_name);
}

mod functions {
    use taper_tensor::{Result, Tensor};
    taper_tensor::functions!(by_name);
}

/// Calls an elementwise operation, where `op` is one.
fn elementwise(
    op: &str,
    x: &Tensor,
    real: &dyn Fn(&str, f64) -> f64,
) -> Option<taper_tensor::Result<Tensor>> {
    activations::call(op, x, real).or_else(|| functions::call(op, x, real))
}
