//! Stacked layers of recurrent cells, in one direction or both.

use taper_autograd::Variable;

use super::super::uniform_parameter;
use super::RecurrentState;
use crate::builder::{at_least_1, fraction};
use crate::{Error, Result, Training, Visitor};

/// Hidden state and, of an LSTM, cell, of one layer in one direction: `[batch, hidden_size]`.
type State = (Variable, Option<Variable>);

/// The function from one state to the next.
#[derive(Clone, Copy, Debug)]
pub enum Cell {
    Tanh,
    Relu,
    Lstm,
    Gru,
}

impl Cell {
    fn gates(self) -> usize {
        match self {
            Self::Tanh | Self::Relu => 1,
            Self::Lstm => 4,
            Self::Gru => 3,
        }
    }

    /// Returns the next state from the gates' parts of the input and of the hidden state,
    /// `[batch, gates · hidden_size]` each.
    fn step(self, input: &Variable, hidden: &Variable, (h, c): &State) -> Result<State> {
        match (self, c) {
            (Self::Relu, _) => Ok((input.add(hidden)?.relu()?, None)),
            (Self::Lstm, Some(c)) => {
                let gates = input.add(hidden)?.chunk(4, 1)?;
                let (i, f) = (gates[0].sigmoid()?, gates[1].sigmoid()?);
                let (g, o) = (gates[2].tanh()?, gates[3].sigmoid()?);
                let cell = f.mul(c)?.add(i.mul(g)?)?;
                Ok((o.mul(cell.tanh()?)?, Some(cell)))
            }
            (Self::Gru, _) => {
                let (input, hidden) = (input.chunk(3, 1)?, hidden.chunk(3, 1)?);
                let r = input[0].add(&hidden[0])?.sigmoid()?;
                let z = input[1].add(&hidden[1])?.sigmoid()?;
                let n = input[2].add(r.mul(&hidden[2])?)?.tanh()?;
                // (1 - z) n + z h = n + z (h - n)
                Ok((n.add(z.mul(h.sub(&n)?)?)?, None))
            }
            _ => Ok((input.add(hidden)?.tanh()?, None)),
        }
    }
}

/// The weights of one layer in one direction.
#[derive(Debug)]
pub struct Weights {
    /// `[gates · hidden_size, inputs]`.
    pub input: Variable,
    /// `[gates · hidden_size, hidden_size]`, after a projection `[gates · hidden_size, proj_size]`.
    hidden: Variable,
    /// `[gates · hidden_size]`, both.
    biases: Option<(Variable, Variable)>,
    /// `[proj_size, hidden_size]`.
    projection: Option<Variable>,
}

#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub cell: Cell,
    pub input_size: usize,
    pub hidden_size: usize,
    /// The size that the hidden state is projected to; 0 for no projection.
    pub proj_size: usize,
    pub num_layers: usize,
    pub bias: bool,
    pub batch_first: bool,
    pub dropout: f64,
    pub bidirectional: bool,
}

impl Options {
    /// Returns the size of a hidden state of one direction.
    fn output_size(&self) -> usize {
        if self.proj_size == 0 { self.hidden_size } else { self.proj_size }
    }
}

/// The weights and options of a recurrent layer, layer after layer and direction after direction.
#[derive(Debug)]
pub struct Stack {
    pub weights: Vec<Weights>,
    pub options: Options,
    training: Training,
}

impl Stack {
    pub fn new(op: &'static str, options: Options) -> Result<Self> {
        let Options { cell, input_size, hidden_size, num_layers, bias, dropout, .. } = options;
        at_least_1(op, "hidden_size", &[hidden_size])?;
        at_least_1(op, "num_layers", &[num_layers])?;
        fraction(op, "dropout", dropout)?;
        if options.proj_size >= hidden_size {
            let message =
                format!("proj_size is {}, expected less than hidden_size {hidden_size}", options.proj_size);
            return Err(Error::value(op, message));
        }
        let (rows, directions) =
            (cell.gates().saturating_mul(hidden_size), 1 + usize::from(options.bidirectional));
        // PyTorch's bound for all of them is 1 / sqrt(hidden_size).
        let parameter = |shape: &[usize]| uniform_parameter(shape, hidden_size);
        let weights = |i: usize| -> Result<Weights> {
            let inputs =
                if i < directions { input_size } else { directions.saturating_mul(options.output_size()) };
            let biases = || Ok::<_, Error>((parameter(&[rows])?, parameter(&[rows])?));
            let projection = (options.proj_size > 0).then(|| parameter(&[options.proj_size, hidden_size]));
            Ok(Weights {
                input: parameter(&[rows, inputs])?,
                hidden: parameter(&[rows, options.output_size()])?,
                biases: bias.then(biases).transpose()?,
                projection: projection.transpose()?,
            })
        };
        let weights = (0..num_layers.saturating_mul(directions)).map(weights).collect::<Result<_>>()?;
        Ok(Self { weights, options, training: Training::default() })
    }

    fn directions(&self) -> usize {
        1 + usize::from(self.options.bidirectional)
    }

    pub fn visit<'a>(&'a self, visitor: &mut Visitor<'a>) {
        for (i, weights) in self.weights.iter().enumerate() {
            let reverse = if i % self.directions() == 1 { "_reverse" } else { "" };
            let mut field = |name: &str, field| {
                visitor.field(&format!("{name}_l{}{reverse}", i / self.directions()), field);
            };
            field("weight_ih", &weights.input);
            field("weight_hh", &weights.hidden);
            if let Some((input, hidden)) = &weights.biases {
                field("bias_ih", input);
                field("bias_hh", hidden);
            }
            if let Some(projection) = &weights.projection {
                field("weight_hr", projection);
            }
        }
        visitor.field("training", &self.training);
    }

    pub fn describe(&self) -> String {
        let Options {
            input_size,
            hidden_size,
            proj_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            ..
        } = self.options;
        let mut text = format!("{input_size}, {hidden_size}");
        if proj_size != 0 {
            text += &format!(", proj_size={proj_size}");
        }
        if num_layers != 1 {
            text += &format!(", num_layers={num_layers}");
        }
        for (name, said) in [("bias=False", !bias), ("batch_first=True", batch_first)] {
            text += &if said { format!(", {name}") } else { String::new() };
        }
        if dropout != 0.0 {
            text += &format!(", dropout={dropout:?}");
        }
        text + if bidirectional { ", bidirectional=True" } else { "" }
    }

    /// Runs the layers one after the other over a batch of sequences.
    pub fn run(
        &self,
        op: &'static str,
        x: &Variable,
        initial: Option<&RecurrentState>,
    ) -> Result<(Variable, RecurrentState)> {
        let (size, options) = (x.size(), &self.options);
        if size.len() != 3 || size[2] != options.input_size || size[..2].contains(&0) {
            let order = if options.batch_first { "batch, length" } else { "length, batch" };
            let hint =
                if size.len() == 2 { "; give a single sample a batch dimension with .unsqueeze" } else { "" };
            let message =
                format!("input has shape {size:?}, expected [{order}, {}]{hint}", options.input_size);
            return Err(Error::value(op, message));
        }
        let (time, batch) = if options.batch_first { (1, size[0]) } else { (0, size[1]) };
        let mut states = self.initial(op, x, batch, initial)?.into_iter();
        let (mut sequence, mut last) = (x.clone(), Vec::new());
        for (i, layer) in self.weights.chunks(self.directions()).enumerate() {
            if i > 0 && options.dropout > 0.0 && self.training.get() {
                sequence = sequence.dropout(options.dropout, None)?;
            }
            let mut outputs = Vec::new();
            for ((weights, backwards), state) in layer.iter().zip([false, true]).zip(&mut states) {
                let (y, state) = self.direction(weights, &sequence, time, backwards, state)?;
                outputs.push(y);
                last.push(state);
            }
            sequence = if let [one] = &outputs[..] { one.clone() } else { Variable::cat(&outputs, 2)? };
        }
        let (hidden, cells): (Vec<_>, Vec<_>) = last.into_iter().unzip();
        let cells = cells.into_iter().collect::<Option<Vec<_>>>();
        let cell = cells.map(|cells| Variable::stack(&cells, 0)).transpose()?;
        Ok((sequence, RecurrentState { hidden: Variable::stack(&hidden, 0)?, cell }))
    }

    /// The first state of each layer and direction: what was given, or zeros.
    fn initial(
        &self,
        op: &'static str,
        x: &Variable,
        batch: usize,
        given: Option<&RecurrentState>,
    ) -> Result<Vec<State>> {
        let shape = |size: usize| [self.weights.len(), batch, size];
        let zeros = |size: usize| Ok::<_, Error>(Variable::new(x.data().like().zeros(shape(size))?));
        let state = |given: Option<&Variable>, size: usize| match given {
            None => zeros(size),
            Some(given) if given.size() == shape(size) => Ok(given.clone()),
            Some(other) => {
                let message = format!("the state has shape {:?}, expected {:?}", other.size(), shape(size));
                Err(Error::value(op, message))
            }
        };
        let hidden = state(given.map(|given| &given.hidden), self.options.output_size())?;
        let cell = state(given.and_then(|given| given.cell.as_ref()), self.options.hidden_size)?;
        let lstm = matches!(self.options.cell, Cell::Lstm);
        let state = |i: usize| -> Result<State> {
            let cell = lstm.then(|| cell.select(0, i as i64)).transpose()?;
            Ok((hidden.select(0, i as i64)?, cell))
        };
        (0..self.weights.len()).map(state).collect()
    }

    /// Runs one layer in one direction. Returns its outputs at all steps, and its last state.
    fn direction(
        &self,
        weights: &Weights,
        sequence: &Variable,
        time: i64,
        backwards: bool,
        mut state: State,
    ) -> Result<(Variable, State)> {
        let biases = weights.biases.as_ref();
        // The input's part for all steps at once, the state's part at each.
        let inputs = sequence.linear(&weights.input, biases.map(|b| &b.0))?.split(1, time)?;
        let mut outputs = Vec::with_capacity(inputs.len());
        let mut step = |input: &Variable| -> Result<()> {
            let hidden = state.0.linear(&weights.hidden, biases.map(|b| &b.1))?;
            state = self.options.cell.step(&input.squeeze(time)?, &hidden, &state)?;
            if let Some(projection) = &weights.projection {
                state.0 = state.0.linear(projection, None)?;
            }
            outputs.push(state.0.clone());
            Ok(())
        };
        if backwards {
            inputs.iter().rev().try_for_each(&mut step)?;
            outputs.reverse();
        } else {
            inputs.iter().try_for_each(&mut step)?;
        }
        Ok((Variable::stack(&outputs, time)?, state))
    }
}
