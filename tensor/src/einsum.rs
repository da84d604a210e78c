//! Einstein's summation convention.

use crate::{Error, Result, Tensor, shape};

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
        let op = "einsum";
        let fail = |why: String| Err(Error::value(op, format!("{equation:?}: {why}")));
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
        for (text, x) in texts.iter().zip(operands) {
            let dots = x.dim().saturating_sub(text.replace("...", "").chars().count());
            let Some(term) = names(text, dots) else {
                return fail(format!("{text:?} is not of letters and at most one \"...\""));
            };
            if text.contains("...") {
                wide = wide.max(dots);
            }
            if x.dim() != term.len() {
                return fail(format!(
                    "shape {:?} has not the {} dimensions of {text:?}",
                    x.size(),
                    term.len()
                ));
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
            let of = |(x, term): (&&Self, &Vec<char>)| {
                term.iter().zip(x.size()).filter(|(n, _)| **n == c).map(|(_, &s)| s).find(|&s| s != 1)
            };
            operands.iter().zip(&terms).find_map(of).unwrap_or(1)
        };
        let twice = kept.iter().enumerate().any(|(i, c)| kept[..i].contains(c));
        if twice || kept.iter().any(|c| !letters.contains(c)) {
            return fail("the result names an index twice, or one that no operand has".into());
        }
        let mut done: Option<(Self, Vec<char>)> = None;
        for (i, (x, term)) in operands.iter().zip(&terms).enumerate() {
            let stretched = x.size().iter().zip(term).map(|(&n, &c)| if n == 1 { size(c) } else { n });
            let x = &x.expand(stretched.collect::<Vec<_>>())?;
            let (x, term) = diagonals(x, term)?;
            let needed = |c: &char| kept.contains(c) || terms[i + 1..].iter().flatten().any(|l| l == c);
            done = Some(match done {
                None => sum_out(x, term, needed)?,
                Some((y, other)) => contract(&y, &other, &x, &term, needed)?,
            });
        }
        let Some((y, names)) = done else { return fail("there is no operand".into()) };
        let order: Vec<usize> = kept.iter().filter_map(|c| names.iter().position(|n| n == c)).collect();
        y.permute(order)
    }
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
fn diagonals(x: &Tensor, term: &[char]) -> Result<(Tensor, Vec<char>)> {
    let (mut x, mut term) = (x.clone(), term.to_vec());
    while let Some((i, j)) =
        (0..term.len()).flat_map(|j| (0..j).map(move |i| (i, j))).find(|&(i, j)| term[i] == term[j])
    {
        let (n, m) = (x.size()[i], x.size()[j]);
        if n != m {
            return Err(Error::shape("einsum", format!("index {:?} has the sizes {n} and {m}", term[i])));
        }
        x = x.diagonal(0, i as i64, j as i64)?;
        let rest = (0..term.len()).filter(|&d| d != i && d != j);
        term = rest.map(|d| term[d]).chain([term[i]]).collect();
    }
    Ok((x, term))
}

/// Sums over the indices that nobody needs.
fn sum_out(x: Tensor, term: Vec<char>, needed: impl Fn(&char) -> bool) -> Result<(Tensor, Vec<char>)> {
    let over: Vec<usize> = (0..term.len()).filter(|&d| !needed(&term[d])).collect();
    if over.is_empty() {
        return Ok((x, term));
    }
    let y = x.sum_dim(over, false)?.cast(x.dtype)?;
    Ok((y, term.into_iter().filter(needed).collect()))
}

/// The product of two operands as one batched matrix product: indices that both have and somebody
/// needs are the batch, those that both have and nobody needs are summed over.
fn contract(
    a: &Tensor,
    an: &[char],
    b: &Tensor,
    bn: &[char],
    needed: impl Fn(&char) -> bool,
) -> Result<(Tensor, Vec<char>)> {
    let (a, an) = sum_out(a.clone(), an.to_vec(), |c| needed(c) || bn.contains(c))?;
    let (b, bn) = sum_out(b.clone(), bn.to_vec(), |c| needed(c) || an.contains(c))?;
    let pick =
        |names: &[char], f: &dyn Fn(&char) -> bool| names.iter().copied().filter(f).collect::<Vec<_>>();
    let batch = pick(&an, &|c| bn.contains(c) && needed(c));
    let inner = pick(&an, &|c| bn.contains(c) && !needed(c));
    let rows = pick(&an, &|c| !bn.contains(c));
    let columns = pick(&bn, &|c| !an.contains(c));
    let size = |x: &Tensor, names: &[char], part: &[char]| -> Vec<usize> {
        part.iter().filter_map(|c| names.iter().position(|n| n == c)).map(|d| x.size()[d]).collect()
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
                    a.size(),
                    b.size()
                ),
            ));
        }
    }
    let (batch_size, k) = (size(&a, &an, &batch), shape::numel(&size(&a, &an, &inner)));
    let (row_size, column_size) = (size(&a, &an, &rows), size(&b, &bn, &columns));
    let (m, n) = (shape::numel(&row_size), shape::numel(&column_size));
    let left = a.permute(order(&an, &[&batch, &rows, &inner]))?;
    let left = left.reshape([shape::numel(&batch_size), m, k])?;
    let right = b.permute(order(&bn, &[&batch, &inner, &columns]))?;
    let right = right.reshape([shape::numel(&batch_size), k, n])?;
    let y = left.matmul(&right)?.reshape([batch_size, row_size, column_size].concat())?;
    Ok((y, [batch, rows, columns].concat()))
}
