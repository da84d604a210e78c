// One step of an optimiser over lists of parameters, their gradients and their state. The formulae are beside
// the CPU's twins, ../optim/sgd.rs and ../optim/adam.rs.

#include "common.cuh"

// The most parameters of a call.
#define LISTED 64
// A block takes so many elements of one parameter at a time.
#define CHUNK 2048

// Parameters: the number of their chunks, with those before them; their elements; the memory of each operand.
template <typename T, int OPERANDS> struct List {
    unsigned long long parameters, chunks[LISTED], sizes[LISTED];
    T *at[OPERANDS][LISTED];
};

// Calls f(k, i) for the elements i of parameter k that are a thread's.
template <typename T, int OPERANDS, typename F> __device__ void each(const List<T, OPERANDS> &list, F f) {
    for (unsigned long long c = blockIdx.x; c < list.chunks[list.parameters - 1]; c += gridDim.x) {
        unsigned k = 0;
        while (c >= list.chunks[k]) k++;
        unsigned long long from = (k > 0 ? c - list.chunks[k - 1] : c) * CHUNK, to = from + CHUNK;
        if (to > list.sizes[k]) to = list.sizes[k];
        for (unsigned long long i = from + threadIdx.x; i < to; i += blockDim.x) f(k, i);
    }
}

struct Sgd {
    double lr, momentum, taken, weight_decay, sign;
    unsigned nesterov, first;
};

// Operands: parameter, gradient, momentum's buffer.
template <typename T> __device__ void sgd(const List<T, 3> &list, Sgd s) {
    each(list, [&](unsigned k, unsigned long long i) {
        T *param = list.at[0][k], *buffer = list.at[2][k];
        T g = list.at[1][k][i] * (T)s.sign + param[i] * (T)s.weight_decay;
        if (buffer) {
            // What the buffer held before does not count at first: not even a NaN.
            T b = s.first ? g : (T)s.momentum * buffer[i] + (T)s.taken * g;
            buffer[i] = b;
            g = s.nesterov ? g + (T)s.momentum * b : b;
        }
        param[i] -= (T)s.lr * g;
    });
}

struct Adam {
    double decay, sign, shrink, taken, beta2, taken_sq, step_size, correction, eps;
};

// Operands: parameter, gradient, averages of the gradient and of its square, the largest of the latter.
template <typename T> __device__ void adam(const List<T, 5> &list, Adam s) {
    each(list, [&](unsigned k, unsigned long long i) {
        T *param = list.at[0][k], *avg = list.at[2][k], *sq = list.at[3][k], *largest = list.at[4][k];
        T g = list.at[1][k][i] * (T)s.sign + param[i] * (T)s.decay;
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
    });
}

#define OPTIM(T, suffix)                                                                                      \
    extern "C" __global__ void sgd_##suffix(List<T, 3> list, Sgd s) { sgd(list, s); }                         \
    extern "C" __global__ void adam_##suffix(List<T, 5> list, Adam s) { adam(list, s); }
OPTIM(float, f32)
OPTIM(double, f64)
