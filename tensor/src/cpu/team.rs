//! The threads that compute together.
//!
//! A call's tasks are dealt out as one range for each thread, first to last, so that a thread finds
//! in its cache what it wrote in the call before; whoever is done takes from the ends of the others'
//! ranges. The caller computes too, and at the end waits only for threads that have begun: one that
//! wakes up too late, or that another program keeps from running, delays nothing.
//!
//! Between calls the threads look out for the next one for some 50 µs, and then sleep: to wake a
//! sleeping thread takes as long as a small operation. They never wait for each other.

use std::any::Any;
use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use parking_lot::Mutex;

/// How often a thread looks for the next call before it sleeps; a look takes about 30 ns.
const LOOKS: usize = 1500;

/// What a call's tasks do: number `i` of them.
type Task<'a> = dyn Fn(usize) + Sync + 'a;

/// Some threads.
pub struct Team {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

/// What the threads see of each other. Thread 0 is the caller.
struct Shared {
    /// Whether there is a call.
    busy: AtomicBool,
    /// The call's number in the upper half; [`CLOSED`] unless threads may begin on it; and how many
    /// have begun and are not done.
    gate: AtomicU64,
    /// What the call's tasks do. Written while the gate is closed and nobody is in, and read only by
    /// those who are.
    task: UnsafeCell<Option<*const Task<'static>>>,
    /// The tasks that each thread still has to do.
    ranges: Box<[Range]>,
    sleeping: Box<[AtomicBool]>,
    /// What a thread panicked with.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    over: AtomicBool,
}

const CLOSED: u64 = 1 << 31;
const INSIDE: u64 = CLOSED - 1;

// SAFETY: all but `task` may be shared; `task` is written only while nobody reads it, as told there,
// and points to what is `Sync`.
unsafe impl Sync for Shared {}
// SAFETY: likewise.
unsafe impl Send for Shared {}

/// The tasks `start..end`, each in one half of the number; alone in its cache lines.
#[repr(align(128))]
struct Range(AtomicU64);

impl Range {
    fn set(&self, start: usize, end: usize) {
        self.0.store((start as u64) << 32 | end as u64, Ordering::Relaxed);
    }

    /// Takes the first task, or the last.
    fn take(&self, first: bool) -> Option<usize> {
        let taken = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |range| {
            let (start, end) = (range >> 32, range & u64::from(u32::MAX));
            (start < end).then(|| if first { range + (1 << 32) } else { range - 1 })
        });
        let range = taken.ok()?;
        Some(if first { range >> 32 } else { (range & u64::from(u32::MAX)) - 1 } as usize)
    }
}

impl Team {
    /// `threads` threads, the caller of [`Team::run`] among them.
    pub fn new(threads: usize) -> Self {
        let shared = Arc::new(Shared {
            busy: AtomicBool::new(false),
            gate: AtomicU64::new(CLOSED),
            task: UnsafeCell::new(None),
            ranges: (0..threads).map(|_| Range(AtomicU64::new(0))).collect(),
            sleeping: (0..threads).map(|_| AtomicBool::new(false)).collect(),
            panic: Mutex::new(None),
            over: AtomicBool::new(false),
        });
        let start = |id: usize| {
            let shared = shared.clone();
            let named = std::thread::Builder::new().name(format!("taper-{id}"));
            // A thread that cannot be had is one that never begins.
            named.spawn(move || shared.serve(id)).ok()
        };
        let workers = (1..threads).map_while(start).collect();
        Self { shared, workers }
    }

    /// How many threads there are.
    pub fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Calls `task(i)` for each `i` in `0..n`, on the caller's thread alone where the team is busy.
    pub fn run(&self, n: usize, task: &Task<'_>) {
        let shared = &*self.shared;
        let alone = n < 2 || self.workers.is_empty() || u32::try_from(n).is_err();
        if alone || shared.busy.swap(true, Ordering::Acquire) {
            return (0..n).for_each(task);
        }
        let threads = self.threads();
        for (i, range) in shared.ranges.iter().enumerate() {
            range.set((i * n / threads).min(n), ((i + 1) * n / threads).min(n));
        }
        // SAFETY: only the lifetime is changed. Threads read the task only between the opening of the
        // gate below and the end of the wait for those who came in, during which `task` is borrowed.
        let task_of_all = unsafe { std::mem::transmute::<&Task<'_>, &'static Task<'static>>(task) };
        // SAFETY: the gate is closed and nobody is in, as the call before saw to.
        unsafe { *shared.task.get() = Some(task_of_all) };
        let number = (shared.gate.load(Ordering::Relaxed) >> 32) + 1;
        shared.gate.store(number << 32, Ordering::SeqCst);
        for (worker, sleeping) in self.workers.iter().zip(&shared.sleeping[1..]) {
            if sleeping.load(Ordering::SeqCst) {
                worker.thread().unpark();
            }
        }
        let own = catch_unwind(AssertUnwindSafe(|| shared.work(0, task)));
        shared.gate.fetch_or(CLOSED, Ordering::AcqRel);
        let mut looks = 0;
        while shared.gate.load(Ordering::Acquire) & INSIDE != 0 {
            looks += 1;
            if looks < LOOKS { std::hint::spin_loop() } else { std::thread::yield_now() }
        }
        let theirs = shared.panic.lock().take();
        shared.busy.store(false, Ordering::Release);
        if let Some(panic) = own.err().or(theirs) {
            resume_unwind(panic);
        }
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        for worker in self.workers.drain(..) {
            worker.thread().unpark();
            // It has caught all panics.
            let _ = worker.join();
        }
    }
}

impl Shared {
    /// Does the thread's own tasks, then the last ones of others.
    fn work(&self, id: usize, task: &Task<'_>) {
        let threads = self.ranges.len();
        for next in 0..threads {
            while let Some(i) = self.ranges[(id + next) % threads].take(next == 0) {
                task(i);
            }
        }
    }

    /// What a thread does all its life.
    fn serve(&self, id: usize) {
        let (mut seen, mut looks) = (0, 0);
        while !self.over.load(Ordering::Relaxed) {
            let gate = self.gate.load(Ordering::Acquire);
            if gate >> 32 != seen && gate & CLOSED == 0 {
                let entered = self.gate.compare_exchange(gate, gate + 1, Ordering::AcqRel, Ordering::Relaxed);
                if entered.is_err() {
                    continue;
                }
                (seen, looks) = (gate >> 32, 0);
                // SAFETY: this thread is in, so that the task is not written and its call not over.
                let task = unsafe { (*self.task.get()).map(|task| &*task) };
                let done = catch_unwind(AssertUnwindSafe(|| task.map(|task| self.work(id, task))));
                if let Err(panic) = done {
                    *self.panic.lock() = Some(panic);
                }
                self.gate.fetch_sub(1, Ordering::AcqRel);
                continue;
            }
            looks += 1;
            if looks < LOOKS {
                std::hint::spin_loop();
                continue;
            }
            // Either the caller sees that this thread sleeps, or this thread the caller's call.
            self.sleeping[id].store(true, Ordering::SeqCst);
            let gate = self.gate.load(Ordering::SeqCst);
            if (gate >> 32 == seen || gate & CLOSED != 0) && !self.over.load(Ordering::SeqCst) {
                std::thread::park();
            }
            self.sleeping[id].store(false, Ordering::Relaxed);
            looks = 0;
        }
    }
}

#[cfg(test)]
mod tests;
