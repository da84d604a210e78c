//! Printing of tensors, in PyTorch's layout.

use std::fmt;

use crate::{DType, Result, Tensor};

/// The number of elements above which printing is summarised to the ends of each dimension.
const THRESHOLD: usize = 1000;
/// The number of elements printed at each end.
const EDGE: usize = 3;
/// The number of characters in a line.
const WIDTH: usize = 80;

/// The format of all floating-point numbers of a tensor, chosen so that they align.
#[derive(Clone, Copy)]
enum Style {
    /// `1.`
    Whole,
    /// `1.5000`
    Fixed,
    /// `1.5000e+00`
    Scientific,
}

impl Style {
    /// Chooses the format for `values`, which are finite and not 0.
    fn of(values: &[f64]) -> Self {
        let min = values.iter().fold(f64::INFINITY, |m, v| m.min(v.abs()));
        let max = values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
        if max / min > 1000.0 || max > 1e8 || min < 1e-4 {
            Self::Scientific
        } else if values.iter().any(|v| v.fract() != 0.0) {
            Self::Fixed
        } else {
            Self::Whole
        }
    }

    fn word(self, v: f64) -> String {
        match self {
            _ if v.is_nan() => "nan".into(),
            _ if v.is_infinite() => if v > 0.0 { "inf" } else { "-inf" }.into(),
            Self::Whole => format!("{v:.0}."),
            Self::Fixed => format!("{v:.4}"),
            Self::Scientific => {
                let text = format!("{v:.4e}");
                let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
                let sign = if exponent.starts_with('-') { '-' } else { '+' };
                format!("{digits}e{sign}{:0>2}", exponent.trim_start_matches('-'))
            }
        }
    }
}

/// Returns the elements printed along a dimension of `n`, as `(index, gap after it)`.
fn shown(n: usize, summarise: bool) -> Vec<(usize, bool)> {
    if summarise && n > 2 * EDGE {
        (0..EDGE).chain(n - EDGE..n).map(|i| (i, i == EDGE - 1)).collect()
    } else {
        (0..n).map(|i| (i, false)).collect()
    }
}

impl Tensor {
    /// Returns the part of the tensor that is printed: the ends of each dimension.
    fn edges(&self) -> Result<Self> {
        let mut y = self.clone();
        for d in 0..self.dim() {
            let at: Vec<i64> = shown(self.size()[d], true).into_iter().map(|(i, _)| i as i64).collect();
            if at.len() < self.size()[d] {
                let ends = [y.narrow(d as i64, 0, EDGE)?, y.narrow(d as i64, -(EDGE as i64), EDGE)?];
                y = Self::cat(&ends, d as i64)?;
            }
        }
        Ok(y)
    }

    /// Formats the tensor as PyTorch's `str(x)`.
    fn text(&self) -> Result<String> {
        let prefix = "tensor(";
        let default = matches!(self.dtype, DType::F32 | DType::I64 | DType::Bool);
        let mut suffixes = vec![];
        if !self.device().is_cpu() {
            suffixes.push(format!("device='{}'", self.device()));
        }
        let mut text = String::from(prefix);
        if self.numel() == 0 {
            text.push_str("[]");
            if self.dim() != 1 {
                let sizes: Vec<String> = self.size().iter().map(ToString::to_string).collect();
                suffixes.push(format!("size=({})", sizes.join(", ")));
            }
            if self.dtype != DType::F32 {
                suffixes.push(format!("dtype=torch.{}", self.dtype));
            }
        } else {
            let summarise = self.numel() > THRESHOLD;
            let part = if summarise { self.edges()? } else { self.clone() };
            let (words, width): (Vec<String>, _) = if self.dtype == DType::Bool {
                let words = part.to_vec()?.into_iter().map(|v| if v { "True" } else { "False" }.to_owned());
                let words: Vec<String> = words.collect();
                let width = words.iter().map(String::len).max();
                (words, width)
            } else if self.dtype.is_float() {
                let numbers = part.to_dtype(DType::F64)?.to_vec::<f64>()?;
                let finite = numbers.iter().copied().filter(|v| v.is_finite() && *v != 0.0);
                let finite: Vec<f64> = finite.collect();
                let style = Style::of(&finite);
                let width = finite.into_iter().map(|v| style.word(v).len()).max();
                (numbers.into_iter().map(|v| style.word(v)).collect(), width)
            } else {
                // Converting to f64 might round integers.
                let numbers = part.to_dtype(DType::I64)?.to_vec::<i64>()?;
                let words: Vec<String> = numbers.iter().map(ToString::to_string).collect();
                let width = words.iter().map(String::len).max();
                (words, width)
            };
            write(
                &mut text,
                &mut words.into_iter(),
                self.size(),
                prefix.len(),
                summarise,
                width.unwrap_or(1),
            );
            if !default {
                suffixes.push(format!("dtype=torch.{}", self.dtype));
            }
        }
        let mut line = text.len() - text.rfind('\n').map_or(0, |i| i + 1) + 2;
        for suffix in suffixes {
            if line + suffix.len() + 2 > WIDTH {
                text.push_str(&format!(",\n{}{suffix}", " ".repeat(prefix.len())));
                line = prefix.len() + suffix.len();
            } else {
                text.push_str(&format!(", {suffix}"));
                line += suffix.len() + 2;
            }
        }
        text.push(')');
        Ok(text)
    }
}

/// Writes the words of a tensor or subtensor of these sizes. Its first bracket is at column `indent`.
fn write(
    text: &mut String,
    words: &mut impl Iterator<Item = String>,
    size: &[usize],
    indent: usize,
    summarise: bool,
    width: usize,
) {
    let Some((&n, rest)) = size.split_first() else {
        let word = words.next().unwrap_or_default();
        text.push_str(&format!("{word:>width$}"));
        return;
    };
    text.push('[');
    let apart =
        if rest.is_empty() { String::new() } else { "\n".repeat(rest.len()) + &" ".repeat(indent + 1) };
    let per_line = ((WIDTH - indent.min(WIDTH)) / (width + 2)).max(1);
    let mut on_line = 0;
    let mut separate = |text: &mut String, first: bool| {
        if first {
            on_line = 1;
        } else if !rest.is_empty() {
            text.push_str(&format!(",{apart}"));
        } else if on_line == per_line {
            text.push_str(&format!(",\n{}", " ".repeat(indent + 1)));
            on_line = 1;
        } else {
            text.push_str(", ");
            on_line += 1;
        }
    };
    for (i, gap) in shown(n, summarise) {
        separate(text, i == 0);
        write(text, words, rest, indent + 1, summarise, width);
        if gap {
            separate(text, false);
            text.push_str(if rest.is_empty() { " ..." } else { "..." });
        }
    }
    text.push(']');
}

impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tensor({:?}, {}, {})", self.size(), self.dtype, self.device())
    }
}
