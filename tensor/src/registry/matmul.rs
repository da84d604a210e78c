//! Products of vectors and matrices.

#[doc(hidden)]
#[macro_export]
macro_rules! operations_matmul {
    ($callback:ident) => { $callback! { matmul
        matmul "matmul" [number twice low kernel kernel] { (any([2, 3]), any([3, 2])) |v, c| v[0].matmul(&v[1]); }
        linear "nn.functional.linear" [number twice low kernel kernel] {
            (any([2, 3]), any([2, 3]), any([2])) |v, c| v[0].linear(&v[1], v.get(2));
        }
        mm "mm" [number twice low composed composed] { (any([2, 3]), any([3, 2])) |v, c| v[0].mm(&v[1]); }
        mv "mv" [number twice low composed composed] { (any([2, 3]), any([3])) |v, c| v[0].mv(&v[1]); }
        bmm "bmm" [number twice low composed composed] { (any([2, 2, 3]), any([2, 3, 2])) |v, c| v[0].bmm(&v[1]); }
        dot "dot" [number twice low composed composed] { (any([3]), any([3])) |v, c| v[0].dot(&v[1]); }
        outer "outer" [any twice keep composed composed] { (any([2]), any([3])) |v, c| v[0].outer(&v[1]); }
        inner "inner" [number twice low composed composed] { (any([2, 3]), any([2, 3])) |v, c| v[0].inner(&v[1]); }
        addmm "addmm" [number twice low composed composed] {
            (any([2]), any([2, 3]), any([3, 2])) |v, c| v[0].addmm(&v[1], &v[2], c.number("beta", 1.0), c.number("alpha", 1.0));
            (any([2]), any([2, 3]), any([3, 2])) |v, c| v[0].addmm(&v[1], &v[2], c.number("beta", 2.0), c.number("alpha", 3.0));
        }
        addmv "addmv" [number twice low composed composed] {
            (any([2]), any([2, 3]), any([3])) |v, c| v[0].addmv(&v[1], &v[2], c.number("beta", 2.0), c.number("alpha", 3.0));
        }
        baddbmm "baddbmm" [number twice low composed composed] {
            (any([2]), any([2, 2, 3]), any([2, 3, 2])) |v, c| {
                v[0].baddbmm(&v[1], &v[2], c.number("beta", 1.0), c.number("alpha", 1.0))
            };
        }
        tensordot "tensordot" [number twice low composed composed] {
            (any([2, 3, 2]), any([3, 2, 2])) |v, c| v[0].tensordot(&v[1], c.size("dims", 2));
        }
        kron "kron" [any twice keep composed composed] { (any([2, 3]), any([2])) |v, c| v[0].kron(&v[1]); }
        cross "linalg.cross" [number twice keep composed composed] {
            (any([2, 3]), any([1, 3])) |v, c| v[0].cross(&v[1], c.int("dim", -1));
        }
        einsum "einsum" [number twice low composed composed] {
            (any([2, 2, 3]), any([2, 3, 2])) |v, c| T::einsum(c.equation("bij,bjk->bik"), v);
            (any([3, 3]), any([3, 2]), any([2])) |v, c| T::einsum(c.equation("ii,ij,k->jk"), v);
            (any([2, 3]), any([3])) |v, c| T::einsum(c.equation("...i,i->..."), v);
        }
    } };
}
