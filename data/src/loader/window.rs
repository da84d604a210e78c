//! The bounded, ordered queue between the workers and the training.

use std::{
    collections::VecDeque,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// Workers claim the next number below `total`, make its item, and deliver it; the consumer takes the items in the
/// order of their numbers. At most `size` items are claimed and not yet taken.
///
/// Unlike a channel, it keeps the order whichever worker is faster, and lets a worker that found the window full
/// sleep until half of it is free: waking a thread for each item would cost the training more than the item.
pub(crate) struct Window<T> {
    state: Mutex<State<T>>,
    closed: AtomicBool,
    ready: Condvar,
    space: Condvar,
    size: usize,
    total: usize,
}

struct State<T> {
    /// Items from number `taken` on; `None` if a worker is still making it.
    slots: VecDeque<Option<T>>,
    taken: usize,
    sleepers: usize,
}

impl<T> Window<T> {
    /// Makes a window over the numbers from `first` below `total`.
    pub fn new(size: usize, first: usize, total: usize) -> Self {
        let state = State { slots: VecDeque::new(), taken: first, sleepers: 0 };
        let (ready, space) = (Condvar::new(), Condvar::new());
        Self {
            state: Mutex::new(state),
            closed: AtomicBool::new(false),
            ready,
            space,
            size: size.max(1),
            total,
        }
    }

    /// Claims the next number to work on; `None` if there is no more work.
    pub fn claim(&self) -> Option<usize> {
        let mut state = self.lock();
        while state.slots.len() >= self.size && !self.is_closed() {
            state.sleepers += 1;
            state = self.space.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.sleepers -= 1;
        }
        let number = state.taken + state.slots.len();
        if self.is_closed() || number >= self.total {
            return None;
        }
        state.slots.push_back(None);
        Some(number)
    }

    /// Delivers the item of a number.
    pub fn deliver(&self, number: usize, item: T) {
        let mut state = self.lock();
        let at = number - state.taken;
        state.slots[at] = Some(item);
        if at == 0 {
            self.ready.notify_one();
        }
    }

    /// Waits for the item of the next number and takes it. There must be one.
    pub fn take(&self) -> T {
        let mut state = self.lock();
        loop {
            if let Some(item) = state.slots.front_mut().and_then(Option::take) {
                state.slots.pop_front();
                state.taken += 1;
                if state.sleepers > 0 && state.slots.len() <= self.size / 2 {
                    self.space.notify_all();
                }
                return item;
            }
            state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Returns true if the rest is not wanted.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Tells the workers to stop.
    pub fn close(&self) {
        // Under the lock: a worker between reading the flag and sleeping would miss the call.
        let _state = self.lock();
        self.closed.store(true, Ordering::Relaxed);
        self.space.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // No code below panics while it holds the lock, so that a poisoned state is still valid.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
