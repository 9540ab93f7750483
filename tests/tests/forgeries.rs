//! Callbacks of every product with every outcome, right and broken in every way, in front of a
//! receiver.
#![allow(clippy::unwrap_used)]

use smile_core::{
    Change, Decision, InMemoryReplayStore, JobHistory, JobId, JobKey, JobState, JobType, Partner, Refusal,
    ReplayCheck, ReplayStore as _, Timestamp, Trust, UserId, Verifier,
};
use smile_sandbox::signed_callback;
use smile_sandbox::signed_callback::{
    ExpectedRefusal, Flaw, Outcome, Product, SignedCallback, SignedCallbackBuilder,
};

/// The time of the builder's signature, unless set otherwise.
const SIGNED: Timestamp = Timestamp::from_unix_millis(1_705_314_600_000);

fn partner() -> Partner {
    Partner::new("001", "sandbox-api-key", smile_core::Environment::Sandbox).unwrap()
}

fn verifier() -> Verifier {
    partner().verifier()
}

fn receive(callback: &SignedCallback) -> Result<smile_core::Callback, Refusal> {
    verifier().verify(SIGNED, callback.headers(), callback.body().clone())
}

fn each(mut look: impl FnMut(Product, &Outcome, SignedCallbackBuilder)) {
    for product in Product::all() {
        for outcome in product.outcomes() {
            look(*product, &outcome, signed_callback(*product, outcome.clone()));
        }
    }
}

#[test]
fn right_ones_pass_and_nothing_of_them_is_lost() {
    let mut count = 0;
    each(|product, outcome, builder| {
        let made = builder.build().unwrap();
        let callback = receive(&made).unwrap_or_else(|refusal| panic!("{product} {outcome}: {refusal}"));
        assert_eq!(
            serde_json::Value::from(callback.entry().as_json().clone()),
            made.json(),
            "{product} {outcome}"
        );
        assert_eq!(callback.webhook().is_some(), product.is_v3(), "{product} {outcome}");
        assert!(callback.job_id().is_some() || !product.is_v3(), "{product} {outcome}");
        count += 1;
    });
    assert!(count > 100, "{count}");
}

/// The reason that the maker of the flaw says a sound receiver has.
fn reason(refusal: Refusal) -> ExpectedRefusal {
    match refusal {
        Refusal::TooLarge { .. } => ExpectedRefusal::TooLarge,
        Refusal::Empty => ExpectedRefusal::Empty,
        Refusal::NotUtf8 => ExpectedRefusal::NotUtf8,
        Refusal::Truncated => ExpectedRefusal::Truncated,
        Refusal::NotJson => ExpectedRefusal::NotJson,
        Refusal::NotAnObject => ExpectedRefusal::NotAnObject,
        Refusal::TooDeep => ExpectedRefusal::TooDeep,
        Refusal::Duplicated => ExpectedRefusal::Duplicated,
        Refusal::MissingSignature => ExpectedRefusal::MissingSignature,
        Refusal::MalformedSignature => ExpectedRefusal::MalformedSignature,
        Refusal::WrongSignature => ExpectedRefusal::WrongSignature,
        Refusal::CarriersDisagree => ExpectedRefusal::CarriersDisagree,
        Refusal::UnreadableTimestamp => ExpectedRefusal::UnreadableTimestamp,
        Refusal::TooOld { .. } => ExpectedRefusal::TooOld,
        Refusal::FromTheFuture { .. } => ExpectedRefusal::FromTheFuture,
        other => panic!("no flaw is for {other:?}"),
    }
}

#[test]
fn broken_ones_are_refused_each_for_its_own_reason() {
    let mut reasons = std::collections::BTreeMap::new();
    each(|product, outcome, builder| {
        for flaw in Flaw::all() {
            let what = format!("{product} {outcome} {flaw}");
            // Not every product has what every flaw breaks.
            let Ok(made) = builder.clone().with_flaw(*flaw).build() else { continue };
            match (receive(&made), flaw.refused_for()) {
                (Err(refusal), expected) => {
                    assert_eq!(reason(refusal), expected, "{what}");
                    let shown = format!("{refusal} {refusal:?}");
                    for secret in ["user-1", "job-1", "user_01k", "job_01k", "0000000001"] {
                        assert!(!shown.contains(secret), "{what}: {shown}");
                    }
                    *reasons.entry(format!("{:?}", reason(refusal))).or_insert(0) += 1;
                }
                (Ok(_), ExpectedRefusal::Nothing) => {}
                (Ok(callback), ExpectedRefusal::Contradiction) => {
                    assert!(!callback.verdict().is_approved(), "{what}");
                }
                (Ok(_), expected) => panic!("{what}: passed, and should be refused as {expected:?}"),
            }
        }
    });
    assert_eq!(reasons.len(), 15, "every reason comes up: {reasons:?}");
}

fn history(job_type: JobType) -> JobHistory {
    let key = JobKey { user_id: UserId::new("user-1"), job_id: JobId::new("job-1"), job_type };
    JobHistory::new(partner().account(), key)
}

#[test]
fn what_the_signature_lets_through_the_store_and_the_life_catch() {
    let store = InMemoryReplayStore::default();
    let mut history = history(JobType::BIOMETRIC_KYC);
    let build = |outcome, flaw: Option<Flaw>| {
        let builder = signed_callback(Product::BiometricKyc, outcome);
        let made = flaw
            .map_or_else(|| builder.clone().build(), |flaw| builder.clone().with_flaw(flaw).build())
            .unwrap();
        receive(&made).unwrap()
    };
    let mut apply = |callback: &smile_core::Callback| {
        let seen = store.record(SIGNED, &callback.digest()).unwrap();
        (seen, history.apply_callback(SIGNED, callback, Some(seen)))
    };
    let genuine = build(Outcome::Rejected, None);
    assert_eq!(apply(&genuine), (ReplayCheck::First, Change::Advanced));
    assert_eq!(apply(&genuine), (ReplayCheck::Redelivery, Change::Redelivered));
    // The same signature under a body that says the opposite, or speaks of another job.
    let opposite = build(Outcome::Rejected, Some(Flaw::TamperedBody));
    assert_ne!(opposite.verdict().decision(), genuine.verdict().decision());
    assert_eq!(apply(&opposite), (ReplayCheck::SignatureReused, Change::NotBelieved));
    let other = build(Outcome::Rejected, Some(Flaw::OtherJob));
    assert_eq!(apply(&other), (ReplayCheck::SignatureReused, Change::NotThisJob));
    assert!(!history.may_be_let_in(Trust::Verified));
}

#[test]
fn provisional_and_final_of_one_job_both_pass() {
    let store = InMemoryReplayStore::default();
    let mut history = history(JobType::BIOMETRIC_KYC);
    let mut apply = |outcome, seconds: u64| {
        let at = Timestamp::from_unix_millis(SIGNED.unix_millis() + seconds * 1_000);
        let made = signed_callback(Product::BiometricKyc, outcome).with_signing_time(at).build().unwrap();
        let callback = verifier().verify(at, made.headers(), made.body().clone()).unwrap();
        let seen = store.record(at, &callback.digest()).unwrap();
        (seen, history.apply_callback(at, &callback, Some(seen)))
    };
    assert_eq!(apply(Outcome::Provisional, 0), (ReplayCheck::First, Change::Advanced));
    assert_eq!(apply(Outcome::ReviewerApproved, 60), (ReplayCheck::First, Change::Advanced));
    assert_eq!(
        apply(Outcome::Provisional, 90),
        (ReplayCheck::Redelivery, Change::Redelivered),
        "signed afresh"
    );
    assert_eq!(
        apply(Outcome::ReviewerApproved, 60),
        (ReplayCheck::Redelivery, Change::Redelivered),
        "the same bytes"
    );
    assert_eq!((history.state(), history.may_be_let_in(Trust::FirstSeen)), (JobState::Final, true));
    assert_eq!(history.result().unwrap().decision, Decision::Approved);
}

#[test]
fn a_webhook_about_watch_lists_lets_nobody_in() {
    for product in Product::all().iter().filter(|product| product.is_v3() && product.name().contains("aml")) {
        let made = signed_callback(*product, Outcome::Approved).build().unwrap();
        let verdict = receive(&made).unwrap().verdict();
        assert!(!verdict.is_approved() && !verdict.is_final(), "{product}: {verdict}");
        assert_eq!(verdict.unknown_reason(), Some(smile_core::UnknownReason::NoVerdict), "{product}");
    }
}
