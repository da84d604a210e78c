//! Numbers in nested arrays, slices and vectors, from which tensors are made.

use crate::Value;

/// Numbers, arrays, slices and vectors, nested.
pub trait NestedArray {
    /// The number's type.
    type Element: Value;
    /// Appends the sizes, outermost first.
    fn dims(&self, dims: &mut Vec<usize>);
    /// Appends the numbers, in order; false where the sizes are not `dims`.
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
