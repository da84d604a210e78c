//! Operations on large tensors: ours, candle's where it has the operation, PyTorch's; then both passes of the
//! layers that call them.

use taper::autograd::{Backward, Variable};
use taper::nn::{Gelu, Layer, LayerNorm, Linear, Silu, Softmax};
use taper::tensor::{DType, Tensor};
use taper_vision_examples::Result;

use crate::Common;
use crate::harness::{Bench, Case};

pub fn run(common: &Common) -> Result<()> {
    let mut bench = common.open()?;
    for (label, rows) in [("1M", 1 << 10), ("16M", 1 << 14)] {
        operations(&mut bench, label, rows)?;
        layers(&mut bench, label, rows)?;
    }
    bench.finish()
}

/// A line of the table: its name, ours, PyTorch's, and candle's where there is one.
macro_rules! case {
    ($bench:ident, $label:ident, $setup:expr, $name:literal, $ours:expr, $python:literal $(, $candle:expr)?) => {{
        let case = Case::new(format!("{} {}", $name, $label), || Ok(drop($ours?)));
        $(let case = case.other("candle", || Ok(drop($candle?)));)?
        $bench.case(case.pytorch($setup, $python))?;
    }};
}

/// Every operation on `rows` times 1024 elements.
fn operations(bench: &mut Bench, label: &str, rows: usize) -> Result<()> {
    let (x, y) = (Tensor::randn((rows, 1024))?, Tensor::randn((rows, 1024))?);
    let (images, mask) = (x.reshape((rows / 16, 16, 32, 32))?, x.gt(0.0)?);
    let matrices = x.reshape((rows / 64, 256, 256))?;
    let (cx, cy) = (x.as_candle(), y.as_candle());
    let (cimages, cmask, cmatrices) = (images.as_candle(), mask.as_candle(), matrices.as_candle());
    let setup = format!(
        "x, y = torch.randn({rows}, 1024), torch.randn({rows}, 1024)\n\
         images, mask, matrices = x.view(-1, 16, 32, 32), x > 0, x.view(-1, 256, 256)"
    );
    case!(bench, label, &setup, "add", &x + &y, "x + y", cx + cy);
    case!(bench, label, &setup, "mul", &x * &y, "x * y", cx * cy);
    case!(bench, label, &setup, "relu", x.relu(), "torch.relu(x)", cx.relu());
    case!(bench, label, &setup, "exp", x.exp(), "torch.exp(x)", cx.exp());
    case!(bench, label, &setup, "tanh", x.tanh(), "torch.tanh(x)", cx.tanh());
    case!(bench, label, &setup, "sigmoid", x.sigmoid(), "torch.sigmoid(x)");
    case!(bench, label, &setup, "gelu", x.gelu(), "F.gelu(x)", cx.gelu_erf());
    case!(bench, label, &setup, "softmax", x.softmax(-1), "torch.softmax(x, -1)");
    case!(bench, label, &setup, "log_softmax", x.log_softmax(-1), "torch.log_softmax(x, -1)");
    case!(bench, label, &setup, "sum first", x.sum_dim(0), "x.sum(0)", cx.sum(0));
    case!(bench, label, &setup, "sum last", x.sum_dim(1), "x.sum(1)", cx.sum(1));
    case!(bench, label, &setup, "sum all", x.sum(), "x.sum()", cx.sum_all());
    case!(
        bench,
        label,
        &setup,
        "mean (0, 2, 3)",
        images.mean_dim((0, 2, 3)),
        "images.mean((0, 2, 3))",
        cimages.mean((0, 2, 3))
    );
    case!(bench, label, &setup, "var last", x.var(1, 1.0), "x.var(1)", cx.var(1));
    case!(bench, label, &setup, "max last", x.max_dim(1), "x.max(1)", cx.max(1));
    case!(bench, label, &setup, "transpose", x.t()?.contiguous(), "x.t().contiguous()", cx.t()?.contiguous());
    case!(bench, label, &setup, "cat", Tensor::cat(&[&x, &y], 1), "torch.cat([x, y], 1)");
    case!(bench, label, &setup, "bmm", matrices.bmm(&matrices), "matrices @ matrices", {
        cmatrices.matmul(cmatrices)
    });
    case!(bench, label, &setup, "where", x.where_(&mask, &y), "torch.where(mask, x, y)", {
        cmask.where_cond(cx, cy)
    });
    case!(bench, label, &setup, "to f64", x.to_dtype(DType::F64), "x.double()");
    case!(bench, label, &setup, "to bf16", x.to_dtype(DType::BF16), "x.bfloat16()");
    case!(bench, label, &setup, "to i64", x.to_dtype(DType::I64), "x.long()");
    Ok(())
}

/// Each pass of the layers over `rows` times 1024 elements.
fn layers(bench: &mut Bench, label: &str, rows: usize) -> Result<()> {
    let layers: [(Box<dyn Layer>, &str); 5] = [
        (Box::new(Gelu::new()), "nn.GELU()"),
        (Box::new(Silu::new()), "nn.SiLU()"),
        (Box::new(Softmax::new(-1)), "nn.Softmax(-1)"),
        (Box::new(LayerNorm::new([1024])?), "nn.LayerNorm(1024)"),
        (Box::new(Linear::new(1024, 1024)?), "nn.Linear(1024, 1024)"),
    ];
    for (layer, python) in layers {
        let x = Variable::requires_grad(Tensor::randn((rows, 1024))?);
        let setup = format!(
            "x, layer = torch.randn({rows}, 1024, requires_grad=True), {python}\n\
             y = layer(x)\n\
             dy = torch.randn_like(y)"
        );
        let case = Case::new(format!("{python} forward {label}"), || {
            let _: () = drop(layer.forward(&x)?);
            Ok(())
        });
        bench.case(case.pytorch(&setup, "layer(x)"))?;
        let y = layer.forward(&x)?;
        let dy = Variable::new(y.data().randn_like()?);
        let case = Case::new(format!("{python} backward {label}"), || {
            x.zero_grad();
            layer.zero_grad();
            Ok(Backward::new().output(&y, Some(&dy)).retain_graph(true).run()?)
        });
        let run = "x.grad = None; layer.zero_grad(); y.backward(dy, retain_graph=True)";
        bench.case(case.pytorch(&setup, run))?;
    }
    Ok(())
}
