//! Writes samples one after the other into the memory of their batch.

use crate::{Error, Image, Result};
use taper_tensor::{DType, Tensor, Value, bf16, f16};

/// A sample that can be stacked with others into a batch.
///
/// A loader makes the [`Stack`](Collate::Stack) when it has the first sample of a batch, adds each sample as soon
/// as it is ready, and finishes: no sample waits for the others, and nothing is copied twice.
///
/// | sample | batch of N |
/// | --- | --- |
/// | [`Image`] | tensor `[N, channels, height, width]`, u8 or f32 |
/// | a number | tensor `[N]` of its dtype |
/// | `[T; K]` or `Vec<T>` of numbers | tensor `[N, K]` |
/// | [`Tensor`] | tensor `[N, ...]` of its dtype |
/// | `String`, `()`, `Option<S>` | `Vec` of them |
/// | tuple of these | tuple of their batches |
pub trait Collate: Sized {
    /// The batch that a loader yields.
    type Batch: Send + 'static;
    /// The batch under construction.
    type Stack;

    /// Makes an empty stack with room for `capacity` samples like this one.
    fn stack(&self, capacity: usize) -> Self::Stack;

    /// Adds this sample to the stack.
    ///
    /// # Errors
    /// When its shape differs from those before it.
    fn stack_onto(self, stack: &mut Self::Stack) -> Result<()>;

    /// Makes the batch.
    ///
    /// # Errors
    /// When its tensors cannot be made.
    fn finish(stack: Self::Stack) -> Result<Self::Batch>;
}

/// The pictures of a batch, one after the other.
#[derive(Debug)]
pub struct ImageStack {
    size: [usize; 3],
    count: usize,
    pixels: Result<Vec<f32>, Vec<u8>>,
}

impl Collate for Image {
    type Batch = Tensor;
    type Stack = ImageStack;

    fn stack(&self, capacity: usize) -> ImageStack {
        let room = capacity * self.size().iter().product::<usize>();
        let pixels =
            if self.is_float() { Ok(Vec::with_capacity(room)) } else { Err(Vec::with_capacity(room)) };
        ImageStack { size: self.size(), count: 0, pixels }
    }

    fn stack_onto(self, stack: &mut ImageStack) -> Result<()> {
        if self.size() != stack.size {
            return Err(unlike("picture", &self.size(), &stack.size));
        }
        match (&mut stack.pixels, self.bytes()) {
            (Ok(floats), None) => self.extend_floats(floats),
            (Err(all), Some(bytes)) => all.extend_from_slice(bytes),
            (_, bytes) => {
                let [this, others] = if bytes.is_some() { ["u8", "f32"] } else { ["f32", "u8"] };
                return Err(Error::invalid(
                    "collate",
                    format!("a picture of {this} among pictures of {others}"),
                ));
            }
        }
        stack.count += 1;
        Ok(())
    }

    fn finish(stack: ImageStack) -> Result<Tensor> {
        let [channels, height, width] = stack.size;
        let shape = [stack.count, channels, height, width];
        match stack.pixels {
            Ok(floats) => Ok(Tensor::from_vec(floats, shape)?),
            Err(bytes) => Ok(Tensor::from_vec(bytes, shape)?),
        }
    }
}

fn unlike(what: &str, this: &[usize], others: &[usize]) -> Error {
    let message =
        format!("a {what} of shape {this:?} among others of {others:?}: resize or crop them to one shape");
    Error::invalid("collate", message)
}

/// Implements [`Collate`] for a number, an array and a vector of them.
macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Collate for $number {
            type Batch = Tensor;
            type Stack = Vec<$number>;
            fn stack(&self, capacity: usize) -> Vec<$number> {
                Vec::with_capacity(capacity)
            }
            fn stack_onto(self, stack: &mut Vec<$number>) -> Result<()> {
                stack.push(self);
                Ok(())
            }
            fn finish(stack: Vec<$number>) -> Result<Tensor> {
                let shape = stack.len();
                Ok(Tensor::from_vec(stack, shape)?)
            }
        }

        impl<const K: usize> Collate for [$number; K] {
            type Batch = Tensor;
            type Stack = Vec<$number>;
            fn stack(&self, capacity: usize) -> Vec<$number> {
                Vec::with_capacity(capacity * K)
            }
            fn stack_onto(self, stack: &mut Vec<$number>) -> Result<()> {
                stack.extend_from_slice(&self);
                Ok(())
            }
            fn finish(stack: Vec<$number>) -> Result<Tensor> {
                let shape = [stack.len() / K.max(1), K];
                Ok(Tensor::from_vec(stack, shape)?)
            }
        }

        impl Collate for Vec<$number> {
            type Batch = Tensor;
            type Stack = (Vec<$number>, usize, usize);
            fn stack(&self, capacity: usize) -> Self::Stack {
                (Vec::with_capacity(capacity * self.len()), self.len(), 0)
            }
            fn stack_onto(self, (all, len, count): &mut Self::Stack) -> Result<()> {
                if self.len() != *len {
                    return Err(unlike("vector", &[self.len()], &[*len]));
                }
                all.extend_from_slice(&self);
                *count += 1;
                Ok(())
            }
            fn finish((all, len, count): Self::Stack) -> Result<Tensor> {
                Ok(Tensor::from_vec(all, [count, len])?)
            }
        }
    )*};
}
numbers!(f32, f64, i64, i32, u8);

/// Implements [`Collate`] for samples that are not numbers: a batch is a list of them.
macro_rules! listed {
    ($([$($generic:ident)?] $sample:ty),*) => {$(
        impl$(<$generic: Send + 'static>)? Collate for $sample {
            type Batch = Vec<$sample>;
            type Stack = Vec<$sample>;
            fn stack(&self, capacity: usize) -> Self::Stack {
                Vec::with_capacity(capacity)
            }
            fn stack_onto(self, stack: &mut Self::Stack) -> Result<()> {
                stack.push(self);
                Ok(())
            }
            fn finish(stack: Self::Stack) -> Result<Self::Batch> {
                Ok(stack)
            }
        }
    )*};
}
listed!([] String, [] (), [T] Option<T>);

impl Collate for Tensor {
    type Batch = Tensor;
    type Stack = Vec<Tensor>;

    fn stack(&self, capacity: usize) -> Vec<Tensor> {
        Vec::with_capacity(capacity)
    }

    fn stack_onto(self, stack: &mut Vec<Tensor>) -> Result<()> {
        match stack.first() {
            Some(first) if first.size() != self.size() => {
                return Err(unlike("tensor", self.size(), first.size()));
            }
            Some(first) if first.dtype() != self.dtype() => {
                let message = format!("a tensor of {} among others of {}", self.dtype(), first.dtype());
                return Err(Error::invalid("collate", message));
            }
            _ => stack.push(self),
        }
        Ok(())
    }

    fn finish(stack: Vec<Tensor>) -> Result<Tensor> {
        match stack.first().map_or(DType::F32, Tensor::dtype) {
            DType::Bool => join::<bool>(&stack),
            DType::U8 => join::<u8>(&stack),
            DType::U32 => join::<u32>(&stack),
            DType::I32 => join::<i32>(&stack),
            DType::I64 => join::<i64>(&stack),
            DType::F16 => join::<f16>(&stack),
            DType::BF16 => join::<bf16>(&stack),
            DType::F32 => join::<f32>(&stack),
            DType::F64 => join::<f64>(&stack),
        }
    }
}

/// Makes one tensor on the CPU of tensors of one shape and dtype.
fn join<T: Value>(stack: &[Tensor]) -> Result<Tensor> {
    let size = stack.first().map_or(&[][..], Tensor::size);
    let mut all = Vec::with_capacity(stack.len() * size.iter().product::<usize>());
    for tensor in stack {
        all.extend(tensor.to_vec::<T>()?);
    }
    Ok(Tensor::from_vec(all, [&[stack.len()], size].concat())?)
}

/// Implements [`Collate`] for tuples, part by part.
macro_rules! tuple {
    ($($name:ident $at:tt),*) => {
        impl<$($name: Collate),*> Collate for ($($name,)*) {
            type Batch = ($($name::Batch,)*);
            type Stack = ($($name::Stack,)*);
            fn stack(&self, capacity: usize) -> Self::Stack {
                ($(self.$at.stack(capacity),)*)
            }
            fn stack_onto(self, stack: &mut Self::Stack) -> Result<()> {
                $(self.$at.stack_onto(&mut stack.$at)?;)*
                Ok(())
            }
            fn finish(stack: Self::Stack) -> Result<Self::Batch> {
                Ok(($($name::finish(stack.$at)?,)*))
            }
        }
    };
}
tuple!(A 0);
tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);
