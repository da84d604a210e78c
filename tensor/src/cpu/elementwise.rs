//! Functions of up to three elements, over strided operands. `map1` to `map3` make a new contiguous buffer;
//! `update` and `update1` change a strided destination in place.
//!
//! A function is a closure or an operator ([`Op1`] and similar traits), or ([`map_function`] and similar
//! functions) one of the loops in [`super::functions`]. Results depend on neither threads nor layout.

mod function;
mod pack;

use std::mem::MaybeUninit;
use std::slice::{from_raw_parts, from_raw_parts_mut};

use super::functions::{Argument, Function, Function2};
use super::simd::{Simd, dispatch};
use super::strided::{Strided, StridedMut, Tile, contiguous_strides, walk};
use crate::formula::Params;
pub use function::{Op1, Op2, Op3, With};
use pack::{copy_2d, operand};

/// Computes `y[i] = f(x[i])`, row-major.
pub fn map1<A: Copy + Sync, Y: Copy + Send + Sync>(x: Strided<'_, A>, f: impl Op1<A, Y>) -> Vec<Y> {
    collect(x.dims, |y| apply(y, x, unit(x.dims), unit(x.dims), Each(Map1(f))))
}

/// Computes `y[i] = f(a[i], b[i])`, row-major.
///
/// # Panics
/// If the operands' dims differ, as in all functions here.
pub fn map2<A, B, Y>(a: Strided<'_, A>, b: Strided<'_, B>, f: impl Op2<A, B, Y>) -> Vec<Y>
where
    A: Copy + Sync,
    B: Copy + Sync,
    Y: Copy + Send + Sync,
{
    collect(a.dims, |y| apply(y, a, b, unit(a.dims), Each(Map2(f))))
}

/// Computes `y[i] = f(a[i], b[i], c[i])`, row-major.
pub fn map3<A, B, C, Y>(
    a: Strided<'_, A>,
    b: Strided<'_, B>,
    c: Strided<'_, C>,
    f: impl Op3<A, B, C, Y>,
) -> Vec<Y>
where
    A: Copy + Sync,
    B: Copy + Sync,
    C: Copy + Sync,
    Y: Copy + Send + Sync,
{
    collect(a.dims, |y| apply(y, a, b, c, Each(Map3(f))))
}

/// Computes `y[i] = f(y[i])`.
pub fn update<Y: Copy + Send + Sync>(y: StridedMut<'_, Y>, f: impl Op1<Y, Y>) {
    let none = unit(y.dims);
    apply(y, none, none, none, Each(Update(f)));
}

/// Computes `y[i] = f(y[i], a[i])`.
pub fn update1<Y: Copy + Send + Sync, A: Copy + Sync>(
    y: StridedMut<'_, Y>,
    a: Strided<'_, A>,
    f: impl Op2<Y, A, Y>,
) {
    let none = unit(y.dims);
    apply(y, a, none, none, Each(Update1(f)));
}

/// Computes `y[i] = f(x[i])`, row-major.
pub fn map_function<T: Argument>(x: Strided<'_, T>, f: Function, params: Params) -> Vec<T> {
    collect(x.dims, |y| apply(y, x, unit(x.dims), unit(x.dims), Whole(f, params)))
}

/// Computes `y[i] = f(a[i], b[i])`, row-major.
pub fn map_function2<T: Argument>(
    a: Strided<'_, T>,
    b: Strided<'_, T>,
    f: Function2,
    params: Params,
) -> Vec<T> {
    collect(a.dims, |y| apply(y, a, b, unit(a.dims), Whole(f, params)))
}

/// Computes `y[i] = f(y[i])`.
pub fn update_function<T: Argument>(y: StridedMut<'_, T>, f: Function, params: Params) {
    let none = unit(y.dims);
    apply(y, none, none, none, Whole(f, params));
}

/// Returns the view of a missing operand.
fn unit(dims: &[usize]) -> Strided<'_, ()> {
    Strided::scalar(&(), dims)
}

/// Returns a buffer for `dims`, which `fill` must write completely.
fn collect<Y: Copy>(dims: &[usize], fill: impl FnOnce(StridedMut<'_, MaybeUninit<Y>>)) -> Vec<Y> {
    let len = dims.iter().product();
    let mut y = Vec::with_capacity(len);
    let strides = contiguous_strides(dims);
    fill(StridedMut { data: &mut y.spare_capacity_mut()[..len], dims, strides: &strides, offset: 0 });
    // SAFETY: `apply` visits each index of the destination, and every `Body` passed to `collect` writes
    // there.
    unsafe { y.set_len(len) };
    y
}

/// The computation of a row of the destination; all slices have its length.
trait Body<Y, A, B, C>: Copy + Sync {
    /// Returns the cost per element, in nanoseconds.
    fn ns(self) -> f64;
    fn row(self, y: &mut [Y], a: &[A], b: &[B], c: &[C]);
}

/// A loop over the row.
#[derive(Clone, Copy)]
struct Whole<F>(F, Params);

impl<T: Argument> Body<MaybeUninit<T>, T, (), ()> for Whole<Function> {
    fn ns(self) -> f64 {
        self.0.ns::<T>()
    }
    fn row(self, y: &mut [MaybeUninit<T>], a: &[T], _: &[()], _: &[()]) {
        T::each(&self.0, [a], self.1, y);
    }
}

impl<T: Argument> Body<MaybeUninit<T>, T, T, ()> for Whole<Function2> {
    fn ns(self) -> f64 {
        self.0.ns::<T>()
    }
    fn row(self, y: &mut [MaybeUninit<T>], a: &[T], b: &[T], _: &[()]) {
        T::each(&self.0, [a, b], self.1, y);
    }
}

impl<T: Argument> Body<T, (), (), ()> for Whole<Function> {
    fn ns(self) -> f64 {
        self.0.ns::<T>()
    }
    fn row(self, y: &mut [T], _: &[()], _: &[()], _: &[()]) {
        let mut out = [MaybeUninit::uninit(); 256];
        for y in y.chunks_mut(256) {
            let out = &mut out[..y.len()];
            T::each(&self.0, [y], self.1, out);
            for (y, out) in y.iter_mut().zip(out) {
                // SAFETY: `each` has written all of it.
                *y = unsafe { out.assume_init() };
            }
        }
    }
}

/// A computation of one element after the other.
#[derive(Clone, Copy)]
struct Each<F>(F);

impl<Y, A: Copy, B: Copy, C: Copy, F: At<Y, A, B, C>> Body<Y, A, B, C> for Each<F> {
    fn ns(self) -> f64 {
        F::NS
    }
    #[inline(always)]
    fn row(self, y: &mut [Y], a: &[A], b: &[B], c: &[C]) {
        let row = Row { y, a, b, c, f: self.0 };
        if F::SIMD { dispatch(row) } else { row.run::<4>() }
    }
}

/// The computation at one index of the destination.
trait At<Y, A, B, C>: Copy + Sync {
    const NS: f64;
    const SIMD: bool;
    fn at<const L: usize>(self, y: &mut Y, a: A, b: B, c: C);
}

macro_rules! body {
    ($name:ident[$($generic:ident),*]: $op:ident<$($p:ident),*>, ($y:ty, $a:ty, $b:ty, $c:ty), |$f:ident, $py:pat_param, $pa:pat_param, $pb:pat_param, $pc:pat_param| $e:expr) => {
        #[derive(Clone, Copy)]
        struct $name<F>(F);
        impl<$($generic: Copy,)* F: $op<$($p),*>> At<$y, $a, $b, $c> for $name<F> {
            const NS: f64 = F::NS;
            const SIMD: bool = F::SIMD;
            #[inline(always)]
            fn at<const L: usize>(self, $py: &mut $y, $pa: $a, $pb: $b, $pc: $c) {
                let $f = self.0;
                $e;
            }
        }
    };
}
body!(Map1[A, Y]: Op1<A, Y>, (MaybeUninit<Y>, A, (), ()), |f, y, a, (), ()| y.write(f.call::<L>(a)));
body!(Map2[A, B, Y]: Op2<A, B, Y>, (MaybeUninit<Y>, A, B, ()), |f, y, a, b, ()| y.write(f.call::<L>(a, b)));
body!(Map3[A, B, C, Y]: Op3<A, B, C, Y>, (MaybeUninit<Y>, A, B, C), |f, y, a, b, c| y.write(f.call::<L>(a, b, c)));
body!(Update[Y]: Op1<Y, Y>, (Y, (), (), ()), |f, y, (), (), ()| *y = f.call::<L>(*y));
body!(Update1[A, Y]: Op2<Y, A, Y>, (Y, A, (), ()), |f, y, a, (), ()| *y = f.call::<L>(*y, a));

/// A pointer that threads share; each of them writes elsewhere.
struct Shared<T>(*mut T);
// SAFETY: `apply` passes each index of the destination to a single call.
unsafe impl<T: Send> Sync for Shared<T> {}

/// Calls `f` at every index of `y`.
fn apply<Y, A, B, C, F>(y: StridedMut<'_, Y>, a: Strided<'_, A>, b: Strided<'_, B>, c: Strided<'_, C>, f: F)
where
    Y: Copy + Send,
    A: Copy + Sync,
    B: Copy + Sync,
    C: Copy + Sync,
    F: Body<Y, A, B, C>,
{
    for dims in [a.dims, b.dims, c.dims] {
        assert_eq!(y.dims, dims, "operands with different dims");
    }
    let out = Shared(y.data.as_mut_ptr());
    let out = &out;
    let strides = [y.strides, a.strides, b.strides, c.strides];
    let offsets = [y.offset, a.offset, b.offset, c.offset];
    walk(y.dims, strides, offsets, f.ns(), &|tile| {
        // SAFETY: the constructors of the views have checked that every index in range is within the data.
        // Tiles are disjoint sets of indices, and no two indices of a `StridedMut` refer to the same element,
        // so no other call accesses the destination's elements of this tile.
        unsafe { apply_tile(tile, out.0, a.data.as_ptr(), b.data.as_ptr(), c.data.as_ptr(), f) }
    });
}

/// Computes one tile.
///
/// # Safety
/// The tile's indices must be in bounds of the pointers' memory, and nothing else may access the
/// destination's elements meanwhile.
unsafe fn apply_tile<Y, A, B, C, F>(tile: &Tile, y: *mut Y, a: *const A, b: *const B, c: *const C, f: F)
where
    Y: Copy,
    A: Copy,
    B: Copy,
    C: Copy,
    F: Body<Y, A, B, C>,
{
    // Short rows cost more than packing them into a long one.
    let flat = tile.rows > 1 && tile.cols < 32;
    // SAFETY: `operand` reads the tile's elements, in bounds; scratch holds a tile for each
    // operand, and no other reference to it is alive on this thread: nothing below calls back.
    unsafe {
        let (out, out_row) = operand(tile, 0, y, flat);
        let (a, a_row) = operand(tile, 1, a.cast_mut(), flat);
        let (b, b_row) = operand(tile, 2, b.cast_mut(), flat);
        let (c, c_row) = operand(tile, 3, c.cast_mut(), flat);
        let joined = [out_row, a_row, b_row, c_row].into_iter().all(|row| row == tile.cols);
        let (rows, cols) = if joined { (1, tile.rows * tile.cols) } else { (tile.rows, tile.cols) };
        for r in 0..rows {
            let y = from_raw_parts_mut(out.add(r * out_row), cols);
            let a = from_raw_parts(a.add(r * a_row), cols);
            let b = from_raw_parts(b.add(r * b_row), cols);
            let c = from_raw_parts(c.add(r * c_row), cols);
            f.row(y, a, b, c);
        }
        let target = y.add(tile.at[0]);
        if !std::ptr::eq(out, target) {
            copy_2d(tile.rows, tile.cols, out, [tile.cols, 1], target, [tile.row[0], tile.col[0]]);
        }
    }
}

/// A row of elements, next to each other in each operand.
struct Row<'a, Y, A, B, C, F> {
    y: &'a mut [Y],
    a: &'a [A],
    b: &'a [B],
    c: &'a [C],
    f: F,
}

impl<Y, A: Copy, B: Copy, C: Copy, F: At<Y, A, B, C>> Simd for Row<'_, Y, A, B, C, F> {
    type Out = ();
    #[inline(always)]
    fn run<const L: usize>(self) {
        // Separate arguments are known not to overlap, so that the loop is vectorised without a check.
        #[inline(always)]
        fn row<const L: usize, Y, A: Copy, B: Copy, C: Copy, F: At<Y, A, B, C>>(
            y: &mut [Y],
            a: &[A],
            b: &[B],
            c: &[C],
            f: F,
        ) {
            let n = y.len();
            let (a, b, c) = (&a[..n], &b[..n], &c[..n]);
            for i in 0..n {
                f.at::<L>(&mut y[i], a[i], b[i], c[i]);
            }
        }
        row::<L, Y, A, B, C, F>(self.y, self.a, self.b, self.c, self.f);
    }
}

#[cfg(test)]
mod tests;
