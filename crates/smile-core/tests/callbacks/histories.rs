//! The result of a job that counts, whatever comes in which order and how often.

use std::sync::LazyLock;

use http::StatusCode;
use proptest::prelude::*;
use serde_json::{Value, json};
use smile_core::{
    ApiKey, Callback, Change, Confirmation, Decision, Environment, JobHistory, JobHistoryError, JobId,
    JobKey, JobState, JobType, NextStep, Partner, ReplayCheck, Signer, SubmissionId, Trust, UserId, Verdict,
    Verifier,
};

use super::confirming::confirmed;
use super::{bytes, callback, cases, key, result, signed, webhook};
use crate::support::{START, partner};

fn history() -> JobHistory {
    JobHistory::new(partner().account(), key())
}

fn stored(history: &JobHistory) -> String {
    serde_json::to_string(history).unwrap()
}

/// History as the next request finds it in the database.
fn restored(history: &JobHistory) -> JobHistory {
    let again = serde_json::from_str(&stored(history)).unwrap();
    assert_eq!(&again, history);
    assert_eq!(JobHistory::from_stored(history.account(), &stored(history)).as_ref(), Ok(history));
    again
}

fn look_up() -> Value {
    let mut body = result("1012");
    body["Actions"] = json!({ "Verify_ID_Number": "Verified" });
    body
}

fn apply(history: &mut JobHistory, code: &str) -> Change {
    history.apply_callback(START, &callback(result(code)), Some(ReplayCheck::First))
}

/// Event in a job's history.
#[derive(Clone, Debug)]
enum Event {
    Callback(Box<Callback>, Option<ReplayCheck>),
    Confirmed(Confirmation),
    ByHand(Decision),
}

static EVENTS: LazyLock<Vec<Event>> = LazyLock::new(|| {
    let seen =
        [None, Some(ReplayCheck::First), Some(ReplayCheck::Redelivery), Some(ReplayCheck::SignatureReused)];
    let mut bodies: Vec<Value> =
        ["0812", "0814", "0810", "1210", "1211", "0811", "0908", "9999", "12"].map(result).to_vec();
    bodies.push(look_up());
    let mut failed = result("0810");
    failed["Actions"]["Liveness_Check"] = json!("Failed");
    bodies.push(failed);
    let mut other = result("0810");
    other["PartnerParams"]["job_id"] = json!("job-2");
    bodies.push(other);
    let callbacks = bodies
        .into_iter()
        .map(callback)
        .flat_map(|callback| seen.map(|seen| Event::Callback(Box::new(callback.clone()), seen)));
    let confirmed = ["0812", "0810", "1210", "1211"].map(|code| Event::Confirmed(confirmed(result(code))));
    let by_hand = [Decision::Approved, Decision::Rejected].map(Event::ByHand);
    callbacks.chain(confirmed).chain(by_hand).collect()
});

fn happen(history: &mut JobHistory, event: &Event) -> Change {
    match event {
        Event::Callback(callback, seen) => history.apply_callback(START, callback, *seen),
        Event::Confirmed(confirmed) => history.apply_confirmed(START, confirmed),
        Event::ByHand(decision) => history.settle_by_hand(START, *decision),
    }
}

/// Checks the history of a job after these events, from the events alone.
fn check(history: &JobHistory, past: &[Event]) {
    let confirmed: Vec<_> = past
        .iter()
        .filter_map(
            |event| if let Event::Confirmed(confirmed) = event { Some(confirmed.verdict()) } else { None },
        )
        .filter(|verdict| verdict.is_final())
        .map(Verdict::decision)
        .collect();
    let by_hand = past
        .iter()
        .rev()
        .find_map(|event| if let Event::ByHand(decision) = event { Some(*decision) } else { None });
    let by_callback: Vec<_> = past
        .iter()
        .filter_map(|event| match event {
            Event::Callback(callback, seen) if *seen != Some(ReplayCheck::SignatureReused) => Some(callback),
            _ => None,
        })
        .filter(|callback| callback.is_about(&key()) && callback.verdict().is_final())
        .map(|callback| callback.verdict().decision())
        .collect();
    let decision = history.result().map(|result| result.decision);
    let differ = |decisions: &[Decision]| decisions.windows(2).any(|pair| pair[0] != pair[1]);
    if let Some(by_hand) = by_hand {
        assert_eq!((history.state(), decision), (JobState::Final, Some(by_hand)), "a person has decided");
    } else if differ(&confirmed) {
        assert_eq!(
            (history.state(), decision),
            (JobState::Disputed, None),
            "the service has said two things"
        );
    } else if let Some(confirmed) = confirmed.first() {
        assert_eq!(
            (history.state(), decision),
            (JobState::Final, Some(*confirmed)),
            "the service has said so"
        );
        assert!(history.result().unwrap().trust >= Trust::Confirmed);
    } else if differ(&by_callback) {
        assert_eq!((history.state(), decision), (JobState::Disputed, None), "finals that disagree");
        assert!(history.disputed().is_some_and(|(one, other)| one.decision != other.decision));
    } else if let Some(last) = by_callback.first() {
        assert_eq!((history.state(), decision), (JobState::Final, Some(*last)), "the only last word");
    } else {
        assert!(matches!(history.state(), JobState::Open | JobState::Provisional));
    }
    if history.may_be_let_in(Trust::Verified) {
        assert_eq!((history.state(), decision), (JobState::Final, Some(Decision::Approved)));
    }
    assert!(!history.may_be_let_in(Trust::Confirmed) || by_hand.is_some() || !confirmed.is_empty());
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn any_order_any_number_of_times(order in prop::collection::vec(any::<prop::sample::Index>(), 1..25)) {
        let mut history = history();
        let mut past: Vec<Event> = Vec::new();
        for index in order {
            let event = index.get(&EVENTS);
            let before = history.clone();
            let mut kept = restored(&history);
            let change = happen(&mut history, event);
            prop_assert_eq!(happen(&mut kept, event), change, "it is all written down");
            prop_assert_eq!(&kept, &history);
            past.push(event.clone());
            check(&history, &past);
            let counts = |history: &JobHistory| (history.state(), history.result().map(|result| (result.decision, result.code.clone())));
            match change {
                Change::NotThisJob | Change::NotBelieved => prop_assert_eq!(&history, &before),
                Change::Redelivered | Change::Late | Change::Undecided | Change::IdInformation | Change::Contradicted => {
                    prop_assert_eq!(counts(&history), counts(&before), "{:?}", change);
                }
                Change::Strengthened => prop_assert_eq!(
                    history.result().map(|result| result.decision),
                    before.result().map(|result| result.decision)
                ),
                Change::Advanced => prop_assert!(matches!(before.state(), JobState::Open | JobState::Provisional)),
                Change::Overturned => prop_assert!(matches!(before.state(), JobState::Final | JobState::Disputed)),
                Change::Disputed => prop_assert_eq!(history.state(), JobState::Disputed),
                other => prop_assert!(false, "{:?} is new", other),
            }
            // The same once more.
            let after = history.clone();
            let again = happen(&mut history, event);
            prop_assert_eq!(&history, &after, "a redelivery changes nothing");
            prop_assert!(
                matches!(again, Change::Redelivered | Change::NotThisJob | Change::NotBelieved),
                "{:?} after {:?}", again, change
            );
        }
    }

    #[test]
    fn stored_text_that_was_edited_is_refused_or_makes_sense(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..3_u8, any::<char>()), 1..4),
        disputed: bool,
    ) {
        let mut history = history();
        apply(&mut history, "0812");
        apply(&mut history, "0810");
        if disputed {
            apply(&mut history, "1211");
        }
        let mut text: Vec<char> = stored(&history).chars().collect();
        for (at, how, new) in edits {
            let at = at.index(text.len());
            match how {
                0 => text[at] = new,
                1 => text.insert(at, new),
                _ => drop(text.remove(at)),
            }
        }
        let text: String = text.into_iter().collect();
        if let Ok(mut edited) = serde_json::from_str::<JobHistory>(&text) {
            let _ = (edited.result().cloned(), edited.disputed(), format!("{edited:?}"));
            for event in EVENTS.iter() {
                let _ = happen(&mut edited, event);
                restored(&edited);
            }
        }
    }
}

#[test]
fn an_older_provisional_result_stays_older_however_it_comes_again() {
    let mut history = history();
    let first = callback(result("0812"));
    assert_eq!(history.apply_callback(START, &first, None), Change::Advanced);
    assert_eq!(apply(&mut history, "0815"), Change::Advanced);
    assert_eq!(history.apply_callback(START, &first, Some(ReplayCheck::First)), Change::Redelivered);
    assert_eq!(history.result().unwrap().code.as_deref(), Some("0815"));
    assert_eq!(
        history.apply_confirmed(START, &confirmed(result("0812"))),
        Change::Advanced,
        "the service says so now"
    );
    assert_eq!(apply(&mut history, "0814"), Change::Late, "and goes before who only claims it");
    assert_eq!(history.result().unwrap().code.as_deref(), Some("0812"));
    assert_eq!(apply(&mut history, "1210"), Change::Advanced);
    assert!(history.may_be_let_in(Trust::FirstSeen) && !history.may_be_let_in(Trust::Confirmed));
    assert_eq!(history.apply_confirmed(START, &confirmed(result("1210"))), Change::Strengthened);
    assert!(history.may_be_let_in(Trust::Confirmed) && !history.may_be_let_in(Trust::ByHand));
}

#[test]
fn what_a_person_has_decided_only_a_person_changes() {
    let mut history = history();
    assert_eq!(apply(&mut history, "0810"), Change::Advanced);
    assert_eq!(apply(&mut history, "1211"), Change::Disputed);
    for (decision, change) in [
        (Decision::Approved, Change::Overturned),
        (Decision::Approved, Change::Redelivered),
        (Decision::Rejected, Change::Overturned),
        (Decision::Approved, Change::Overturned),
    ] {
        assert_eq!(history.settle_by_hand(START, decision), change);
        assert_eq!(
            history.result().map(|result| (result.decision, result.trust)),
            Some((decision, Trust::ByHand))
        );
        history = restored(&history);
    }
    assert_eq!(history.apply_confirmed(START, &confirmed(result("0811"))), Change::Contradicted);
    assert_eq!(history.settle_by_hand(START, Decision::Unknown), Change::Undecided);
    assert!(history.may_be_let_in(Trust::ByHand));
}

#[test]
fn a_flood_of_forgeries_neither_fills_it_nor_keeps_the_last_word_out() {
    let mut history = history();
    for code in 0..5_000 {
        apply(&mut history, &format!("{code:04}"));
        apply(&mut history, &format!("{code:08}"));
    }
    assert!(stored(&history).len() < 16_000, "{} bytes", stored(&history).len());
    assert_ne!(history.state(), JobState::Open);
    assert_eq!(history.apply_confirmed(START, &confirmed(result("1211"))), Change::Overturned);
    assert_eq!(history.result().unwrap().decision, Decision::Rejected);

    let mut history = self::history();
    for code in 9_000..9_500 {
        assert!(matches!(apply(&mut history, &format!("{code}")), Change::Undecided | Change::Redelivered));
    }
    assert!(history.results().len() <= 8);
    assert_eq!(apply(&mut history, "1210"), Change::Advanced, "what makes no sense takes nobody's place");
}

#[test]
fn nothing_personal_is_written_down() {
    let mut body = result("jane@example.com");
    body["FullName"] = json!("jane");
    body["Actions"]["jane"] = json!("jane");
    let mut history = history();
    assert_eq!(history.apply_callback(START, &callback(body), None), Change::Undecided);
    let mut named = result("0810");
    named["FullName"] = json!("jane");
    named["IDNumber"] = json!("12345678901");
    history.apply_callback(START, &callback(named), None);
    let text = stored(&history);
    assert!(!text.contains("jane") && !text.contains("12345678901") && !text.contains("Lagos"), "{text}");
    assert!(text.len() < 600, "{text}");
    let shown = format!("{history:?}");
    assert!(shown.contains("job-1") && !shown.contains("user-1"), "{shown}");
}

#[test]
fn stored_text_that_contradicts_itself_is_refused() {
    let mut history = history();
    apply(&mut history, "0812");
    apply(&mut history, "0810");
    apply(&mut history, "1211");
    apply(&mut history, "9999");
    let sound = serde_json::to_value(&history).unwrap();
    assert_eq!(sound["standing"], "disputed");
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut value = sound.clone();
        change(&mut value);
        serde_json::from_value::<JobHistory>(value).map_err(|error| error.to_string())
    };
    assert_eq!(changed(&|_| {}), Ok(history));
    for (what, outcome) in [
        ("another version", changed(&|value| value["version"] = json!(1))),
        ("no account", changed(&|value| value["account"] = json!(null))),
        (
            "no next step",
            changed(&|value| drop(value["results"][0].as_object_mut().unwrap().remove("next_step"))),
        ),
        ("no version", changed(&|value| drop(value.as_object_mut().unwrap().remove("version")))),
        ("a place that isn't there", changed(&|value| value["counts"] = json!([1, 7]))),
        ("a place before the first", changed(&|value| value["counts"] = json!([-1, 1]))),
        ("one twice", changed(&|value| value["counts"] = json!([1, 1]))),
        ("three", changed(&|value| value["counts"] = json!([0, 1, 2]))),
        ("final, of two", changed(&|value| value["standing"] = json!("final"))),
        (
            "final, and isn't",
            changed(&|value| {
                value["standing"] = json!("final");
                value["counts"] = json!([0]);
            }),
        ),
        (
            "final, and unknown",
            changed(&|value| {
                value["standing"] = json!("final");
                value["counts"] = json!([3]);
                value["results"][3]["is_final"] = json!(true);
            }),
        ),
        (
            "provisional, and is final",
            changed(&|value| {
                value["standing"] = json!("provisional");
                value["counts"] = json!([1]);
            }),
        ),
        ("open, and counts", changed(&|value| value["standing"] = json!("open"))),
        ("no such standing", changed(&|value| value["standing"] = json!("approved"))),
        ("no such trust", changed(&|value| value["results"][0]["trust"] = json!("absolute"))),
        ("a code that is text", changed(&|value| value["results"][0]["code"] = json!("jane"))),
        ("a result twice", changed(&|value| value["results"][3] = value["results"][0].clone())),
        ("no results", changed(&|value| value["results"] = json!(null))),
        ("nothing", changed(&|value| *value = json!({}))),
    ] {
        let error = outcome.unwrap_err();
        assert!(!error.contains("jane"), "{what}: {error}");
    }
}

#[test]
fn callbacks_that_are_not_about_the_job_change_nothing() {
    let mut history = history();
    let of = |params: Value| {
        let mut body = result("0810");
        body["PartnerParams"] = params;
        callback(body)
    };
    for params in [
        json!({ "user_id": "user-2", "job_id": "job-1" }),
        json!({ "user_id": "user-1", "job_id": "job-2" }),
        json!({ "user_id": "user-1" }),
        json!({ "user_id": "user-1", "job_id": "job-1", "JobId": "job-2" }),
        json!(null),
    ] {
        let change = history.apply_callback(START, &of(params), Some(ReplayCheck::First));
        assert_eq!((change, change.status()), (Change::NotThisJob, StatusCode::NOT_FOUND));
    }
    assert_eq!(history, self::history());
    let reused = history.apply_callback(START, &callback(result("0810")), Some(ReplayCheck::SignatureReused));
    assert_eq!((reused, reused.status()), (Change::NotBelieved, StatusCode::CONFLICT));
    assert_eq!(history, self::history());
    let mut other_type = result("0810");
    other_type["PartnerParams"]["job_type"] = json!(6);
    assert_eq!(history.apply_callback(START, &callback(other_type), None), Change::Undecided);
    assert_eq!(
        history.apply_callback(START, &webhook(json!({ "status": "clear" }), "job-1"), None),
        Change::Undecided
    );
    assert_eq!(history.state(), JobState::Open);
    let documents = JobKey { job_type: JobType::DOCUMENT_VERIFICATION, ..key() };
    let mut documents = JobHistory::new(partner().account(), documents);
    assert_eq!(documents.apply_confirmed(START, &confirmed(result("0810"))), Change::NotThisJob);
}

/// A job whose number the authority doesn't know has no other result.
#[test]
fn a_number_that_is_not_found_ends_the_job_and_a_look_up_does_not() {
    let mut history = history();
    assert_eq!(history.apply_callback(START, &callback(look_up()), None), Change::IdInformation);
    assert_eq!(history.apply_callback(START, &callback(look_up()), None), Change::Redelivered);
    assert!(history.has_id_information() && history.state() == JobState::Open);
    let mut not_found = result("1013");
    not_found["Actions"] = json!({ "Verify_ID_Number": "Not Verified", "Selfie_Provided": "Passed" });
    assert_eq!(history.apply_callback(START, &callback(not_found), None), Change::Advanced);
    assert_eq!((history.state(), history.result().unwrap().decision), (JobState::Final, Decision::Rejected));
}

#[test]
fn lives_of_matches_and_of_webhooks() {
    let (user, job) = (UserId::new("user-1"), JobId::new("job-1"));
    let mut matched = JobHistory::of_match(partner().account(), user.clone(), job.clone());
    let body = json!({
        "ResultCode": "1020", "Actions": { "Address": "Exact Match" },
        "PartnerParams": { "user_id": "user-1", "job_id": "job-1" },
    });
    assert_eq!(matched.apply_callback(START, &callback(body), Some(ReplayCheck::First)), Change::Advanced);
    assert!(restored(&matched).may_be_let_in(Trust::FirstSeen));
    assert_eq!(matched.apply_confirmed(START, &confirmed(result("0810"))), Change::NotThisJob);

    let mut verified = JobHistory::of_webhook(partner().account(), user, job);
    assert_eq!(apply(&mut verified, "0810"), Change::NotThisJob);
    let hook =
        |status: &str, job: &str| webhook(json!({ "status": status, "product": "biometric_kyc" }), job);
    let own = json!({ "status": "clear", "product": "biometric_kyc", "partner_params": { "job_id": "the partner's own" } });
    assert_eq!(verified.apply_callback(START, &webhook(own, "job-1"), None), Change::Advanced);
    assert!(restored(&verified).may_be_let_in(Trust::Verified));
    assert_eq!(verified.apply_callback(START, &hook("clear", "job-1"), None), Change::Redelivered);
    assert_eq!(verified.apply_callback(START, &hook("clear", "job-2"), None), Change::NotThisJob);
    assert_eq!(verified.apply_callback(START, &hook("block", "job-1"), None), Change::Disputed);
    assert!(!restored(&verified).may_be_let_in(Trust::Verified));
    // The same decision as a webhook's, which has no code either.
    assert_eq!(verified.settle_by_hand(START, Decision::Rejected), Change::Overturned);
    assert_eq!(verified.settle_by_hand(START, Decision::Approved), Change::Overturned);
    assert!(verified.may_be_let_in(Trust::ByHand));
}

fn kyc_life() -> JobHistory {
    JobHistory::new(partner().account(), JobKey { job_type: JobType::ENHANCED_KYC, ..key() })
}

fn number_found() -> Value {
    let mut body = look_up();
    body["PartnerParams"]["job_type"] = json!(5);
    body
}

#[test]
fn a_number_that_is_known_lets_nobody_in_until_somebody_has_compared_the_record() {
    let mut history = kyc_life();
    assert_eq!(
        history.apply_callback(START, &callback(number_found()), Some(ReplayCheck::First)),
        Change::Advanced
    );
    let result = history.result().unwrap();
    assert_eq!((result.decision, result.is_final), (Decision::Approved, true));
    assert_eq!(result.next_step, NextStep::CompareTheRecord);
    assert!(!history.may_be_let_in(Trust::Verified) && !restored(&history).may_be_let_in(Trust::Verified));
    assert_eq!(history.settle_by_hand(START, Decision::Approved), Change::Overturned);
    assert!(restored(&history).may_be_let_in(Trust::ByHand));
}

#[test]
fn webhooks_that_approve_a_face_and_a_number_alone_disagree() {
    let (user, job) = (UserId::new("user-1"), JobId::new("job-1"));
    for products in [["biometric_kyc", "enhanced_kyc"], ["enhanced_kyc", "biometric_kyc"]] {
        let mut history = JobHistory::of_webhook(partner().account(), user.clone(), job.clone());
        let [first, second] =
            products.map(|product| webhook(json!({ "status": "clear", "product": product }), "job-1"));
        assert_eq!(history.apply_callback(START, &first, None), Change::Advanced);
        assert_eq!(history.apply_callback(START, &second, None), Change::Disputed, "{products:?}");
        assert!(!restored(&history).may_be_let_in(Trust::Verified));
    }
}

/// The same partner, with the same key, in another environment; or another partner.
fn others() -> [Partner; 3] {
    let other = |id: &str, environment| Partner::new(id, "test_api_key", environment).unwrap();
    let custom = "https://example.com/v1".parse().unwrap();
    [other("001", Environment::Production), other("001", custom), other("002", Environment::Sandbox)]
}

#[test]
fn an_approval_of_another_environment_or_partner_changes_nothing() {
    let approved = signed(result("0810"));
    for other in others() {
        let verifier = partner().verifier().with_other_key(&other);
        let of_other = if other.id() == partner().id() {
            // The same key: the first verifier that takes it says whose it is.
            other.verifier().verify(START, &http::HeaderMap::new(), bytes(&approved)).unwrap()
        } else {
            let pair = other.signer().sign(START);
            let mut body = result("0810");
            body["timestamp"] = json!(pair.timestamp());
            body["signature"] = json!(pair.signature());
            verifier.verify(START, &http::HeaderMap::new(), bytes(&body)).unwrap()
        };
        assert_eq!(of_other.account(), Some(&other.account()));
        let mut history = history();
        assert_eq!(history.apply_callback(START, &of_other, Some(ReplayCheck::First)), Change::OtherAccount);
        assert_eq!(history, self::history());
        let mut theirs = JobHistory::new(other.account(), key());
        assert_eq!(theirs.apply_callback(START, &of_other, Some(ReplayCheck::First)), Change::Advanced);
        assert!(theirs.may_be_let_in(Trust::FirstSeen));

        let confirmed = confirmed(result("0810"));
        assert_eq!(confirmed.status().account(), &partner().account());
        let mut theirs = JobHistory::new(other.account(), key());
        assert_eq!(theirs.apply_confirmed(START, &confirmed), Change::OtherAccount);
        assert_eq!(theirs.apply_status(START, confirmed.status()), Change::OtherAccount);
        assert_eq!(theirs, JobHistory::new(other.account(), key()));
    }
}

#[test]
fn a_callback_that_a_bare_signer_believed_says_no_account_and_is_not_applied() {
    let bare = Signer::new(partner().id().clone(), &ApiKey::new("test_api_key").unwrap());
    let callback =
        Verifier::new(bare).verify(START, &http::HeaderMap::new(), bytes(&signed(result("0810")))).unwrap();
    assert_eq!(callback.account(), None);
    assert_eq!(history().apply_callback(START, &callback, None), Change::OtherAccount);
}

#[test]
fn a_stored_life_of_another_account_is_refused_by_name() {
    let mut history = history();
    apply(&mut history, "0810");
    for other in others() {
        let error = JobHistory::from_stored(&other.account(), &stored(&history)).unwrap_err();
        assert_eq!(error, JobHistoryError::OtherAccount);
        assert!(error.to_string().contains("another partner or another environment"));
    }
}

/// Text as the version before this one has written it.
fn version_1(judged_as: Value, result: Value) -> String {
    json!({
        "version": 1, "user_id": "user-1", "job_id": "job-1", "judged_as": judged_as, "standing": "final", "counts": [0],
        "results": [result], "id_information": false,
    })
    .to_string()
}

#[test]
fn version_1_is_read_for_the_account_it_belongs_to_and_its_next_steps_follow_from_the_codes() {
    let approved = |code: Value, trust: &str| json!({ "decision": "approved", "is_final": true, "code": code, "trust": trust, "at": 7 });
    for (judged_as, result, lets_in) in [
        (json!({ "job_type": 1 }), approved(json!("0810"), "confirmed"), true),
        (json!({ "job_type": 5 }), approved(json!("1012"), "confirmed"), false),
        (json!({ "job_type": 7 }), approved(json!("1012"), "confirmed"), false),
        (json!("match"), approved(json!("1020"), "confirmed"), true),
        (json!("webhook"), approved(Value::Null, "verified"), false),
        (json!("webhook"), approved(Value::Null, "by_hand"), true),
        (json!({ "job_type": 5 }), approved(Value::Null, "by_hand"), true),
    ] {
        let text = version_1(judged_as.clone(), result.clone());
        let history = JobHistory::from_stored(&partner().account(), &text).unwrap();
        assert_eq!(history.may_be_let_in(Trust::Verified), lets_in, "{judged_as} {result}");
        assert_eq!((history.account(), history.state()), (&partner().account(), JobState::Final));
        assert_eq!(restored(&history), history);
        let refused = serde_json::from_str::<JobHistory>(&text).unwrap_err().to_string();
        assert!(refused.contains("version 1") && refused.contains("from_stored"), "{refused}");
    }
}

#[test]
fn a_version_that_is_not_known_is_refused_with_its_number() {
    let mut newer: Value = serde_json::from_str(&stored(&history())).unwrap();
    assert_eq!(newer["version"], 2);
    for version in [0, 3, 4_000_000_000_u32] {
        newer["version"] = json!(version);
        let error = JobHistory::from_stored(&partner().account(), &newer.to_string()).unwrap_err();
        assert!(
            matches!(error, JobHistoryError::UnknownVersion { .. })
                && error.to_string().contains(&version.to_string())
        );
        assert!(serde_json::from_str::<JobHistory>(&newer.to_string()).is_err());
    }
    for text in ["", "{}", "null", r#"{"version":1}"#] {
        assert_eq!(
            JobHistory::from_stored(&partner().account(), text),
            Err(JobHistoryError::NotAHistory),
            "{text}"
        );
    }
}

#[test]
fn a_stored_result_that_lets_in_without_approving_is_refused() {
    let mut history = history();
    apply(&mut history, "0811");
    let mut edited: Value = serde_json::from_str(&stored(&history)).unwrap();
    edited["results"][0]["next_step"] = json!("accept");
    assert!(serde_json::from_value::<JobHistory>(edited.clone()).is_err());
    edited["results"][0]["next_step"] = Value::Null;
    assert!(serde_json::from_value::<JobHistory>(edited).is_err());
}

#[test]
fn what_only_callbacks_have_said_needs_confirming() {
    let mut history = history();
    assert!(!history.needs_confirming(), "there is nothing to ask about");
    for code in ["0812", "0810"] {
        apply(&mut history, code);
        assert!(history.needs_confirming(), "{code}");
        assert_eq!(apply(&mut history, code), Change::Redelivered);
        assert!(restored(&history).needs_confirming(), "a redelivery of {code} reminds of it");
        history.apply_confirmed(START, &confirmed(result(code)));
        assert!(!history.needs_confirming(), "{code}");
    }
    assert_eq!(apply(&mut history, "0811"), Change::Contradicted);
    assert!(!history.needs_confirming(), "what counts is confirmed");

    let mut disputed = self::history();
    apply(&mut disputed, "0810");
    assert_eq!(apply(&mut disputed, "0811"), Change::Disputed);
    assert!(disputed.needs_confirming());
    disputed.settle_by_hand(START, Decision::Rejected);
    assert!(!disputed.needs_confirming());
}

#[test]
fn what_to_answer_and_what_to_look_at() {
    use Change as C;
    for (change, status, look) in [
        (C::Advanced, 200, false),
        (C::Strengthened, 200, false),
        (C::Overturned, 200, true),
        (C::Disputed, 200, true),
        (C::Contradicted, 200, true),
        (C::Redelivered, 200, false),
        (C::Late, 200, false),
        (C::IdInformation, 200, false),
        (C::Undecided, 200, true),
        (C::NotThisJob, 404, false),
        (C::NotThisSubmission, 200, true),
        (C::OtherAccount, 404, true),
        (C::NotBelieved, 409, false),
    ] {
        assert_eq!((change.status().as_u16(), change.needs_manual_review()), (status, look), "{change:?}");
    }
}

fn submission(digit: char) -> SubmissionId {
    serde_json::from_value(json!(digit.to_string().repeat(32))).unwrap()
}

fn of_submission(code: &str, id: Option<&SubmissionId>) -> Value {
    let mut body = result(code);
    if let Some(id) = id {
        body["PartnerParams"][SubmissionId::PARTNER_PARAM] = json!(id.as_str());
    }
    body
}

#[test]
fn a_result_of_another_submission_under_the_same_job_id_changes_nothing() {
    let (own, other) = (submission('a'), submission('b'));
    let mut history = history().with_submission_id(own.clone());
    assert_eq!(history.submission_id(), Some(&own));
    let before = history.clone();
    for named in [Some(&other), None] {
        let body = of_submission("0810", named);
        let change = history.apply_callback(START, &callback(body.clone()), Some(ReplayCheck::First));
        assert_eq!((change, change.needs_manual_review()), (Change::NotThisSubmission, true));
        assert_eq!(change.status(), StatusCode::OK, "to get it again would help nobody");
        // The service's own word is about that other one as well.
        let theirs = confirmed(body);
        assert_eq!(history.apply_confirmed(START, &theirs), Change::NotThisSubmission);
        assert_eq!(history.apply_status(START, theirs.status()), Change::NotThisSubmission);
    }
    assert_eq!(history, before);
    let own = of_submission("0810", Some(&own));
    assert_eq!(history.apply_callback(START, &callback(own.clone()), None), Change::Advanced);
    assert_eq!(history.apply_confirmed(START, &confirmed(own)), Change::Strengthened);
    assert!(restored(&history).may_be_let_in(Trust::Confirmed));
}

#[test]
fn a_webhook_is_judged_as_the_product_of_the_partners_records() {
    let body = |product: Value| json!({ "status": "clear", "product": product });
    let apply = |recorded: Option<&str>, product: Value| {
        let (user, job) = (UserId::new("user-1"), JobId::new("job-1"));
        let mut history = JobHistory::of_webhook(partner().account(), user, job);
        if let Some(recorded) = recorded {
            history = history.with_product(recorded);
        }
        assert_eq!(history.product(), recorded);
        let change = history.apply_callback(START, &webhook(body(product), "job-1"), None);
        (change, restored(&history).may_be_let_in(Trust::Verified))
    };
    let face = Some("biometric_kyc");
    assert_eq!(apply(None, Value::Null), (Change::Undecided, false), "it isn't known what was looked at");
    assert_eq!(apply(face, Value::Null), (Change::Advanced, true), "the partner's records know");
    assert_eq!(apply(face, json!("biometric_kyc")), (Change::Advanced, true));
    assert_eq!(apply(Some("smart_selfie_compare"), json!("smartselfie_compare")), (Change::Advanced, true));
    for other in [
        json!("smartselfie_compare"),
        json!("enhanced_kyc"),
        json!("aml"),
        json!(["biometric_kyc"]),
        json!(7),
    ] {
        assert_eq!(apply(face, other.clone()), (Change::Undecided, false), "{other}");
    }
    // A number alone lets nobody in, whatever the webhook says that it is about.
    assert_eq!(apply(Some("enhanced_kyc"), Value::Null), (Change::Advanced, false));
    assert_eq!(apply(Some("enhanced_kyc"), json!("biometric_kyc")), (Change::Undecided, false));
    for unknown in ["aml", "something_new"] {
        assert_eq!(apply(Some(unknown), json!(unknown)), (Change::Undecided, false), "{unknown}");
    }
}

#[test]
fn debug_names_the_job_and_shows_no_user() {
    let mut history = history();
    apply(&mut history, "0810");
    let shown = format!("{history:?}");
    assert!(shown.starts_with("JobHistory { job_id: ") && shown.contains("job-1"), "{shown}");
    assert!(shown.contains("0810") && !shown.contains("user-1"), "{shown}");
}

/// A history in each state, with what its last change was.
fn in_each_state() -> [(JobHistory, Change, JobState); 6] {
    let after = |codes: &[&str]| {
        let mut history = history();
        let change = codes.iter().map(|code| apply(&mut history, code)).last().unwrap();
        (history, change)
    };
    let mut by_hand = history();
    let settled = by_hand.settle_by_hand(START, Decision::Approved);
    let of = |(history, change): (JobHistory, Change), state| (history, change, state);
    [
        of(after(&["9999"]), JobState::Open),
        of(after(&["0812"]), JobState::Provisional),
        of(after(&["0810"]), JobState::Final),
        of(after(&["0811"]), JobState::Final),
        of(after(&["0810", "0811"]), JobState::Disputed),
        of((by_hand, settled), JobState::Final),
    ]
}

#[test]
fn every_state_answers_every_question() {
    let rows = [
        // Change, the result that counts, whether two are disputed, needs confirming; and the trust
        // up to which it lets in.
        (Change::Undecided, None, false, false, None),
        (Change::Advanced, Some(Decision::Provisional), false, true, None),
        (Change::Advanced, Some(Decision::Approved), false, true, Some(Trust::FirstSeen)),
        (Change::Advanced, Some(Decision::Rejected), false, true, None),
        (Change::Disputed, None, true, true, None),
        (Change::Advanced, Some(Decision::Approved), false, false, Some(Trust::ByHand)),
    ];
    for ((history, change, state), row) in in_each_state().into_iter().zip(rows) {
        for history in [restored(&history), history] {
            let counts = history.result().map(|result| result.decision);
            assert_eq!(history.state(), state);
            assert_eq!((change, counts), (row.0, row.1), "{history:?}");
            assert_eq!((history.disputed().is_some(), history.needs_confirming()), (row.2, row.3));
            for trust in [Trust::Verified, Trust::FirstSeen, Trust::Confirmed, Trust::ByHand] {
                assert_eq!(history.may_be_let_in(trust), row.4 >= Some(trust), "{trust:?} {history:?}");
            }
            assert_eq!(history.key(), Some(key()));
            assert_eq!((history.user_id().as_str(), history.job_id().as_str()), ("user-1", "job-1"));
            assert!(!history.has_id_information() && history.product().is_none());
        }
    }
}

#[test]
fn a_decision_by_hand_has_its_own_next_step() {
    for (decision, step, lets_in) in [
        (Decision::Approved, NextStep::Accept, true),
        (Decision::Provisional, NextStep::AwaitReview, false),
        (Decision::Rejected, NextStep::Decline, false),
        (Decision::Error, NextStep::RetryLater, false),
    ] {
        let mut history = history();
        assert_eq!(history.settle_by_hand(START, decision), Change::Advanced);
        assert_eq!(history.result().unwrap().next_step, step);
        assert_eq!(history.may_be_let_in(Trust::ByHand), lets_in, "{decision}");
    }
    let mut history = history();
    assert_eq!(history.settle_by_hand(START, Decision::Unknown), Change::Undecided);
    assert_eq!(history.results()[0].next_step, NextStep::ManualReview);
}
