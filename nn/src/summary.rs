//! Measures the cost of a network: its layers as they ran, with shapes, parameters, work and memory.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use taper_autograd::{Node, Variable, detect_anomaly, enable_grad};
use taper_tensor::{IntoShape, Tensor};

use crate::{Forward, Member, Module, Result, Training, Visitor};

/// A layer of a [`Summary`], or an operation that ran outside of layers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SummaryRow {
    /// The layer's dotted name; empty for an operation outside of layers.
    pub path: String,
    /// The layer's type, or the operation.
    pub name: String,
    /// The shape of its output; `None` for a layer that did not run.
    pub output_shape: Option<Vec<usize>>,
    /// The number of elements of its own parameters, without those of layers inside of it.
    pub parameters: usize,
    /// The number of multiplications in convolutions and matrix products.
    pub multiply_adds: usize,
}

/// The result of [`summary`]; `Display` prints it as a table.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Summary {
    /// Layers and operations in the order in which they ran, then layers that did not.
    pub rows: Vec<SummaryRow>,
    /// The number of elements of all parameters, shared ones counted once.
    pub parameters: usize,
    /// The number of elements of trained parameters.
    pub trainable: usize,
    /// The sum over the rows.
    pub multiply_adds: usize,
    /// The size of the input, in bytes.
    pub input_bytes: usize,
    /// The size of the outputs of all operations, in bytes; training keeps them until backward.
    pub output_bytes: usize,
    /// The size of parameters and buffers, in bytes.
    pub parameter_bytes: usize,
}

/// Runs a network once, in evaluation, on zeros of this shape, and returns the output shape and the cost of each
/// layer.
///
/// ```
/// use taper_nn::{Linear, Relu, Sequential, summary};
///
/// let net = Sequential::new().add(Linear::new(3, 4)?).add(Relu::new()).add(Linear::new(4, 2)?);
/// let summary = summary(&net, (5, 3))?;
/// assert_eq!(summary.rows[0].output_shape, Some(vec![5, 4]));
/// assert_eq!((summary.parameters, summary.multiply_adds), (26, 5 * (12 + 8)));
/// println!("{summary}");
/// # Ok::<(), taper_nn::Error>(())
/// ```
///
/// # Errors
/// When the input does not fit.
pub fn summary<N: Module + Forward>(net: &N, input_shape: impl IntoShape) -> Result<Summary> {
    let like = net.parameters().first().map_or_else(Tensor::options, |parameter| parameter.data().like());
    summary_with(net, &Variable::requires_grad(like.zeros(input_shape)?))
}

/// Runs a network once as [`summary`] does, on an input that zeros cannot stand for, such as indices. It sees an
/// operation on the input and constants alone only if the input requires a gradient.
///
/// # Errors
/// When the input does not fit.
pub fn summary_with<N: Module + Forward>(net: &N, input: &Variable) -> Result<Summary> {
    let (parameters, buffers) = (net.named_parameters(), net.named_buffers());
    let output = {
        let _evaluating = Evaluating::begin(net);
        enable_grad(|| detect_anomaly(|| net.forward(input)))?
    };
    let bytes = |x: &Variable| x.numel() * x.dtype().size_in_bytes();
    let trained = parameters.iter().filter(|(_, parameter)| parameter.is_requires_grad());
    let mut summary = Summary {
        rows: Vec::new(),
        parameters: parameters.iter().map(|(_, parameter)| parameter.numel()).sum(),
        trainable: trained.map(|(_, parameter)| parameter.numel()).sum(),
        multiply_adds: 0,
        input_bytes: bytes(input),
        output_bytes: 0,
        parameter_bytes: parameters.iter().chain(&buffers).map(|(_, x)| bytes(x)).sum(),
    };
    let (mut waiting, mut places) = (layers(net), HashMap::<String, usize>::new());
    for node in operations(&output) {
        let (path, shapes) = (node.module_path().unwrap_or_default(), node.output_shapes());
        let elements: usize = shapes.iter().map(|shape| shape.iter().product::<usize>()).sum();
        // A layer has one row for all of its operations; one outside of layers has its own.
        let next = summary.rows.len();
        let place = if path.is_empty() { next } else { *places.entry(path.clone()).or_insert(next) };
        if place == next {
            let layer = waiting.iter().position(|row| row.path == path).map(|i| waiting.remove(i));
            let operation = || SummaryRow { name: node.name().to_owned(), ..SummaryRow::default() };
            summary.rows.push(layer.unwrap_or_else(operation));
        }
        let (row, work) = (&mut summary.rows[place], multiply_adds(&node));
        row.output_shape = shapes.into_iter().next();
        row.multiply_adds += work;
        summary.multiply_adds += work;
        summary.output_bytes += elements * output.dtype().size_in_bytes();
    }
    summary.rows.extend(waiting.into_iter().filter(|row| row.parameters > 0));
    Ok(summary)
}

/// Keeps the modules in evaluation until it is dropped, and then restores the mode of each.
struct Evaluating<'a>(Vec<(&'a Training, bool)>);

impl<'a> Evaluating<'a> {
    fn begin(net: &'a dyn Module) -> Self {
        let members = net.modules().into_iter().flat_map(|(_, module)| Visitor::members_of(module));
        let flags = members.filter_map(|(_, member)| match member {
            Member::Training(flag) => Some((flag, flag.get())),
            _ => None,
        });
        let flags: Vec<_> = flags.collect();
        flags.iter().for_each(|(flag, _)| flag.set(false));
        Self(flags)
    }
}

impl Drop for Evaluating<'_> {
    fn drop(&mut self) {
        self.0.iter().for_each(|(flag, training)| flag.set(*training));
    }
}

/// Returns the modules that have parameters of their own, or know their place, under the names in their errors.
fn layers(net: &dyn Module) -> Vec<SummaryRow> {
    let (mut rows, mut seen) = (Vec::<SummaryRow>::new(), Vec::<Variable>::new());
    for (_, module) in net.modules() {
        let (mut own, mut place) = (Vec::<Variable>::new(), None);
        for (_, member) in Visitor::members_of(module) {
            match member {
                Member::Parameter(parameter) => own.push(parameter.clone()),
                Member::Place(known) => place = known.path(),
                _ => {}
            }
        }
        let named = || Some(own.first()?.name()?.rsplit_once('.').map_or("", |(path, _)| path).to_owned());
        let Some(path) = place.or_else(named) else { continue };
        let new = own.into_iter().filter(|p| !seen.iter().any(|known| known.is(p)));
        let new: Vec<Variable> = new.collect();
        if rows.iter().all(|row| row.path != path) {
            let parameters = new.iter().map(Variable::numel).sum();
            rows.push(SummaryRow {
                path,
                name: module.name().to_owned(),
                parameters,
                ..SummaryRow::default()
            });
        }
        seen.extend(new);
    }
    rows
}

/// Returns the operations behind a variable, in the order in which they ran.
fn operations(output: &Variable) -> Vec<Arc<Node>> {
    let (mut seen, mut found) = (HashSet::new(), Vec::new());
    let mut left: Vec<Arc<Node>> = output.creator().into_iter().collect();
    while let Some(node) = left.pop() {
        if seen.insert(node.sequence_nr()) {
            left.extend(node.previous_functions().into_iter().map(|(node, _)| node));
            found.push(node);
        }
    }
    found.sort_by_key(|node| node.sequence_nr());
    found
}

/// Returns the number of multiplications of an operation; 0 if it neither convolves nor multiplies matrices.
fn multiply_adds(node: &Node) -> usize {
    let product = |sizes: &[usize]| sizes.iter().product::<usize>();
    let outputs: usize = node.output_shapes().iter().map(|shape| product(shape)).sum();
    match (node.name(), &node.input_shapes()[..]) {
        // Each output sums over an output channel's weights, or a row of them.
        ("Conv2d" | "Linear", [_, Some(weight), ..]) => outputs * product(&weight[1..]),
        ("Matmul", [Some(left), ..]) => outputs * left.last().unwrap_or(&1),
        // A transposed convolution: each input is multiplied by an input channel's weights.
        ("Conv2dInputGrad", [Some(input), Some(weight), ..]) => product(input) * product(&weight[1..]),
        _ => 0,
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = ["layer", "type", "output shape", "parameters", "multiply-adds"].map(str::to_owned);
        let number = |n: usize| if n == 0 { String::new() } else { grouped(n) };
        let cells = self.rows.iter().map(|row| {
            let shape = row.output_shape.as_ref().map_or("did not run".into(), |shape| format!("{shape:?}"));
            [row.path.clone(), row.name.clone(), shape, number(row.parameters), number(row.multiply_adds)]
        });
        let lines: Vec<[String; 5]> = std::iter::once(header).chain(cells).collect();
        let width = |i: usize| lines.iter().map(|line| line[i].chars().count()).max().unwrap_or(0);
        let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(width);
        for [path, name, shape, parameters, work] in &lines {
            writeln!(f, "{path:a$}  {name:b$}  {shape:c$}  {parameters:>d$}  {work:>e$}")?;
        }
        let (all, trainable) = (grouped(self.parameters), grouped(self.trainable));
        writeln!(
            f,
            "{all} parameters, {trainable} of them trained; {} multiply-adds",
            grouped(self.multiply_adds)
        )?;
        let mb = |bytes: usize| bytes as f64 / 1e6;
        let (input, output, parameters) =
            (mb(self.input_bytes), mb(self.output_bytes), mb(self.parameter_bytes));
        write!(
            f,
            "memory: input {input:.2} MB, outputs {output:.2} MB, parameters and buffers {parameters:.2} MB"
        )
    }
}

/// Prints `1234567` as `1,234,567`.
fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let comma = |i: usize| i > 0 && (digits.len() - i).is_multiple_of(3);
    digits.chars().enumerate().flat_map(|(i, c)| comma(i).then_some(',').into_iter().chain([c])).collect()
}
