//! PyTorch's reference cases: those of the repository's golden folder, or of the folder that
//! `TAPER_GOLDEN` names.

mod losses;
mod modules;

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use serde_json::Value;
use taper_autograd::Variable;
use taper_nn::StateDict;
use taper_tensor::{DType, Tensor};

/// A case: its JSON, and the tensors of its family.
struct Case<'a> {
    json: &'a Value,
    tensors: &'a StateDict,
    /// The arguments that have been looked at.
    read: RefCell<Vec<String>>,
}

/// The failure of a case.
type Fault = Box<dyn std::error::Error>;

impl Case<'_> {
    fn name(&self) -> &str {
        self.json["name"].as_str().unwrap()
    }

    /// A tensor of the case.
    fn tensor(&self, key: &str) -> Result<Tensor, Fault> {
        let name = format!("{}/{key}", self.name());
        Ok(self.tensors.get(&name).ok_or_else(|| format!("no tensor {name}"))?.to(&crate::device())?)
    }

    /// The tensors whose key begins with `prefix`, by what follows.
    fn tensors(&self, prefix: &str) -> StateDict {
        let prefix = format!("{}/{prefix}", self.name());
        let strip =
            |(key, tensor): (&String, &Tensor)| Some((key.strip_prefix(&prefix)?.to_owned(), tensor.clone()));
        self.tensors.iter().filter_map(strip).collect()
    }

    /// An input of the function: differentiated where it is a real number.
    fn input(&self, key: &str) -> Result<Variable, Fault> {
        let tensor = self.tensor(key)?;
        Ok(if tensor.dtype().is_float() { Variable::requires_grad(tensor) } else { Variable::new(tensor) })
    }

    /// An argument of the constructor.
    fn arg(&self, arg: &str) -> Option<&Value> {
        self.read.borrow_mut().push(arg.to_owned());
        self.json["args"].get(arg).filter(|value| !value.is_null())
    }

    /// An argument that nobody has looked at, and that is not a note on the case.
    fn unread(&self) -> Option<String> {
        let read = self.read.borrow();
        let notes = ["call", "shape", "inplace", "device", "dtype"];
        let mut args = self.json["args"].as_object()?.iter().filter(|(_, value)| !value.is_null());
        args.find(|(arg, _)| !read.contains(arg) && !notes.contains(&arg.as_str()))
            .map(|(arg, _)| arg.clone())
    }

    fn size(&self, arg: &str) -> Option<usize> {
        self.arg(arg)?.as_u64().map(|n| n as usize)
    }

    /// One number for both directions, or one for each.
    fn pair(&self, arg: &str) -> Option<(usize, usize)> {
        let size = |value: &Value| value.as_u64().map(|n| n as usize);
        match self.arg(arg)? {
            Value::Array(both) => Some((size(both.first()?)?, size(both.get(1)?)?)),
            one => Some((size(one)?, size(one)?)),
        }
    }

    /// A number, or the only one of a list.
    fn single(&self, arg: &str) -> Option<usize> {
        let value = self.arg(arg)?;
        value.as_array().map_or(Some(value), |list| list.first())?.as_u64().map(|n| n as usize)
    }

    fn need(&self, arg: &str) -> Result<usize, Fault> {
        self.size(arg).ok_or_else(|| format!("no argument {arg}").into())
    }

    fn real(&self, arg: &str) -> Option<f64> {
        self.arg(arg)?.as_f64()
    }

    fn flag(&self, arg: &str, default: bool) -> bool {
        self.arg(arg).and_then(Value::as_bool).unwrap_or(default)
    }

    fn text(&self, arg: &str) -> Option<&str> {
        self.arg(arg)?.as_str()
    }

    /// Fails unless `result` has the reference's shape, dtype and values, within the case's tolerance.
    fn compare(&self, key: &str, result: &Tensor) -> Result<(), Fault> {
        let expected = self.tensor(key)?;
        if result.size() != expected.size() || result.dtype() != expected.dtype() {
            return Err(format!("{key} is {result:?}, expected {expected:?}").into());
        }
        let tolerance = |name: &str| self.json[name].as_f64().unwrap();
        let (rtol, atol) =
            if expected.dtype().is_float() { (tolerance("rtol"), tolerance("atol")) } else { (0.0, 0.0) };
        let values = |tensor: &Tensor| tensor.to_dtype(DType::F64)?.to_vec::<f64>();
        for (i, (r, e)) in values(result)?.into_iter().zip(values(&expected)?).enumerate() {
            let close = r == e || (r - e).abs() <= atol + rtol * e.abs() || r.is_nan() && e.is_nan();
            if !close {
                return Err(format!("{key}[{i}] is {r}, expected {e}").into());
            }
        }
        Ok(())
    }

    fn compare_grad(&self, key: &str, variable: &Variable) -> Result<(), Fault> {
        self.compare(key, &variable.grad().ok_or_else(|| format!("{key}: there is no gradient"))?)
    }
}

/// Runs each case of a family by `run`, which gives nothing for one without a counterpart.
fn family(name: &str, run: impl Fn(&Case<'_>) -> Option<Result<(), Fault>>) {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../golden");
    let folder = std::env::var_os("TAPER_GOLDEN").map_or(own, PathBuf::from);
    let index = std::fs::read(folder.join(format!("{name}.json"))).unwrap();
    let index: Value = serde_json::from_slice(&index).unwrap();
    let tensors = taper_nn::load(folder.join(format!("{name}.safetensors"))).unwrap();
    let cases = index["cases"].as_array().unwrap();
    let (mut passed, mut failed, mut unsupported) = (0, Vec::new(), Vec::new());
    for json in cases {
        let case = Case { json, tensors: &tensors, read: RefCell::default() };
        match run(&case) {
            None => unsupported.push(format!("{} {}", case.name(), json["args"])),
            Some(Ok(())) => passed += 1,
            Some(Err(fault)) => failed.push(format!("{} {}: {fault}", case.name(), json["args"])),
        }
    }
    for (what, list) in [("unsupported", &unsupported), ("failed", &failed)] {
        list.iter().for_each(|case| println!("{what}: {case}"));
    }
    println!(
        "golden {name}: {} cases, {passed} passed, {} failed, {} unsupported",
        cases.len(),
        failed.len(),
        unsupported.len()
    );
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(passed > 0);
}
