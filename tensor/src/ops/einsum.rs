//! Einstein's summation convention: an equation becomes a plan of other operations.

use crate::{Error, Result, Tensor, shape};

/// The operations that compute an equation.
#[doc(hidden)]
pub struct Plan {
    /// A step for each operand.
    pub steps: Vec<Step>,
    /// The order of the last product's dimensions in the result.
    pub order: Vec<usize>,
}

/// What is done with one operand.
#[doc(hidden)]
pub struct Step {
    /// The shape it expands to.
    pub size: Vec<usize>,
    /// The pairs of dimensions whose diagonal is taken.
    pub diagonals: Vec<(i64, i64)>,
    /// The dimensions that are summed then.
    pub sums: Vec<usize>,
    /// The product with what came before; the first operand has none.
    pub product: Option<Product>,
}

/// A product of two operands as one of batches of matrices.
#[doc(hidden)]
pub struct Product {
    /// The dimensions of the left operand that are summed before.
    pub sums: Vec<usize>,
    /// The order and shape of the left operand's dimensions.
    pub left: (Vec<usize>, [usize; 3]),
    /// The order and shape of the right operand's dimensions.
    pub right: (Vec<usize>, [usize; 3]),
    /// The shape of the product.
    pub size: Vec<usize>,
}

/// Returns the operations that compute `equation` for operands of these shapes.
#[doc(hidden)]
pub fn einsum_plan(equation: &str, sizes: &[Vec<usize>]) -> Result<Plan> {
    let fail = |why: String| Err(Error::value("einsum", format!("{equation:?}: {why}")));
    let text: String = equation.chars().filter(|c| !c.is_whitespace()).collect();
    let (left, right) = match text.split_once("->") {
        Some((l, r)) => (l, Some(r)),
        None => (text.as_str(), None),
    };
    let texts: Vec<&str> = left.split(',').collect();
    if texts.len() != sizes.len() {
        return fail(format!("{} operands for {} terms", sizes.len(), texts.len()));
    }
    // As many dimensions as the longest "..." stands for.
    let (mut terms, mut wide) = (vec![], 0);
    for (text, size) in texts.iter().zip(sizes) {
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
    let mut letters: Vec<char> = terms.concat();
    letters.sort_unstable();
    let kept = match right.map(|r| names(r, wide)) {
        Some(None) => return fail("the result is not of letters and at most one \"...\"".into()),
        Some(Some(names)) => names,
        None => {
            let once = |c: &char| c.is_ascii() && letters.iter().filter(|l| *l == c).count() == 1;
            dots(wide).chain(letters.iter().copied().filter(once)).collect()
        }
    };
    letters.dedup();
    let twice = kept.iter().enumerate().any(|(i, c)| kept[..i].contains(c));
    if twice || kept.iter().any(|c| !letters.contains(c)) {
        return fail("the result names an index twice, or one that no operand has".into());
    }
    // Each index has one size, to which sizes of 1 expand.
    let mut lengths = vec![1; letters.len()];
    let at = |c: char| letters.binary_search(&c).unwrap_or(0);
    for (&c, &n) in terms.iter().zip(sizes).flat_map(|(term, size)| term.iter().zip(size)) {
        match &mut lengths[at(c)] {
            length @ 1 => *length = n,
            length if n != 1 && *length != n => {
                let name = if c.is_ascii() { c.to_string() } else { "...".into() };
                bail!(shape("einsum", "{equation:?}: index {name:?} has the sizes {length} and {n}"));
            }
            _ => {}
        }
    }
    let size_of = |names: &[char]| -> Vec<usize> { names.iter().map(|&c| lengths[at(c)]).collect() };
    let (mut steps, mut done) = (vec![], None::<Vec<char>>);
    for (i, term) in terms.iter().enumerate() {
        let size = size_of(term);
        let (diagonals, term) = diagonals(term.clone());
        let needed = |c: &char| kept.contains(c) || terms[i + 1..].iter().flatten().any(|l| l == c);
        let in_left = |c: &char| done.as_ref().is_some_and(|left| left.contains(c));
        let (sums, right) = sum_out(term, |c| needed(c) || in_left(c));
        let Some(left) = done else {
            (steps, done) = (vec![Step { size, diagonals, sums, product: None }], Some(right));
            continue;
        };
        let (left_sums, left) = sum_out(left, |c| needed(c) || right.contains(c));
        // What both have is the batch where somebody needs it, and is summed over where nobody does.
        let pick = |names: &[char], f: &dyn Fn(&char) -> bool| -> Vec<char> {
            names.iter().copied().filter(f).collect()
        };
        let batch = pick(&left, &|c| right.contains(c) && needed(c));
        let inner = pick(&left, &|c| right.contains(c) && !needed(c));
        let (rows, columns) = (pick(&left, &|c| !right.contains(c)), pick(&right, &|c| !left.contains(c)));
        let side = |names: &[char], [a, b, c]: [&[char]; 3]| {
            (order(names, &[a, b, c].concat()), [a, b, c].map(|part| shape::numel(&size_of(part))))
        };
        let product = Some(Product {
            sums: left_sums,
            left: side(&left, [&batch, &rows, &inner]),
            right: side(&right, [&batch, &inner, &columns]),
            size: size_of(&[&batch[..], &rows, &columns].concat()),
        });
        steps.push(Step { size, diagonals, sums, product });
        done = Some([batch, rows, columns].concat());
    }
    Ok(Plan { steps, order: order(&done.unwrap_or_default(), &kept) })
}

/// The names of the dimensions that "..." stands for, which are aligned at the end: not letters.
fn dots(count: usize) -> impl DoubleEndedIterator<Item = char> {
    (0..count as u32).rev().filter_map(|i| char::from_u32(0xE000 + i))
}

/// Returns the names of a term's dimensions, if it is a term.
fn names(text: &str, count: usize) -> Option<Vec<char>> {
    let (before, after, count) = match text.split_once("...") {
        Some((before, after)) => (before, after, count),
        None => (text, "", 0),
    };
    let letters = before.chars().chain(after.chars()).all(|c| c.is_ascii_alphabetic());
    letters.then(|| before.chars().chain(dots(count)).chain(after.chars()).collect())
}

/// Returns the diagonals to take until each index is there once, and the indices then.
fn diagonals(mut term: Vec<char>) -> (Vec<(i64, i64)>, Vec<char>) {
    let mut pairs = vec![];
    while let Some((i, j)) =
        (0..term.len()).flat_map(|j| (0..j).map(move |i| (i, j))).find(|&(i, j)| term[i] == term[j])
    {
        pairs.push((i as i64, j as i64));
        let name = term.remove(j);
        term.remove(i);
        term.push(name);
    }
    (pairs, term)
}

/// Returns the dimensions that nobody needs, and the names of the others.
fn sum_out(mut term: Vec<char>, needed: impl Fn(&char) -> bool) -> (Vec<usize>, Vec<char>) {
    let over = (0..term.len()).filter(|&d| !needed(&term[d])).collect();
    term.retain(needed);
    (over, term)
}

/// Returns the dimension of each name.
fn order(names: &[char], wanted: &[char]) -> Vec<usize> {
    wanted.iter().filter_map(|c| names.iter().position(|n| n == c)).collect()
}

#[doc(hidden)]
#[macro_export]
macro_rules! composed_einsum {
    ($T:ident) => {
        impl $T {
            /// Sums products over the indices that the equation names but does not keep: `"ij,jk->ik"` is the
            /// matrix product. Without `->`, the indices that occur once are kept, in alphabetical order. An
            /// index that one operand names twice is its diagonal. `...` is all dimensions that have no
            /// letter; they broadcast, as sizes of 1 do.
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
            /// When the equation does not fit the operands' shapes, or is not an equation.
            #[track_caller]
            pub fn einsum(equation: &str, operands: &[impl $crate::AsTensor<Self>]) -> Result<Self> {
                let sizes: Vec<_> = operands.iter().map(|x| x.as_tensor().size().to_vec()).collect();
                let plan = $crate::support::einsum_plan(equation, &sizes)?;
                let mut done: Option<Self> = None;
                for (x, step) in operands.iter().zip(plan.steps) {
                    let mut x = x.as_tensor().expand(step.size)?;
                    for (i, j) in step.diagonals {
                        x = x.diagonal(0, i, j)?;
                    }
                    x = x.summed_out(step.sums)?;
                    done = Some(match (done, step.product) {
                        (Some(y), Some(product)) => {
                            let ((left, left_size), (right, right_size)) = (product.left, product.right);
                            let left = y.summed_out(product.sums)?.permute(left)?.reshape(left_size)?;
                            let right = x.permute(right)?.reshape(right_size)?;
                            left.matmul(right)?.reshape(product.size)?
                        }
                        _ => x,
                    });
                }
                done.ok_or_else(|| $crate::Error::value("einsum", "expected an operand"))?.permute(plan.order)
            }

            /// Returns the sums over some dimensions, if there are any, in the dtype of `self`.
            #[track_caller]
            fn summed_out(&self, dims: Vec<usize>) -> Result<Self> {
                match dims.is_empty() {
                    true => Ok(self.clone()),
                    false if self.dtype().is_float() => self.sum_dim(dims, false),
                    false => self.sum_dim(dims, false)?.to_dtype(self.dtype()),
                }
            }
        }
    };
}
composed_einsum!(Tensor);
