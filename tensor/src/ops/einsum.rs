//! Einstein summation, computed by sums and matrix products.

use std::collections::BTreeMap;

use crate::{Error, Result, Tensor};

/// The indices of each operand, the indices of the result, and the size of each index.
type Equation = (Vec<Vec<char>>, Vec<char>, BTreeMap<char, usize>);

/// Parses `equation` for operands of these shapes.
#[doc(hidden)]
pub fn einsum_terms(equation: &str, sizes: &[Vec<usize>]) -> Result<Equation> {
    let fail = |why: String| Err(Error::value("einsum", format!("{equation:?}: {why}")));
    let text: String = equation.chars().filter(|c| !c.is_whitespace()).collect();
    let (left, right) = match text.split_once("->") {
        Some((l, r)) => (l, Some(r)),
        None => (text.as_str(), None),
    };
    let texts: Vec<&str> = left.split(',').collect();
    if texts.len() != sizes.len() {
        return fail(format!("got {} operands, expected {}, one for each term", sizes.len(), texts.len()));
    }
    // "..." stands for as many dimensions as in the longest term.
    let (mut terms, mut wide) = (vec![], 0);
    for (text, size) in texts.iter().zip(sizes) {
        let dots = size.len().saturating_sub(text.replace("...", "").chars().count());
        let Some(term) = names(text, dots) else {
            return fail(format!("got the term {text:?}, expected letters and at most one \"...\""));
        };
        if text.contains("...") {
            wide = wide.max(dots);
        }
        if size.len() != term.len() {
            return fail(format!("got shape {size:?}, expected the {} dimensions of {text:?}", term.len()));
        }
        terms.push(term);
    }
    let mut letters: Vec<char> = terms.concat();
    letters.sort_unstable();
    let kept = match right.map(|r| names(r, wide)) {
        Some(None) => return fail("expected a result of letters and at most one \"...\"".into()),
        Some(Some(names)) => names,
        None => {
            let once = |c: &char| c.is_ascii() && letters.iter().filter(|l| *l == c).count() == 1;
            dots(wide).chain(letters.iter().copied().filter(once)).collect()
        }
    };
    letters.dedup();
    let twice = kept.iter().enumerate().any(|(i, c)| kept[..i].contains(c));
    if twice || kept.iter().any(|c| !letters.contains(c)) {
        return fail("the result has an index twice, or one that no operand has".into());
    }
    // Each index has one size; sizes of 1 expand to it.
    let mut lengths = BTreeMap::new();
    for (&c, &n) in terms.iter().zip(sizes).flat_map(|(term, size)| term.iter().zip(size)) {
        let length = lengths.entry(c).or_insert(n);
        if *length == 1 {
            *length = n;
        } else if n != 1 && *length != n {
            let name = if c.is_ascii() { c.to_string() } else { "...".into() };
            bail!(shape("einsum", "{equation:?}: index {name:?} has the sizes {length} and {n}"));
        }
    }
    Ok((terms, kept, lengths))
}

/// Returns the names of the dimensions that "..." stands for, which are aligned at the end. They are not
/// letters.
fn dots(count: usize) -> impl DoubleEndedIterator<Item = char> {
    (0..count as u32).rev().filter_map(|i| char::from_u32(0xE000 + i))
}

/// Returns the names of a term's dimensions, or `None` if the term is malformed.
fn names(text: &str, count: usize) -> Option<Vec<char>> {
    let (before, after, count) = match text.split_once("...") {
        Some((before, after)) => (before, after, count),
        None => (text, "", 0),
    };
    let letters = before.chars().chain(after.chars()).all(|c| c.is_ascii_alphabetic());
    letters.then(|| before.chars().chain(dots(count)).chain(after.chars()).collect())
}

/// Returns two dimensions with the same index, if there are any.
#[doc(hidden)]
pub fn einsum_pair(term: &[char]) -> Option<(usize, usize)> {
    (0..term.len()).flat_map(|j| (0..j).map(move |i| (i, j))).find(|&(i, j)| term[i] == term[j])
}

/// Returns the position of each wanted name.
#[doc(hidden)]
pub fn einsum_order(names: &[char], wanted: &[char]) -> Vec<usize> {
    wanted.iter().filter_map(|c| names.iter().position(|n| n == c)).collect()
}

#[doc(hidden)]
#[macro_export]
macro_rules! composed_einsum {
    ($T:ident) => {
        impl $T {
            /// Sums products over the indices that occur in the operands but not in the result. `"ij,jk->ik"`
            /// is the matrix product. Without `->`, the result has the indices that occur once, in
            /// alphabetical order. An index that occurs twice in an operand selects its diagonal. `...`
            /// stands for all dimensions without a letter. They broadcast, as do sizes of 1.
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
            /// If the equation is malformed, or does not fit the shapes of the operands.
            #[track_caller]
            pub fn einsum(equation: &str, operands: &[impl $crate::AsTensor<Self>]) -> Result<Self> {
                let sizes: Vec<_> = operands.iter().map(|x| x.as_tensor().size().to_vec()).collect();
                let (terms, kept, lengths) = $crate::support::einsum_terms(equation, &sizes)?;
                let size_of = |names: &[char]| -> Vec<usize> { names.iter().map(|c| lengths[c]).collect() };
                let count = |names: &[char]| -> usize { size_of(names).iter().product() };
                let order = $crate::support::einsum_order;
                let mut done: Option<(Self, Vec<char>)> = None;
                for (i, (x, term)) in operands.iter().zip(&terms).enumerate() {
                    let (mut x, mut term) = (x.as_tensor().expand(size_of(term))?, term.clone());
                    while let Some((i, j)) = $crate::support::einsum_pair(&term) {
                        x = x.diagonal(0, i as i64, j as i64)?;
                        let name = term.remove(j);
                        term.remove(i);
                        term.push(name);
                    }
                    let needed = |c: &char| kept.contains(c) || terms[i + 1..].iter().any(|t| t.contains(c));
                    let Some((y, left)) = done else {
                        done = Some(x.summed_out(term, needed)?);
                        continue;
                    };
                    let (x, right) = x.summed_out(term, |c| needed(c) || left.contains(c))?;
                    let (y, left) = y.summed_out(left, |c| needed(c) || right.contains(c))?;
                    // An index of both operands is a batch dimension if it is needed later, else it is summed
                    // over.
                    let (both, rows): (Vec<char>, Vec<char>) = left.iter().partition(|c| right.contains(c));
                    let (batch, inner): (Vec<char>, Vec<char>) = both.into_iter().partition(needed);
                    let columns: Vec<char> = right.iter().copied().filter(|c| !left.contains(c)).collect();
                    let y = y.permute(order(&left, &[&batch[..], &rows, &inner].concat()))?;
                    let x = x.permute(order(&right, &[&batch[..], &inner, &columns].concat()))?;
                    let y = y.reshape([count(&batch), count(&rows), count(&inner)])?;
                    let y = y.matmul(x.reshape([count(&batch), count(&inner), count(&columns)])?)?;
                    let names = [batch, rows, columns].concat();
                    done = Some((y.reshape(size_of(&names))?, names));
                }
                let (y, names) = done.ok_or_else(|| {
                    $crate::Error::value("einsum", "got no operands, expected at least one")
                })?;
                y.permute(order(&names, &kept))
            }

            /// Returns the sums over the dimensions whose names are not needed, in the dtype of `self`, and
            /// the remaining names.
            #[track_caller]
            fn summed_out(
                &self,
                mut names: Vec<char>,
                needed: impl Fn(&char) -> bool,
            ) -> Result<(Self, Vec<char>)> {
                let over: Vec<usize> = (0..names.len()).filter(|&d| !needed(&names[d])).collect();
                names.retain(needed);
                let y = match over.is_empty() {
                    true => self.clone(),
                    false if self.dtype().is_float() => self.sum_dim(over)?,
                    false => self.sum_dim(over)?.to_dtype(self.dtype())?,
                };
                Ok((y, names))
            }
        }
    };
}
composed_einsum!(Tensor);
