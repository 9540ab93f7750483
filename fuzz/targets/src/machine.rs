//! The job machine, in the world that its rules are tested in: the bytes decide what happens.

use std::time::Duration;

use smile_core::{FlowSettings, PollSchedule, RetryPolicy, TransportFailureKind};

#[path = "../../../crates/smile-core/tests/support/mod.rs"]
mod support;

#[path = "../../../crates/smile-core/tests/machine/mod.rs"]
mod world;

use world::{Crash, Driver, Network, Plot, RESULTS, RETRY_AFTER, Service, Turn};

/// Plays a transcript that the bytes decide, with the rules as assertions: ten bytes of settings,
/// and three for each turn.
pub fn machine(data: &[u8]) {
    let mut dice = Dice(data.iter());
    let plot = dice.plot();
    world::play(&plot);
}

/// Dice of these bytes. Once the bytes have run out, all dice show nothing, and nothing is the
/// usual event.
struct Dice<'a>(std::slice::Iter<'a, u8>);

impl Dice<'_> {
    fn byte(&mut self) -> usize {
        self.0.next().copied().map_or(0, usize::from)
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.byte() % from.len()].clone()
    }

    fn plot(&mut self) -> Plot {
        let seconds = Duration::from_secs;
        let deadline = self.pick(&[seconds(300), Duration::from_millis(1), seconds(5), seconds(100_000)]);
        let retry = self.pick(&[
            RetryPolicy::default(),
            RetryPolicy::never(),
            RetryPolicy::default().with_max_attempts(7).with_backoff(Duration::ZERO, Duration::ZERO),
            RetryPolicy::default().with_backoff(Duration::MAX, Duration::MAX),
        ]);
        let poll = self.pick(&[
            PollSchedule::default(),
            PollSchedule::every(Duration::ZERO, 8),
            PollSchedule::every(seconds(3), 0),
            PollSchedule::every(Duration::MAX, u32::MAX),
        ]);
        let settings = FlowSettings::default().with_deadline(deadline);
        let options = self.byte();
        let (waits, retry_job, from_disk) = (options & 1 == 0, options & 6 == 6, options & 8 == 8);
        let result = self.pick(RESULTS);
        Plot {
            deadline,
            settings: settings.with_retry_policy(retry).with_poll_schedule(poll),
            seed: self.byte() as u64,
            waits: waits || retry_job,
            retry: retry_job,
            from_disk,
            service: Service {
                opened: false,
                zips: 0,
                addresses: 0,
                polls_until_result: self.byte() as u32 % 4,
                result,
                submission: None,
            },
            turns: (0..self.0.len().div_ceil(3).min(60)).map(|_| self.turn()).collect(),
        }
    }

    fn turn(&mut self) -> Turn {
        let (driver, network) = (self.driver(), self.network());
        Turn { driver, network, millis: self.pick(&[50, 0, 1, 2_000]) }
    }

    fn driver(&mut self) -> Driver {
        let byte = self.byte();
        let detail = byte / 32;
        match byte % 32 {
            1 => Driver::DropsTheAnswer,
            2 => Driver::DoesNothing,
            3 => Driver::TellsTwice,
            4 => Driver::TellsUnasked(detail),
            5 => Driver::ReadsUnasked { good: detail.is_multiple_of(2) },
            6 => Driver::FileIsGone,
            7 => Driver::WakesEarly,
            8 => Driver::ClockBack([1, 60_000, u64::MAX][detail % 3]),
            9 => Driver::ClockForward([500, 5_000, 40_000, 400_000, u64::MAX][detail % 5]),
            10 => Driver::Cancels,
            11 => Driver::CancelsWhileItIsOut,
            12 => {
                Driver::Crashes([Crash::BeforeSending, Crash::BeforeTelling, Crash::AfterTelling][detail % 3])
            }
            _ => Driver::Careful,
        }
    }

    fn network(&mut self) -> Network {
        use TransportFailureKind::{Interrupted, ResponseTooLarge, TimedOut};
        let byte = self.byte();
        let detail = byte / 16;
        match byte % 16 {
            1 => Network::NotSent,
            2 => Network::RequestLost([TimedOut, Interrupted][detail % 2]),
            3 => Network::AnswerLost([TimedOut, Interrupted, ResponseTooLarge][detail % 3]),
            4 | 5 => Network::TurnedAway {
                status: [301, 307, 403, 408, 429, 500, 502, 503, 504][detail % 9],
                retry_after: self.pick(RETRY_AFTER),
            },
            6 => Network::FailedAfterActing {
                status: [500, 502, 504][detail % 3],
                retry_after: self.pick(RETRY_AFTER),
            },
            7 | 8 => Network::Garbage { kind: detail, acts: byte % 16 == 8 },
            _ => Network::Deliver,
        }
    }
}
