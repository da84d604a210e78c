//! Recurrent layers: sequences, and a state that each step passes on to the next.

mod stack;

use taper_autograd::Variable;

use self::stack::{Cell, Options, Stack};
use crate::{Forward, Module, Result, Visitor, in_layer, print_module};

/// What a recurrent layer passes on after the last step.
#[derive(Clone, Debug)]
pub struct RecurrentState {
    /// `[layers · directions, batch, hidden_size]`; `proj_size` in its place for an LSTM that projects.
    pub hidden: Variable,
    /// An LSTM's cells, `[layers · directions, batch, hidden_size]`.
    pub cell: Option<Variable>,
}

macro_rules! recurrent {
    ($(#[$doc:meta])* $name:ident, $op:literal, $printed:literal, $cell:expr) => {
        $(#[$doc])*
        ///
        /// Sequences are `[length, batch, input_size]`, with `batch_first` `[batch, length,
        /// input_size]`. Weights and biases are at first uniform within `±1 / sqrt(hidden_size)`;
        /// an option that changes their number or shape draws them anew.
        #[derive(Debug)]
        pub struct $name(Stack);

        impl $name {
            /// One layer in one direction, with biases and the length first.
            ///
            /// # Errors
            /// When `hidden_size` is 0, or memory does not suffice.
            pub fn new(input_size: usize, hidden_size: usize) -> Result<Self> {
                let options = Options {
                    cell: $cell,
                    input_size,
                    hidden_size,
                    proj_size: 0,
                    num_layers: 1,
                    bias: true,
                    batch_first: false,
                    dropout: 0.0,
                    bidirectional: false,
                };
                Stack::new($op, options).map(Self)
            }

            /// Several layers, each over the outputs of the one before; by default 1.
            ///
            /// # Errors
            /// When the number is 0, or memory does not suffice.
            pub fn num_layers(self, num_layers: usize) -> Result<Self> {
                Stack::new($op, Options { num_layers, ..self.0.options }).map(Self)
            }

            /// Whether there are biases; by default there are.
            ///
            /// # Errors
            /// When memory does not suffice.
            pub fn bias(self, bias: bool) -> Result<Self> {
                Stack::new($op, Options { bias, ..self.0.options }).map(Self)
            }

            /// Whether other weights run over the sequence from its end, and the outputs of both
            /// directions are joined; by default not.
            ///
            /// # Errors
            /// When memory does not suffice.
            pub fn bidirectional(self, bidirectional: bool) -> Result<Self> {
                Stack::new($op, Options { bidirectional, ..self.0.options }).map(Self)
            }

            /// The probability of a dropout between the layers, in training; by default 0.
            ///
            /// # Errors
            /// When it is no probability, or memory does not suffice.
            pub fn dropout(self, dropout: f64) -> Result<Self> {
                Stack::new($op, Options { dropout, ..self.0.options }).map(Self)
            }

            /// Whether the batch's dimension comes before the length's; by default not.
            pub fn batch_first(mut self, batch_first: bool) -> Self {
                self.0.options.batch_first = batch_first;
                self
            }

            /// The outputs of the last layer at all steps, and the last state of each layer and
            /// direction; the first is zero where none is given.
            ///
            /// # Errors
            /// When the input or the state has another shape.
            pub fn forward_with_state(
                &self,
                x: &Variable,
                state: Option<&RecurrentState>,
            ) -> Result<(Variable, RecurrentState)> {
                in_layer(&self.0.weights[0].input, || self.0.run($op, x, state))
            }
        }

        impl Module for $name {
            fn visit<'a>(&'a self, visitor: &mut Visitor<'a>) {
                self.0.visit(visitor);
            }

            fn name(&self) -> &'static str {
                $printed
            }

            fn extra_repr(&self) -> String {
                self.0.describe()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                print_module(self, f)
            }
        }

        impl Forward for $name {
            /// The outputs of the last layer at all steps, from a state of zeros.
            fn forward(&self, x: &Variable) -> Result<Variable> {
                Ok(self.forward_with_state(x, None)?.0)
            }
        }
    };
}

recurrent! {
    /// `h' = tanh(W x + b + U h + c)`; PyTorch's `nn.RNN`.
    Rnn, "rnn", "RNN", Cell::Tanh
}

impl Rnn {
    /// `relu` in the place of `tanh`, PyTorch's `nonlinearity="relu"`.
    pub fn relu(mut self) -> Self {
        self.0.options.cell = Cell::Relu;
        self
    }
}

recurrent! {
    /// Long short-term memory, PyTorch's `nn.LSTM`: with gates `i, f, g, o`,
    /// `c' = σ(f) c + σ(i) tanh(g)` and `h' = σ(o) tanh(c')`.
    ///
    /// ```
    /// use taper_autograd::Variable;
    /// use taper_nn::Lstm;
    /// use taper_tensor::Tensor;
    ///
    /// let layer = Lstm::new(3, 5)?.num_layers(2)?.batch_first(true);
    /// let (y, state) = layer.forward_with_state(&Variable::new(Tensor::ones((4, 7, 3))?), None)?;
    /// assert_eq!(y.size(), [4, 7, 5]);
    /// assert_eq!(state.hidden.size(), [2, 4, 5]);
    /// # Ok::<(), taper_nn::Error>(())
    /// ```
    Lstm, "lstm", "LSTM", Cell::Lstm
}

impl Lstm {
    /// Projects the hidden state to so many numbers, fewer than `hidden_size`, before the next step and
    /// layer see it; by default, 0, it does not. See <https://arxiv.org/abs/1402.1128>.
    ///
    /// # Errors
    /// When it is not less than `hidden_size`, or memory does not suffice.
    pub fn proj_size(self, proj_size: usize) -> Result<Self> {
        Stack::new("lstm", Options { proj_size, ..self.0.options }).map(Self)
    }
}

recurrent! {
    /// The gated recurrent unit, PyTorch's `nn.GRU`: with gates `r, z, n`,
    /// `n = tanh(W x + b + σ(r) (U h + c))` and `h' = (1 - σ(z)) n + σ(z) h`.
    Gru, "gru", "GRU", Cell::Gru
}
