//! The conformance suite for replay stores, on stores that keep the rule and on stores that break
//! it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use smile_core::{
    AsyncReplayStore, CallbackDigest, InMemoryReplayStore, ReplayCheck, ReplayStore, Timestamp,
};
use smile_sandbox::replay_store::{Barrier, Violation, check, check_async};

/// The content of a store.
#[derive(Default)]
struct Rows {
    pairs: HashMap<[u8; 32], CallbackDigest>,
    events: HashMap<[u8; 32], Timestamp>,
}

impl Rows {
    fn look(&self, digest: &CallbackDigest) -> ReplayCheck {
        digest.compare(self.pairs.get(digest.pair()), self.events.contains_key(digest.event()))
    }

    /// Stores the digest, unless the signature was reused.
    fn insert_unless(&mut self, answer: ReplayCheck, digest: &CallbackDigest) {
        if answer == ReplayCheck::SignatureReused {
            return;
        }
        self.pairs.entry(*digest.pair()).or_insert_with(|| digest.clone());
        let until = self.events.entry(*digest.event()).or_insert(digest.expires());
        *until = digest.expires().max(*until);
    }
}

/// A way in which a store goes wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Correct.
    Right,
    /// Looks, releases the lock, and inserts.
    LookThenInsert,
    /// Waits at the barrier under its lock: nobody else can come, and the answers are right.
    WaitsUnderItsLock,
    /// Knows signatures, and no results.
    WithoutEvents,
    /// Compares the signature, whatever the body.
    WithoutContents,
    /// Stores refused deliveries.
    KeepsRefused,
    /// Forgets at the moment of the expiry.
    ForgetsEarly,
    /// Keeps a result for as long as its first signature.
    NeverProlongs,
    /// Keeps a result for as long as its last signature, though that expires first.
    Shortens,
}

struct Store {
    rows: Mutex<Rows>,
    barrier: Barrier,
    way: Way,
}

impl Store {
    fn new(barrier: Barrier, way: Way) -> Self {
        Self { rows: Mutex::default(), barrier, way }
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap()
    }

    fn remember(&self, rows: &mut Rows, now: Timestamp, digest: &CallbackDigest) -> ReplayCheck {
        if self.way == Way::ForgetsEarly {
            rows.pairs.retain(|_, earlier| earlier.expires() > now);
        }
        if matches!(self.way, Way::NeverProlongs | Way::Shortens) {
            rows.events.retain(|_, until| *until >= now);
        }
        let answer = match (self.way, rows.pairs.get(digest.pair())) {
            (Way::WithoutEvents, known) => digest.compare(known, false),
            (Way::WithoutContents, Some(_)) => ReplayCheck::Redelivery,
            _ => rows.look(digest),
        };
        let known = rows.events.get(digest.event()).copied();
        rows.insert_unless(answer, digest);
        if answer == ReplayCheck::SignatureReused {
            if self.way == Way::KeepsRefused {
                rows.events.insert(*digest.event(), digest.expires());
            }
            return answer;
        }
        match (self.way, known) {
            (Way::NeverProlongs, Some(known)) => drop(rows.events.insert(*digest.event(), known)),
            (Way::Shortens, _) => drop(rows.events.insert(*digest.event(), digest.expires())),
            _ => {}
        }
        answer
    }
}

impl ReplayStore for Store {
    type Error = Infallible;

    fn record(&self, now: Timestamp, digest: &CallbackDigest) -> Result<ReplayCheck, Infallible> {
        if self.way == Way::LookThenInsert {
            let answer = self.rows().look(digest);
            self.barrier.wait();
            self.rows().insert_unless(answer, digest);
            return Ok(answer);
        }
        let mut rows = self.rows();
        if self.way == Way::WaitsUnderItsLock {
            self.barrier.wait();
        }
        Ok(self.remember(&mut rows, now, digest))
    }
}

/// The same store, behind an asynchronous interface.
struct Waited(Store);

impl AsyncReplayStore for Waited {
    type Error = Infallible;

    async fn record(&self, now: Timestamp, digest: &CallbackDigest) -> Result<ReplayCheck, Infallible> {
        if self.0.way == Way::LookThenInsert {
            let answer = self.0.rows().look(digest);
            self.0.barrier.pause().await;
            self.0.rows().insert_unless(answer, digest);
            return Ok(answer);
        }
        self.0.barrier.pause().await;
        let mut rows = self.0.rows();
        Ok(self.0.remember(&mut rows, now, digest))
    }
}

/// Runs a future without a runtime.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..100_000_000_u64 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        std::thread::yield_now();
    }
    panic!("it never ends");
}

fn check_waited(way: Way) -> Result<(), Violation> {
    block_on(check_async(async |barrier| Waited(Store::new(barrier, way))))
}

#[test]
fn the_store_in_memory_passes() {
    check(|_| InMemoryReplayStore::default()).unwrap();
}

#[test]
fn a_store_that_looks_and_remembers_in_one_step_passes() {
    check(|barrier| Store::new(barrier, Way::Right)).unwrap();
    check_waited(Way::Right).unwrap();
}

#[test]
fn a_store_that_waits_under_its_own_lock_passes() {
    check(|barrier| Store::new(barrier, Way::WaitsUnderItsLock)).unwrap();
}

#[test]
fn a_store_that_looks_and_then_inserts_breaks_the_rule_every_time() {
    for _ in 0..20 {
        let violation = check(|barrier| Store::new(barrier, Way::LookThenInsert)).unwrap_err();
        let Violation::Race { answers, .. } = &violation else { panic!("{violation}") };
        assert!(answers.iter().all(|answer| *answer == ReplayCheck::First), "{violation}");
    }
}

#[test]
fn a_store_that_is_waited_for_between_its_look_and_its_insert_breaks_the_rule() {
    let violation = check_waited(Way::LookThenInsert).unwrap_err();
    let Violation::Race { answers, .. } = &violation else { panic!("{violation}") };
    assert!(answers.iter().all(|answer| *answer == ReplayCheck::First), "{violation}");
}

#[test]
fn each_promise_that_is_broken_one_after_the_other_is_named() {
    for (way, named) in [
        (Way::WithoutEvents, "the same result signed afresh"),
        (Way::WithoutContents, "a known signature under another body"),
        (Way::KeepsRefused, "leaves no trace"),
        (Way::ForgetsEarly, "up to the moment at which it expires"),
        (Way::NeverProlongs, "for as long as the last of its signatures"),
        (Way::Shortens, "doesn't shorten"),
    ] {
        let blocking = check(|barrier| Store::new(barrier, way)).unwrap_err();
        assert!(blocking.to_string().contains(named), "{blocking}");
        assert!(matches!(blocking, Violation::Sequence { .. }));
        assert_eq!(check_waited(way).unwrap_err(), blocking);
    }
}

#[test]
fn a_store_that_fails_is_told_with_its_error() {
    struct Broken;
    impl ReplayStore for Broken {
        type Error = &'static str;

        fn record(&self, _: Timestamp, _: &CallbackDigest) -> Result<ReplayCheck, &'static str> {
            Err("disk full")
        }
    }
    let violation = check(|_| Broken).unwrap_err();
    assert!(violation.to_string().ends_with(r#"the store failed: "disk full""#), "{violation}");
}

#[test]
fn a_store_whose_futures_wait_for_something_else_is_polled_to_its_end() {
    struct Slow(Store);
    impl AsyncReplayStore for Slow {
        type Error = Infallible;

        async fn record(&self, now: Timestamp, digest: &CallbackDigest) -> Result<ReplayCheck, Infallible> {
            let mut polls = 0;
            poll_fn(|context| {
                polls += 1;
                context.waker().wake_by_ref();
                if polls < 5 { Poll::Pending } else { Poll::Ready(()) }
            })
            .await;
            ReplayStore::record(&self.0, now, digest)
        }
    }
    block_on(check_async(async |barrier| Slow(Store::new(barrier, Way::Right)))).unwrap();
    block_on(check_async(async |barrier| Slow(Store::new(barrier, Way::WithoutEvents)))).unwrap_err();
}
