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
template <typename T, typename S>
__device__ void many(Reduction r, T *__restrict__ y, const S *__restrict__ x, double factor) {
    for (unsigned i = blockIdx.x; i < r.results; i += gridDim.x) {
        const S *from = x + place(i, r.kept_rank, r.kept, r.kept_stride);
        double sum = 0;
#pragma unroll 4
        for (unsigned j = threadIdx.x; j < r.count; j += blockDim.x)
            sum += from[place(j, r.over_rank, r.over, r.over_stride)];
        sum = total(sum);
        if (threadIdx.x == 0) y[i] = (T)(sum * factor);
    }
}

// Few sums of very many: `parts` blocks for each, which take `length` elements; the last one what is left. Their
// sums are summed by `joined`.
template <typename T>
__device__ void part(Reduction r, double *__restrict__ sums, const T *__restrict__ x, unsigned parts, unsigned length) {
    for (unsigned b = blockIdx.x; b < r.results * parts; b += gridDim.x) {
        const T *from = x + place(b / parts, r.kept_rank, r.kept, r.kept_stride);
        unsigned begin = b % parts * length, end = begin + length < r.count ? begin + length : r.count;
        double sum = 0;
#pragma unroll 4
        for (unsigned j = begin + threadIdx.x; j < end; j += blockDim.x)
            sum += from[place(j, r.over_rank, r.over, r.over_stride)];
        sum = total(sum);
        if (threadIdx.x == 0) sums[b] = sum;
    }
}

#define SUMS(T, suffix)                                                                                       \
    extern "C" __global__ void few_##suffix(Reduction r, T *y, const T *x, double factor) {                  \
        few(r, y, x, factor);                                                                                 \
    }                                                                                                         \
    extern "C" __global__ void many_##suffix(Reduction r, T *__restrict__ y, const T *__restrict__ x,        \
                                             double factor) {                                                 \
        many(r, y, x, factor);                                                                                \
    }                                                                                                         \
    extern "C" __global__ void part_##suffix(Reduction r, double *__restrict__ sums, const T *__restrict__ x, \
                                             unsigned parts, unsigned length) {                               \
        part(r, sums, x, parts, length);                                                                      \
    }                                                                                                         \
    extern "C" __global__ void joined_##suffix(Reduction r, T *__restrict__ y,                               \
                                               const double *__restrict__ sums, double factor) {              \
        many(r, y, sums, factor);                                                                             \
    }
SUMS(float, f32)
SUMS(double, f64)
