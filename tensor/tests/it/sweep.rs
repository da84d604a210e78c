//! Every method that takes sizes, dimensions, indices, steps or numbers, with arguments drawn at random,
//! most of them absurd, on tensors of all dtypes and layouts: a result or an error, and never a panic, an
//! abort or the machine's whole memory. The seed is fixed, so that a failure comes back.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::DTYPES;
use taper_tensor::{
    Conv2dOptions, ConvTranspose2dOptions, DType, Generator, Index, Pad, PoolOptions, Reduce, Result, Scalar,
    Tensor,
};

/// Arguments by chance.
struct Chance(Cell<u64>);

impl Chance {
    /// SplitMix64 (Steele, Lea and Flood 2014).
    fn next(&self) -> u64 {
        self.0.set(self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        let z = self.0.get();
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn bool(&self) -> bool {
        self.below(2) == 0
    }

    fn of<T: Copy>(&self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// A dimension, an index, a shift: mostly a small number.
    fn int(&self) -> i64 {
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

    /// A size or a count. None is so large that memory for it might be had, but not well.
    fn size(&self) -> usize {
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

    fn pair(&self) -> (usize, usize) {
        (self.size(), self.size())
    }

    /// Several dimensions or sizes.
    fn ints(&self) -> Vec<i64> {
        (0..self.below(4)).map(|_| self.int()).collect()
    }

    fn sizes(&self) -> Vec<usize> {
        (0..self.below(4)).map(|_| self.size()).collect()
    }

    fn real(&self) -> f64 {
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

    fn number(&self) -> Scalar {
        if self.bool() { self.int().into() } else { self.real().into() }
    }

    /// A tensor with sizes of up to 3, often a view.
    fn tensor(&self) -> Tensor {
        self.shaped(&(0..self.below(5)).map(|_| self.below(4)).collect::<Vec<_>>(), self.of(&DTYPES))
    }

    /// A tensor of this shape, in any layout.
    fn shaped(&self, size: &[usize], dtype: DType) -> Tensor {
        let x = self.made(size, dtype).unwrap();
        assert_eq!((x.size(), x.dtype()), (size, dtype));
        x
    }

    fn made(&self, size: &[usize], dtype: DType) -> Result<Tensor> {
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

    /// A tensor like `x`, or like one of its parts.
    fn like(&self, x: &Tensor) -> Tensor {
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

    /// A tensor of the shape of `x` but for dimension 1.
    fn without_channels(&self, x: &Tensor, dtype: DType) -> Tensor {
        let mut size = x.size().to_vec();
        if size.len() > 1 {
            size.remove(1);
        }
        self.shaped(&size, dtype)
    }

    /// Indices, some of them out of range.
    fn index(&self, like: &Tensor) -> Tensor {
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

    fn indices(&self, x: &Tensor) -> Vec<Index> {
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

    fn windows(&self) -> PoolOptions {
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

    fn conv(&self) -> Conv2dOptions {
        Conv2dOptions {
            stride: if self.bool() { (1, 1) } else { self.pair() },
            padding: if self.bool() { (0, 0) } else { self.pair() },
            dilation: if self.bool() { (1, 1) } else { self.pair() },
            groups: if self.bool() { 1 } else { self.size() },
        }
    }

    /// Images `[N, C, H, W]`.
    fn images(&self) -> Tensor {
        let size: Vec<usize> = (0..4).map(|_| self.below(5)).collect();
        self.shaped(&size, self.of(&[DType::F32, DType::F64, DType::F32, DType::BF16, DType::I64]))
    }

    /// Kernels for the channels of `x`.
    fn kernels(&self, x: &Tensor) -> Tensor {
        let size: Vec<usize> = [2, x.size()[1], 2, 3].into_iter().take(x.dim()).collect();
        self.shaped(&size, x.dtype())
    }

    /// The sizes of `x`, or one of them another.
    fn size_like(&self, x: &Tensor) -> Vec<usize> {
        let mut size = x.size().to_vec();
        if self.bool() {
            size[self.below(x.dim())] = self.size();
        }
        size
    }

    fn pad(&self) -> Pad {
        self.of(&[Pad::Constant(0.0), Pad::Constant(f64::NAN), Pad::Reflect, Pad::Replicate, Pad::Circular])
    }
}

/// One call: whether it gave a result.
type Call = fn(&Chance, &Tensor) -> bool;

/// A table of calls with their text; `c` draws, `x` is a tensor.
macro_rules! calls {
    (|$c:ident, $x:ident| $($call:expr;)*) => {
        &[$((stringify!($call), |$c: &Chance, $x: &Tensor| {
            let _ = ($c, $x);
            $call.is_ok()
        }),)*]
    };
}

/// All of these make a tensor from numbers alone.
const CREATE: &[(&str, Call)] = calls! { |c, x|
    x.like().zeros(c.ints());
    x.like().ones(c.sizes());
    x.like().empty(c.sizes());
    x.like().full(c.sizes(), c.number());
    x.like().rand(c.sizes());
    x.like().randn(c.sizes());
    x.like().normal(c.sizes(), c.real(), c.real());
    x.like().uniform(c.sizes(), c.real(), c.real());
    x.like().randint(c.int(), c.int(), c.sizes());
    x.like().randperm(c.size());
    x.like().eye(c.sizes());
    x.like().arange(c.number(), c.number(), c.number());
    x.like().linspace(c.real(), c.real(), c.size());
    x.like().logspace(c.real(), c.real(), c.size(), c.real());
    x.randint_like(c.int(), c.int());
    x.full_like(c.number());
    Tensor::from_vec(vec![1.0f32; c.below(5)], c.sizes());
    Tensor::tril_indices(c.size(), c.size(), c.int());
    Tensor::triu_indices(c.size(), c.size(), c.int());
    x.one_hot(c.size());
    x.bincount(c.size());
    x.histc(c.size(), c.real(), c.real());
    x.multinomial(c.size(), c.bool());
};

const SHAPE: &[(&str, Call)] = calls! { |c, x|
    x.reshape(c.ints());
    x.view(c.ints());
    x.as_strided(c.sizes(), c.sizes(), c.bool().then(|| c.size()));
    x.transpose(c.int(), c.int());
    x.swapaxes(c.int(), c.int());
    x.swapdims(c.int(), c.int());
    x.permute(c.ints());
    x.movedim(c.ints(), c.ints());
    x.moveaxis(c.int(), c.int());
    x.squeeze(c.ints());
    x.unsqueeze(c.int());
    x.flatten(c.ints());
    x.unflatten(c.int(), c.ints());
    x.expand(c.ints());
    x.broadcast_to(c.sizes());
    x.expand_as(c.tensor());
    x.narrow(c.int(), c.int(), c.size());
    x.select(c.int(), c.int());
    x.slice(c.int(), c.bool().then(|| c.int()), c.bool().then(|| c.int()), c.size());
    x.i(c.indices(x));
    x.i(c.int());
    x.size_of(c.int());
    x.split(c.size(), c.int());
    x.split_sizes(&c.sizes(), c.int());
    x.chunk(c.size(), c.int());
    x.tensor_split(c.size(), c.int());
    x.unbind(c.int());
    x.unfold(c.int(), c.size(), c.size());
    x.diagonal(c.int(), c.int(), c.int());
    x.diag(c.int());
    x.diag_embed(c.int());
    x.repeat(c.ints());
    x.tile(c.ints());
    x.repeat_interleave(c.size(), c.int());
    x.roll(c.ints(), c.ints());
    x.flip(c.ints());
    x.rot90(c.int(), (c.int(), c.int()));
    x.pad(c.ints(), c.pad());
    x.tril(c.int());
    x.triu(c.int());
    Tensor::cat(&[x, &c.like(x)], c.int());
    Tensor::stack(&[x, &c.like(x)], c.int());
    Tensor::hstack(&[x, &c.like(x)]);
    Tensor::vstack(&[x, &c.like(x)]);
    Tensor::dstack(&[x, &c.like(x)]);
    Tensor::meshgrid(&[x, &c.tensor()]);
    Tensor::broadcast_tensors(&[x, &c.like(x)]);
    x.to_dtype(c.of(&DTYPES));
    x.sum_to(&c.sizes());
};

const PLACES: &[(&str, Call)] = calls! { |c, x|
    x.gather(c.int(), &c.index(x));
    x.take_along_dim(&c.index(x), c.int());
    x.scatter(c.int(), &c.index(x), c.number());
    x.scatter(c.int(), &c.index(x), c.like(x));
    x.scatter_add(c.int(), &c.index(x), c.like(x));
    x.scatter_reduce(
        c.int(),
        &c.index(x),
        c.like(x),
        c.of(&[Reduce::Sum, Reduce::Prod, Reduce::Mean, Reduce::Amax, Reduce::Amin]),
        c.bool()
    );
    x.index_select(c.int(), &c.index(x));
    x.index_add(c.int(), &c.index(x), c.like(x));
    x.index_copy(c.int(), &c.index(x), c.like(x));
    x.index_fill(c.int(), &c.index(x), c.number());
    x.take(&c.index(x));
    x.put_(&c.index(x), c.like(x));
    x.embedding(&c.index(x), None);
    x.masked_fill(&c.like(x), c.number());
    x.masked_select(&c.like(x));
    x.masked_scatter(&c.like(x), c.like(x));
    x.where_(&c.like(x), c.like(x));
    x.set_(c.indices(x), &c.like(x));
    x.searchsorted(c.number(), c.bool());
    x.bucketize(c.like(x), c.bool());
    x.isin(&c.like(x));
    x.sort(c.int(), c.bool());
    x.argsort(c.int(), c.bool());
    x.topk(c.size(), c.int(), c.bool());
    x.kthvalue(c.size(), c.int(), c.bool());
    x.unique();
    x.nonzero();
    x.argwhere();
    x.unique_consecutive();
};

const REDUCE: &[(&str, Call)] = calls! { |c, x|
    x.sum_dim(c.ints(), c.bool());
    x.mean_dim(c.ints(), c.bool());
    x.prod_dim(c.ints(), c.bool());
    x.amax(c.ints(), c.bool());
    x.amin(c.ints(), c.bool());
    x.aminmax(c.ints(), c.bool());
    x.any_dim(c.ints(), c.bool());
    x.all_dim(c.ints(), c.bool());
    x.argmax(c.ints(), c.bool());
    x.argmin(c.ints(), c.bool());
    x.max_dim(c.int(), c.bool());
    x.min_dim(c.int(), c.bool());
    x.median_dim(c.int(), c.bool());
    x.mode(c.int(), c.bool());
    x.var(c.ints(), c.real(), c.bool());
    x.std_mean(c.ints(), c.real(), c.bool());
    x.norm_p(c.real(), c.ints(), c.bool());
    x.dist(c.like(x), c.real());
    x.logsumexp(c.ints(), c.bool());
    x.nansum(c.ints(), c.bool());
    x.nanmean(c.ints(), c.bool());
    x.quantile(&c.like(x), c.int(), c.bool());
    x.cumsum(c.int());
    x.cumprod(c.int());
    x.cummax(c.int());
    x.cummin(c.int());
    x.logcumsumexp(c.int());
    x.softmax(c.int());
    x.log_softmax(c.int());
    x.softmax_grad(&c.like(x), c.int());
    x.log_softmax_grad(&c.like(x), c.int());
    x.cross_entropy_grad(&c.without_channels(x, c.of(&DTYPES)), &c.without_channels(x, x.dtype()));
    x.diff(c.size(), c.int());
    x.cov(c.int());
    x.corrcoef();
    x.sum();
    x.mean();
    x.prod();
    x.max();
    x.median();
    x.norm();
};

const NUMBERS: &[(&str, Call)] = calls! { |c, x|
    x.add(c.number());
    x.sub(c.number());
    x.mul(c.number());
    x.div(c.number());
    x.pow(c.number());
    x.pow(c.like(x));
    x.floor_divide(c.number());
    x.floor_divide(c.like(x));
    x.remainder(c.number());
    x.remainder(c.like(x));
    x.fmod(c.number());
    x.fmod(c.like(x));
    x.maximum(c.number());
    x.fmin(c.number());
    x.eq(c.number());
    x.lt(c.number());
    x.atan2(c.number());
    x.hypot(c.number());
    x.logaddexp(c.number());
    x.xlogy(c.number());
    x.copysign(c.number());
    x.heaviside(c.number());
    x.bitwise_and(c.number());
    x.bitwise_left_shift(c.int());
    x.bitwise_right_shift(c.like(x));
    x.gcd(c.int());
    x.gcd(c.like(x));
    x.lcm(c.int());
    x.lcm(c.like(x));
    x.clamp(c.number(), c.number());
    x.lerp(c.like(x), c.number());
    x.addcmul(c.like(x), c.like(x), c.number());
    x.addcdiv(c.like(x), c.like(x), c.number());
    x.nan_to_num(c.real(), c.bool().then(|| c.real()), c.bool().then(|| c.real()));
    x.logit(c.bool().then(|| c.real()));
    x.leaky_relu(c.real());
    x.elu(c.real());
    x.softplus(c.real(), c.real());
    x.hardtanh(c.real(), c.real());
    x.threshold(c.real(), c.real());
    x.prelu(c.tensor());
    x.isclose(c.like(x), c.real(), c.real());
    x.allclose(c.like(x), c.real(), c.real());
    x.abs();
    x.neg();
    x.square();
    x.sign();
    x.exp();
    x.round();
    x.sin();
    x.bernoulli();
    x.lgamma();
    x.digamma();
    x.erfinv();
    x.polygamma(c.size());
};

const PRODUCTS: &[(&str, Call)] = calls! { |c, x|
    x.matmul(c.tensor());
    x.matmul(c.like(x));
    x.mm(c.tensor());
    x.mv(c.shaped(&[x.size().last().copied().unwrap_or(2)], x.dtype()));
    x.bmm(c.like(x));
    x.dot(c.like(x));
    x.outer(c.tensor());
    x.inner(c.like(x));
    x.linear(c.tensor(), None);
    x.addmm(c.tensor(), c.tensor(), c.number(), c.number());
    c.tensor().addmv(x, c.shaped(&[x.size().last().copied().unwrap_or(2)], x.dtype()), c.number(), c.number());
    x.baddbmm(c.like(x), c.like(x), c.number(), c.number());
    x.tensordot(c.like(x), c.size());
    x.kron(c.tensor());
    x.cross(c.like(x), c.int());
    x.matrix_power(c.int());
    x.inverse();
    x.pinv();
    x.det();
    x.slogdet();
    x.solve(c.like(x));
    x.cholesky();
    x.qr();
    x.svd();
    x.eigh();
    Tensor::einsum(c.of(&["ij,jk", "ii->i", "...i,...i->...", "ij->ji", "i,j->", "aab->b", "..,->"]), &[x, &c.like(x)]);
};

const CHANGE: &[(&str, Call)] = calls! { |c, x|
    x.add_(c.number());
    x.sub_(c.like(x));
    x.mul_(c.number());
    x.div_(c.number());
    x.pow_(c.number());
    x.fill_(c.number());
    x.zero_();
    x.copy_(&c.like(x));
    x.clamp_(c.number(), c.number());
    x.relu_();
    x.exp_();
    x.floor_divide_(c.number());
    x.remainder_(c.like(x));
    x.cumsum_(c.int());
    x.tril_(c.int());
    x.scatter_(c.int(), &c.index(x), c.number());
    x.index_fill_(c.int(), &c.index(x), c.number());
    x.index_add_(c.int(), &c.index(x), c.like(x));
    x.masked_fill_(&c.like(x), c.number());
    x.fill_diagonal_(c.number());
    x.normal_(c.real(), c.real());
    x.uniform_(c.real(), c.real());
    x.bernoulli_(c.real());
    x.add_out(c.number(), &c.like(x));
};

const IMAGES: &[(&str, Call)] = calls! { |c, x|
    x.max_pool2d(c.windows());
    x.avg_pool2d(c.windows());
    pooled(c, x);
    averaged(c, x);
    x.max_pool2d_grad(x, &c.size_like(x), PoolOptions::new((1, 1)));
    x.adaptive_avg_pool2d(c.pair());
    x.adaptive_max_pool2d(c.pair());
    x.adaptive_avg_pool2d_grad(&c.size_like(x));
    x.adaptive_max_pool2d((2, 1)).and_then(|(y, places)| y.adaptive_max_pool2d_grad(&places, &c.size_like(x)));
    x.upsample_nearest2d(c.pair());
    x.upsample_bilinear2d(c.pair(), c.bool());
    x.upsample_nearest2d_grad(&c.size_like(x));
    x.upsample_bilinear2d_grad(&c.size_like(x), c.bool());
    x.conv2d(c.images(), None, c.conv());
    x.conv2d(c.kernels(x), None, c.conv());
    convolved(c, x);
    x.conv_transpose2d(
        c.shaped(&[x.size()[1], 2, 2, 3], x.dtype()),
        None,
        ConvTranspose2dOptions { conv: c.conv(), output_padding: if c.bool() { (0, 0) } else { c.pair() } }
    );
    x.flatten((2, 3)).and_then(|x| x.conv1d(c.kernels(&x), None, c.conv()));
    x.batch_norm(None, Some(&c.tensor()), c.real());
    x.layer_norm(&c.sizes(), None, None, c.real());
    x.layer_norm(&x.size()[2..], None, None, c.real());
    x.group_norm(c.size(), None, None, c.real());
    x.instance_norm(Some(&c.tensor()), None, c.real());
    x.rms_norm(&x.size()[2..], None, Some(c.real()));
};

/// The largest of windows, and their gradient with respect to images of about that size.
fn pooled(c: &Chance, x: &Tensor) -> Result<Tensor> {
    let windows = c.windows();
    let (y, places) = x.max_pool2d_with_indices(windows)?;
    y.max_pool2d_grad(&places, &c.size_like(x), windows)
}

fn averaged(c: &Chance, x: &Tensor) -> Result<Tensor> {
    let windows = c.windows();
    x.avg_pool2d(windows)?.avg_pool2d_grad(&c.size_like(x), windows)
}

fn convolved(c: &Chance, x: &Tensor) -> Result<Tensor> {
    let (weight, options) = (c.kernels(x), c.conv());
    let y = x.conv2d(&weight, None, options)?;
    x.conv2d_weight_grad(&y, &c.size_like(&weight), options)?;
    y.conv2d_input_grad(&weight, &c.size_like(x), options)
}

/// Calls every row of a table `rounds` times.
fn sweep(seed: u64, rounds: usize, table: &[(&str, Call)], tensor: fn(&Chance) -> Tensor) {
    let mut wrong = vec![];
    Generator::new(seed).scope(|| {
        for (row, (text, call)) in table.iter().enumerate() {
            let mut results = 0;
            for round in 0..rounds {
                let start = seed ^ (row * rounds + round) as u64;
                let c = Chance(Cell::new(start));
                let x = tensor(&c);
                let before = format!("{x:?} of strides {:?}, chance {start:#x}", x.stride());
                match catch_unwind(AssertUnwindSafe(|| (call(&c, &x), x.to_string()))) {
                    Ok((done, _)) => results += usize::from(done),
                    Err(_) => {
                        wrong.push(format!("{text} panics for {before}"));
                        break;
                    }
                }
            }
            if results == 0 {
                wrong.push(format!("{text} never gives a result"));
            }
        }
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

macro_rules! sweeps {
    ($($name:ident: $seed:literal, $rounds:literal, $table:ident, $tensor:expr;)*) => {$(
        #[test]
        fn $name() {
            sweep($seed, $rounds, $table, $tensor);
        }
    )*};
}
sweeps! {
    creation: 0x1000_0000, 400, CREATE, Chance::tensor;
    shapes: 0x2000_0000, 400, SHAPE, Chance::tensor;
    places: 0x3000_0000, 400, PLACES, Chance::tensor;
    reductions: 0x4000_0000, 300, REDUCE, Chance::tensor;
    numbers: 0x5000_0000, 200, NUMBERS, Chance::tensor;
    products: 0x6000_0000, 400, PRODUCTS, Chance::tensor;
    changes: 0x7000_0000, 300, CHANGE, Chance::tensor;
    images: 0x8000_0000, 1500, IMAGES, Chance::images;
}
