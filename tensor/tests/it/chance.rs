//! Arguments and tensors by chance, most of them absurd. A seed gives the same ones again.

use std::cell::Cell;

use taper_tensor::{Conv2dOptions, DType, Dims, Index, Pad, PoolOptions, Result, Scalar, Tensor};

use crate::DTYPES;

/// Arguments by chance.
pub struct Chance(Cell<u64>);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(Cell::new(seed))
    }

    /// Returns the next number of SplitMix64 (Steele, Lea and Flood 2014).
    pub fn next(&self) -> u64 {
        self.0.set(self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        let z = self.0.get();
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub fn bool(&self) -> bool {
        self.below(2) == 0
    }

    pub fn of<T: Copy>(&self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// Returns a dimension, an index or a shift: mostly a small number.
    pub fn int(&self) -> i64 {
        if self.below(3) > 0 {
            return self.below(7) as i64 - 3;
        }
        self.of(&[
            i64::MIN,
            i64::MIN + 1,
            i64::MAX,
            i64::MAX - 1,
            1 << 40,
            -(1 << 40),
            1 << 62,
            (1 << 40) + 1,
            1 << 53,
        ])
    }

    /// Returns a size or a count. None is so large that allocating it might succeed but take long.
    pub fn size(&self) -> usize {
        if self.below(3) > 0 {
            return self.below(5);
        }
        self.of(&[
            1 << 40,
            (1 << 40) + 1,
            1 << 46,
            1 << 60,
            1 << 61,
            (1 << 61) - 1,
            1 << 62,
            1 << 63,
            usize::MAX,
            usize::MAX - 1,
            i64::MAX as usize,
        ])
    }

    pub fn pair(&self) -> (usize, usize) {
        (self.size(), self.size())
    }

    /// Returns several dimensions or sizes.
    pub fn ints(&self) -> Vec<i64> {
        (0..self.below(4)).map(|_| self.int()).collect()
    }

    pub fn sizes(&self) -> Vec<usize> {
        (0..self.below(4)).map(|_| self.size()).collect()
    }

    pub fn real(&self) -> f64 {
        self.of(&[
            0.0,
            1.0,
            -1.0,
            0.5,
            2.0,
            -3.5,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MAX,
            f64::MIN,
            5e-324,
            1e-30,
            9.3e18,
            -9.3e18,
        ])
    }

    pub fn number(&self) -> Scalar {
        if self.bool() { self.int().into() } else { self.real().into() }
    }

    /// Returns a tensor with sizes of up to 3, often a view.
    pub fn tensor(&self) -> Tensor {
        self.shaped(&(0..self.below(5)).map(|_| self.below(4)).collect::<Vec<_>>(), self.of(&DTYPES))
    }

    pub fn dims(&self) -> Dims {
        Dims { dims: self.ints(), keepdim: self.bool() }
    }

    pub fn one_dim(&self) -> Dims {
        Dims { dims: vec![self.int()], keepdim: self.bool() }
    }

    /// Returns a tensor like `x`, often a mask.
    pub fn mask(&self, x: &Tensor) -> Tensor {
        let mask = self.like(x);
        if self.below(4) > 0 { mask.to_dtype(DType::Bool).unwrap() } else { mask }
    }

    /// Returns a tensor of this shape, in any layout.
    pub fn shaped(&self, size: &[usize], dtype: DType) -> Tensor {
        let x = self.made(size, dtype).unwrap();
        assert_eq!((x.size(), x.dtype()), (size, dtype));
        x
    }

    pub fn made(&self, size: &[usize], dtype: DType) -> Result<Tensor> {
        let options = Tensor::options().dtype(dtype);
        let values = |size: &[usize]| {
            let n = size.iter().product::<usize>();
            let odd = self.below(4) == 0;
            let all = (0..n)
                .map(|_| if odd { self.real() } else { self.below(7) as f64 - 2.0 })
                .collect::<Vec<_>>();
            Tensor::from_vec(all, size)?.to_dtype(dtype)
        };
        match self.below(5) {
            0 if !size.is_empty() => {
                // One element at several places.
                let d = self.below(size.len());
                let mut one = size.to_vec();
                one[d] = 1;
                values(&one)?.expand(size)
            }
            1 => {
                let reversed: Vec<usize> = size.iter().rev().copied().collect();
                values(&reversed)?.permute((0..size.len()).rev().collect::<Vec<_>>())
            }
            2 if !size.is_empty() => {
                // Every second element, from the second on.
                let d = self.below(size.len());
                let mut wide = size.to_vec();
                wide[d] = 2 * wide[d] + 1;
                values(&wide)?.slice(d as i64, Some(1), None, 2)
            }
            3 => options.full(size, self.number()),
            _ => values(size),
        }
    }

    /// Returns the elements of `x` in a dtype, in any layout.
    pub fn relaid(&self, x: &Tensor, dtype: DType) -> Tensor {
        let y = self.shaped(x.size(), dtype);
        match x.to_dtype(dtype) {
            // Of one element at several places, only the dtype and layout are wanted.
            Ok(x) if self.below(4) > 0 && y.copy_(&x).is_ok() => y,
            _ => y,
        }
    }

    /// Returns a tensor like `x`, or like one of its parts.
    pub fn like(&self, x: &Tensor) -> Tensor {
        let mut size = x.size().to_vec();
        match self.below(4) {
            0 if !size.is_empty() => {
                let d = self.below(size.len());
                size[d] = 1;
            }
            1 if !size.is_empty() => {
                size.remove(0);
            }
            _ => {}
        }
        self.shaped(&size, if self.below(3) > 0 { x.dtype() } else { self.of(&DTYPES) })
    }

    /// Returns a tensor of the shape of `x`, except for dimension 1.
    pub fn without_channels(&self, x: &Tensor, dtype: DType) -> Tensor {
        let mut size = x.size().to_vec();
        if size.len() > 1 {
            size.remove(1);
        }
        self.shaped(&size, dtype)
    }

    /// Indices, some of them out of range.
    pub fn index(&self, like: &Tensor) -> Tensor {
        let size = match self.below(3) {
            0 => vec![self.below(4)],
            1 => like.size().to_vec(),
            _ => (0..self.below(4)).map(|_| self.below(3)).collect(),
        };
        let all = (0..size.iter().product())
            .map(|_| if self.below(30) > 0 { self.below(3) as i64 } else { self.int() });
        let index = Tensor::from_vec(all.collect::<Vec<_>>(), size).unwrap();
        if self.below(4) > 0 { index } else { index.to_dtype(self.of(&DTYPES)).unwrap() }
    }

    pub fn indices(&self, x: &Tensor) -> Vec<Index> {
        let one = |_| match self.below(7) {
            0 => Index::At(self.int()),
            1 => Index::Ellipsis,
            2 => Index::NewAxis,
            3 => Index::Tensor(self.index(x)),
            4 => Index::Tensor(self.like(x)),
            _ => Index::Slice {
                start: self.bool().then(|| self.int()),
                end: self.bool().then(|| self.int()),
                step: self.size(),
            },
        };
        (0..self.below(4)).map(one).collect()
    }

    pub fn windows(&self) -> PoolOptions {
        PoolOptions {
            kernel: self.pair(),
            stride: self.pair(),
            padding: if self.bool() { (0, 0) } else { self.pair() },
            dilation: if self.bool() { (1, 1) } else { self.pair() },
            ceil_mode: self.bool(),
            count_include_pad: self.bool(),
            divisor_override: if self.below(3) == 0 { Some(self.size()) } else { None },
        }
    }

    pub fn conv(&self) -> Conv2dOptions {
        Conv2dOptions {
            stride: if self.bool() { (1, 1) } else { self.pair() },
            padding: if self.bool() { (0, 0) } else { self.pair() },
            dilation: if self.bool() { (1, 1) } else { self.pair() },
            groups: if self.bool() { 1 } else { self.size() },
        }
    }

    /// Images `[N, C, H, W]`.
    pub fn images(&self) -> Tensor {
        let size: Vec<usize> = (0..4).map(|_| self.below(5)).collect();
        self.shaped(&size, self.of(&[DType::F32, DType::F64, DType::F32, DType::BF16, DType::I64]))
    }

    /// Kernels for the channels of `x`.
    pub fn kernels(&self, x: &Tensor) -> Tensor {
        let size: Vec<usize> = [2, x.size()[1], 2, 3].into_iter().take(x.dim()).collect();
        self.shaped(&size, x.dtype())
    }

    /// Returns the sizes of `x`, or with one of them changed.
    pub fn size_like(&self, x: &Tensor) -> Vec<usize> {
        let mut size = x.size().to_vec();
        if self.bool() {
            size[self.below(x.dim())] = self.size();
        }
        size
    }

    pub fn pad(&self) -> Pad {
        self.of(&[Pad::Constant(0.0), Pad::Constant(f64::NAN), Pad::Reflect, Pad::Replicate, Pad::Circular])
    }
}
