// Softmax, its logarithm and their gradients along a dimension, and the gradient of the cross entropy: a
// thread for each row of n elements that are `inner` apart. The CPU's twins are ../softmax.rs and
// ../cross_entropy.rs.

#include "common.cuh"

// The first element of row r.
__device__ inline unsigned start(unsigned r, unsigned n, unsigned inner) { return r / inner * n * inner + r % inner; }

template <typename T> __device__ void softmax(T *y, const T *x, unsigned rows, unsigned n, unsigned inner, bool log_of) {
    for (unsigned r = first(); r < rows; r += step()) {
        unsigned at = start(r, n, inner);
        T largest = x[at];
        for (unsigned i = 1; i < n; i++) {
            T v = x[at + i * inner];
            if (v > largest || v != v) largest = v;
        }
        double sum = 0;
        for (unsigned i = 0; i < n; i++) sum += exp(x[at + i * inner] - largest);
        T log_sum = (T)log(sum);
        for (unsigned i = 0; i < n; i++) {
            T shifted = x[at + i * inner] - largest;
            y[at + i * inner] = log_of ? shifted - log_sum : (T)(exp(shifted) / sum);
        }
    }
}

// From the result y and its gradient dy: y (dy - sum(y dy)), or of the logarithm dy - exp(y) sum(dy).
template <typename T>
__device__ void softmax_grad(T *dx, const T *y, const T *dy, unsigned rows, unsigned n, unsigned inner, bool log_of) {
    for (unsigned r = first(); r < rows; r += step()) {
        unsigned at = start(r, n, inner);
        double sum = 0;
        for (unsigned i = 0; i < n; i++) {
            unsigned k = at + i * inner;
            sum += log_of ? (double)dy[k] : (double)y[k] * dy[k];
        }
        for (unsigned i = 0; i < n; i++) {
            unsigned k = at + i * inner;
            dx[k] = (T)(log_of ? dy[k] - exp(y[k]) * sum : y[k] * (dy[k] - sum));
        }
    }
}

// (exp(y) - onehot) factor from the log-softmax y; nothing where the factor is 0.
template <typename T>
__device__ void cross_entropy(T *dx, const T *y, const long long *classes, const T *factors, unsigned rows, unsigned n, unsigned inner) {
    for (unsigned r = first(); r < rows; r += step()) {
        unsigned at = start(r, n, inner);
        for (unsigned i = 0; i < n; i++) {
            unsigned k = at + i * inner;
            T one = classes[r] == (long long)i ? 1 : 0;
            dx[k] = factors[r] == 0 ? 0 : (exp(y[k]) - one) * factors[r];
        }
    }
}

// -y[class] factor of each row; 0 where the factor is, and NaN where there is no such class: to say so
// would need to wait.
template <typename T>
__device__ void nll(T *loss, const T *y, const long long *classes, const T *factors, unsigned rows, unsigned n, unsigned inner) {
    for (unsigned r = first(); r < rows; r += step()) {
        long long c = classes[r];
        loss[r] = factors[r] == 0 ? (T)0 : c < 0 || c >= n ? (T)NAN : -y[start(r, n, inner) + (unsigned)c * inner] * factors[r];
    }
}

#define SOFTMAX(T, suffix)                                                                                    \
    extern "C" __global__ void softmax_##suffix(T *y, const T *x, unsigned rows, unsigned n, unsigned inner) { softmax(y, x, rows, n, inner, false); } \
    extern "C" __global__ void log_softmax_##suffix(T *y, const T *x, unsigned rows, unsigned n, unsigned inner) { softmax(y, x, rows, n, inner, true); } \
    extern "C" __global__ void softmax_grad_##suffix(T *dx, const T *y, const T *dy, unsigned rows, unsigned n, unsigned inner) { softmax_grad(dx, y, dy, rows, n, inner, false); } \
    extern "C" __global__ void log_softmax_grad_##suffix(T *dx, const T *y, const T *dy, unsigned rows, unsigned n, unsigned inner) { softmax_grad(dx, y, dy, rows, n, inner, true); } \
    extern "C" __global__ void cross_entropy_grad_##suffix(T *dx, const T *y, const long long *classes, const T *factors, unsigned rows, unsigned n, unsigned inner) { cross_entropy(dx, y, classes, factors, rows, n, inner); } \
    extern "C" __global__ void nll_##suffix(T *loss, const T *y, const long long *classes, const T *factors, unsigned rows, unsigned n, unsigned inner) { nll(loss, y, classes, factors, rows, n, inner); }
SOFTMAX(float, f32)
SOFTMAX(double, f64)
