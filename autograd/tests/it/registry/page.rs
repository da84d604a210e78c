//! Checks of the registry's claims, and the page that is generated from it.

use std::fmt::Write;

use taper_autograd::{Variable, autocast};
use taper_tensor::registry::{Autocast, Dtypes, Kernel, operations};
use taper_tensor::{DType, Tensor};

use super::arguments::Arguments::Usual;
use super::{rows, samples};

/// Returns the page's text.
fn page() -> String {
    let mut page = "# Operations\n\n\
        Every operation of `Tensor` and `Variable`, by family: the file of that name in `tensor/src/ops/` and \
        `autograd/src/ops/`. Made from the registry, `tensor/src/registry/`; `TAPER_WRITE=1 cargo test -p \
        taper-autograd --test it page` writes it again.\n\n\
        - **dtypes**: integers and bool are computed as they are or become f32; `numbers` refuses bool, `float` and \
        `integer` refuse all others.\n\
        - **gradient**: `first` has no second derivative but 0, `second` has all.\n\
        - **autocast**: what mixed precision converts the operands to.\n\
        - **CPU**, **GPU**: a kernel of its own, operations that it is composed of, a view that computes nothing; \
        `on the CPU` copies to the CPU and back.\n"
        .to_owned();
    let mut family = "";
    let mut all: Vec<_> = operations().collect();
    all.sort_by_key(|op| (op.family, op.name));
    for op in all {
        if op.family != family {
            family = op.family;
            let _ = write!(
                page,
                "\n## {family}\n\n| operation | PyTorch | dtypes | gradient | autocast | CPU | GPU |\n\
                 | --- | --- | --- | --- | --- | --- | --- |\n"
            );
        }
        let torch = if family == "activation" { "nn.functional." } else { "" };
        let _ = writeln!(
            page,
            "| `{}` | `{torch}{}` | {} | {} | {} | {} | {} |",
            op.name, op.torch, op.dtypes, op.gradient, op.autocast, op.cpu, op.gpu
        );
    }
    page
}

#[test]
fn page_of_operations_is_true() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operations.md");
    if std::env::var_os("TAPER_WRITE").is_some() {
        std::fs::write(path, page()).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == page(), "docs/operations.md is not what the registry says: run with TAPER_WRITE=1");
}

#[test]
fn every_operation_has_a_sample_and_one_row() {
    let names: Vec<&str> = rows().map(|row| row.operation.name).collect();
    assert!(rows().all(|row| !row.samples.is_empty()));
    assert_eq!(names, operations().map(|op| op.name).collect::<Vec<_>>());
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(names.len(), sorted.len(), "a name stands twice");
}

#[test]
fn operations_take_the_dtypes_that_they_claim() {
    let mut wrong = vec![];
    for (op, sample) in rows().map(|row| (row.operation, &row.samples[0])) {
        for dtype in crate::DTYPES {
            let claimed = match op.dtypes {
                Dtypes::any => true,
                Dtypes::float => dtype.is_float(),
                Dtypes::number => dtype != DType::Bool,
                Dtypes::int => !dtype.is_float() && dtype != DType::Bool,
                Dtypes::bits => !dtype.is_float(),
            };
            let inputs = (sample.inputs)();
            if inputs.iter().all(|input| input.shape().is_none()) {
                continue; // nothing that has another dtype
            }
            let inputs = sample.changed(|x| x.to_dtype(dtype)).unwrap();
            let result = (sample.tensor)(&inputs, &Usual);
            if result.is_ok() != claimed {
                wrong.push(format!("{} of {dtype}: {:?}", op.name, result.map_err(|e| e.to_string())));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn views_share_their_memory_and_others_do_not() {
    for (op, sample) in samples() {
        let inputs: Vec<Tensor> = sample.ordinary().into_iter().map(|(x, _)| x).collect();
        let outputs = (sample.tensor)(&inputs, &Usual);
        let Ok(outputs) = outputs else { continue };
        // The samples of these begin with a copy; they give the input back where nothing changes; indices
        // make a view or a copy.
        if ["view", "view_as", "as_strided", "to_dtype", "i"].contains(&op.name) {
            continue;
        }
        let shares = outputs.iter().all(|y| inputs.iter().any(|x| y.shares_storage(x)));
        assert_eq!(shares, op.cpu == Kernel::view, "{}", op.name);
    }
}

/// On a GPU with fallbacks forbidden, an operation returns an error exactly if the registry says that it
/// falls back to the CPU. `cargo xtask gpu-check` runs this; elsewhere there is nothing to check.
#[test]
fn kernels_are_what_the_registry_says_on_a_strict_gpu() {
    if !(crate::device().is_cuda() && taper_tensor::cuda::strict()) {
        return;
    }
    let mut wrong = vec![];
    for (op, sample) in rows().map(|row| (row.operation, &row.samples[0])) {
        let dtype = if op.dtypes == Dtypes::int { DType::I64 } else { DType::F32 };
        let inputs = sample.changed(|x| x.to_dtype(dtype)).unwrap();
        let result = (sample.tensor)(&inputs, &Usual).map(drop);
        if result.is_err() != (op.gpu == Kernel::fallback) {
            wrong.push(format!("{}, {}: {:?}", op.name, op.gpu, result.map_err(|e| e.to_string())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn autocast_converts_what_the_registry_says() {
    let mut wrong = vec![];
    for (op, sample) in rows().map(|row| (row.operation, &row.samples[0])) {
        if op.dtypes == Dtypes::int || op.name == "to_dtype" {
            continue;
        }
        for dtype in [DType::F32, DType::BF16] {
            let inputs = sample.changed(|x| x.to_dtype(dtype)).unwrap();
            let v: Vec<Variable> = inputs.into_iter().map(Variable::new).collect();
            let outside = (sample.variable)(&v, &Usual).map(|y| y[0].dtype());
            let within = autocast(DType::BF16, || (sample.variable)(&v, &Usual)).map(|y| y[0].dtype());
            let (Ok(outside), Ok(within)) = (outside, within) else { continue };
            let expected = match op.autocast {
                Autocast::low => DType::BF16,
                // Batch norm computes in f32 and gives the dtype that it got.
                Autocast::full if !op.name.starts_with("batch_norm") => DType::F32,
                _ => outside,
            };
            if within != expected {
                wrong.push(format!("{} of {dtype} gives {within} instead of {expected}", op.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
