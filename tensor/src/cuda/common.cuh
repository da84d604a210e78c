// What the kernels share. A block has THREADS threads; a kernel whose threads exchange numbers does so in
// `total`, which all threads of a block have to reach.

#pragma once

#define THREADS 256

// The elements of a thread: from `first()` on, every `step()`-th.
__device__ inline unsigned first() { return blockIdx.x * blockDim.x + threadIdx.x; }
__device__ inline unsigned step() { return gridDim.x * blockDim.x; }

// The sum of a number of each thread of a block, for each of them.
__device__ inline double total(double x) {
    __shared__ double sums[THREADS];
    __syncthreads(); // what the last sum left is read
    sums[threadIdx.x] = x;
    for (unsigned half = THREADS / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.x < half) sums[threadIdx.x] += sums[threadIdx.x + half];
    }
    __syncthreads();
    return sums[0];
}
