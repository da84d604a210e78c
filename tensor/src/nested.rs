//! Nested arrays, slices and vectors of numbers, which tensors are created from.

use crate::Value;

/// A number, or a nested array, slice or vector of numbers.
pub trait NestedArray {
    /// The number's type.
    type Element: Value;
    /// Appends the sizes to `dims`, outermost first.
    fn dims(&self, dims: &mut Vec<usize>);
    /// Appends the numbers to `out`, in order. Returns false if the sizes are not `dims`.
    fn collect(&self, dims: &[usize], out: &mut Vec<Self::Element>) -> bool;
}

impl<T: Value> NestedArray for T {
    type Element = T;
    fn dims(&self, _: &mut Vec<usize>) {}
    fn collect(&self, _: &[usize], out: &mut Vec<T>) -> bool {
        out.push(*self);
        true
    }
}

impl<A: NestedArray> NestedArray for [A] {
    type Element = A::Element;
    fn dims(&self, dims: &mut Vec<usize>) {
        dims.push(self.len());
        if let Some(first) = self.first() {
            first.dims(dims);
        }
    }
    fn collect(&self, dims: &[usize], out: &mut Vec<A::Element>) -> bool {
        dims.split_first()
            .is_some_and(|(&n, rest)| n == self.len() && self.iter().all(|a| a.collect(rest, out)))
    }
}

macro_rules! delegate {
    ($([$($g:tt)*] $t:ty),*) => {$(
        impl<$($g)*> NestedArray for $t {
            type Element = A::Element;
            fn dims(&self, dims: &mut Vec<usize>) {
                self[..].dims(dims);
            }
            fn collect(&self, dims: &[usize], out: &mut Vec<A::Element>) -> bool {
                self[..].collect(dims, out)
            }
        }
    )*};
}
delegate!([A: NestedArray, const N: usize] [A; N], [A: NestedArray, const N: usize] &[A; N], [A: NestedArray] &[A], [A: NestedArray] Vec<A>);
