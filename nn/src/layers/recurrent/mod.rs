//! Recurrent layers: sequences, and a state that each step passes on to the next.

mod stack;

use taper_autograd::Variable;

use self::stack::{Cell, Options, Stack};
use crate::builder::builder;
use crate::{Forward, Module, Result, Visitor, in_layer, print_module};

/// The state of a recurrent layer after the last step.
#[derive(Clone, Debug)]
pub struct RecurrentState {
    /// `[layers · directions, batch, hidden_size]`; for an LSTM that projects `[…, proj_size]`.
    pub hidden: Variable,
    /// An LSTM's cells, `[layers · directions, batch, hidden_size]`.
    pub cell: Option<Variable>,
}

macro_rules! recurrent {
    (
        $(#[$doc:meta])* $name:ident, $builder:ident, $op:literal, $printed:literal;
        $(option { $(#[$about:meta])* $option:ident: $kind:ty = $default:expr; })?
        cell |$layer:ident| $cell:expr, proj_size $proj_size:expr
    ) => {
        $(#[$doc])*
        ///
        /// # Shapes
        /// Input `[L, N, input_size]`, output `[L, N, directions · hidden_size]`, where `L` is the length; with
        /// `batch_first`, `N` comes first. Weights and biases begin uniform within `±1 / sqrt(hidden_size)`.
        #[derive(Debug)]
        pub struct $name(Stack);

        builder! {
            $name, $builder;
            /// Makes one layer in one direction, with PyTorch's defaults.
            ///
            /// # Errors
            /// When `hidden_size` is 0.
            new(input_size: usize, hidden_size: usize) -> Result;
            /// Sets the number of layers, each over the outputs of the one before; default 1.
            num_layers: usize = 1;
            /// Adds biases; default true.
            bias: bool = true;
            /// Puts the batch's dimension before the length's; default false.
            batch_first: bool = false;
            /// Sets the probability of a dropout between the layers, in training; default 0.
            dropout: f64 = 0.0;
            /// Runs other weights over the sequence from its end too, and joins the outputs of both
            /// directions; default false.
            bidirectional: bool = false;
            $($(#[$about])* $option: $kind = $default;)?
        }

        impl $builder {
            /// Makes the layers and draws their weights.
            ///
            /// # Errors
            /// When `hidden_size` or `num_layers` is 0, or another option is out of its range.
            pub fn build(self) -> Result<$name> {
                let $layer = &self;
                let options = Options {
                    cell: $cell,
                    input_size: self.input_size,
                    hidden_size: self.hidden_size,
                    proj_size: $proj_size,
                    num_layers: self.num_layers,
                    bias: self.bias,
                    batch_first: self.batch_first,
                    dropout: self.dropout,
                    bidirectional: self.bidirectional,
                };
                Stack::new($op, options).map($name)
            }
        }

        impl $name {
            /// Returns the outputs of the last layer at all steps, and the last state of each layer and
            /// direction. Without a `state`, the first one is zeros.
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
            /// Returns the outputs of the last layer at all steps, from a state of zeros.
            fn forward(&self, x: &Variable) -> Result<Variable> {
                Ok(self.forward_with_state(x, None)?.0)
            }
        }
    };
}

/// Selects the function of an [`Rnn`]'s cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RnnNonlinearity {
    /// The hyperbolic tangent.
    #[default]
    Tanh,
    /// `max(x, 0)`.
    Relu,
}

recurrent! {
    /// Runs `h' = tanh(W x + b + U h + c)` over sequences; PyTorch's `nn.RNN`.
    Rnn, RnnBuilder, "rnn", "RNN";
    option {
        /// Sets the cell's function; default the hyperbolic tangent.
        nonlinearity: RnnNonlinearity = RnnNonlinearity::Tanh;
    }
    cell |rnn| match rnn.nonlinearity {
        RnnNonlinearity::Tanh => Cell::Tanh,
        RnnNonlinearity::Relu => Cell::Relu,
    }, proj_size 0
}

recurrent! {
    /// Runs a long short-term memory over sequences, with gates `i, f, g, o`, `c' = σ(f) c + σ(i) tanh(g)` and
    /// `h' = σ(o) tanh(c')`; PyTorch's `nn.LSTM`.
    ///
    /// ```
    /// use taper_autograd::Variable;
    /// use taper_nn::Lstm;
    /// use taper_tensor::Tensor;
    ///
    /// let layer = Lstm::builder(3, 5).num_layers(2).batch_first(true).build()?;
    /// let (y, state) = layer.forward_with_state(&Variable::new(Tensor::ones((4, 7, 3))?), None)?;
    /// assert_eq!(y.size(), [4, 7, 5]);
    /// assert_eq!(state.hidden.size(), [2, 4, 5]);
    /// # Ok::<(), taper_nn::Error>(())
    /// ```
    Lstm, LstmBuilder, "lstm", "LSTM";
    option {
        /// Projects the hidden state to so many numbers, fewer than `hidden_size`, before the next step and
        /// layer see it (<https://arxiv.org/abs/1402.1128>); default 0, no projection.
        proj_size: usize = 0;
    }
    cell |lstm| Cell::Lstm, proj_size lstm.proj_size
}

recurrent! {
    /// Runs gated recurrent units over sequences, with gates `r, z, n`, `n = tanh(W x + b + σ(r) (U h + c))` and
    /// `h' = (1 - σ(z)) n + σ(z) h`; PyTorch's `nn.GRU`.
    Gru, GruBuilder, "gru", "GRU";
    cell |_gru| Cell::Gru, proj_size 0
}
