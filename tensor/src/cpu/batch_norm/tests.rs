use super::*;
use crate::cpu::tests::forced::each_isa;
use crate::cpu::tests::given::with_threads;

/// Returns repeatable values around `mean`, with a deviation of about 0.6.
fn noise<T: Real>(n: usize, seed: u64, mean: f64) -> Vec<T> {
    let mut x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        (x >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    (0..n).map(|_| T::of(mean + next())).collect()
}

fn close<T: Real>(what: &str, got: &[T], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len());
    for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
        let bound = tolerance * expected.abs().max(1.0);
        assert!((got.f64() - expected).abs() <= bound, "{what} {i}: {got:?}, not {expected}");
    }
}

/// Batch norm, forward and backward, as written in a textbook: `channel[i]` is that of element i.
struct Plain {
    channel: Vec<usize>,
    channels: usize,
}

struct Expected {
    mean: Vec<f64>,
    var: Vec<f64>,
    y: Vec<f64>,
    dx: Vec<f64>,
    dweight: Vec<f64>,
    dbias: Vec<f64>,
}

impl Plain {
    fn sums(&self, values: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut sums = vec![0.0; self.channels];
        self.channel.iter().enumerate().for_each(|(i, &c)| sums[c] += values(i));
        sums
    }

    fn run(
        &self,
        x: &[f64],
        dy: &[f64],
        w: &[f64],
        b: &[f64],
        eps: f64,
        given: Option<(&[f64], &[f64])>,
    ) -> Expected {
        let of = |i: usize| self.channel[i];
        let count = self.sums(|_| 1.0);
        let per = |sums: Vec<f64>| -> Vec<f64> { sums.iter().zip(&count).map(|(s, n)| s / n).collect() };
        let mean = given.map_or_else(|| per(self.sums(|i| x[i])), |g| g.0.to_vec());
        let var = given.map_or_else(|| per(self.sums(|i| (x[i] - mean[of(i)]).powi(2))), |g| g.1.to_vec());
        let d = |i: usize| (var[of(i)] + eps).sqrt();
        let hat = |i: usize| (x[i] - mean[of(i)]) / d(i);
        let dhat = |i: usize| dy[i] * w[of(i)];
        let (m1, m2) = (per(self.sums(dhat)), per(self.sums(|i| dhat(i) * hat(i))));
        let dx = |i: usize| {
            let own = if given.is_some() { 0.0 } else { m1[of(i)] + hat(i) * m2[of(i)] };
            (dhat(i) - own) / d(i)
        };
        let all = 0..x.len();
        Expected {
            y: all.clone().map(|i| hat(i) * w[of(i)] + b[of(i)]).collect(),
            dx: all.map(dx).collect(),
            dweight: self.sums(|i| dy[i] * hat(i)),
            dbias: self.sums(|i| dy[i]),
            mean,
            var,
        }
    }
}

const SHAPES: [(usize, usize, usize); 14] = [
    (1, 1, 1),
    (4, 300, 1),
    (70, 40, 16),
    (2, 1, 1),
    (5, 3, 1),
    (7, 130, 1),
    (3, 4, 2),
    (4, 3, 15),
    (2, 5, 16),
    (3, 2, 67),
    (6, 2, 131),
    (1, 3, 200),
    (2, 2, 5000),
    (300, 2, 9),
];

fn values<T: Real>(x: &[T]) -> Vec<f64> {
    x.iter().map(|x| x.f64()).collect()
}

fn check<T: Lanes>((batch, channels, size): (usize, usize, usize), center: f64, tolerance: f64) {
    let shape = Shape { batch, channels, size };
    let n = shape.len();
    let (x, dy) = (noise::<T>(n, 1, center), noise::<T>(n, 2, 0.1));
    let (w, b) = (noise::<T>(channels, 3, 1.0), noise::<T>(channels, 4, 0.0));
    let eps = 1e-5;
    let of = (0..n).map(|i| i / size % channels).collect::<Vec<_>>();
    let plain = Plain { channel: of, channels };
    let given = (noise::<T>(channels, 5, center), noise::<T>(channels, 6, 2.0));
    let given_values = (values(&given.0), values(&given.1));

    let e = plain.run(&values(&x), &values(&dy), &values(&w), &values(&b), eps, None);
    let affine = Affine { weight: Some(&w[..]), bias: Some(&b[..]) };
    let got = train(&shape, &x, affine, eps);
    let used = Used { mean: &got.mean, var: &got.var, eps, of_batch: true };
    let grads = backward(&shape, &x, &dy, used, Some(&w));
    close("mean", &got.mean, &e.mean, tolerance);
    close("var", &got.var, &e.var, tolerance);
    close("dbias", &grads.bias, &e.dbias, tolerance * (batch * size) as f64);
    // For a variance of nearly 0, the rounding of x itself dominates.
    if batch * size > 2 {
        close("y", &got.y, &e.y, 10.0 * tolerance);
        close("dx", &grads.x, &e.dx, 30.0 * tolerance);
        close("dweight", &grads.weight, &e.dweight, tolerance * (batch * size) as f64);
    }

    let (ones, zeros) = (vec![1.0; channels], vec![0.0; channels]);
    let by = Some((&given_values.0[..], &given_values.1[..]));
    let e = plain.run(&values(&x), &values(&dy), &ones, &zeros, eps, by);
    let y = infer(&shape, &x, (&given.0, &given.1), Affine { weight: None, bias: None }, eps);
    let used = Used { mean: &given.0, var: &given.1, eps, of_batch: false };
    let grads = backward(&shape, &x, &dy, used, None);
    close("y by given statistics", &y, &e.y, tolerance);
    close("dx by given statistics", &grads.x, &e.dx, tolerance);
    close("dweight by given statistics", &grads.weight, &e.dweight, tolerance * (batch * size) as f64);
}

#[test]
fn batch_norm_agrees_with_a_plain_loop() {
    each_isa(|_| {
        for shape in SHAPES {
            check::<f32>(shape, 0.3, 1e-6);
            check::<f64>(shape, 0.3, 1e-14);
        }
    });
}

#[test]
fn a_mean_far_from_zero_costs_no_digits() {
    each_isa(|_| {
        for shape in [(5, 30, 1), (4, 3, 15), (3, 3, 70), (2, 2, 5000)] {
            let shape = Shape { batch: shape.0, channels: shape.1, size: shape.2 };
            let x = noise::<f32>(shape.len(), 1, 1000.0);
            let got = train(&shape, &x, Affine { weight: None, bias: None }, 0.0);
            for c in 0..shape.channels {
                let of = |i: &usize| i / shape.size % shape.channels == c;
                let own: Vec<f64> = (0..x.len()).filter(of).map(|i| f64::from(x[i])).collect();
                let mean = own.iter().sum::<f64>() / own.len() as f64;
                let expected = own.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / own.len() as f64;
                assert!(
                    (f64::from(got.var[c]) / expected - 1.0).abs() < 1e-6,
                    "{} not {expected}",
                    got.var[c]
                );
            }
        }
    });
}

#[test]
fn nothing_has_no_statistics() {
    for (batch, channels, size) in [(0, 3, 4), (2, 3, 0), (2, 0, 4)] {
        let shape = Shape { batch, channels, size };
        let got = train::<f32>(&shape, &[], Affine { weight: None, bias: None }, 1e-5);
        assert!(got.y.is_empty() && got.mean.len() == channels && got.var.iter().all(|v| v.is_nan()));
        let used = Used { mean: &got.mean, var: &got.var, eps: 1e-5, of_batch: true };
        let grads = backward(&shape, &[], &[], used, None);
        assert!(grads.x.is_empty() && grads.weight == vec![0.0; channels]);
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    each_isa(|_| {
        for (batch, channels, size) in [(20, 16, 1000), (500, 600, 1)] {
            let shape = Shape { batch, channels, size };
            let (x, dy) = (noise::<f32>(shape.len(), 1, 0.0), noise::<f32>(shape.len(), 2, 0.0));
            let run = |threads: usize| {
                with_threads(threads, || {
                    let Normalised { y, mean, var } =
                        train(&shape, &x, Affine { weight: None, bias: None }, 1e-5);
                    let used = Used { mean: &mean, var: &var, eps: 1e-5, of_batch: true };
                    let Gradients { x, weight, bias } = backward(&shape, &x, &dy, used, None);
                    (y, mean, var, x, weight, bias)
                })
            };
            assert!(run(1) == run(3));
        }
    });
}
