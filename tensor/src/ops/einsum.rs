//! Einstein's summation convention.

use crate::{Error, Result, Tensor, shape};

/// What an operation on a `T` gives.
type Done<T, R> = std::result::Result<R, <T as EinsumOperand>::Error>;

/// What [`einsum`] is written in, so that what records operations has it too.
pub trait EinsumOperand: Clone {
    /// The errors of its operations.
    type Error: From<Error>;
    /// The sizes of all dimensions.
    fn sizes(&self) -> Vec<usize>;
    /// Dimensions of size 1 stretched to `sizes`.
    fn stretched(&self, sizes: &[usize]) -> Done<Self, Self>;
    /// The diagonal of two dimensions, as a new last one.
    fn diagonal_of(&self, dim1: usize, dim2: usize) -> Done<Self, Self>;
    /// The sums over these dimensions, which disappear, in the operand's dtype.
    fn summed(&self, dims: &[usize]) -> Done<Self, Self>;
    /// The dimensions in this order.
    fn permuted(&self, dims: &[usize]) -> Done<Self, Self>;
    /// The elements in another shape.
    fn reshaped(&self, sizes: &[usize]) -> Done<Self, Self>;
    /// The products of two batches of matrices.
    fn product(&self, other: &Self) -> Done<Self, Self>;
}

impl EinsumOperand for Tensor {
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
        self.sum_dim(dims, false)?.cast(self.dtype)
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

impl Tensor {
    /// Sums products over the indices that the equation names but does not keep: `"ij,jk->ik"` is the
    /// matrix product. Without `->`, the indices that occur once are kept, in alphabetical order. An
    /// index that one operand names twice is its diagonal. `...` is all dimensions that have no letter; they
    /// broadcast, as sizes of 1 do.
    ///
    /// ```
    /// # use taper_tensor::Tensor;
    /// let x = Tensor::new([[1i64, 2], [3, 4]])?;
    /// assert_eq!(Tensor::einsum("ii", &[&x])?.item::<i64>()?, 5);
    /// assert_eq!(Tensor::einsum("ij->j", &[&x])?.to_vec::<i64>()?, [4, 6]);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the equation does not fit the operands' shapes, or is no equation.
    pub fn einsum(equation: &str, operands: &[&Self]) -> Result<Self> {
        einsum(equation, operands)
    }
}

/// [`Tensor::einsum`] of anything that has the operations.
///
/// # Errors
/// As [`Tensor::einsum`].
pub fn einsum<T: EinsumOperand>(equation: &str, operands: &[&T]) -> Done<T, T> {
    let op = "einsum";
    let sizes: Vec<Vec<usize>> = operands.iter().map(|x| x.sizes()).collect();
    let fail = |why: String| Err(Error::value(op, format!("{equation:?}: {why}")).into());
    let equation: String = equation.chars().filter(|c| !c.is_whitespace()).collect();
    let (left, right) = match equation.split_once("->") {
        Some((l, r)) => (l, Some(r)),
        None => (equation.as_str(), None),
    };
    let texts: Vec<&str> = left.split(',').collect();
    if texts.len() != operands.len() || operands.is_empty() {
        return fail(format!("{} operands for {} terms", operands.len(), texts.len()));
    }
    // As many dimensions as the longest "..." stands for.
    let (mut terms, mut wide) = (vec![], 0);
    for (text, size) in texts.iter().zip(&sizes) {
        let dots = size.len().saturating_sub(text.replace("...", "").chars().count());
        let Some(term) = names(text, dots) else {
            return fail(format!("{text:?} is not of letters and at most one \"...\""));
        };
        if text.contains("...") {
            wide = wide.max(dots);
        }
        if size.len() != term.len() {
            return fail(format!("shape {size:?} has not the {} dimensions of {text:?}", term.len()));
        }
        terms.push(term);
    }
    let right = match right.map(|r| names(r, wide)) {
        Some(None) => return fail("the result is not of letters and at most one \"...\"".into()),
        Some(names) => names,
        None => None,
    };
    let mut letters: Vec<char> = terms.concat();
    letters.sort_unstable();
    let kept: Vec<char> = right.unwrap_or_else(|| {
        let once = |c: &char| c.is_ascii() && letters.iter().filter(|l| *l == c).count() == 1;
        dots(wide).chain(letters.iter().copied().filter(once)).collect()
    });
    letters.dedup();
    // A size of 1 stretches to that of the others.
    let size = |c: char| {
        let of = |(size, term): (&Vec<usize>, &Vec<char>)| {
            term.iter().zip(size).filter(|(n, _)| **n == c).map(|(_, &s)| s).find(|&s| s != 1)
        };
        sizes.iter().zip(&terms).find_map(of).unwrap_or(1)
    };
    let twice = kept.iter().enumerate().any(|(i, c)| kept[..i].contains(c));
    if twice || kept.iter().any(|c| !letters.contains(c)) {
        return fail("the result names an index twice, or one that no operand has".into());
    }
    let mut done: Option<(T, Vec<char>)> = None;
    for (i, (x, term)) in operands.iter().zip(&terms).enumerate() {
        let stretched = sizes[i].iter().zip(term).map(|(&n, &c)| if n == 1 { size(c) } else { n });
        let (x, term) = diagonals(x.stretched(&stretched.collect::<Vec<_>>())?, term.clone())?;
        let needed = |c: &char| kept.contains(c) || terms[i + 1..].iter().flatten().any(|l| l == c);
        done = Some(match done {
            None => sum_out(x, term, needed)?,
            Some((y, other)) => contract(&y, &other, &x, &term, needed)?,
        });
    }
    let Some((y, names)) = done else { return fail("there is no operand".into()) };
    let order: Vec<usize> = kept.iter().filter_map(|c| names.iter().position(|n| n == c)).collect();
    y.permuted(&order)
}

/// The names of the dimensions that "..." stands for, which are aligned at the end: no letters.
fn dots(count: usize) -> impl DoubleEndedIterator<Item = char> {
    (0..count as u32).rev().filter_map(|i| char::from_u32(0xE000 + i))
}

/// The names of a term's dimensions; none where it is no term.
fn names(text: &str, count: usize) -> Option<Vec<char>> {
    let (before, after, count) = match text.split_once("...") {
        Some((before, after)) => (before, after, count),
        None => (text, "", 0),
    };
    let letters = before.chars().chain(after.chars()).all(|c| c.is_ascii_alphabetic());
    letters.then(|| before.chars().chain(dots(count)).chain(after.chars()).collect())
}

/// Each index once: of one that is named twice, the diagonal.
fn diagonals<T: EinsumOperand>(mut x: T, mut term: Vec<char>) -> Done<T, (T, Vec<char>)> {
    while let Some((i, j)) =
        (0..term.len()).flat_map(|j| (0..j).map(move |i| (i, j))).find(|&(i, j)| term[i] == term[j])
    {
        let (n, m) = (x.sizes()[i], x.sizes()[j]);
        if n != m {
            return Err(
                Error::shape("einsum", format!("index {:?} has the sizes {n} and {m}", term[i])).into()
            );
        }
        x = x.diagonal_of(i, j)?;
        let rest = (0..term.len()).filter(|&d| d != i && d != j);
        term = rest.map(|d| term[d]).chain([term[i]]).collect();
    }
    Ok((x, term))
}

/// Sums over the indices that nobody needs.
fn sum_out<T: EinsumOperand>(
    x: T,
    term: Vec<char>,
    needed: impl Fn(&char) -> bool,
) -> Done<T, (T, Vec<char>)> {
    let over: Vec<usize> = (0..term.len()).filter(|&d| !needed(&term[d])).collect();
    if over.is_empty() {
        return Ok((x, term));
    }
    Ok((x.summed(&over)?, term.into_iter().filter(needed).collect()))
}

/// The product of two operands as one batched matrix product: indices that both have and somebody
/// needs are the batch, those that both have and nobody needs are summed over.
fn contract<T: EinsumOperand>(
    a: &T,
    an: &[char],
    b: &T,
    bn: &[char],
    needed: impl Fn(&char) -> bool,
) -> Done<T, (T, Vec<char>)> {
    let (a, an) = sum_out(a.clone(), an.to_vec(), |c| needed(c) || bn.contains(c))?;
    let (b, bn) = sum_out(b.clone(), bn.to_vec(), |c| needed(c) || an.contains(c))?;
    let pick =
        |names: &[char], f: &dyn Fn(&char) -> bool| names.iter().copied().filter(f).collect::<Vec<_>>();
    let batch = pick(&an, &|c| bn.contains(c) && needed(c));
    let inner = pick(&an, &|c| bn.contains(c) && !needed(c));
    let rows = pick(&an, &|c| !bn.contains(c));
    let columns = pick(&bn, &|c| !an.contains(c));
    let size = |x: &T, names: &[char], part: &[char]| -> Vec<usize> {
        let sizes = x.sizes();
        part.iter().filter_map(|c| names.iter().position(|n| n == c)).map(|d| sizes[d]).collect()
    };
    let order = |names: &[char], part: &[&[char]]| -> Vec<usize> {
        part.concat().iter().filter_map(|c| names.iter().position(|n| n == c)).collect()
    };
    for part in [&batch, &inner] {
        if size(&a, &an, part) != size(&b, &bn, part) {
            return Err(Error::shape(
                "einsum",
                format!(
                    "shapes {:?} and {:?} differ at a common index of {an:?} and {bn:?}",
                    a.sizes(),
                    b.sizes()
                ),
            )
            .into());
        }
    }
    let (batch_size, k) = (size(&a, &an, &batch), shape::numel(&size(&a, &an, &inner)));
    let (row_size, column_size) = (size(&a, &an, &rows), size(&b, &bn, &columns));
    let (m, n) = (shape::numel(&row_size), shape::numel(&column_size));
    let left = a.permuted(&order(&an, &[&batch, &rows, &inner]))?;
    let left = left.reshaped(&[shape::numel(&batch_size), m, k])?;
    let right = b.permuted(&order(&bn, &[&batch, &inner, &columns]))?;
    let right = right.reshaped(&[shape::numel(&batch_size), k, n])?;
    let y = left.product(&right)?.reshaped(&[batch_size, row_size, column_size].concat())?;
    Ok((y, [batch, rows, columns].concat()))
}
