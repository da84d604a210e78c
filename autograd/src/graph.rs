//! Drawings of the graph behind a variable: its operations, their shapes, and the named leaves.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::Write;

use crate::Variable;
use crate::node::Edge;

/// A box of the drawing, with the boxes of its inputs.
struct Drawn {
    id: u64,
    label: String,
    leaf: bool,
    from: Vec<u64>,
}

/// Returns the graph behind `output` in Graphviz's language, for `dot -Tsvg`.
///
/// ```
/// use taper_autograd::{Variable, to_dot};
/// use taper_tensor::Tensor;
/// let x = Variable::requires_grad(Tensor::ones((2, 2))?);
/// x.set_name("x");
/// let dot = to_dot(&x.add(2.0)?.mean()?);
/// assert!(dot.contains("Mean") && dot.contains("AddScalar [2, 2]") && dot.contains("x [2, 2]"));
/// # Ok::<(), taper_autograd::Error>(())
/// ```
pub fn to_dot(output: &Variable) -> String {
    let mut text = String::from("digraph {\n  rankdir = BT;\n  node [shape = box];\n");
    for d in walk(output) {
        let style = if d.leaf { ", style = filled" } else { "" };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "  n{} [label = \"{}\"{style}];",
            d.id,
            d.label.replace('\\', "\\\\").replace('"', "\\\"")
        );
        for from in d.from {
            let _ = writeln!(text, "  n{from} -> n{};", d.id);
        }
    }
    text + "}\n"
}

/// Returns the graph behind `output` in Mermaid's language, which Markdown viewers draw.
pub fn to_mermaid(output: &Variable) -> String {
    let mut text = String::from("graph BT\n");
    for d in walk(output) {
        let (open, close) = if d.leaf { ("([", "])") } else { ("[", "]") };
        let _ = writeln!(text, "  n{}{open}\"{}\"{close}", d.id, d.label.replace('"', "#quot;"));
        for from in d.from {
            let _ = writeln!(text, "  n{from} --> n{}", d.id);
        }
    }
    text
}

/// Lists each operation and leaf once, the output first, and numbers them in this order.
fn walk(output: &Variable) -> Vec<Drawn> {
    let (mut numbers, mut todo, mut drawn) = (HashMap::new(), vec![output.edge()], vec![]);
    while let Some(edge) = todo.pop() {
        let Some(id) = id(&edge) else { continue };
        let number = numbers.len() as u64;
        let Entry::Vacant(place) = numbers.entry(id) else { continue };
        place.insert(number);
        drawn.push(match &edge {
            Edge::None => continue,
            Edge::Leaf(leaf) => {
                let name = leaf.name.lock().clone().unwrap_or_else(|| "leaf".into());
                Drawn { id, label: format!("{name} {:?}", &leaf.shape[..]), leaf: true, from: vec![] }
            }
            Edge::Node(node, _) => {
                let shapes = node.outputs.iter().map(|o| format!("{:?}", &o.shape[..]));
                let label = format!("{} {}", node.name, shapes.collect::<Vec<_>>().join(", "));
                todo.extend(node.edges.iter().cloned());
                Drawn { id, label, leaf: false, from: node.edges.iter().filter_map(self::id).collect() }
            }
        });
    }
    for d in &mut drawn {
        d.id = numbers[&d.id];
        d.from.iter_mut().for_each(|from| *from = numbers[from]);
    }
    drawn
}

/// Returns the sequence number of an edge's target. Operations and leaves share one sequence.
fn id(edge: &Edge) -> Option<u64> {
    match edge {
        Edge::None => None,
        Edge::Leaf(leaf) => Some(leaf.seq),
        Edge::Node(node, _) => Some(node.seq),
    }
}
