//! Pooling.

#[doc(hidden)]
#[macro_export]
macro_rules! operations_pool {
    ($callback:ident) => { $callback! { pool
        max_pool2d "nn.functional.max_pool2d" [float once keep kernel kernel] {
            (any([1, 2, 4, 5])) |v, c| v[0].max_pool2d(c.pool(PoolOptions { stride: (2, 1), padding: (1, 0), ..PoolOptions::new((2, 3)) }));
            (any([1, 2, 5, 5])) |v, c| {
                let dilated = PoolOptions { stride: (2, 1), dilation: (1, 2), ceil_mode: true, ..PoolOptions::new((2, 2)) };
                v[0].max_pool2d(c.pool(dilated))
            };
            (any([1, 2, 4, 5])) |v, c| v[0].max_pool2d(c.size("kernel_size", 2));
        }
        max_pool2d_with_indices "nn.functional.max_pool2d_with_indices" [float once keep kernel kernel] {
            (any([1, 2, 4, 5])) |v, c| {
                v[0].max_pool2d_with_indices(c.pool(PoolOptions { stride: (2, 1), padding: (1, 0), ..PoolOptions::new((2, 3)) }))
            };
        }
        adaptive_max_pool2d "nn.functional.adaptive_max_pool2d" [float once keep kernel fallback] {
            (any([1, 2, 3, 4])) |v, c| v[0].adaptive_max_pool2d(c.pair("output_size", (2, 3)));
        }
        avg_pool2d "nn.functional.avg_pool2d" [float twice keep kernel kernel] {
            (any([1, 2, 4, 5])) |v, c| v[0].avg_pool2d(c.pool(PoolOptions { stride: (2, 1), padding: (1, 0), ..PoolOptions::new((2, 3)) }));
            (any([1, 2, 4, 5])) |v, c| {
                let inside = PoolOptions {
                    stride: (2, 1), padding: (1, 0), ceil_mode: true, count_include_pad: false, ..PoolOptions::new((2, 3))
                };
                v[0].avg_pool2d(c.pool(inside))
            };
        }
        adaptive_avg_pool2d "nn.functional.adaptive_avg_pool2d" [float twice keep kernel kernel] {
            (any([1, 2, 3, 4])) |v, c| v[0].adaptive_avg_pool2d(c.pair("output_size", (2, 3)));
        }
    } };
}
