//! In-place operations on views and their bases.

use taper_autograd::{
    BackwardContext, ForwardContext, Function, GradcheckOptions, Result, Variable, gradcheck, gradgradcheck,
    no_grad,
};
use taper_tensor::{DType, Tensor};

fn leaf(values: &[f64]) -> Variable {
    Variable::requires_grad(Tensor::options().dtype(DType::F64).tensor(values).unwrap())
}

fn values(x: &Variable) -> Vec<f64> {
    x.data().to_vec().unwrap()
}

fn gradient(x: &Variable) -> Vec<f64> {
    x.grad().unwrap().to_vec().unwrap()
}

#[test]
fn a_changed_view_is_written_into_its_base() -> Result<()> {
    let x = leaf(&[1.0, 2.0, 3.0]);
    let y = x.mul(2.0)?;
    let view = y.narrow(0, 1, 2)?;
    view.mul_(10.0)?;
    assert_eq!((values(&y), values(&view)), (vec![2.0, 40.0, 60.0], vec![40.0, 60.0]));
    assert_eq!(y.creator().unwrap().name(), "CopySlices");
    assert_eq!(view.creator().unwrap().name(), "AsStrided");
    y.sum()?.backward()?;
    assert_eq!(gradient(&x), [2.0, 20.0, 20.0]);
    // Only the elements of the view are multiplied.
    x.zero_grad();
    let y = x.mul(2.0)?;
    let view = y.select(0, 0)?;
    view.mul_(view.mul(1.0)?)?;
    view.backward()?;
    assert_eq!(gradient(&x), [8.0, 0.0, 0.0]);
    Ok(())
}

#[test]
fn a_view_follows_its_base_and_the_bases_other_views() -> Result<()> {
    let x = leaf(&[1.0, 2.0, 3.0, 4.0]);
    let y = x.mul(1.0)?;
    let (left, grid) = (y.narrow(0, 0, 2)?, y.reshape((2, 2))?);
    let column = grid.select(1, 0)?; // elements 0 and 2, a view of a view
    y.mul_(3.0)?;
    left.mul_(5.0)?;
    assert_eq!(values(&column), [15.0, 9.0]);
    column.sum()?.backward()?;
    assert_eq!(gradient(&x), [15.0, 0.0, 3.0, 0.0]);
    Ok(())
}

/// An output that is filled part by part, as a loop over time does.
#[test]
fn parts_of_a_constant_take_gradients() -> Result<()> {
    let rows = [leaf(&[1.0, 2.0]), leaf(&[3.0, 4.0])];
    let y = Variable::new(Tensor::options().dtype(DType::F64).zeros((3, 2))?);
    for (i, row) in rows.iter().enumerate() {
        y.select(0, i as i64)?.copy_(row)?;
    }
    assert!(y.is_requires_grad());
    y.mul(&y)?.sum()?.backward_options().retain_graph(true).run()?;
    assert_eq!((gradient(&rows[0]), gradient(&rows[1])), (vec![2.0, 4.0], vec![6.0, 8.0]));
    // Overwritten elements get no gradient.
    y.select(0, 0)?.zero_()?;
    y.select(0, 1)?.fill_(7.0)?;
    assert_eq!(values(&y), [0.0, 0.0, 7.0, 7.0, 0.0, 0.0]);
    rows.iter().for_each(Variable::zero_grad);
    y.sum()?.backward()?;
    assert_eq!(gradient(&rows[0]), [0.0, 0.0]);
    Ok(())
}

#[test]
fn gradients_through_changed_views_are_the_numerical_ones() -> Result<()> {
    type Op = fn(&[Variable]) -> Result<Variable>;
    let cases: [(&str, Op); 5] = [
        ("narrow", |v| {
            let y = v[0].mul(&v[0])?;
            y.narrow(1, 1, 2)?.mul_(v[1].narrow(1, 0, 2)?)?;
            y.exp()
        }),
        ("transposed base", |v| {
            let y = v[0].mul(2.0)?.t()?; // in memory, a view itself
            y.select(0, 1)?.add_(v[1].select(1, 0)?.square()?)?;
            y.mul(&y)
        }),
        ("base first, then the view", |v| {
            let y = v[0].mul(1.0)?;
            let view = y.permute((1, 0))?.narrow(0, 0, 2)?;
            y.mul_(&v[1])?;
            view.tanh_()?;
            y.mul(&v[1])?.add(view.sum()?)
        }),
        ("pieces", |v| {
            let y = v[0].mul(3.0)?;
            let pieces = y.split(2, 1)?;
            pieces[0].sigmoid_()?;
            pieces[1].mul_(pieces[1].add(1.0)?)?;
            y.mul(&v[1])
        }),
        ("a view that is not kept", |v| {
            let y = v[0].mul(2.0)?;
            y.unsqueeze(0)?.copy_(&v[1].unsqueeze(0)?)?;
            y.square()
        }),
    ];
    for (name, f) in cases {
        let inputs = [leaf(&[0.3, -0.7, 1.1, 0.5, 0.2, -0.4]), leaf(&[0.9, 0.1, -0.6, 0.8, -1.2, 0.35])];
        let grids = |v: &[Variable]| {
            let grid = |x: &Variable| x.reshape((2, 3))?.mul(1.0);
            f(&[grid(&v[0])?, grid(&v[1])?])
        };
        gradcheck(grids, &inputs, GradcheckOptions::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
        gradgradcheck(grids, &inputs, GradcheckOptions::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
    Ok(())
}

#[test]
fn what_was_saved_before_is_found() -> Result<()> {
    let x = leaf(&[1.0, 2.0]);
    let y = x.mul(2.0)?;
    let z = y.mul(&y)?;
    y.narrow(0, 0, 1)?.add_(1.0)?;
    let error = z.sum()?.backward().unwrap_err().to_string();
    assert!(error.contains("Mul saved was changed in place"), "{error}");
    Ok(())
}

#[test]
fn leaves_are_refused_also_through_views() -> Result<()> {
    let x = leaf(&[1.0, 2.0]);
    x.set_name("fc.bias");
    let error = x.narrow(0, 0, 1)?.add_(1.0).unwrap_err().to_string();
    assert!(error.contains("a view of the leaf fc.bias"), "{error}");
    no_grad(|| x.narrow(0, 0, 1)?.add_(1.0))?;
    assert_eq!(values(&x), [2.0, 2.0]);
    // A view that the graph does not know of.
    let y = x.mul(2.0)?;
    let view = no_grad(|| y.narrow(0, 0, 1))?;
    let error = view.add_(&x.narrow(0, 0, 1)?).unwrap_err().to_string();
    assert!(error.contains("got a view made by Narrow without recording"), "{error}");
    let repeated = x.mul(2.0)?.reshape((1, 2))?.expand((3, 2))?;
    assert!(repeated.add_(1.0).unwrap_err().to_string().contains("several places"));
    Ok(())
}

struct Pass;

impl Function for Pass {
    const NAME: &'static str = "Pass";

    fn forward(&mut self, _: &mut ForwardContext, x: &[Tensor]) -> Result<Vec<Tensor>> {
        Ok(x.to_vec())
    }

    fn backward(&self, _: &BackwardContext<'_>, g: &[Option<Variable>]) -> Result<Vec<Option<Variable>>> {
        Ok(vec![g[0].as_ref().map(|g| g.mul(100.0)).transpose()?])
    }
}

#[test]
fn a_functions_view_has_a_rule_of_its_own() -> Result<()> {
    let y = Pass.apply(&[&leaf(&[1.0]).mul(2.0)?])?.remove(0);
    let error = y.add_(1.0).unwrap_err().to_string();
    assert!(error.starts_with("add_: got a view made by Pass"), "{error}");
    Ok(())
}

#[test]
fn a_retained_gradient_is_that_of_the_last_value() -> Result<()> {
    let x = leaf(&[1.0, 2.0]);
    let y = x.mul(2.0)?;
    y.retain_grad();
    y.mul_(3.0)?;
    y.narrow(0, 0, 1)?.mul_(2.0)?;
    y.mul(&y)?.sum()?.backward()?;
    assert_eq!(gradient(&y), [24.0, 24.0]); // 2 y, with y = [12, 12]
    assert_eq!(gradient(&x), [288.0, 144.0]);
    Ok(())
}

#[test]
fn integers_require_no_gradient() -> Result<()> {
    let x = Variable::new(Tensor::new([1i64, 2])?);
    x.set_name("index");
    let error = x.set_requires_grad(true).unwrap_err().to_string();
    assert!(
        error.contains("set_requires_grad: got index, a variable of int64 that requires a gradient"),
        "{error}"
    );
    let x = Variable::requires_grad(Tensor::new([1i64, 2])?);
    // At the first operation, also one that makes real numbers, or a view.
    for (op, result) in [
        ("Sum", x.sum()),
        ("MulScalar", x.mul(0.5)),
        ("ToDtype", x.to_dtype(DType::F32)),
        ("Reshape", x.reshape((2, 1))),
    ] {
        let error = result.unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("{op}: got a variable of int64 that requires a gradient")),
            "{error}"
        );
    }
    let error = x.backward_with(&Tensor::new([1i64, 1])?).unwrap_err().to_string();
    assert!(error.starts_with("backward: got a variable of int64"), "{error}");
    assert_eq!(no_grad(|| x.sum())?.item::<i64>()?, 3);
    Ok(())
}

#[test]
fn cat_promotes_and_gives_each_input_the_gradient_in_its_own_dtype() -> Result<()> {
    let (half, single) = (
        Variable::requires_grad(Tensor::new([1.0f32, 2.0])?.to_dtype(DType::F16)?),
        Variable::requires_grad(Tensor::new([3.0f32])?),
    );
    let y = Variable::cat(&[&half, &single], 0)?;
    assert_eq!((y.dtype(), y.data().to_vec::<f32>()?), (DType::F32, vec![1.0, 2.0, 3.0]));
    y.mul(&y)?.sum()?.backward()?;
    assert_eq!(half.grad().unwrap().dtype(), DType::F16);
    assert_eq!(half.grad().unwrap().to_dtype(DType::F32)?.to_vec::<f32>()?, [2.0, 4.0]);
    assert_eq!(single.grad().unwrap().to_vec::<f32>()?, [6.0]);
    // A tensor stands for a constant, and integers promote too.
    let grids = Variable::stack(&[Tensor::new([1i64, 2])?, Tensor::new([3i64, 4])?], 0)?;
    assert_eq!(grids.dtype(), DType::I64);
    Ok(())
}

#[test]
fn a_slice_with_a_step_is_a_view() -> Result<()> {
    let x = leaf(&[1.0, 2.0, 3.0, 4.0, 5.0]);
    let y = x.mul(1.0)?;
    y.slice(0, None, None, 2)?.mul_(10.0)?;
    assert_eq!(values(&y), [10.0, 2.0, 30.0, 4.0, 50.0]);
    y.sum()?.backward()?;
    assert_eq!(gradient(&x), [10.0, 1.0, 10.0, 1.0, 10.0]);
    Ok(())
}

#[test]
fn as_strided_reaches_the_elements_of_the_base() -> Result<()> {
    let x = leaf(&[1.0, 2.0, 3.0, 4.0]);
    let y = x.mul(2.0)?;
    let view = y.narrow(0, 3, 1)?.as_strided((2, 2), (1, 2), Some(0))?;
    assert_eq!(values(&view), [2.0, 6.0, 4.0, 8.0]);
    view.select(0, 0)?.mul_(3.0)?;
    assert_eq!(values(&y), [6.0, 4.0, 18.0, 8.0]);
    y.sum()?.backward()?;
    assert_eq!(gradient(&x), [6.0, 2.0, 6.0, 2.0]);
    Ok(())
}

#[test]
fn views_and_joins_fail_with_the_message_of_the_tensor() -> Result<()> {
    let t = Tensor::zeros((2, 3))?;
    let x = Variable::new(t.clone());
    let pairs = [
        (t.movedim((0, 0), (0, 1)).err(), x.movedim((0, 0), (0, 1)).err()),
        (t.flatten((1, 0)).err(), x.flatten((1, 0)).err()),
        (t.pad([1], taper_tensor::Pad::Reflect).err(), x.pad([1], taper_tensor::Pad::Reflect).err()),
        (t.slice(0, None, None, 0).err(), x.slice(0, None, None, 0).err()),
        (Tensor::cat(&[&t, &t.t()?], 0).err(), Variable::cat(&[&x, &x.t()?], 0).err()),
        (Tensor::einsum("ij,jk", &[&t, &t]).err(), Variable::einsum("ij,jk", &[&x, &x]).err()),
    ];
    for (tensor, variable) in pairs {
        assert_eq!(tensor.unwrap().to_string(), variable.unwrap().to_string());
    }
    Ok(())
}
