//! State that all tensors over one storage share: the version, and the locks on the memory.
//!
//! Every operation takes the locks of all its storages before it begins, in the order of their addresses, so
//! that operations cannot deadlock. It holds a lock only while it runs. Array views ([`crate::NdArray`]) live
//! longer. They are counted instead, and an operation that a view forbids returns an error at once: waiting
//! might never end.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicIsize, AtomicU64, Ordering};

use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use smallvec::SmallVec;

use crate::{Error, Result, Tensor};

/// The state that all tensors over one storage share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    version: AtomicU64,
    lock: RwLock<()>,
    /// The number of array views that read, or -1 for one that writes.
    views: AtomicIsize,
    /// The tensor over the whole memory, which all others are views of. Views with arbitrary strides are made
    /// from it (`strides.rs`).
    pub(crate) root: OnceLock<candle_core::Tensor>,
}

impl Shared {
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    pub(crate) fn bump(&self) {
        self.version.fetch_add(1, Ordering::AcqRel);
    }

    /// Locks the storage for an operation that reads it.
    pub(crate) fn lock_read(&self, op: &'static str) -> Result<RwLockReadGuard<'_, ()>> {
        let guard = self.lock.read();
        if self.views.load(Ordering::Acquire) < 0 {
            return Err(held(op, "being changed through a mutable array view"));
        }
        Ok(guard)
    }

    /// Locks the storage for an operation that writes it.
    pub(crate) fn lock_write(&self, op: &'static str) -> Result<RwLockWriteGuard<'_, ()>> {
        let guard = self.lock.write();
        if self.views.load(Ordering::Acquire) != 0 {
            return Err(held(op, "borrowed as an array view"));
        }
        Ok(guard)
    }

    /// Registers an array view that reads, until the result is dropped.
    pub(crate) fn lend(&self, op: &'static str) -> Result<Lent<'_>> {
        let _guard = self.lock_read(op)?;
        self.views.fetch_add(1, Ordering::AcqRel);
        Ok(Lent { shared: self, by: 1 })
    }

    /// Registers an array view that writes, until the result is dropped.
    pub(crate) fn lend_mut(&self, op: &'static str) -> Result<Lent<'_>> {
        let _guard = self.lock_write(op)?;
        self.views.store(-1, Ordering::Release);
        Ok(Lent { shared: self, by: -1 })
    }
}

fn held(op: &'static str, how: &str) -> Error {
    Error::value(op, format!("the tensor's memory is {how}; let the view end before this operation"))
}

/// An array view's registration on the storage, removed on drop.
#[derive(Debug)]
pub(crate) struct Lent<'a> {
    shared: &'a Shared,
    by: isize,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.shared.views.fetch_sub(self.by, Ordering::AcqRel);
    }
}

/// The locks on the storages of an operation.
pub(crate) type Locks<'a> = (SmallVec<[RwLockReadGuard<'a, ()>; 4]>, Option<RwLockWriteGuard<'a, ()>>);

/// Locks the storages of the operands for reading, and the storage of `write` for writing. No operand may
/// share the storage of `write`.
pub(crate) fn lock<'a>(
    op: &'static str,
    reads: impl IntoIterator<Item = &'a Tensor>,
    write: Option<&'a Tensor>,
) -> Result<Locks<'a>> {
    let all = reads.into_iter().map(|t| (&*t.shared, false)).chain(write.map(|t| (&*t.shared, true)));
    let mut wanted: SmallVec<[(&Shared, bool); 4]> = all.collect();
    wanted.sort_unstable_by_key(|w| std::ptr::from_ref(w.0));
    wanted.dedup_by_key(|w| std::ptr::from_ref(w.0));
    let mut locks = Locks::default();
    for (shared, write) in wanted {
        match write {
            true => locks.1 = Some(shared.lock_write(op)?),
            false => locks.0.push(shared.lock_read(op)?),
        }
    }
    Ok(locks)
}
