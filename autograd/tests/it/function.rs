//! Operations of the user's own, and operations in place.

use taper_autograd::{
    BackwardContext, ForwardContext, Function, GradcheckOptions, Result, Variable, gradcheck, gradgradcheck,
    no_grad,
};
use taper_tensor::{DType, Tensor};

fn leaf(values: &[f64]) -> Variable {
    Variable::requires_grad(Tensor::options().dtype(DType::F64).tensor(values).unwrap())
}

/// The product and the quotient of two inputs, and a count that has no gradient.
struct MulDiv;

impl Function for MulDiv {
    const NAME: &'static str = "MulDiv";

    fn forward(&mut self, ctx: &mut ForwardContext, x: &[Tensor]) -> Result<Vec<Tensor>> {
        ctx.save_input(0);
        ctx.save_input(1);
        ctx.mark_non_differentiable(2);
        Ok(vec![x[0].mul(&x[1])?, x[0].div(&x[1])?, Tensor::from_vec(vec![x[0].numel() as f64], ())?])
    }

    fn backward(&self, ctx: &BackwardContext<'_>, g: &[Option<Variable>]) -> Result<Vec<Option<Variable>>> {
        let (a, b) = (ctx.input(0)?, ctx.input(1)?);
        let zeros = || -> Result<Variable> { Ok(Variable::new(a.data().zeros_like()?)) };
        let product = g[0].clone().map_or_else(zeros, Ok)?;
        let quotient = g[1].clone().map_or_else(zeros, Ok)?;
        let da = product.mul(&b)?.add(quotient.div(&b)?)?;
        let db = product.mul(&a)?.sub(quotient.mul(&a)?.div(b.square()?)?)?;
        Ok(vec![Some(da), ctx.needs_input_grad(1).then_some(db)])
    }
}

#[test]
fn functions_have_several_inputs_and_outputs() -> Result<()> {
    let inputs = [leaf(&[1.0, -2.0]), leaf(&[0.5, 3.0])];
    let both = |v: &[Variable]| {
        let y = MulDiv.apply(&[&v[0], &v[1]])?;
        y[0].square()?.add(&y[1])
    };
    gradcheck(both, &inputs, GradcheckOptions::default())?;
    gradgradcheck(both, &inputs, GradcheckOptions::default())?;
    // Only one of the outputs is used.
    gradcheck(|v| Ok(MulDiv.apply(&[&v[0], &v[1]])?.remove(1)), &inputs, GradcheckOptions::default())?;
    let ys = MulDiv.apply(&[&inputs[0], &inputs[1]])?;
    assert!(ys[0].is_requires_grad() && !ys[2].is_requires_grad());
    assert_eq!(ys[1].creator().unwrap().name(), "MulDiv");
    Ok(())
}

struct WrongShape;

impl Function for WrongShape {
    const NAME: &'static str = "WrongShape";

    fn forward(&mut self, _: &mut ForwardContext, x: &[Tensor]) -> Result<Vec<Tensor>> {
        Ok(vec![x[0].clone()])
    }

    fn backward(&self, ctx: &BackwardContext<'_>, g: &[Option<Variable>]) -> Result<Vec<Option<Variable>>> {
        assert!(ctx.input(0).is_err());
        Ok(vec![g[0].as_ref().map(Variable::sum).transpose()?])
    }
}

#[test]
fn a_gradient_of_the_wrong_shape_names_the_function() -> Result<()> {
    let error = WrongShape.apply(&[&leaf(&[1.0, 2.0])])?[0].sum()?.backward().unwrap_err().to_string();
    assert!(error.contains("WrongShape") && error.contains("[2]"), "{error}");
    Ok(())
}

#[test]
fn in_place_operations_rewire_the_graph() -> Result<()> {
    let x = leaf(&[1.0, -2.0]);
    let y = x.mul(3.0)?;
    y.add_(&x)?; // 4 x
    y.relu_()?;
    assert_eq!(y.creator().unwrap().name(), "Relu");
    assert_eq!(y.data().to_vec::<f64>()?, [4.0, 0.0]);
    y.sum()?.backward()?;
    assert_eq!(x.grad().unwrap().to_vec::<f64>()?, [4.0, 0.0]);
    // A constant becomes part of the graph.
    let total = Variable::new(Tensor::options().dtype(DType::F64).zeros(2)?);
    total.add_(&x)?;
    total.mul_(2.0)?;
    x.zero_grad();
    total.sum()?.backward()?;
    assert_eq!(x.grad().unwrap().to_vec::<f64>()?, [2.0, 2.0]);
    Ok(())
}

#[test]
fn in_place_operations_refuse_leaves() -> Result<()> {
    let x = leaf(&[1.0, 2.0]);
    let error = x.add_(1.0).unwrap_err().to_string();
    assert!(error.contains("add_") && error.contains("leaf"), "{error}");
    no_grad(|| x.add_(1.0))?;
    assert_eq!(x.data().to_vec::<f64>()?, [2.0, 3.0]);
    assert!(x.is_leaf() && x.is_requires_grad());
    // A reshape that had to copy is a tensor of its own.
    let tall = x.mul(2.0)?.unsqueeze(0)?.expand((3, 2))?.reshape(6)?;
    tall.add_(1.0)?;
    assert_eq!(tall.data().to_vec::<f64>()?, [5.0, 7.0, 5.0, 7.0, 5.0, 7.0]);
    x.set_name("fc.weight");
    let error = x.mul_(2.0).unwrap_err().to_string();
    assert!(error.contains("the leaf fc.weight"), "{error}");
    assert!(x.mul(2.0)?.add_(Variable::new(Tensor::ones((2, 2))?.to_dtype(DType::F64)?)).is_err());
    Ok(())
}

/// The value that the product saved is gone.
#[test]
fn in_place_operations_on_saved_values_are_found() -> Result<()> {
    let x = leaf(&[1.0, 2.0]);
    let y = x.mul(2.0)?;
    let z = y.mul(&y)?;
    y.add_(1.0)?;
    let error = z.sum()?.backward().unwrap_err().to_string();
    assert!(error.contains("Mul saved was changed in place"), "{error}");
    Ok(())
}
