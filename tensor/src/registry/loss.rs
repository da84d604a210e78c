//! Losses.

#[doc(hidden)]
#[macro_export]
macro_rules! operations_loss {
    ($callback:ident) => {
        $callback! { loss
            mse_loss "nn.functional.mse_loss" [float twice full kernel fallback] {
                (any([2, 3]), any([2, 3])) |v, c| v[0].mse_loss(&v[1], Reduction::Mean);
                (any([2, 3]), any([2, 3])) |v, c| v[0].mse_loss(&v[1], Reduction::None);
            }
            binary_cross_entropy "nn.functional.binary_cross_entropy" [any twice full kernel fallback] {
                (unit([2, 3]), unit([2, 3])) |v, c| v[0].binary_cross_entropy(&v[1]);
            }
            cross_entropy "nn.functional.cross_entropy" [float twice full kernel kernel] {
                (any([2, 3]), index([2, 0]), numbers([1.0, 0.5])) |v, c| {
                    v[0].cross_entropy(&v[1].plain(), &v[2].plain(), Summed(c.flag("summed", true)))
                };
                (any([2, 3]), index([2, 0]), numbers([1.0, 0.5])) |v, c| {
                    v[0].cross_entropy(&v[1].plain(), &v[2].plain(), Summed(c.flag("summed", false)))
                };
            }
            nll_loss "nn.functional.nll_loss" [float twice full kernel fallback] {
                (any([2, 3]), index([2, 0]), numbers([1.0, 0.5])) |v, c| {
                    v[0].nll_loss(&v[1].plain(), &v[2].plain(), Summed(c.flag("summed", true)))
                };
                (any([2, 3]), index([2, 0]), numbers([1.0, 0.5])) |v, c| {
                    v[0].nll_loss(&v[1].plain(), &v[2].plain(), Summed(c.flag("summed", false)))
                };
            }
            reduce "nn.functional.mse_loss" [float twice keep composed composed] {
                (any([2, 3])) |v, c| v[0].reduce(Reduction::Mean);
            }
        }
    };
}
