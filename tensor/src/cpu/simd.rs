//! Compilation of one body for several instruction sets, one of them chosen at run time.

use std::sync::OnceLock;

/// The instruction sets that kernels are compiled for, the least capable first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// The instructions that the target guarantees: SSE2 on x86-64, NEON on AArch64. `L` is 4.
    Portable,
    /// AVX2 with FMA. `L` is 8.
    Avx2,
    /// AVX-512 F, BW, DQ and VL. `L` is 16.
    Avx512,
}

/// Returns the instruction set that kernels use: the best of the processor, or a lesser one named by the
/// environment variable `TAPER_ISA` (`portable`, `avx2`, `avx512`), which is read once.
pub fn isa() -> Isa {
    #[cfg(test)]
    if let Some(isa) = super::tests::forced::get() {
        return isa;
    }
    static ISA: OnceLock<Isa> = OnceLock::new();
    *ISA.get_or_init(|| {
        let best = detect();
        match std::env::var("TAPER_ISA").as_deref() {
            Ok("portable") => Isa::Portable,
            Ok("avx2") => best.min(Isa::Avx2),
            _ => best,
        }
    })
}

#[cfg(target_arch = "x86_64")]
pub(super) fn detect() -> Isa {
    let fma = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    let avx512 = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl");
    match (fma, avx512) {
        (true, true) => Isa::Avx512,
        (true, false) => Isa::Avx2,
        _ => Isa::Portable,
    }
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) fn detect() -> Isa {
    Isa::Portable
}

/// Returns `a * b + c`, fused if `L` implies that the hardware fuses. Without the instruction, `mul_add` is a
/// slow library call.
#[inline(always)]
pub fn fma<const L: usize>(a: f32, b: f32, c: f32) -> f32 {
    if L > 4 || cfg!(target_arch = "aarch64") { a.mul_add(b, c) } else { a * b + c }
}

/// Defines a function that is compiled for each [`Isa`].
///
/// ```text
/// simd!(
///     /// y = max(x, 0)
///     pub fn relu<const L: usize>(x: &[f32], y: &mut [f32]) { … }
/// );
/// ```
///
/// Callers do not see `L`. The function may have one more type parameter. Everything that it calls must be
/// `#[inline(always)]`, or the instruction set ends at the call. So use loops, not closures: `array::map`,
/// `array::from_fn` and similar functions are compiled without the instruction set.
macro_rules! simd {
    (
        $(#[$meta:meta])*
        $vis:vis fn $name:ident<const $l:ident: usize $(, $t:ident: $bound:path)?>(
            $($arg:ident: $ty:ty),* $(,)?
        ) $(-> $ret:ty)? $body:block
    ) => {
        $(#[$meta])*
        $vis fn $name $(<$t: $bound>)? ($($arg: $ty),*) $(-> $ret)? {
            #[inline(always)]
            fn body<const $l: usize $(, $t: $bound)?>($($arg: $ty),*) $(-> $ret)? $body
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
            fn avx512 $(<$t: $bound>)? ($($arg: $ty),*) $(-> $ret)? {
                body::<16 $(, $t)?>($($arg),*)
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2 $(<$t: $bound>)? ($($arg: $ty),*) $(-> $ret)? {
                body::<8 $(, $t)?>($($arg),*)
            }
            match $crate::cpu::simd::isa() {
                // SAFETY: `isa` returns this set only where the processor has its features.
                #[cfg(target_arch = "x86_64")]
                $crate::cpu::simd::Isa::Avx512 => unsafe { avx512 $(::<$t>)? ($($arg),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::cpu::simd::Isa::Avx2 => unsafe { avx2 $(::<$t>)? ($($arg),*) },
                _ => body::<4 $(, $t)?>($($arg),*),
            }
        }
    };
}
pub(crate) use simd;

/// Defines methods of an expression each, which are inlined wherever they are called: `fn neg(self) -> Self =
/// -self;`.
macro_rules! inlined {
    // A generic parameter is three tokens, as `T: Bound`, or four, as `const L: usize`.
    ($(
        $(#[$meta:meta])*
        fn $name:ident $(<$p:tt $q:tt $r:tt $($s:ident)?>)? ($($arg:tt)*) -> $ret:ty = $e:expr;
    )*) => {$(
        $(#[$meta])*
        #[inline(always)]
        fn $name $(<$p $q $r $($s)?>)? ($($arg)*) -> $ret {
            $e
        }
    )*};
}
pub(crate) use inlined;

/// A computation to compile for each [`Isa`]. It replaces [`simd!`] for types that are generic or contain
/// closures. `run`, and everything that it calls, must be `#[inline(always)]`.
pub trait Simd {
    /// The result.
    type Out;
    /// Computes it with vectors of `L` f32 lanes.
    fn run<const L: usize>(self) -> Self::Out;
}

/// Runs `s` compiled for the instruction set that [`isa`] returns.
pub fn dispatch<S: Simd>(s: S) -> S::Out {
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
    fn avx512<S: Simd>(s: S) -> S::Out {
        s.run::<16>()
    }
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn avx2<S: Simd>(s: S) -> S::Out {
        s.run::<8>()
    }
    match isa() {
        // SAFETY: `isa` returns this set only where the processor has its features.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => unsafe { avx512(s) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => unsafe { avx2(s) },
        _ => s.run::<4>(),
    }
}
