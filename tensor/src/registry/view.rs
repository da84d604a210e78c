//! Other shapes of the same elements.

#[doc(hidden)]
#[macro_export]
macro_rules! operations_view {
    ($callback:ident) => { $callback! { view
        view "Tensor.view" [any twice keep view view] { (any([2, 3])) |v, c| v[0].copy()?.view(c.ints("shape", &[3, -1])); }
        reshape "reshape" [any twice keep view view] { (any([2, 3])) |v, c| v[0].reshape(c.ints("shape", &[3, 2])); }
        flatten "flatten" [any twice keep view view] {
            (any([2, 3, 2])) |v, c| v[0].flatten(c.dims_from("start_dim", "end_dim", 1));
            (any([2, 3, 2])) |v, c| v[0].flatten(c.ints("dims", &[0, 1]));
        }
        unflatten "unflatten" [any twice keep view view] {
            (any([2, 4])) |v, c| v[0].unflatten(c.int("dim", 1), c.ints("sizes", &[2, -1]));
        }
        transpose "transpose" [any twice keep view view] {
            (any([2, 3, 2])) |v, c| v[0].transpose(c.int("dim0", 0), c.int("dim1", 1));
        }
        permute "permute" [any twice keep view view] { (any([2, 3, 2])) |v, c| v[0].permute(c.ints("dims", &[2, 0, -2])); }
        t "t" [any twice keep view view] { (any([2, 3])) |v, c| v[0].t(); }
        mt "Tensor.mT" [any twice keep view view] { (any([2, 3, 2])) |v, c| v[0].mt(); }
        swapaxes "swapaxes" [any twice keep view view] {
            (any([2, 3, 2])) |v, c| v[0].swapaxes(c.int("axis0", 0), c.int("axis1", -1));
        }
        swapdims "swapdims" [any twice keep view view] {
            (any([2, 3])) |v, c| v[0].swapdims(c.int("dim0", 0), c.int("dim1", 1));
        }
        movedim "movedim" [any twice keep view view] {
            (any([2, 3, 2])) |v, c| v[0].movedim(c.ints("source", &[0, 2]), c.ints("destination", &[-1, 0]));
        }
        moveaxis "moveaxis" [any twice keep view view] {
            (any([2, 3, 2])) |v, c| v[0].moveaxis(c.ints("source", &[0]), c.ints("destination", &[-1]));
        }
        unsqueeze "unsqueeze" [any twice keep view view] { (any([2, 3])) |v, c| v[0].unsqueeze(c.int("dim", -1)); }
        squeeze "squeeze" [any twice keep view view] {
            (any([2, 1, 3])) |v, c| v[0].squeeze(c.ints("dim", &[1]));
            (any([2, 1, 3, 1])) |v, c| v[0].squeeze(());
        }
        expand "Tensor.expand" [any twice keep view view] { (any([3, 1])) |v, c| v[0].expand(c.ints("shape", &[2, 3, 2])); }
        expand_as "Tensor.expand_as" [any twice keep view view] { (any([3]), any([2, 3])) |v, c| v[0].expand_as(&v[1]); }
        broadcast_to "broadcast_to" [any twice keep view view] {
            (any([3])) |v, c| v[0].broadcast_to(c.ints("size", &[2, 3]));
        }
        broadcast_tensors "broadcast_tensors" [any twice keep view view] {
            (any([2, 1]), any([3])) |v, c| T::broadcast_tensors(v);
        }
        ravel "ravel" [any twice keep view view] { (any([2, 3])) |v, c| v[0].ravel(); }
        view_as "Tensor.view_as" [any twice keep view view] { (any([2, 3]), any([3, 2])) |v, c| v[0].copy()?.view_as(&v[1]); }
        reshape_as "Tensor.reshape_as" [any twice keep view view] { (any([2, 3]), any([3, 2])) |v, c| v[0].reshape_as(&v[1]); }
    } };
}
