//! Age limit of a callback, to the millisecond, by whatever clock.

use std::time::Duration;

use http::HeaderMap;
use serde_json::{Value, json};
use smile_core::{Callback, Refusal, Timestamp, Verifier};

use super::{bytes, result, signed_at};
use crate::support::{START, partner};

const MS: Duration = Duration::from_millis(1);
const MINUTE: Duration = Duration::from_secs(60);

fn post(verifier: &Verifier, now: Timestamp, body: &Value) -> Result<Callback, Refusal> {
    verifier.verify(now, &HeaderMap::new(), bytes(body))
}

fn before(at: Timestamp, by: Duration) -> Timestamp {
    Timestamp::from_unix_millis(at.unix_millis() - u64::try_from(by.as_millis()).unwrap())
}

/// Signed with this in place of a timestamp, over this text.
fn stamped(timestamp: Value, text: &str) -> Value {
    let mut body = result("0810");
    body["signature"] = json!(partner().signer().sign_text(text));
    body["timestamp"] = timestamp;
    body
}

#[test]
fn the_window_is_closed_on_both_sides_and_includes_its_ends() {
    let body = signed_at(START, result("0810"));
    for (verifier, age, skew) in [
        (partner().verifier(), 15 * MINUTE, 2 * MINUTE),
        (partner().verifier().with_max_age(MS).with_max_skew(Duration::ZERO), MS, Duration::ZERO),
        (partner().verifier().with_max_age(Duration::ZERO).with_max_skew(MINUTE), Duration::ZERO, MINUTE),
        (partner().verifier().with_max_age(365 * 24 * 60 * MINUTE), 365 * 24 * 60 * MINUTE, 2 * MINUTE),
    ] {
        let post = |now| post(&verifier, now, &body);
        let last = post(START + age).unwrap();
        assert_eq!(last.digest().expires(), START + age, "a store keeps it for as long as it passes");
        assert!(matches!(post(START + age + MS), Err(Refusal::TooOld { age: was, .. }) if was == age + MS));
        post(before(START, skew)).unwrap();
        let early = post(before(START, skew + MS)).unwrap_err();
        assert!(matches!(early, Refusal::FromTheFuture { ahead, .. } if ahead == skew + MS));
        assert_eq!(early.status().as_u16(), 503, "it passes once the clock is right");
    }
}

#[test]
fn years_old_and_years_ahead() {
    for (year, status) in [(2014, 401), (2034, 503)] {
        let text = format!("{year}-01-15T10:30:00.000Z");
        let refusal = post(&partner().verifier(), START, &stamped(json!(text), &text)).unwrap_err();
        assert_eq!(refusal.status().as_u16(), status);
        assert!(refusal.has_right_signature());
        assert!(!refusal.to_string().contains(&text));
    }
}

#[test]
fn every_spelling_of_a_moment_is_judged_by_that_moment() {
    let digits = START.unix_millis().to_string();
    for (timestamp, text) in [
        (json!(START.unix_millis()), digits.as_str()),
        (json!(START.unix_millis()), "2024-01-15T10:30:00.000Z"),
        (json!(digits), &digits),
        (json!("2024-01-15T10:30:00.000000"), "2024-01-15T10:30:00.000000"),
        (json!("2024-01-15 10:30:00 +0000"), "2024-01-15 10:30:00 +0000"),
        (json!("2024-01-15T12:30:00+02:00"), "2024-01-15T12:30:00+02:00"),
    ] {
        let body = stamped(timestamp.clone(), text);
        let verifier = partner().verifier();
        assert_eq!(post(&verifier, START, &body).unwrap().timestamp().moment(), Some(START), "{timestamp}");
        post(&verifier, START + 15 * MINUTE, &body).unwrap();
        assert!(matches!(post(&verifier, START + 15 * MINUTE + MS, &body), Err(Refusal::TooOld { .. })));
    }
    // Ten digits are seconds.
    let seconds = (START.unix_millis() / 1_000).to_string();
    for (timestamp, text) in [
        (json!(START.unix_millis() / 1_000), seconds.as_str()),
        (json!(START.unix_millis() / 1_000), "2024-01-15T10:30:00.000Z"),
        (json!(seconds), &seconds),
    ] {
        let body = stamped(timestamp.clone(), text);
        let callback = post(&partner().verifier(), START, &body).unwrap();
        assert_eq!(callback.timestamp().moment(), Some(START), "{timestamp}");
        assert!(matches!(
            post(&partner().verifier(), START + 15 * MINUTE + MS, &body),
            Err(Refusal::TooOld { .. })
        ));
    }
    // Text of digits is signed as the digits, and a number by either; but nothing else stands for
    // anything else.
    let crossed = stamped(json!(digits), "2024-01-15T10:30:00.000Z");
    assert_eq!(post(&partner().verifier(), START, &crossed).unwrap_err(), Refusal::WrongSignature);
}

#[test]
fn a_moment_that_cannot_be_read_passes_only_where_no_age_is_asked_for() {
    for text in ["", "now", "2024-02-30T00:00:00Z", "99999999999999999999", "-1", "\u{661}\u{662}"] {
        let body = stamped(json!(text), text);
        let refusal = post(&partner().verifier(), START, &body).unwrap_err();
        assert_eq!(refusal, Refusal::UnreadableTimestamp, "{text}");
        assert!(refusal.has_right_signature(), "the signature was looked at first");
        let old = post(&partner().verifier().without_max_age(), START, &body).unwrap();
        assert_eq!(old.digest().expires(), Timestamp::MAX, "it passes for ever");
    }
    let forged = stamped(json!("now"), "then");
    assert_eq!(
        post(&partner().verifier().without_max_age(), START, &forged).unwrap_err(),
        Refusal::WrongSignature
    );
}

#[test]
fn clocks_at_the_ends_of_time() {
    let limits = [Duration::ZERO, MS, Duration::MAX];
    for now in [Timestamp::default(), START, Timestamp::MAX] {
        for signed in [Timestamp::default(), START, Timestamp::MAX] {
            for (age, skew) in limits.iter().flat_map(|age| limits.map(|skew| (*age, skew))) {
                let verifier = partner().verifier().with_max_age(age).with_max_skew(skew);
                let outcome = post(&verifier, now, &signed_at(signed, result("0810")));
                let is_fresh = now.since(signed) <= age && signed.since(now) <= skew;
                assert_eq!(outcome.is_ok(), is_fresh, "{now} {signed} {age:?} {skew:?}");
                if let Ok(callback) = outcome {
                    assert!(callback.digest().expires() >= signed);
                }
            }
        }
    }
}

/// Whatever the clock does, it passes exactly when this moment's time says so: a verifier remembers
/// nothing.
#[test]
fn a_clock_that_steps_back_and_forth() {
    let verifier = partner().verifier();
    let body = signed_at(START, result("0810"));
    for (minutes, passes) in [(0, true), (16, false), (1, true), (15, true), (600, false), (14, true)] {
        assert_eq!(post(&verifier, START + minutes * MINUTE, &body).is_ok(), passes, "{minutes}");
    }
}
