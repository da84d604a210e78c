// Pooling over images. A thread computes one result; gradients too are gathered by each input pixel from the
// windows over it, in their order, so that they are the same in every run. The CPU's twins are ../pool/.

#include "common.cuh"

// The windows of a pooling; pairs are (vertical, horizontal).
struct Windows {
    unsigned planes;
    int input[2], output[2], kernel[2], stride[2], padding[2], dilation[2];
    int adaptive, count_padding, divisor;
};

template <typename T> __device__ void maxima(Windows w, T *y, unsigned *places, const T *x) {
    int h = w.input[0], width = w.input[1];
    unsigned pixels = w.output[0] * w.output[1];
    for (unsigned i = first(); i < w.planes * pixels; i += step()) {
        const T *image = x + (size_t)(i / pixels) * h * width;
        int top = (int)(i % pixels) / w.output[1] * w.stride[0] - w.padding[0];
        int left = (int)(i % pixels) % w.output[1] * w.stride[1] - w.padding[1];
        int best = -1;
        for (int p = 0; p < w.kernel[0]; p++)
            for (int q = 0; q < w.kernel[1]; q++) {
                int r = top + p * w.dilation[0], c = left + q * w.dilation[1];
                if (r < 0 || r >= h || c < 0 || c >= width) continue;
                int at = r * width + c;
                // The first of equal ones; a NaN is larger than all, the last one if there are several.
                if (best < 0 || image[at] > image[best] || image[at] != image[at]) best = at;
            }
        y[i] = best < 0 ? (T)-INFINITY : image[best];
        places[i] = (unsigned)best; // 2^32 - 1 where a window with gaps has no element
    }
}

// The windows that may hold position `at` along dimension d: from `low` to before `high`.
__device__ inline void covering(const Windows &w, int d, int at, int &low, int &high) {
    if (w.adaptive) { // o with o input / output <= at < ceil((o + 1) input / output)
        low = (int)((long long)at * w.output[d] / w.input[d]);
        high = (int)(((long long)(at + 1) * w.output[d] + w.input[d] - 1) / w.input[d]);
    } else { // o with o stride - padding <= at <= o stride - padding + dilation (kernel - 1)
        int reach = w.dilation[d] * (w.kernel[d] - 1), first = at + w.padding[d] - reach;
        low = first <= 0 ? 0 : (first + w.stride[d] - 1) / w.stride[d];
        high = (at + w.padding[d]) / w.stride[d] + 1;
    }
    if (high > w.output[d]) high = w.output[d];
}

template <typename T> __device__ void maxima_grad(Windows w, T *dx, const T *dy, const unsigned *places) {
    unsigned size = w.input[0] * w.input[1], pixels = w.output[0] * w.output[1];
    for (unsigned i = first(); i < w.planes * size; i += step()) {
        unsigned plane = i / size, at = i % size;
        int top, bottom, left, right;
        covering(w, 0, at / w.input[1], top, bottom);
        covering(w, 1, at % w.input[1], left, right);
        double sum = 0;
        for (int r = top; r < bottom; r++)
            for (int c = left; c < right; c++) {
                unsigned o = plane * pixels + r * w.output[1] + c;
                if (places[o] == at) sum += dy[o];
            }
        dx[i] = (T)sum;
    }
}

// The positions of window o along dimension d, and how many its divisor counts.
__device__ inline void window(const Windows &w, int d, int o, int &low, int &high, int &count) {
    if (w.adaptive) {
        low = (int)((long long)o * w.input[d] / w.output[d]);
        high = (int)(((long long)(o + 1) * w.input[d] + w.output[d] - 1) / w.output[d]);
        count = high - low;
    } else {
        int from = o * w.stride[d], to = from + w.kernel[d], size = w.input[d];
        if (to > size + 2 * w.padding[d]) to = size + 2 * w.padding[d];
        low = from - w.padding[d] < 0 ? 0 : from - w.padding[d] > size ? size : from - w.padding[d];
        high = to - w.padding[d] < 0 ? 0 : to - w.padding[d] > size ? size : to - w.padding[d];
        count = w.count_padding ? to - from : high - low;
    }
}

__device__ inline double divisor(const Windows &w, int rows, int columns) {
    long long n = w.divisor ? w.divisor : (long long)rows * columns;
    return n > 0 ? (double)n : 1;
}

template <typename T> __device__ void means(Windows w, T *y, const T *x) {
    unsigned pixels = w.output[0] * w.output[1];
    for (unsigned i = first(); i < w.planes * pixels; i += step()) {
        const T *image = x + (size_t)(i / pixels) * w.input[0] * w.input[1];
        int top, bottom, rows, left, right, columns;
        window(w, 0, (int)(i % pixels) / w.output[1], top, bottom, rows);
        window(w, 1, (int)(i % pixels) % w.output[1], left, right, columns);
        double sum = 0;
        for (int r = top; r < bottom; r++)
            for (int c = left; c < right; c++) sum += image[r * w.input[1] + c];
        y[i] = (T)(sum / divisor(w, rows, columns));
    }
}

template <typename T> __device__ void means_grad(Windows w, T *dx, const T *dy) {
    unsigned size = w.input[0] * w.input[1], pixels = w.output[0] * w.output[1];
    for (unsigned i = first(); i < w.planes * size; i += step()) {
        unsigned plane = i / size, at = i % size;
        int row = at / w.input[1], column = at % w.input[1], r0, r1, c0, c1;
        covering(w, 0, row, r0, r1);
        covering(w, 1, column, c0, c1);
        double sum = 0;
        for (int r = r0; r < r1; r++)
            for (int c = c0; c < c1; c++) {
                int top, bottom, rows, left, right, columns;
                window(w, 0, r, top, bottom, rows);
                window(w, 1, c, left, right, columns);
                if (row >= top && row < bottom && column >= left && column < right)
                    sum += dy[plane * pixels + r * w.output[1] + c] / divisor(w, rows, columns);
            }
        dx[i] = (T)sum;
    }
}

#define POOL(T, suffix)                                                                                       \
    extern "C" __global__ void maxima_##suffix(Windows w, T *y, unsigned *places, const T *x) { maxima(w, y, places, x); } \
    extern "C" __global__ void maxima_grad_##suffix(Windows w, T *dx, const T *dy, const unsigned *places) { maxima_grad(w, dx, dy, places); } \
    extern "C" __global__ void means_##suffix(Windows w, T *y, const T *x) { means(w, y, x); }                \
    extern "C" __global__ void means_grad_##suffix(Windows w, T *dx, const T *dy) { means_grad(w, dx, dy); }
POOL(float, f32)
POOL(double, f64)
