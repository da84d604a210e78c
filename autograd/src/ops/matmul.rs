//! Products of matrices and vectors.

use smallvec::smallvec;
use taper_tensor::Error;

use crate::autocast::lowered;
use crate::ops::view::index_of;
use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// The matrix product over the last two dimensions; those before broadcast. A vector on the left
    /// is a row, on the right a column. `dA = dY Bᵀ`, `dB = Aᵀ dY`.
    ///
    /// # Errors
    /// When the inner sizes or the dtypes differ, or an operand has no dimension.
    #[track_caller]
    pub fn matmul(&self, other: &Self) -> Result<Self> {
        if let Some(scope) = lowered() {
            return scope.low(self)?.matmul(&*scope.low(other)?);
        }
        let y = self.data().matmul(&other.data())?;
        let (size, other_size) = (self.shape(), other.shape());
        let (a, b) = (self.save_for(other), other.save_for(self));
        record("Matmul", &[self, other]).output(y, move |ctx| {
            // As matrices: a vector was a row on the left, a column on the right.
            let mut g = ctx.grad()?;
            if other_size.len() == 1 {
                g = g.unsqueeze(-1)?;
            }
            if size.len() == 1 {
                g = g.unsqueeze(-2)?;
            }
            Ok(smallvec![
                ctx.need(0, || {
                    let b = b.get(ctx)?;
                    let b = if other_size.len() == 1 { b.unsqueeze(1)? } else { b };
                    let da = g.matmul(&b.transpose(-1, -2)?)?;
                    if size.len() == 1 {
                        da.sum_to(&[1, size[0]])?.reshape(&size[..])
                    } else {
                        da.sum_to(&size)
                    }
                })?,
                ctx.need(1, || {
                    let a = a.get(ctx)?;
                    let a = if size.len() == 1 { a.unsqueeze(0)? } else { a };
                    let db = a.transpose(-1, -2)?.matmul(&g)?;
                    if other_size.len() == 1 {
                        db.sum_to(&[other_size[0], 1])?.reshape(&other_size[..])
                    } else {
                        db.sum_to(&other_size)
                    }
                })?
            ])
        })
    }

    /// `self weightᵀ + bias` for rows `[…, in]`, `weight` `[out, in]` and `bias` `[out]`.
    ///
    /// # Errors
    /// When the shapes or dtypes do not fit.
    #[track_caller]
    pub fn linear(&self, weight: &Self, bias: Option<&Self>) -> Result<Self> {
        if let Some(scope) = lowered() {
            return scope.low(self)?.linear(&*scope.low(weight)?, scope.low_option(bias)?.as_deref());
        }
        let (x_size, w_size) = (self.shape(), weight.shape());
        if w_size.len() != 2 || x_size.last() != w_size.last() {
            let features = w_size.last().copied().unwrap_or(0);
            return Err(taper_tensor::Error::shape(
                "linear",
                format!(
                    "input has shape {x_size:?}, weight {w_size:?} expects a last dimension of {features}"
                ),
            )
            .into());
        }
        let mut y = self.data().matmul(&weight.data().t()?)?;
        if let Some(bias) = bias {
            y = y.add(bias.data())?;
        }
        let (x, w) = (self.save_for(weight), weight.save_for(self));
        let rule = move |ctx: &crate::record::Context<'_>| {
            let g = ctx.grad()?;
            // As rows of one matrix.
            let rows = |v: &Variable| v.reshape([-1, *v.size().last().unwrap_or(&1) as i64]);
            let mut grads = smallvec![
                ctx.need(0, || g.matmul(&w.get(ctx)?))?,
                ctx.need(1, || rows(&g)?.t()?.matmul(&rows(&x.get(ctx)?)?))?
            ];
            if ctx.node.edges.len() == 3 {
                grads.push(ctx.need(2, || rows(&g)?.sum_dim(0, false))?);
            }
            Ok(grads)
        };
        match bias {
            Some(bias) => record("Linear", &[self, weight, bias]).output(y, rule),
            None => record("Linear", &[self, weight]).output(y, rule),
        }
    }

    /// The products of two batches of matrices `[B, n, k]` and `[B, k, m]`.
    ///
    /// # Errors
    /// When they are no batches of one size, or the inner sizes differ.
    #[track_caller]
    pub fn bmm(&self, other: &Self) -> Result<Self> {
        let (a, b) = (self.shape(), other.shape());
        if a.len() != 3 || b.len() != 3 || a[0] != b[0] {
            let message = format!("shapes {:?} and {:?}, expected [B, n, k] and [B, k, m]", &a[..], &b[..]);
            return Err(taper_tensor::Error::shape("bmm", message).into());
        }
        self.matmul(other)
    }

    /// `self + a·b` for matrices `a` and `b`; `self` broadcasts.
    ///
    /// # Errors
    /// When the shapes or dtypes do not fit.
    #[track_caller]
    pub fn addmm(&self, a: &Self, b: &Self) -> Result<Self> {
        if let Some(scope) = lowered() {
            return scope.low(self)?.addmm(&*scope.low(a)?, &*scope.low(b)?);
        }
        self.add(a.matmul(b)?)
    }

    /// The products of each element of a vector with each of another.
    ///
    /// # Errors
    /// When one of them is no vector.
    #[track_caller]
    pub fn outer(&self, other: &Self) -> Result<Self> {
        vectors("outer", self, other)?;
        self.unsqueeze(1)?.mul(other)
    }

    /// The sum of the products of the elements of two vectors.
    ///
    /// # Errors
    /// When one of them is no vector, or their lengths differ.
    #[track_caller]
    pub fn dot(&self, other: &Self) -> Result<Self> {
        vectors("dot", self, other)?;
        self.matmul(other)
    }
}

fn vectors(op: &'static str, a: &Variable, b: &Variable) -> Result<()> {
    if a.dim() == 1 && b.dim() == 1 {
        return Ok(());
    }
    let message = format!("shapes {:?} and {:?}, expected two vectors", a.size(), b.size());
    Err(taper_tensor::Error::shape(op, message).into())
}

impl Variable {
    /// The product of two matrices.
    ///
    /// # Errors
    /// When they are no matrices, or the shapes or dtypes do not fit.
    #[track_caller]
    pub fn mm(&self, other: &Self) -> Result<Self> {
        self.expect_ranks("mm", 2, other, 2)?;
        self.matmul(other)
    }

    /// The product of a matrix and a vector.
    ///
    /// # Errors
    /// When they are not these, or the shapes or dtypes do not fit.
    #[track_caller]
    pub fn mv(&self, vector: &Self) -> Result<Self> {
        self.expect_ranks("mv", 2, vector, 1)?;
        self.matmul(vector)
    }

    fn expect_ranks(&self, op: &'static str, left: usize, other: &Self, right: usize) -> Result<()> {
        if self.dim() == left && other.dim() == right {
            return Ok(());
        }
        let message = format!(
            "shapes {:?} and {:?}, expected {left} and {right} dimensions",
            self.size(),
            other.size()
        );
        Err(Error::shape(op, message).into())
    }

    /// `self + a·b` for batches of matrices; `self` broadcasts.
    ///
    /// # Errors
    /// When the shapes or dtypes do not fit.
    #[track_caller]
    pub fn baddbmm(&self, a: &Self, b: &Self) -> Result<Self> {
        if let Some(scope) = lowered() {
            return scope.low(self)?.baddbmm(&*scope.low(a)?, &*scope.low(b)?);
        }
        self.add(a.bmm(b)?)
    }

    /// The sums of the products over the last `dims` dimensions of `self` and the first of `other`.
    ///
    /// # Errors
    /// When there are fewer dimensions, or their sizes or the dtypes differ.
    #[track_caller]
    pub fn tensordot(&self, other: &Self, dims: usize) -> Result<Self> {
        let y = self.data().tensordot(&other.data(), dims)?; // which checks the shapes
        let size = y.size().to_vec();
        let k: usize = other.size()[..dims].iter().product();
        let rows: usize = self.size()[..self.dim() - dims].iter().product();
        let columns: usize = other.size()[dims..].iter().product();
        self.reshape([rows, k])?.matmul(&other.reshape([k, columns])?)?.reshape(size)
    }

    /// The vector product along a dimension of size 3; the others broadcast.
    ///
    /// # Errors
    /// When there is no such dimension, it is not 3 in both, or the shapes do not broadcast.
    #[track_caller]
    pub fn cross(&self, other: &Self, dim: i64) -> Result<Self> {
        let d = index_of(dim, self.data().cross(&other.data(), dim)?.dim()) as i64; // checks the shapes
        let part = |i: i64| -> Result<Self> {
            let (j, k) = ((i + 1) % 3, (i + 2) % 3);
            let first = self.select(dim, j)?.mul(other.select(dim, k)?)?;
            first.sub(self.select(dim, k)?.mul(other.select(dim, j)?)?)
        };
        Self::stack(&[part(0)?, part(1)?, part(2)?], d)
    }
}
