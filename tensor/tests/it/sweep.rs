//! Every method that takes sizes, dimensions, indices, steps or numbers, with arguments drawn at random,
//! most of them absurd, on tensors of all dtypes and layouts: a result or an error, and never a panic, an
//! abort or the machine's whole memory. The seed is fixed, so that a failure comes back.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::DTYPES;
use crate::chance::Chance;
use taper_tensor::{
    AlignCorners, ConvTranspose2dOptions, Descending, Generator, IncludeSelf, Largest, PoolOptions, Reduce,
    Replacement, Result, Right, Tensor,
};

/// One call. It returns true if it gave a result.
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
    x.multinomial(c.size(), Replacement(c.bool()));
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
        IncludeSelf(c.bool())
    );
    x.index_select(c.int(), &c.index(x));
    x.index_add(c.int(), &c.index(x), c.like(x));
    x.index_copy(c.int(), &c.index(x), c.like(x));
    x.index_fill(c.int(), &c.index(x), c.number());
    x.take(&c.index(x));
    x.put_(&c.index(x), c.like(x));
    x.embedding(&c.index(x), None);
    x.masked_fill(&c.mask(x), c.number());
    x.masked_select(&c.mask(x));
    x.masked_scatter(&c.mask(x), c.like(x));
    x.where_(&c.mask(x), c.like(x));
    x.set_(c.indices(x), &c.like(x));
    x.searchsorted(c.number(), Right(c.bool()));
    x.bucketize(c.like(x), Right(c.bool()));
    x.isin(&c.like(x));
    x.sort(c.int(), Descending(c.bool()));
    x.argsort(c.int(), Descending(c.bool()));
    x.topk(c.size(), c.int(), Largest(c.bool()));
    x.kthvalue(c.size(), c.one_dim());
    x.unique();
    x.nonzero();
    x.argwhere();
    x.unique_consecutive();
};

const REDUCE: &[(&str, Call)] = calls! { |c, x|
    x.sum_dim(c.dims());
    x.mean_dim(c.dims());
    x.prod_dim(c.dims());
    x.amax(c.dims());
    x.amin(c.dims());
    x.aminmax(c.dims());
    x.any_dim(c.dims());
    x.all_dim(c.dims());
    x.argmax(c.dims());
    x.argmin(c.dims());
    x.max_dim(c.one_dim());
    x.min_dim(c.one_dim());
    x.median_dim(c.one_dim());
    x.mode(c.one_dim());
    x.var(c.dims(), c.real());
    x.std_mean(c.dims(), c.real());
    x.norm_p(c.real(), c.dims());
    x.dist(c.like(x), c.real());
    x.logsumexp(c.dims());
    x.nansum(c.dims());
    x.nanmean(c.dims());
    x.quantile(&c.like(x), c.one_dim());
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
    x.masked_fill_(&c.mask(x), c.number());
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
    x.upsample_bilinear2d(c.pair(), AlignCorners(c.bool()));
    x.upsample_nearest2d_grad(&c.size_like(x));
    x.upsample_bilinear2d_grad(&c.size_like(x), AlignCorners(c.bool()));
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

/// Returns the gradient of the maxima of windows with respect to images of about that size.
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
                let c = Chance::new(start);
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
    reductions: 0x4000_0000, 600, REDUCE, Chance::tensor;
    numbers: 0x5000_0000, 200, NUMBERS, Chance::tensor;
    products: 0x6000_0000, 800, PRODUCTS, Chance::tensor;
    changes: 0x7000_0000, 300, CHANGE, Chance::tensor;
    images: 0x8000_0000, 1500, IMAGES, Chance::images;
}
