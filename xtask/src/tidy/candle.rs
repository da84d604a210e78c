//! Only `tensor` names candle, and no library uses its autograd.

use super::Finding;
use super::file::{File, Role, has_word};

pub fn check(file: &File) -> Vec<Finding> {
    // A benchmark compares with candle, and a test serves a network there.
    if file.role() == Role::Bench
        || file.path.starts_with("vision-examples/") && file.path.ends_with("/candle.rs")
    {
        return Vec::new();
    }
    let in_tensor = file.path.starts_with("tensor/");
    // Kernels are functions over slices; the names of their gradients are their own.
    let in_kernels = file.path.starts_with("tensor/src/cpu/");
    let advice = |code: &str| {
        let backward = code.contains(".backward(") && !in_kernels;
        if has_word(code, "GradStore") || in_tensor && (has_word(code, "Var") || backward) {
            Some("candle's autograd is not used here: write the gradient as a rule in `autograd`")
        } else if !in_tensor && ["candle_core", "candle_nn"].iter().any(|name| has_word(code, name)) {
            Some("only `tensor` names candle: go through taper_tensor")
        } else {
            None
        }
    };
    file.numbered().filter_map(|(number, line)| Some(Finding::error(number, advice(&line.code)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    #[test]
    fn candle_is_named_in_tensor_only() {
        let text = "//! Not candle_core.\nuse candle_core::Tensor;\nlet x = candle_nn::linear();\n";
        assert_eq!(lines(check, "nn/src/linear.rs", text), [2, 3]);
        assert_eq!(lines(check, "nn/tests/it/main.rs", text), [2, 3]);
        assert!(lines(check, "tensor/src/tensor.rs", text).is_empty());
        assert!(lines(check, "vision-examples/benches/peer.rs", text).is_empty());
    }

    #[test]
    fn its_autograd_is_named_nowhere() {
        let text = "use candle_core::{Tensor, Var};\nloss.backward()?;\nlet g: GradStore;\nmod backward;\n";
        assert_eq!(lines(check, "tensor/src/tensor.rs", text), [1, 2, 3]);
        assert!(lines(check, "nn/src/x.rs", "loss.backward()?;\n").is_empty(), "taper's own");
        assert!(lines(check, "tensor/src/cpu/pool.rs", "pool.backward(dy, dx);\n").is_empty(), "a kernel's");
    }
}
