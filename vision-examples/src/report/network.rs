//! A network as a drawing: what a picture goes through, from top to bottom.

use std::collections::HashMap;
use std::sync::Arc;

use taper_autograd::{Node, Variable};

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

const BOX: [f64; 2] = [196.0, 42.0];
const STEP: [f64; 2] = [216.0, 62.0];

/// The way of a batch through a network, from its output's graph.
pub fn draw(title: &str, input: &[usize], output: &Variable) -> Drawing {
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

/// The layers behind a variable in the order in which they ran, after the input.
fn layers(input: &[usize], output: &Variable) -> Vec<Layer> {
    let nodes = operations(output);
    let mut following = HashMap::<u64, usize>::new();
    for node in &nodes {
        node.previous_functions()
            .iter()
            .for_each(|(from, _)| *following.entry(from.sequence_nr()).or_default() += 1);
    }
    let layer = |path: String, operations, shape: &[usize], from| Layer {
        path,
        operations,
        shape: shape.to_vec(),
        from,
        row: 0,
        column: 0,
    };
    let mut layers = vec![layer("input".into(), vec![], input, vec![])];
    let mut places = HashMap::<u64, usize>::new();
    for node in &nodes {
        let before: Vec<u64> = node.previous_functions().iter().map(|(from, _)| from.sequence_nr()).collect();
        let shape = node.output_shapes().into_iter().next().unwrap_or_default();
        let path = node.module_path().unwrap_or_default();
        match before[..] {
            [only] if path.is_empty() && following[&only] == 1 => {
                let place = places[&only];
                layers[place].operations.push(node.name());
                layers[place].shape = shape;
                places.insert(node.sequence_nr(), place);
            }
            _ => {
                places.insert(node.sequence_nr(), layers.len());
                let from = before.iter().map(|from| places[from]).collect::<Vec<_>>();
                let from = if from.is_empty() { vec![0] } else { from };
                layers.push(layer(path, vec![node.name()], &shape, from));
            }
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
