//! Convolutions.

#[doc(hidden)]
#[macro_export]
macro_rules! operations_conv {
    ($callback:ident) => { $callback! { conv
        conv1d "nn.functional.conv1d" [float twice low composed composed] {
            (any([1, 2, 4]), any([2, 2, 3]), any([2])) |v, c| v[0].conv1d(&v[1], v.get(2), c.conv((2, 1), (1, 1)));
        }
        conv2d "nn.functional.conv2d" [float twice low kernel kernel] {
            (any([1, 2, 4, 3]), any([2, 2, 3, 2]), any([2])) |v, c| v[0].conv2d(&v[1], v.get(2), c.conv((2, 1), (1, 1)));
        }
        conv_transpose2d "nn.functional.conv_transpose2d" [float twice low kernel kernel] {
            (any([1, 2, 2, 3]), any([2, 2, 3, 2]), any([2])) |v, c| {
                let output_padding = c.pair("output_padding", (1, 0));
                let options = ConvTranspose2dOptions { conv: c.conv((2, 1), (1, 1)), output_padding };
                v[0].conv_transpose2d(&v[1], v.get(2), options)
            };
        }
    } };
}
