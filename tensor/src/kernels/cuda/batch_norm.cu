// Batch norm over [batch, channels, size]: a block for each channel, statistics in f64. The CPU's twin is
// ../batch_norm/mod.rs.

#include "common.cuh"

// Calls f(i) for the places of a channel's values that are a thread's.
template <typename F> __device__ void values(unsigned channel, unsigned batch, unsigned channels, unsigned size, F f) {
    for (unsigned j = threadIdx.x; j < batch * size; j += blockDim.x)
        f((j / size * channels + channel) * size + j % size);
}

template <typename T>
__device__ void normalise(T *y, T *mean, T *var, const T *x, const T *weight, const T *bias, unsigned batch, unsigned channels, unsigned size, double eps) {
    for (unsigned c = blockIdx.x; c < channels; c += gridDim.x) {
        double n = (double)batch * size, sum = 0, squares = 0;
        values(c, batch, channels, size, [&](unsigned i) { sum += x[i]; });
        double m = total(sum) / n;
        // From the deviations: squares of large values would lose the digits that these keep.
        values(c, batch, channels, size, [&](unsigned i) { squares += (x[i] - m) * (x[i] - m); });
        double v = total(squares) / n, r = 1 / sqrt(v + eps);
        double w = weight ? (double)weight[c] : 1, b = bias ? (double)bias[c] : 0;
        values(c, batch, channels, size, [&](unsigned i) { y[i] = (T)((x[i] - m) * r * w + b); });
        if (threadIdx.x == 0) {
            mean[c] = (T)m;
            var[c] = (T)v;
        }
    }
}

// By a given mean and variance.
template <typename T>
__device__ void by(T *y, const T *x, const T *mean, const T *var, const T *weight, const T *bias, unsigned batch, unsigned channels, unsigned size, double eps) {
    for (unsigned i = first(); i < batch * channels * size; i += step()) {
        unsigned c = i / size % channels;
        double w = weight ? (double)weight[c] : 1, b = bias ? (double)bias[c] : 0;
        y[i] = (T)((x[i] - (double)mean[c]) / sqrt(var[c] + eps) * w + b);
    }
}

// With z = (x - mean) r and r = 1 / sqrt(var + eps): dweight = sum(dy z), dbias = sum(dy), and
// dx = weight r (dy - (dbias + z dweight) / n), where mean and var are those of the batch, else weight r dy.
template <typename T>
__device__ void gradients(T *dx, T *dweight, T *dbias, const T *x, const T *dy, const T *mean, const T *var, const T *weight, unsigned batch, unsigned channels, unsigned size, double eps, unsigned of_batch) {
    for (unsigned c = blockIdx.x; c < channels; c += gridDim.x) {
        double m = mean[c], r = 1 / sqrt(var[c] + eps), along = 0, sum = 0;
        values(c, batch, channels, size, [&](unsigned i) {
            sum += dy[i];
            along += dy[i] * ((x[i] - m) * r);
        });
        sum = total(sum);
        along = total(along);
        double n = (double)batch * size, w = weight ? (double)weight[c] : 1;
        double shared = of_batch ? sum / n : 0, slope = of_batch ? along / n : 0;
        values(c, batch, channels, size, [&](unsigned i) {
            dx[i] = (T)(w * r * (dy[i] - shared - (x[i] - m) * r * slope));
        });
        if (threadIdx.x == 0) {
            dweight[c] = (T)along;
            dbias[c] = (T)sum;
        }
    }
}

#define BATCH_NORM(T, suffix)                                                                                 \
    extern "C" __global__ void normalise_##suffix(T *y, T *mean, T *var, const T *x, const T *weight, const T *bias, unsigned batch, unsigned channels, unsigned size, double eps) { normalise(y, mean, var, x, weight, bias, batch, channels, size, eps); } \
    extern "C" __global__ void by_##suffix(T *y, const T *x, const T *mean, const T *var, const T *weight, const T *bias, unsigned batch, unsigned channels, unsigned size, double eps) { by(y, x, mean, var, weight, bias, batch, channels, size, eps); } \
    extern "C" __global__ void gradients_##suffix(T *dx, T *dweight, T *dbias, const T *x, const T *dy, const T *mean, const T *var, const T *weight, unsigned batch, unsigned channels, unsigned size, double eps, unsigned of_batch) { gradients(dx, dweight, dbias, x, dy, mean, var, weight, batch, channels, size, eps, of_batch); }
BATCH_NORM(float, f32)
BATCH_NORM(double, f64)
