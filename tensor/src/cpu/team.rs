//! The team of threads that compute together.
//!
//! The tasks of a call are distributed as one range for each thread, in order, so that a thread finds in its
//! cache the elements it wrote in the previous call. A thread that has finished takes tasks from the ends of
//! the other ranges. The caller computes too, and at the end waits only for threads that have begun. A thread
//! that wakes up too late, or is preempted by another program, delays nothing.
//!
//! Between calls the threads poll for the next one for some 50 µs, and then sleep: waking a sleeping thread
//! takes as long as a small operation. They never wait for each other.

use std::any::Any;
use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use parking_lot::Mutex;

/// The number of times a thread polls for the next call before it sleeps. A poll takes about 30 ns.
const LOOKS: usize = 1500;

/// The tasks of a call, by their index.
type Task<'a> = dyn Fn(usize) + Sync + 'a;

/// A team of threads.
pub struct Team {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

/// The state that the threads share. Thread 0 is the caller.
struct Shared {
    /// True while there is a call.
    busy: AtomicBool,
    /// The number of the call in the upper half; [`CLOSED`] unless threads may begin; and the number of
    /// threads that have begun and not finished.
    gate: AtomicU64,
    /// The tasks of the call. It is written while the gate is closed and no thread is inside, and read only
    /// by threads inside.
    task: UnsafeCell<Option<*const Task<'static>>>,
    /// The remaining tasks of each thread.
    ranges: Box<[Range]>,
    sleeping: Box<[AtomicBool]>,
    /// The payload of a thread's panic.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    over: AtomicBool,
}

const CLOSED: u64 = 1 << 31;
const INSIDE: u64 = CLOSED - 1;

// SAFETY: all fields but `task` may be shared. `task` is written only while nothing reads it, as described
// there, and points to a `Sync` value.
unsafe impl Sync for Shared {}
// SAFETY: likewise.
unsafe impl Send for Shared {}

/// The tasks `start..end`, each in one half of the number, in cache lines of their own.
#[repr(align(128))]
struct Range(AtomicU64);

impl Range {
    fn set(&self, start: usize, end: usize) {
        self.0.store((start as u64) << 32 | end as u64, Ordering::Relaxed);
    }

    /// Takes the first or the last task.
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
    /// Returns a team of `threads` threads, including the caller of [`Team::run`].
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
            // A thread that cannot be spawned never begins.
            named.spawn(move || shared.serve(id)).ok()
        };
        let workers = (1..threads).map_while(start).collect();
        Self { shared, workers }
    }

    /// Returns the number of threads.
    pub fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Calls `task(i)` for each `i` in `0..n`, on the caller's thread alone if the team is busy.
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
        // SAFETY: only the lifetime changes. Threads read the task only between the opening of the gate below
        // and the end of the wait for the threads inside, while `task` is borrowed.
        let task_of_all = unsafe { std::mem::transmute::<&Task<'_>, &'static Task<'static>>(task) };
        // SAFETY: the gate is closed and no thread is inside; the previous call has waited for that.
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
            // The thread has caught all panics.
            let _ = worker.join();
        }
    }
}

impl Shared {
    /// Runs the thread's own tasks, then the last ones of others.
    fn work(&self, id: usize, task: &Task<'_>) {
        let threads = self.ranges.len();
        for next in 0..threads {
            while let Some(i) = self.ranges[(id + next) % threads].take(next == 0) {
                task(i);
            }
        }
    }

    /// Runs the loop of a thread.
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
                // SAFETY: this thread is inside, so the task is not written and its call is not over.
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
            // Either the caller sees that this thread sleeps, or this thread sees the caller's call.
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
