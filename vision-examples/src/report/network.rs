//! A network as a drawing: what a picture goes through, from top to bottom.

use std::collections::HashMap;
use std::sync::Arc;

use taper::autograd::{Node, Variable};

use super::drawing::{Anchor, Drawing};

/// A layer, with the operations without parameters that follow it alone.
struct Layer {
    path: String,
    operations: Vec<&'static str>,
    shape: Vec<usize>,
    /// The layers before it; the first one is the input.
    from: Vec<usize>,
    row: usize,
    column: usize,
}

const BOX: [f64; 2] = [216.0, 42.0];
const STEP: [f64; 2] = [236.0, 62.0];

/// The way of a batch through a network, from its output's graph; the input is to be an operation's.
pub fn draw(title: &str, input: &Variable, output: &Variable) -> Drawing {
    let layers = arrange(layers(input, output));
    let in_row = |row| layers.iter().filter(|layer: &&Layer| layer.row == row).count();
    // A connection over several rows goes down in the first column that is free there.
    let lane = |from: &Layer, to: &Layer| (from.row + 1..to.row).map(in_row).fold(from.column, usize::max);
    let mut pairs = vec![];
    for to in &layers {
        pairs.extend(to.from.iter().map(|&from| (&layers[from], to)));
    }
    let columns = 1 + pairs.iter().map(|(from, to)| lane(from, to).max(to.column)).max().unwrap_or(0);
    let width = columns as f64 * STEP[0] + 16.0;
    let middle = |column: usize| 8.0 + (column as f64 + 0.5) * STEP[0];
    let top = |row: usize| 6.0 + row as f64 * STEP[1];
    let rows = layers.iter().map(|layer| layer.row).max().unwrap_or(0);

    let mut drawing = Drawing::new(title, width, top(rows) + BOX[1] + 6.0);
    for (from, to) in pairs {
        let (lane, bend) = (middle(lane(from, to)), STEP[1] - BOX[1]);
        let (x0, y0, x1, y1) = (middle(from.column), top(from.row) + BOX[1], middle(to.column), top(to.row));
        let (a, b) = (y0 + bend / 2.0, y1 - bend / 2.0);
        let path = match to.row - from.row {
            1 => format!("M{x0} {y0}C{x0} {a} {x1} {a} {x1} {y1}"),
            _ => format!(
                "M{x0} {y0}C{x0} {a} {lane} {a} {lane} {}V{}C{lane} {b} {x1} {b} {x1} {y1}",
                y0 + bend,
                y1 - bend
            ),
        };
        drawing.path("edge", &path);
        drawing.path("head", &format!("M{:.1} {:.1}h9l-4.5 7z", x1 - 4.5, y1 - 7.0));
    }
    for layer in &layers {
        let (x, y) = (middle(layer.column) - BOX[0] / 2.0, top(layer.row));
        drawing.rect("box", [x, y, BOX[0], BOX[1]], 1.0);
        let operations = layer.operations.join(", ");
        let (name, below) = match layer.path.is_empty() {
            true => (&operations, ""),
            false => (&layer.path, &operations[..]),
        };
        drawing.text("value", [x + 9.0, y + 17.0], Anchor::Start, 0.0, name);
        drawing.text("small", [x + 9.0, y + 34.0], Anchor::Start, 0.0, below);
        let shape: Vec<String> = layer.shape.iter().skip(1).map(usize::to_string).collect();
        drawing.text("small", [x + BOX[0] - 9.0, y + 17.0], Anchor::End, 0.0, &shape.join("×"));
    }
    drawing
}

/// The layers behind a variable in the order in which they ran, after the input, which an operation made.
/// What is computed of parameters alone, such as the factors of a normalisation, is a part of its layer.
fn layers(input: &Variable, output: &Variable) -> Vec<Layer> {
    let layer = |path: String, operations, shape: Vec<usize>, from| Layer {
        path,
        operations,
        shape,
        from,
        row: 0,
        column: 0,
    };
    let mut layers = vec![layer("input".into(), vec![], input.size().to_vec(), vec![])];
    // The layers of the operations that the input reaches.
    let mut places: HashMap<u64, usize> =
        input.creator().map(|made| (made.sequence_nr(), 0)).into_iter().collect();
    let nodes = operations(output);
    let mut following = HashMap::<u64, usize>::new();
    for (before, _) in nodes.iter().flat_map(|node| node.previous_functions()) {
        *following.entry(before.sequence_nr()).or_default() += 1;
    }
    for node in &nodes {
        let before = node.previous_functions().into_iter().map(|(before, _)| before);
        let (before, alone): (Vec<_>, Vec<_>) =
            before.partition(|node| places.contains_key(&node.sequence_nr()));
        if before.is_empty() {
            continue;
        }
        let path = node.module_path().or_else(|| alone.iter().find_map(|node| node.module_path()));
        let path = path.unwrap_or_default();
        let mut from: Vec<usize> = before.iter().map(|node| places[&node.sequence_nr()]).collect();
        from.dedup();
        let only = before.len() == 1 && following[&before[0].sequence_nr()] == 1 && from[0] != 0;
        let shape = node.output_shapes().into_iter().next().unwrap_or_default();
        if only && (path.is_empty() || path == layers[from[0]].path) {
            layers[from[0]].operations.push(node.name());
            layers[from[0]].shape = shape;
            places.insert(node.sequence_nr(), from[0]);
        } else {
            places.insert(node.sequence_nr(), layers.len());
            layers.push(layer(path, vec![node.name()], shape, from));
        }
    }
    layers
}

/// The operations behind a variable, in the order in which they ran.
fn operations(output: &Variable) -> Vec<Arc<Node>> {
    let mut found = HashMap::new();
    let mut left: Vec<Arc<Node>> = output.creator().into_iter().collect();
    while let Some(node) = left.pop() {
        if found.insert(node.sequence_nr(), node.clone()).is_none() {
            left.extend(node.previous_functions().into_iter().map(|(node, _)| node));
        }
    }
    let mut found: Vec<Arc<Node>> = found.into_values().collect();
    found.sort_by_key(|node| node.sequence_nr());
    found
}

/// Each layer goes below all that it needs, beside those that are there already.
fn arrange(mut layers: Vec<Layer>) -> Vec<Layer> {
    for i in 0..layers.len() {
        let row = layers[i].from.iter().map(|&from| layers[from].row + 1).max().unwrap_or(0);
        layers[i].row = row;
        layers[i].column = layers[..i].iter().filter(|layer| layer.row == row).count();
    }
    layers
}
