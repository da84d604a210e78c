//! Linear algebra.

#[doc(hidden)]
#[macro_export]
macro_rules! operations_linalg {
    ($callback:ident) => { $callback! { linalg
        inverse "linalg.inv" [float twice keep kernel fallback] { (matrix([3, 3])) |v, c| v[0].inverse(); }
        det "linalg.det" [float twice keep kernel fallback] { (matrix([3, 3])) |v, c| v[0].det(); }
        slogdet "linalg.slogdet" [float twice keep kernel fallback] { (matrix([3, 3])) |v, c| Ok(v[0].slogdet()?.1); }
        solve "linalg.solve" [float twice keep kernel fallback] { (matrix([3, 3]), matrix([3, 3])) |v, c| v[0].solve(&v[1]); }
        cholesky "linalg.cholesky" [float twice keep kernel fallback] {
            as symmetric (matrix([3, 3])) |v, c| v[0].add(v[0].mt()?)?.cholesky();
            (matrix([3, 3])) |v, c| v[0].add(v[0].mt()?)?.div(2.0)?.cholesky();
        }
        qr "linalg.qr" [float twice keep kernel fallback] {
            (matrix([3, 3])) |v, c| v[0].qr();
            (matrix([3, 3])) |v, c| v[0].narrow(-2, 0, 2)?.qr();
            (matrix([3, 3])) |v, c| v[0].narrow(-1, 0, 2)?.qr();
        }
        svd "linalg.svd" [float twice keep kernel fallback] {
            (matrix([3, 3])) |v, c| v[0].svd();
            (matrix([3, 3])) |v, c| v[0].narrow(-2, 0, 2)?.svd();
            (matrix([3, 3])) |v, c| v[0].narrow(-1, 0, 2)?.svd();
        }
        svdvals "linalg.svdvals" [float twice keep composed composed] { (matrix([3, 3])) |v, c| v[0].svdvals(); }
        eigh "linalg.eigh" [float twice keep kernel fallback] { (matrix([3, 3])) |v, c| v[0].add(v[0].mt()?)?.eigh(); }
        eigvalsh "linalg.eigvalsh" [float twice keep composed composed] {
            (matrix([3, 3])) |v, c| v[0].add(v[0].mt()?)?.eigvalsh();
        }
        pinv "linalg.pinv" [float twice keep kernel fallback] {
            (matrix([3, 3])) |v, c| v[0].pinv();
            (matrix([3, 3])) |v, c| v[0].narrow(-1, 0, 2)?.pinv();
        }
        matrix_power "linalg.matrix_power" [number twice low composed composed] {
            (matrix([3, 3])) |v, c| v[0].matrix_power(c.int("n", 3));
            (matrix([3, 3])) |v, c| v[0].matrix_power(c.int("n", -1));
        }
    } };
}
