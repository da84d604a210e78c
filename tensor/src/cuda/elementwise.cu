// One result for each element: arithmetic between tensors that broadcast, functions, copies, fills, casts.
// The CPU's twins are ../ops.rs, ../functions.rs and ../elementwise.rs.

#include "common.cuh"

#include <cuda_bf16.h>
#include <cuda_fp16.h>

// Where the elements are: dims[0] varies slowest. A stride of 0 repeats an element.
struct Strided {
    unsigned count, rank;
    unsigned dims[8], y[8], a[8], b[8];
};

// y[i] = f(a[i], b[i]); where there is no b, the number in its place.
template <typename Y, typename T, typename F>
__device__ void each(Strided s, Y *y, const T *a, const T *b, T number, F f) {
    for (unsigned i = first(); i < s.count; i += step()) {
        unsigned rest = i, to = 0, left = 0, right = 0;
        for (int d = (int)s.rank - 1; d >= 0; d--) {
            unsigned at = d > 0 ? rest % s.dims[d] : rest;
            rest /= s.dims[d];
            to += at * s.y[d];
            left += at * s.a[d];
            right += at * s.b[d];
        }
        y[to] = f(a[left], b ? b[right] : number);
    }
}

#define KERNEL(name, Y, T, e)                                                                                \
    extern "C" __global__ void name(Strided s, Y *y, const T *a, const T *b, T number) {                     \
        each(s, y, a, b, number, [](T x, T z) -> Y { return e; });                                           \
    }
// Of numbers, of real numbers.
#define NUMBERS(name, e) KERNEL(name##_f32, float, float, e) KERNEL(name##_f64, double, double, e) KERNEL(name##_i64, long long, long long, e)
#define REALS(name, e) KERNEL(name##_f32, float, float, e) KERNEL(name##_f64, double, double, e)
#define MASKS(name, e) KERNEL(name##_f32, unsigned char, float, e) KERNEL(name##_f64, unsigned char, double, e) KERNEL(name##_i64, unsigned char, long long, e)

NUMBERS(add, x + z)
NUMBERS(sub, x - z)
NUMBERS(mul, x *z)
REALS(div, x / z)
// z is the number in `1 - x` and `1 / x`.
NUMBERS(rsub, z - x)
REALS(rdiv, z / x)
// NaN where either is.
NUMBERS(maximum, x != x || x > z ? x : z)
NUMBERS(minimum, x != x || x < z ? x : z)
MASKS(eq, x == z)
MASKS(ne, x != z)
MASKS(lt, x < z)
MASKS(le, x <= z)
MASKS(gt, x > z)
MASKS(ge, x >= z)

NUMBERS(neg, -x)
NUMBERS(abs, x < 0 ? -x : x == 0 ? 0 : x)
NUMBERS(square, x *x)
// 0 of NaN.
NUMBERS(sign, x > 0 ? 1 : x < 0 ? -1 : 0)
NUMBERS(relu, x > 0 || x != x ? x : 0)
REALS(sqrt, sqrt(x))
REALS(rsqrt, 1 / sqrt(x))
REALS(reciprocal, 1 / x)
REALS(exp, exp(x))
REALS(expm1, expm1(x))
REALS(log, log(x))
REALS(log1p, log1p(x))
REALS(sin, sin(x))
REALS(cos, cos(x))
REALS(tanh, tanh(x))
REALS(erf, erf(x))
REALS(sigmoid, 1 / (1 + exp(-x)))
// The gradient x of relu's result z.
REALS(relu_grad, z > 0 || z != z ? x : 0)

// The second operand: copies and fills, by the size of an element.
KERNEL(put_1, unsigned char, unsigned char, z)
KERNEL(put_2, unsigned short, unsigned short, z)
KERNEL(put_4, unsigned, unsigned, z)
KERNEL(put_8, unsigned long long, unsigned long long, z)

// Conversions that are the same on the CPU for every value, out of range and NaN too.
KERNEL(cast_u8_f32, float, unsigned char, (float)x)
KERNEL(cast_u8_i64, long long, unsigned char, (long long)x)
KERNEL(cast_i64_f32, float, long long, (float)x)
KERNEL(cast_i64_f64, double, long long, (double)x)
KERNEL(cast_f32_f64, double, float, (double)x)
KERNEL(cast_f64_f32, float, double, (float)x)
KERNEL(cast_f16_f32, float, __half, __half2float(x))
KERNEL(cast_bf16_f32, float, __nv_bfloat16, __bfloat162float(x))
KERNEL(cast_f32_f16, __half, float, __float2half_rn(x))
KERNEL(cast_f32_bf16, __nv_bfloat16, float, __float2bfloat16_rn(x))
