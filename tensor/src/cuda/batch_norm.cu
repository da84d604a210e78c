// Batch norm over [batch, channels, size], statistics in f64: a block for each channel, or several where there are
// few channels with many values. The CPU's twin is ../batch_norm/mod.rs.

#include "common.cuh"

struct Shape {
    unsigned batch, channels, size;
    // Of a channel's values, how many blocks share them, and how many each takes; the last one what is left.
    unsigned parts, length;

    __device__ unsigned count() const { return batch * size; }
    __device__ unsigned begin(unsigned part) const { return part * length; }
    __device__ unsigned end(unsigned part) const { return part + 1 < parts ? (part + 1) * length : count(); }
};

// Calls f(i) for the places of a channel's values, of a part of them, that are a thread's.
template <typename F> __device__ void values(Shape s, unsigned channel, unsigned part, F f) {
    unsigned end = s.end(part);
#pragma unroll 4
    for (unsigned j = s.begin(part) + threadIdx.x; j < end; j += blockDim.x)
        f((j / s.size * s.channels + channel) * s.size + j % s.size);
}

// The mean of a part's values, and the sum of their squared distances from it: squares of large values would lose
// the digits that these keep.
template <typename T>
__device__ void moment(Shape s, unsigned c, unsigned part, const T *__restrict__ x, double &mean, double &squares) {
    double sum = 0, around = 0;
    values(s, c, part, [&](unsigned i) { sum += x[i]; });
    double m = total(sum) / (s.end(part) - s.begin(part));
    values(s, c, part, [&](unsigned i) { around += (x[i] - m) * (x[i] - m); });
    mean = m;
    squares = total(around);
}

// Of each part, where there are several.
template <typename T>
__device__ void moments(Shape s, double *__restrict__ means, double *__restrict__ squares, const T *__restrict__ x) {
    for (unsigned b = blockIdx.x; b < s.channels * s.parts; b += gridDim.x) {
        double m, around;
        moment(s, b / s.parts, b % s.parts, x, m, around);
        if (threadIdx.x == 0) {
            means[b] = m;
            squares[b] = around;
        }
    }
}

// By the moments of the parts, which each block joins for itself, or of the only part.
template <typename T>
__device__ void normalise(Shape s, T *__restrict__ y, T *mean, T *var, const T *__restrict__ x, const T *weight, const T *bias,
                          const double *means, const double *squares, double eps) {
    for (unsigned b = blockIdx.x; b < s.channels * s.parts; b += gridDim.x) {
        unsigned c = b / s.parts, part = b % s.parts;
        double n = s.count(), m = 0, v = 0;
        if (s.parts == 1) {
            moment(s, c, part, x, m, v);
        } else {
            for (unsigned p = 0; p < s.parts; p++) m += means[c * s.parts + p] * (s.end(p) - s.begin(p));
            m /= n;
            for (unsigned p = 0; p < s.parts; p++) {
                double off = means[c * s.parts + p] - m;
                v += squares[c * s.parts + p] + off * off * (s.end(p) - s.begin(p));
            }
        }
        v /= n;
        double r = 1 / sqrt(v + eps), w = weight ? (double)weight[c] : 1, o = bias ? (double)bias[c] : 0;
        values(s, c, part, [&](unsigned i) { y[i] = (T)((x[i] - m) * r * w + o); });
        if (part == 0 && threadIdx.x == 0) {
            mean[c] = (T)m;
            var[c] = (T)v;
        }
    }
}

// By a given mean and variance.
template <typename T>
__device__ void by(Shape s, T *__restrict__ y, const T *__restrict__ x, const T *mean, const T *var, const T *weight, const T *bias, double eps) {
    for (unsigned i = first(); i < s.batch * s.channels * s.size; i += step()) {
        unsigned c = i / s.size % s.channels;
        double w = weight ? (double)weight[c] : 1, b = bias ? (double)bias[c] : 0;
        y[i] = (T)((x[i] - (double)mean[c]) / sqrt(var[c] + eps) * w + b);
    }
}

// With z = (x - m) r, of a part: sum(dy z) and sum(dy).
template <typename T>
__device__ void slope(Shape s, unsigned c, unsigned part, const T *__restrict__ x, const T *__restrict__ dy, double m, double r, double &along, double &sum) {
    double a = 0, b = 0;
    values(s, c, part, [&](unsigned i) {
        a += dy[i] * ((x[i] - m) * r);
        b += dy[i];
    });
    along = total(a);
    sum = total(b);
}

// Of each part, where there are several.
template <typename T>
__device__ void slopes(Shape s, double *__restrict__ alongs, double *__restrict__ sums, const T *__restrict__ x, const T *__restrict__ dy,
                       const T *mean, const T *var, double eps) {
    for (unsigned b = blockIdx.x; b < s.channels * s.parts; b += gridDim.x) {
        unsigned c = b / s.parts;
        double along, sum;
        slope(s, c, b % s.parts, x, dy, mean[c], 1 / sqrt(var[c] + eps), along, sum);
        if (threadIdx.x == 0) {
            alongs[b] = along;
            sums[b] = sum;
        }
    }
}

// With r = 1 / sqrt(var + eps): dweight = sum(dy z), dbias = sum(dy), and dx = weight r (dy - (dbias + z dweight) / n),
// where mean and var are those of the batch, else weight r dy.
template <typename T>
__device__ void gradients(Shape s, T *__restrict__ dx, T *dweight, T *dbias, const T *__restrict__ x, const T *__restrict__ dy, const T *mean,
                          const T *var, const T *weight, const double *alongs, const double *sums, double eps, unsigned of_batch) {
    for (unsigned b = blockIdx.x; b < s.channels * s.parts; b += gridDim.x) {
        unsigned c = b / s.parts, part = b % s.parts;
        double m = mean[c], r = 1 / sqrt(var[c] + eps), along = 0, sum = 0;
        if (s.parts == 1) {
            slope(s, c, part, x, dy, m, r, along, sum);
        } else {
            for (unsigned p = 0; p < s.parts; p++) {
                along += alongs[c * s.parts + p];
                sum += sums[c * s.parts + p];
            }
        }
        double n = s.count(), w = weight ? (double)weight[c] : 1;
        double level = of_batch ? sum / n : 0, tilt = of_batch ? along / n : 0;
        values(s, c, part, [&](unsigned i) { dx[i] = (T)(w * r * (dy[i] - level - (x[i] - m) * r * tilt)); });
        if (part == 0 && threadIdx.x == 0) {
            dweight[c] = (T)along;
            dbias[c] = (T)sum;
        }
    }
}

#define BATCH_NORM(T, suffix)                                                                                 \
    extern "C" __global__ void moments_##suffix(Shape s, double *__restrict__ means, double *__restrict__ squares, const T *__restrict__ x) { moments(s, means, squares, x); } \
    extern "C" __global__ void normalise_##suffix(Shape s, T *__restrict__ y, T *mean, T *var, const T *__restrict__ x, const T *weight, const T *bias, const double *means, const double *squares, double eps) { normalise(s, y, mean, var, x, weight, bias, means, squares, eps); } \
    extern "C" __global__ void by_##suffix(Shape s, T *__restrict__ y, const T *__restrict__ x, const T *mean, const T *var, const T *weight, const T *bias, double eps) { by(s, y, x, mean, var, weight, bias, eps); } \
    extern "C" __global__ void slopes_##suffix(Shape s, double *__restrict__ alongs, double *__restrict__ sums, const T *__restrict__ x, const T *__restrict__ dy, const T *mean, const T *var, double eps) { slopes(s, alongs, sums, x, dy, mean, var, eps); } \
    extern "C" __global__ void gradients_##suffix(Shape s, T *__restrict__ dx, T *dweight, T *dbias, const T *__restrict__ x, const T *__restrict__ dy, const T *mean, const T *var, const T *weight, const double *alongs, const double *sums, double eps, unsigned of_batch) { gradients(s, dx, dweight, dbias, x, dy, mean, var, weight, alongs, sums, eps, of_batch); }
BATCH_NORM(float, f32)
BATCH_NORM(double, f64)
