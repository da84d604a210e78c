//! Parts.

#[doc(hidden)]
#[macro_export]
macro_rules! operations_slice {
    ($callback:ident) => { $callback! { slice
        narrow "narrow" [any twice keep view view] {
            (any([2, 3])) |v, c| v[0].narrow(c.int("dim", -1), c.int("start", -2), c.size("length", 2));
        }
        select "select" [any twice keep view view] { (any([2, 3])) |v, c| v[0].select(c.int("dim", -1), c.int("index", -1)); }
        slice "Tensor.__getitem__" [any twice keep view view] {
            (any([2, 3])) |v, c| {
                let (start, end) = (c.some_int("start", None), c.some_int("end", Some(3)));
                v[0].slice(c.int("dim", 1), start, end, c.size("step", 2))
            };
        }
        split "split" [any twice keep view view] { (any([2, 3])) |v, c| v[0].split(c.size("size", 2), c.int("dim", 1)); }
        split_sizes "split" [any twice keep view view] {
            (any([2, 3])) |v, c| v[0].split_sizes(&c.sizes("sizes", &[1, 2]), c.int("dim", 1));
        }
        chunk "chunk" [any twice keep view view] { (any([2, 3])) |v, c| v[0].chunk(c.size("chunks", 2), c.int("dim", 1)); }
        tensor_split "tensor_split" [any twice keep view view] {
            (any([2, 3])) |v, c| v[0].tensor_split(c.size("sections", 2), c.int("dim", 1));
        }
        unbind "unbind" [any twice keep view view] { (any([2, 3])) |v, c| v[0].unbind(c.int("dim", 1)); }
        unfold "Tensor.unfold" [any twice keep view view] {
            (any([2, 4])) |v, c| v[0].unfold(c.int("dim", 1), c.size("size", 2), c.size("step", 1));
        }
        diagonal "diagonal" [any twice keep view view] {
            (any([2, 2, 3])) |v, c| v[0].diagonal(c.int("offset", 1), c.int("dim1", 0), c.int("dim2", -1));
        }
        as_strided "as_strided" [any twice keep view view] {
            (any([2, 3])) |v, c| v[0].copy()?.as_strided(c.sizes("size", &[3, 2]), c.sizes("stride", &[1, 2]), None);
            (any([2, 3])) |v, c| {
                let offset = Some(c.size("storage_offset", 1));
                v[0].copy()?.narrow(0, 1, 1)?.as_strided(c.sizes("size", &[2, 2]), c.sizes("stride", &[1, 2]), offset)
            };
        }
    } };
}
