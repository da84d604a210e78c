//! Einstein's summation convention: written once for tensors and variables, in operations of theirs.

use taper_tensor::{EinsumOperand, einsum};

use crate::{Error, Result, Variable};

impl EinsumOperand for Variable {
    type Error = Error;
    fn sizes(&self) -> Vec<usize> {
        self.size().to_vec()
    }
    fn stretched(&self, sizes: &[usize]) -> Result<Self> {
        self.expand(sizes)
    }
    fn diagonal_of(&self, dim1: usize, dim2: usize) -> Result<Self> {
        self.diagonal(0, dim1 as i64, dim2 as i64)
    }
    fn summed(&self, dims: &[usize]) -> Result<Self> {
        self.sum_dim(dims, false)
    }
    fn permuted(&self, dims: &[usize]) -> Result<Self> {
        self.permute(dims)
    }
    fn reshaped(&self, sizes: &[usize]) -> Result<Self> {
        self.reshape(sizes)
    }
    fn product(&self, other: &Self) -> Result<Self> {
        self.matmul(other)
    }
}

impl Variable {
    /// Sums products over the indices that the equation names but does not keep, see
    /// [`Tensor::einsum`](taper_tensor::Tensor::einsum).
    ///
    /// ```
    /// # use taper_autograd::{Variable, tensor::Tensor};
    /// let x = Variable::requires_grad(Tensor::new([[1.0f32, 2.0], [3.0, 4.0]])?);
    /// Variable::einsum("ij,ij->", &[&x, &x])?.backward()?;
    /// assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [2.0, 4.0, 6.0, 8.0]);
    /// # Ok::<(), taper_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the equation does not fit the operands' shapes, or is no equation.
    #[track_caller]
    pub fn einsum(equation: &str, operands: &[&Self]) -> Result<Self> {
        einsum(equation, operands)
    }
}
