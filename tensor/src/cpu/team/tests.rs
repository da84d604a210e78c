use std::sync::atomic::AtomicUsize;

use super::*;

fn add(sum: &AtomicUsize, n: usize) {
    sum.fetch_add(n, Ordering::Relaxed);
}

#[test]
fn each_task_is_done_once_whatever_the_number_of_threads() {
    for threads in [1, 2, 3, 7] {
        let team = Team::new(threads);
        for n in [0, 1, 2, 5, 64, 1000] {
            for _ in 0..50 {
                let done: Vec<AtomicUsize> = (0..n).map(|_| AtomicUsize::new(0)).collect();
                team.run(n, &|i| add(&done[i], 1));
                assert!(done.iter().all(|d| d.load(Ordering::Relaxed) == 1), "{threads} threads, {n} tasks");
            }
        }
    }
}

#[test]
fn threads_that_sleep_are_woken() {
    let team = Team::new(2);
    let others = AtomicUsize::new(0);
    let caller = std::thread::current().id();
    while others.load(Ordering::Relaxed) < 3 {
        std::thread::sleep(std::time::Duration::from_millis(2)); // long enough to fall asleep
        team.run(2, &|_| {
            if std::thread::current().id() != caller {
                others.fetch_add(1, Ordering::Relaxed);
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
        });
    }
}

#[test]
fn calls_within_calls_and_beside_calls_are_done_too() {
    let (team, sum) = (Team::new(3), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..100 {
                    team.run(10, &|_| team.run(10, &|j| add(&sum, j)));
                }
            });
        }
    });
    assert_eq!(sum.into_inner(), 3 * 100 * 10 * 45);
}

#[test]
fn a_panic_reaches_the_caller_and_the_team_goes_on() {
    let team = Team::new(3);
    for bad in 0..20 {
        let caught = catch_unwind(AssertUnwindSafe(|| team.run(20, &|i| assert!(i != bad, "task {bad}"))));
        let message = caught.unwrap_err().downcast::<String>().unwrap();
        assert_eq!(*message, format!("task {bad}"));
        let sum = AtomicUsize::new(0);
        team.run(20, &|i| add(&sum, i));
        assert_eq!(sum.into_inner(), 190);
    }
}
