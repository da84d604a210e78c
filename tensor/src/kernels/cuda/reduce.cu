// Sums over dimensions, in f64. The CPU's twin is ../reduce.rs.

#include "common.cuh"

// Where the elements are: those of one sum (`over`), and the first element of each (`kept`).
struct Reduction {
    unsigned results, count, kept_rank, over_rank;
    unsigned kept[8], kept_stride[8], over[8], over_stride[8];
};

__device__ inline unsigned place(unsigned i, unsigned rank, const unsigned *dims, const unsigned *strides) {
    unsigned at = 0;
    for (int d = (int)rank - 1; d >= 0; d--) {
        at += (d > 0 ? i % dims[d] : i) * strides[d];
        i /= dims[d];
    }
    return at;
}

// Few elements: a thread for each sum.
template <typename T> __device__ void few(Reduction r, T *y, const T *x, double factor) {
    for (unsigned i = first(); i < r.results; i += step()) {
        const T *from = x + place(i, r.kept_rank, r.kept, r.kept_stride);
        double sum = 0;
        for (unsigned j = 0; j < r.count; j++) sum += from[place(j, r.over_rank, r.over, r.over_stride)];
        y[i] = (T)(sum * factor);
    }
}

// Many: a block for each sum.
template <typename T> __device__ void many(Reduction r, T *y, const T *x, double factor) {
    for (unsigned i = blockIdx.x; i < r.results; i += gridDim.x) {
        const T *from = x + place(i, r.kept_rank, r.kept, r.kept_stride);
        double sum = 0;
        for (unsigned j = threadIdx.x; j < r.count; j += blockDim.x)
            sum += from[place(j, r.over_rank, r.over, r.over_stride)];
        sum = total(sum);
        if (threadIdx.x == 0) y[i] = (T)(sum * factor);
    }
}

#define SUMS(T, suffix)                                                                                       \
    extern "C" __global__ void few_##suffix(Reduction r, T *y, const T *x, double factor) {                  \
        few(r, y, x, factor);                                                                                 \
    }                                                                                                         \
    extern "C" __global__ void many_##suffix(Reduction r, T *y, const T *x, double factor) {                 \
        many(r, y, x, factor);                                                                                \
    }
SUMS(float, f32)
SUMS(double, f64)
