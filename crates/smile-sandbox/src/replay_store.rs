//! A conformance suite for replay stores: the rules of [`ReplayStore`], checked on any
//! implementation.
//!
//! The promise that is broken most easily is the one that matters most: **looking and remembering
//! are one step**. A store that looks and then inserts passes every test in which one delivery
//! comes after the other, and lets two deliveries of one result both be the first when they come at
//! the same moment. So the suite hands each store a [`Barrier`]. A store with a gap between its
//! look and its insert waits there, and then all deliveries are in the gap at once, each time: the
//! race doesn't depend on luck.
//!
//! ```
//! use smile_core::InMemoryReplayStore;
//! use smile_sandbox::replay_store;
//!
//! // It looks and inserts under one lock, so there is no gap in which it could wait.
//! replay_store::check(|_| InMemoryReplayStore::default())?;
//! # Ok::<(), replay_store::Violation>(())
//! ```
//!
//! A store in a database takes the barrier with it and waits between its two statements, outside of
//! every lock of its own but within the transaction, as a slow network would have it:
//!
//! ```
//! use smile_core::{ReplayStore, ReplayCheck, CallbackDigest, Timestamp};
//! use smile_sandbox::replay_store::{self, Barrier};
//! # use std::collections::HashMap;
//! # use std::convert::Infallible;
//! # use std::sync::Mutex;
//!
//! struct Table {
//!     rows: Mutex<HashMap<[u8; 32], CallbackDigest>>,
//!     barrier: Barrier,
//! }
//!
//! impl ReplayStore for Table {
//!     type Error = Infallible;
//!
//!     fn record(&self, _: Timestamp, digest: &CallbackDigest) -> Result<ReplayCheck, Infallible> {
//!         let known = self.rows.lock().unwrap().get(digest.pair()).cloned(); // select …
//!         self.barrier.wait();
//!         self.rows.lock().unwrap().insert(*digest.pair(), digest.clone()); // insert …
//!         Ok(digest.compare(known.as_ref(), false))
//!     }
//! }
//!
//! let violation = replay_store::check(|barrier| Table { rows: Mutex::default(), barrier });
//! assert!(violation.is_err(), "it looks, and then inserts");
//! ```

mod barrier;
mod deliveries;

use std::pin::Pin;
use std::sync::{Arc, mpsc};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use smile_core::{AsyncReplayStore, CallbackDigest, ReplayCheck, ReplayStore, Timestamp};

pub use barrier::{Barrier, Pause};
use deliveries::{RACES, Race, SEQUENCES, Sequence, as_race_requires};

/// The time that a race may take before the store counts as stuck.
const PATIENCE: Duration = Duration::from_secs(60);

/// A rule of [`ReplayStore`] that a store breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// A wrong answer to one of several deliveries in sequence.
    #[error("{rule}: delivery {delivery} should be {expected:?}, and the store says {answer:?}")]
    #[non_exhaustive]
    Sequence {
        /// The rule.
        rule: &'static str,
        /// The number of the delivery, counted from 1.
        delivery: usize,
        /// The right answer.
        expected: ReplayCheck,
        /// The store's answer.
        answer: ReplayCheck,
    },
    /// A wrong set of answers to deliveries at the same moment: most likely the store looks and
    /// then inserts.
    #[error("{rule}: of deliveries at the same moment, the store says {answers:?}")]
    #[non_exhaustive]
    Race {
        /// The rule.
        rule: &'static str,
        /// The store's answers, in no order.
        answers: Vec<ReplayCheck>,
    },
    /// An error of the store. A store whose database asks for another run of a transaction repeats
    /// it itself.
    #[error("{rule}: the store failed: {reason}")]
    #[non_exhaustive]
    Failed {
        /// The rule that was checked.
        rule: &'static str,
        /// The error's `Debug`.
        reason: String,
    },
    /// A store that deliveries at the same moment kept busy for a minute.
    #[error("{rule}: the store gave no answer within a minute")]
    #[non_exhaustive]
    Stuck {
        /// The rule that was checked.
        rule: &'static str,
    },
}

/// Checks a blocking store: `make` creates a new and empty one for each of some twenty rules.
///
/// The deliveries of a race come from threads of their own. Give the stores of one process and of
/// several the same treatment: a `make` that opens one connection for each delivery shows what
/// several processes would.
///
/// # Errors
/// The first rule that the store breaks.
pub fn check<S>(mut make: impl FnMut(Barrier) -> S) -> Result<(), Violation>
where
    S: ReplayStore + Send + Sync + 'static,
    S::Error: std::fmt::Debug,
{
    for sequence in SEQUENCES {
        let store = make(Barrier::open());
        for (number, (now, digest, expected)) in sequence.deliveries().into_iter().enumerate() {
            let answer = store.record(now, &digest).map_err(|error| sequence.failed(&error))?;
            sequence.require(number, expected, answer)?;
        }
    }
    for race in RACES {
        let digests = race.digests();
        let barrier = Barrier::for_racers(digests.len());
        race_in_threads(race, &Arc::new(make(barrier.clone())), &barrier, digests)?;
    }
    Ok(())
}

fn race_in_threads<S>(
    race: &'static Race,
    store: &Arc<S>,
    barrier: &Barrier,
    digests: Vec<CallbackDigest>,
) -> Result<(), Violation>
where
    S: ReplayStore + Send + Sync + 'static,
    S::Error: std::fmt::Debug,
{
    let (answer, answers) = mpsc::channel();
    let start = Arc::new(std::sync::Barrier::new(digests.len()));
    for digest in &digests {
        let (store, barrier, answer) = (Arc::clone(store), barrier.clone(), answer.clone());
        let (start, digest) = (Arc::clone(&start), digest.clone());
        thread::spawn(move || {
            start.wait();
            let said = store.record(deliveries::NOW, &digest).map_err(|error| race.failed(&error));
            barrier.leave();
            // The check may have given up.
            let _ = answer.send(said);
        });
    }
    drop(answer);
    let until = Instant::now() + PATIENCE;
    let mut said = Vec::with_capacity(digests.len());
    for _ in &digests {
        let left = until.saturating_duration_since(Instant::now());
        // A thread that panicked has no answer either.
        said.push(answers.recv_timeout(left).map_err(|_| race.stuck())??);
    }
    as_race_requires(race, said)
}

/// Checks an asynchronous store, such as a table behind an asynchronous driver.
///
/// The futures of a race are polled in turn, by this one future: it needs no runtime, but for what
/// the store itself needs one. A future that is dropped records or doesn't, so nothing is promised
/// of that.
///
/// # Errors
/// The first rule that the store breaks.
pub async fn check_async<S>(mut make: impl AsyncFnMut(Barrier) -> S) -> Result<(), Violation>
where
    S: AsyncReplayStore,
    S::Error: std::fmt::Debug,
{
    for sequence in SEQUENCES {
        let store = make(Barrier::open()).await;
        for (number, (now, digest, expected)) in sequence.deliveries().into_iter().enumerate() {
            let answer = store.record(now, &digest).await.map_err(|error| sequence.failed(&error))?;
            sequence.require(number, expected, answer)?;
        }
    }
    for race in RACES {
        let digests = race.digests();
        let barrier = Barrier::for_racers(digests.len());
        let store = make(barrier.clone()).await;
        let said = in_turn(race, &store, &barrier, &digests).await?;
        as_race_requires(race, said)?;
    }
    Ok(())
}

/// Polls all deliveries in turn until each has its answer.
async fn in_turn<S>(
    race: &'static Race,
    store: &S,
    barrier: &Barrier,
    digests: &[CallbackDigest],
) -> Result<Vec<ReplayCheck>, Violation>
where
    S: AsyncReplayStore,
    S::Error: std::fmt::Debug,
{
    type Racing<'a, E> = Pin<Box<dyn Future<Output = Result<ReplayCheck, E>> + 'a>>;
    let begin = |digest| Some(Box::pin(store.record(deliveries::NOW, digest)) as Racing<'_, S::Error>);
    let mut racing: Vec<Option<Racing<'_, S::Error>>> = digests.iter().map(begin).collect();
    let mut said = Vec::with_capacity(digests.len());
    let until = Instant::now() + PATIENCE;
    std::future::poll_fn(move |context| {
        for place in &mut racing {
            let Some(delivery) = place else { continue };
            match delivery.as_mut().poll(context) {
                Poll::Pending => {}
                Poll::Ready(answer) => {
                    *place = None;
                    barrier.leave();
                    match answer {
                        Ok(answer) => said.push(answer),
                        Err(error) => return Poll::Ready(Err(race.failed(&error))),
                    }
                }
            }
        }
        if racing.iter().all(Option::is_none) {
            Poll::Ready(Ok(std::mem::take(&mut said)))
        } else if Instant::now() >= until {
            Poll::Ready(Err(race.stuck()))
        } else {
            Poll::Pending
        }
    })
    .await
}

impl Sequence {
    fn require(&self, number: usize, expected: ReplayCheck, answer: ReplayCheck) -> Result<(), Violation> {
        if answer == expected {
            return Ok(());
        }
        Err(Violation::Sequence { rule: self.rule, delivery: number + 1, expected, answer })
    }

    fn failed(&self, error: &impl std::fmt::Debug) -> Violation {
        Violation::Failed { rule: self.rule, reason: format!("{error:?}") }
    }

    fn deliveries(&self) -> Vec<(Timestamp, CallbackDigest, ReplayCheck)> {
        self.deliveries
            .iter()
            .map(|delivery| (delivery.now(), delivery.digest(), delivery.expected))
            .collect()
    }
}

impl Race {
    fn failed(&self, error: &impl std::fmt::Debug) -> Violation {
        Violation::Failed { rule: self.rule, reason: format!("{error:?}") }
    }

    fn stuck(&self) -> Violation {
        Violation::Stuck { rule: self.rule }
    }
}
