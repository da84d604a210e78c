// One step of an optimiser over lists of parameters, their gradients and their state. The formulae are beside
// the CPU's twins in ../optim, whose `numbers` fill the structs; a learning rate there is negative.

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

// What the rules see as the gradient of an element.
template <typename T> __device__ T gradient(T grad, T param, double decay, double sign) {
    return grad * (T)sign + param * (T)decay;
}

// Makes an average that decays follow `value`; returns it.
template <typename T> __device__ T follow(T &average, T value, double taken) {
    return average += (value - average) * (T)taken;
}

// The same of a square, with the parts that are kept and taken.
template <typename T> __device__ T follow_square(T &average, T value, double kept, double taken) {
    return average = average * (T)kept + value * value * (T)taken;
}

struct Sgd {
    double lr, momentum, taken, decay, sign;
    unsigned nesterov, first;
};

// Operands: parameter, gradient, momentum's buffer.
template <typename T> __device__ void sgd(const List<T, 3> &list, Sgd s) {
    each(list, [&](unsigned k, unsigned long long i) {
        T *param = list.at[0][k], *buffer = list.at[2][k];
        T g = gradient(list.at[1][k][i], param[i], s.decay, s.sign);
        if (buffer) {
            // What the buffer held before does not count at first: not even a NaN.
            T b = s.first ? g : (T)s.momentum * buffer[i] + (T)s.taken * g;
            buffer[i] = b;
            g = s.nesterov ? g + (T)s.momentum * b : b;
        }
        param[i] += (T)s.lr * g;
    });
}

struct Adam {
    double decay, sign, shrink, taken, beta2, taken_sq, step_size, correction, eps;
};

// Operands: parameter, gradient, averages of the gradient and of its square, the largest of the latter.
template <typename T> __device__ void adam(const List<T, 5> &list, Adam s) {
    each(list, [&](unsigned k, unsigned long long i) {
        T *param = list.at[0][k], *largest = list.at[4][k];
        T g = gradient(list.at[1][k][i], param[i], s.decay, s.sign);
        T a = follow(list.at[2][k][i], g, s.taken);
        T q = follow_square(list.at[3][k][i], g, s.beta2, s.taken_sq);
        if (largest) {
            if (q > largest[i] || q != q) largest[i] = q;
            q = largest[i];
        }
        param[i] = param[i] * (T)s.shrink + a / (sqrt(q) / (T)s.correction + (T)s.eps) * (T)s.step_size;
    });
}

struct RmsProp {
    double lr, alpha, taken, eps, decay, momentum, sign;
};

// Operands: parameter, gradient, average of its square, where centred average of it, momentum's buffer.
template <typename T> __device__ void rmsprop(const List<T, 5> &list, RmsProp s) {
    each(list, [&](unsigned k, unsigned long long i) {
        T *param = list.at[0][k], *average = list.at[3][k], *buffer = list.at[4][k];
        T g = gradient(list.at[1][k][i], param[i], s.decay, s.sign);
        T q = follow_square(list.at[2][k][i], g, s.alpha, s.taken);
        if (average) {
            T a = follow(average[i], g, s.taken);
            q -= a * a;
        }
        T d = g / (sqrt(q) + (T)s.eps);
        if (buffer) d = buffer[i] = (T)s.momentum * buffer[i] + d;
        param[i] += (T)s.lr * d;
    });
}

struct Adagrad {
    double decay, sign, eps, lr;
};

// Operands: parameter, gradient, sum of its squares.
template <typename T> __device__ void adagrad(const List<T, 3> &list, Adagrad s) {
    each(list, [&](unsigned k, unsigned long long i) {
        T *param = list.at[0][k];
        T g = gradient(list.at[1][k][i], param[i], s.decay, s.sign);
        T sum = list.at[2][k][i] += g * g;
        param[i] += (T)s.lr * (g / (sqrt(sum) + (T)s.eps));
    });
}

struct Adadelta {
    double decay, sign, eps, lr, rho, taken;
};

// Operands: parameter, gradient, averages of the squares of gradients and of changes.
template <typename T> __device__ void adadelta(const List<T, 4> &list, Adadelta s) {
    each(list, [&](unsigned k, unsigned long long i) {
        T *param = list.at[0][k], *changes = list.at[3][k];
        T g = gradient(list.at[1][k][i], param[i], s.decay, s.sign);
        T q = follow_square(list.at[2][k][i], g, s.rho, s.taken);
        T delta = sqrt(changes[i] + (T)s.eps) / sqrt(q + (T)s.eps) * g;
        follow_square(changes[i], delta, s.rho, s.taken);
        param[i] += (T)s.lr * delta;
    });
}

struct Adamax {
    double decay, sign, eps, lr, taken, beta2;
};

// Operands: parameter, gradient, its average, the greatest that decays.
template <typename T> __device__ void adamax(const List<T, 4> &list, Adamax s) {
    each(list, [&](unsigned k, unsigned long long i) {
        T *param = list.at[0][k], *greatest = list.at[3][k];
        T g = gradient(list.at[1][k][i], param[i], s.decay, s.sign);
        T a = follow(list.at[2][k][i], g, s.taken);
        T kept = greatest[i] * (T)s.beta2, now = fabs(g) + (T)s.eps;
        greatest[i] = now > kept || now != now ? now : kept;
        param[i] += (T)s.lr * (a / greatest[i]);
    });
}

struct NAdam {
    double decay, sign, shrink, taken, beta2, taken_sq, correction, eps, of_gradient, of_average;
};

// Operands: parameter, gradient, averages of the gradient and of its square.
template <typename T> __device__ void nadam(const List<T, 4> &list, NAdam s) {
    each(list, [&](unsigned k, unsigned long long i) {
        T *param = list.at[0][k];
        T g = gradient(list.at[1][k][i], param[i], s.decay, s.sign);
        T a = follow(list.at[2][k][i], g, s.taken);
        T q = follow_square(list.at[3][k][i], g, s.beta2, s.taken_sq);
        T denominator = sqrt(q / (T)s.correction) + (T)s.eps;
        param[i] = param[i] * (T)s.shrink + (T)s.of_gradient * (g / denominator)
                   + (T)s.of_average * (a / denominator);
    });
}

struct RAdam {
    double decay, sign, shrink, taken, beta2, taken_sq, step_size, factor, eps;
};

// Operands: parameter, gradient, averages of the gradient and of its square.
template <typename T> __device__ void radam(const List<T, 4> &list, RAdam s) {
    each(list, [&](unsigned k, unsigned long long i) {
        T *param = list.at[0][k];
        T g = gradient(list.at[1][k][i], param[i], s.decay, s.sign);
        T a = follow(list.at[2][k][i], g, s.taken);
        T q = follow_square(list.at[3][k][i], g, s.beta2, s.taken_sq);
        T direction = s.factor > 0 ? a * ((T)s.factor / (sqrt(q) + (T)s.eps)) : a;
        param[i] = param[i] * (T)s.shrink + (T)s.step_size * direction;
    });
}

struct Lion {
    double lr, shrink, sign, beta1, taken1, beta2, taken2;
};

// Operands: parameter, gradient, its average.
template <typename T> __device__ void lion(const List<T, 3> &list, Lion s) {
    each(list, [&](unsigned k, unsigned long long i) {
        T *param = list.at[0][k], *average = list.at[2][k];
        T g = list.at[1][k][i] * (T)s.sign;
        T direction = average[i] * (T)s.beta1 + g * (T)s.taken1;
        // A direction of 0 or NaN is no step, or NaN.
        T step = direction > 0 ? (T)s.lr : direction < 0 ? -(T)s.lr : direction;
        param[i] = param[i] * (T)s.shrink - step;
        average[i] = average[i] * (T)s.beta2 + g * (T)s.taken2;
    });
}

struct Ema {
    double taken;
};

// Operands: average, parameter.
template <typename T> __device__ void ema(const List<T, 2> &list, Ema s) {
    each(list, [&](unsigned k, unsigned long long i) { follow(list.at[0][k][i], list.at[1][k][i], s.taken); });
}

#define STEP(name, Settings, operands)                                                                        \
    extern "C" __global__ void name##_f32(List<float, operands> list, Settings s) { name(list, s); }          \
    extern "C" __global__ void name##_f64(List<double, operands> list, Settings s) { name(list, s); }
STEP(sgd, Sgd, 3)
STEP(adam, Adam, 5)
STEP(rmsprop, RmsProp, 5)
STEP(adagrad, Adagrad, 3)
STEP(adadelta, Adadelta, 4)
STEP(adamax, Adamax, 4)
STEP(nadam, NAdam, 4)
STEP(radam, RAdam, 4)
STEP(lion, Lion, 3)
STEP(ema, Ema, 2)
