//! The deliveries of the suite, and their right answers.

use smile_core::ReplayCheck::{First, Redelivery, SignatureReused};
use smile_core::{CallbackDigest, ReplayCheck, Timestamp};

use super::Violation;

/// The moment of every race.
pub(super) const NOW: Timestamp = Timestamp::from_unix_millis(0);

/// Deliveries one after the other.
pub(super) struct Sequence {
    pub(super) rule: &'static str,
    pub(super) deliveries: &'static [Delivery],
}

/// One delivery: its signature, result and body by number, the expiry of its signature, and its
/// arrival, in seconds.
pub(super) struct Delivery {
    pair: u8,
    event: u8,
    content: u8,
    expires: u64,
    at: u64,
    pub(super) expected: ReplayCheck,
}

impl Delivery {
    pub(super) fn now(&self) -> Timestamp {
        seconds(self.at)
    }

    pub(super) fn digest(&self) -> CallbackDigest {
        digest(self.pair, self.event, self.content, seconds(self.expires))
    }
}

fn seconds(seconds: u64) -> Timestamp {
    Timestamp::from_unix_millis(seconds.saturating_mul(1_000))
}

fn digest(pair: u8, event: u8, content: u8, expires: Timestamp) -> CallbackDigest {
    // All bytes differ, so that a store that keeps only a part of a digest is noticed where it
    // matters.
    let bytes = |kind: u8, number: u8| std::array::from_fn(|place| if place == 31 { number } else { kind });
    CallbackDigest::from_parts(bytes(1, pair), bytes(2, event), bytes(3, content), expires)
}

/// `pair event content, expires at: answer`
macro_rules! deliveries {
    ($($pair:literal $event:literal $content:literal, $expires:tt at $at:literal: $expected:ident;)*) => {
        &[$(Delivery {
            pair: $pair, event: $event, content: $content, expires: $expires, at: $at, expected: $expected,
        }),*]
    };
}

/// A signature that never expires, as a verifier of any age has it.
const NEVER: u64 = u64::MAX;

pub(super) const SEQUENCES: &[Sequence] = &[
    Sequence {
        rule: "the same callback again is a redelivery",
        deliveries: deliveries! { 1 1 1, 9 at 0: First; 1 1 1, 9 at 0: Redelivery; 1 1 1, 9 at 8: Redelivery; },
    },
    Sequence {
        rule: "the same result signed afresh is a redelivery",
        deliveries: deliveries! { 1 1 1, 9 at 0: First; 2 1 1, 9 at 1: Redelivery; 3 1 2, 9 at 1: Redelivery; },
    },
    Sequence {
        rule: "another result is the first of its own",
        deliveries: deliveries! { 1 1 1, 9 at 0: First; 2 2 2, 9 at 0: First; 3 3 2, 9 at 0: First; },
    },
    Sequence {
        rule: "a known signature under another body is a reused one",
        deliveries: deliveries! {
            1 1 1, 9 at 0: First; 1 2 2, 9 at 0: SignatureReused; 1 1 2, 9 at 0: SignatureReused; 1 1 1, 9 at 0: Redelivery;
        },
    },
    Sequence {
        rule: "a reused signature leaves no trace",
        deliveries: deliveries! {
            1 1 1, 9 at 0: First; 1 2 2, 9 at 0: SignatureReused; 2 2 2, 9 at 0: First; 1 2 2, 9 at 0: SignatureReused;
        },
    },
    Sequence {
        rule: "a redelivery's signature is known from then on as well",
        deliveries: deliveries! { 1 1 1, 9 at 0: First; 2 1 1, 9 at 0: Redelivery; 2 2 2, 9 at 0: SignatureReused; },
    },
    Sequence {
        rule: "a signature is known up to the moment at which it expires, and at that moment",
        deliveries: deliveries! { 1 1 1, 9 at 0: First; 2 2 2, 30 at 9: First; 1 3 3, 9 at 9: SignatureReused; },
    },
    Sequence {
        rule: "a result is known for as long as the last of its signatures",
        deliveries: deliveries! { 1 1 1, 10 at 0: First; 2 1 1, 20 at 5: Redelivery; 3 1 1, 30 at 15: Redelivery; },
    },
    Sequence {
        rule: "an early expiry doesn't shorten what is known of a result",
        deliveries: deliveries! { 1 1 1, 20 at 0: First; 2 1 1, 10 at 5: Redelivery; 3 1 1, 30 at 15: Redelivery; },
    },
    Sequence {
        rule: "a signature that never expires is taken",
        deliveries: deliveries! { 1 1 1, NEVER at 0: First; 1 1 1, NEVER at 9: Redelivery; 2 1 2, 9 at 9: Redelivery; },
    },
    Sequence {
        rule: "a result and a signature of the same bytes are two things",
        deliveries: deliveries! { 1 2 3, 9 at 0: First; 2 3 1, 9 at 0: First; 3 1 2, 9 at 0: First; },
    },
];

/// Deliveries at the same moment.
pub(super) struct Race {
    pub(super) rule: &'static str,
    /// Signature, result and body of the delivery with this number.
    delivery: fn(u8) -> (u8, u8, u8),
    is_right: fn(&[ReplayCheck]) -> bool,
}

/// The number of deliveries in a race.
const RACERS: u8 = 6;

impl Race {
    pub(super) fn digests(&self) -> Vec<CallbackDigest> {
        let of = |number| {
            let (pair, event, content) = (self.delivery)(number);
            digest(pair, event, content, seconds(9))
        };
        (1..=RACERS).map(of).collect()
    }
}

pub(super) const RACES: &[Race] = &[
    Race {
        rule: "of the same callback at the same moment one is the first, and the others are redeliveries",
        delivery: |_| (1, 1, 1),
        is_right: |answers| one_is_the_first_and_the_others_are(answers, Redelivery),
    },
    Race {
        rule: "of the same result signed afresh at the same moment one is the first, and the others are redeliveries",
        delivery: |number| (number, 1, number),
        is_right: |answers| one_is_the_first_and_the_others_are(answers, Redelivery),
    },
    Race {
        rule: "of several bodies under one signature at the same moment one is the first, and the others are reused signatures",
        delivery: |number| (1, number, number),
        is_right: |answers| one_is_the_first_and_the_others_are(answers, SignatureReused),
    },
    Race {
        rule: "of several bodies with one result under one signature one is the first, and the others are reused signatures",
        delivery: |number| (1, 1, number),
        is_right: |answers| one_is_the_first_and_the_others_are(answers, SignatureReused),
    },
    Race {
        rule: "different results at the same moment are each the first",
        delivery: |number| (number, number, number),
        is_right: |answers| answers.iter().all(|answer| *answer == First),
    },
];

fn one_is_the_first_and_the_others_are(answers: &[ReplayCheck], others: ReplayCheck) -> bool {
    let count = |wanted| answers.iter().filter(|answer| **answer == wanted).count();
    count(First) == 1 && count(others) == answers.len() - 1
}

pub(super) fn as_race_requires(race: &Race, answers: Vec<ReplayCheck>) -> Result<(), Violation> {
    if (race.is_right)(&answers) { Ok(()) } else { Err(Violation::Race { rule: race.rule, answers }) }
}
