// One step of an optimiser over a parameter, its gradient and its state. The formulae are beside the CPU's
// twins, ../optim/sgd.rs and ../optim/adam.rs.

#include "common.cuh"

struct Sgd {
    double lr, momentum, taken, weight_decay, sign;
    unsigned nesterov, first;
};

template <typename T> __device__ void sgd(unsigned n, Sgd s, T *param, const T *grad, T *buffer) {
    for (unsigned i = first(); i < n; i += step()) {
        T g = grad[i] * (T)s.sign + param[i] * (T)s.weight_decay;
        if (buffer) {
            // What the buffer held before does not count at first: not even a NaN.
            T b = s.first ? g : (T)s.momentum * buffer[i] + (T)s.taken * g;
            buffer[i] = b;
            g = s.nesterov ? g + (T)s.momentum * b : b;
        }
        param[i] -= (T)s.lr * g;
    }
}

struct Adam {
    double decay, sign, shrink, taken, beta2, taken_sq, step_size, correction, eps;
};

template <typename T> __device__ void adam(unsigned n, Adam s, T *param, const T *grad, T *avg, T *sq, T *largest) {
    for (unsigned i = first(); i < n; i += step()) {
        T g = grad[i] * (T)s.sign + param[i] * (T)s.decay;
        T p = param[i] * (T)s.shrink;
        T a = avg[i] + (g - avg[i]) * (T)s.taken;
        T q = sq[i] * (T)s.beta2 + g * g * (T)s.taken_sq;
        avg[i] = a;
        sq[i] = q;
        if (largest) {
            if (q > largest[i] || q != q) largest[i] = q;
            q = largest[i];
        }
        param[i] = p + a / (sqrt(q) / (T)s.correction + (T)s.eps) * (T)s.step_size;
    }
}

#define OPTIM(T, suffix)                                                                                      \
    extern "C" __global__ void sgd_##suffix(unsigned n, Sgd s, T *param, const T *grad, T *buffer) { sgd(n, s, param, grad, buffer); } \
    extern "C" __global__ void adam_##suffix(unsigned n, Adam s, T *param, const T *grad, T *avg, T *sq, T *largest) { adam(n, s, param, grad, avg, sq, largest); }
OPTIM(float, f32)
OPTIM(double, f64)
