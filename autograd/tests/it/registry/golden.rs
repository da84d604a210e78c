//! The reference cases of PyTorch: value, gradient and second gradient of every operation.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensors};
use serde_json::Value;
use taper_autograd::{Backward, Result, Variable, grad};
use taper_tensor::{DType, Tensor};

use super::arguments::Arguments;
use super::{Sample, samples};

#[test]
fn golden_ops() {
    run("ops", std::env::var_os("TAPER_GOLDEN").map(PathBuf::from));
}

/// Ties, zeros, bounds, NaN, empty tensors: of `golden/edges.py`.
#[test]
fn golden_edges() {
    run("edges", None);
}

/// Reference cases that nothing here can be called for, with the reason. There are none.
const UNSUPPORTED: &[(&str, &str)] = &[];

/// Returns the sample for an operation of PyTorch's with these arguments.
fn find(op: &str, args: &Value) -> Option<&'static Sample> {
    // A reduction of all or some dimensions is one function in PyTorch, and two here.
    let name = match op {
        "norm" => "norm_p".to_owned(),
        "sum" | "mean" | "prod" if args.get("dim").is_some_and(|d| !d.is_null()) => format!("{op}_dim"),
        op => op.to_owned(),
    };
    samples().map(|(_, sample)| sample).find(|sample| sample.case == name)
}

/// Runs all cases of a family, from `folder` or the project's own.
fn run(family: &str, folder: Option<PathBuf>) {
    let folder = folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../golden"));
    let read = |ending: &str| {
        let path = folder.join(format!("{family}.{ending}"));
        std::fs::read(&path).unwrap_or_else(|e| panic!("{path:?}: {e}"))
    };
    let json: Value = serde_json::from_slice(&read("json")).unwrap();
    let tensors = load(&read("safetensors"));
    let (mut passed, mut failed) = (0, vec![]);
    let cases = json["cases"].as_array().unwrap();
    for case in cases {
        let (name, op) = (case["name"].as_str().unwrap(), case["op"].as_str().unwrap());
        let reason = UNSUPPORTED.iter().find(|(op_, _)| *op_ == op);
        match (find(op, &case["args"]), reason) {
            (Some(sample), None) => match check(case, sample, &tensors) {
                Ok(()) => passed += 1,
                Err(why) => failed.push(format!("{name}: {why}")),
            },
            (Some(_), Some(_)) => failed.push(format!("{name}: {op} is supported, but listed otherwise")),
            (None, None) => failed.push(format!("{name}: {op} is not in the registry")),
            (None, Some((_, why))) => println!("unsupported: {name}: {why}"),
        }
    }
    println!("golden {family}: {} cases, {passed} passed, {} failed", cases.len(), failed.len());
    assert!(passed > 0 && failed.is_empty(), "{}", failed.join("\n"));
}

fn load(bytes: &[u8]) -> HashMap<String, Tensor> {
    let file = SafeTensors::deserialize(bytes).unwrap();
    let tensor = |view: safetensors::tensor::TensorView<'_>| {
        macro_rules! read {
            ($t:ty) => {{
                let values = view.data().chunks_exact(size_of::<$t>());
                let values = values.map(|b| <$t>::from_le_bytes(b.try_into().unwrap())).collect();
                Tensor::from_vec::<$t>(values, view.shape()).unwrap()
            }};
        }
        match view.dtype() {
            Dtype::F32 => read!(f32),
            Dtype::F64 => read!(f64),
            Dtype::I64 => read!(i64),
            Dtype::U8 => read!(u8),
            dtype => panic!("no case holds {dtype:?}"),
        }
    };
    let tensor = |view| tensor(view).to(&crate::device()).unwrap();
    file.iter().map(|(name, view)| (name.to_owned(), tensor(view))).collect()
}

/// Compares the results on both types, and the variables' gradients.
fn check(case: &Value, sample: &Sample, tensors: &HashMap<String, Tensor>) -> Result<(), String> {
    let name = case["name"].as_str().unwrap();
    let args = Arguments::Named(&case["args"]);
    let count = |key: &str| case[key].as_u64().unwrap() as usize;
    let key = |kind: &str, i: usize| tensors.get(&format!("{name}/{kind}.{i}"));
    let inputs: Vec<&Tensor> = (0..count("inputs"))
        .map(|i| key("in", i).unwrap_or_else(|| panic!("{name} has no in.{i}")))
        .collect();
    let plain = (sample.tensor)(&inputs.iter().map(|&x| x.clone()).collect::<Vec<_>>(), &args)
        .map_err(|e| format!("forward of tensors: {e}"))?;
    let inputs: Vec<Variable> = inputs
        .into_iter()
        .cloned()
        .map(|t| if t.dtype().is_float() { Variable::requires_grad(t) } else { Variable::new(t) })
        .collect();
    let outputs = (sample.variable)(&inputs, &args).map_err(|e| format!("forward: {e}"))?;
    let tolerance = (case["rtol"].as_f64().unwrap(), case["atol"].as_f64().unwrap());
    // A reference case has only the first result if PyTorch returns one.
    if outputs.len() < count("outputs") {
        return Err(format!("{} outputs, expected {}", outputs.len(), count("outputs")));
    }
    let outputs = &outputs[..count("outputs")];
    for (i, y) in outputs.iter().enumerate() {
        let expected = key("out", i).ok_or("no out")?;
        same(&format!("out.{i} of tensors"), &plain[i], expected, tolerance)?;
        same(&format!("out.{i}"), &y.data(), expected, tolerance)?;
    }
    let second = case.get("double_backward").is_some_and(|d| !d.is_null());
    let mut backward = Backward::new().create_graph(second);
    let mut any = false;
    for (i, y) in outputs.iter().enumerate() {
        if let Some(g) = key("grad_out", i) {
            backward = backward.output(y, Some(&Variable::new(g.clone())));
            any = true;
        }
    }
    if any {
        backward.run().map_err(|e| format!("backward: {e}"))?;
    }
    let leaves: Vec<(usize, &Variable)> =
        inputs.iter().enumerate().filter(|(i, _)| key("grad", *i).is_some()).collect();
    for &(i, x) in &leaves {
        let g = x.grad().ok_or_else(|| format!("input {i} has no gradient"))?;
        same(&format!("grad.{i}"), &g, key("grad", i).ok_or("no grad")?, tolerance)?;
    }
    if second {
        let found = second_gradient(&leaves).map_err(|e| format!("double backward: {e}"))?;
        for (&(i, _), g) in leaves.iter().zip(found) {
            same(&format!("grad2.{i}"), &g, key("grad2", i).ok_or("no grad2")?, tolerance)?;
        }
    }
    Ok(())
}

/// Returns the gradient of the sum of the squares of all gradients.
fn second_gradient(leaves: &[(usize, &Variable)]) -> Result<Vec<Tensor>> {
    let mut total = Variable::new(Tensor::options().dtype(DType::F64).tensor(0.0f64)?.to(&crate::device())?);
    for (_, x) in leaves {
        if let Some(g) = x.grad_variable() {
            total = total.add(g.mul(&g)?.sum()?)?;
        }
    }
    let inputs: Vec<&Variable> = leaves.iter().map(|(_, x)| *x).collect();
    // A constant gradient, such as that of a maximum, depends on no input.
    let found = match total.is_requires_grad() {
        true => grad(&[&total], &inputs).run_allow_unused()?,
        false => vec![None; inputs.len()],
    };
    found
        .into_iter()
        .zip(inputs)
        .map(|(g, x)| g.map_or_else(|| Ok(x.data().zeros_like()?), |g| Ok(g.data())))
        .collect()
}

fn same(what: &str, got: &Tensor, expected: &Tensor, (rtol, atol): (f64, f64)) -> Result<(), String> {
    if got.size() != expected.size() || got.dtype() != expected.dtype() {
        return Err(format!(
            "{what}: {} {:?}, expected {} {:?}",
            got.dtype(),
            got.size(),
            expected.dtype(),
            expected.size()
        ));
    }
    let values =
        |t: &Tensor| t.to_dtype(DType::F64).and_then(|t| t.to_vec::<f64>()).map_err(|e| e.to_string());
    let exact = !expected.dtype().is_float();
    for (i, (r, e)) in values(got)?.into_iter().zip(values(expected)?).enumerate() {
        let close =
            r == e || (!exact && (r - e).abs() <= atol + rtol * e.abs()) || (r.is_nan() && e.is_nan());
        if !close {
            return Err(format!("{what}: element {i} is {r}, expected {e}"));
        }
    }
    Ok(())
}
