//! A redelivery is told from the next result of the same job, and both from a forgery.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use smile_core::{
    Callback, CallbackDigest, InMemoryReplayStore, Nonce, ReplayCheck, ReplayStore, StoreFull, SubmissionId,
    Timestamp,
};

use super::{bytes, callback, cases, headers, result, signed_at, webhook};
use crate::support::{START, partner};

fn at(milliseconds: u64) -> Timestamp {
    START + Duration::from_millis(milliseconds)
}

/// Delivered at this moment, and signed at it.
fn delivered(at: Timestamp, body: Value) -> CallbackDigest {
    let body = signed_at(at, body).to_string();
    partner().verifier().verify(at, &http::HeaderMap::new(), body.into()).unwrap().digest()
}

fn changed(change: impl Fn(&mut Value)) -> Value {
    let mut body = result("0812");
    change(&mut body);
    body
}

#[test]
fn every_result_of_a_job_passes_once() {
    let store = InMemoryReplayStore::default();
    let seen = |millis, body| store.record(at(millis), &delivered(at(millis), body)).unwrap();
    let links = |mut body: Value, link: &str| {
        body["ImageLinks"] = json!({ "selfie_image": link });
        body["KYCReceipt"] = json!(link);
        body
    };
    let look_up = || {
        changed(|body| {
            body["ResultCode"] = json!("1012");
            body["Actions"] = json!({ "Verify_ID_Number": "Verified" });
        })
    };
    let (provisional, last) = (result("0812"), result("1210"));
    assert_eq!(seen(0, links(provisional.clone(), "a")), ReplayCheck::First);
    assert_eq!(seen(1, look_up()), ReplayCheck::First, "what the authority has");
    assert_eq!(seen(2, links(last.clone(), "a")), ReplayCheck::First, "after the review");
    for (millis, body) in [(0, provisional.clone()), (2, last.clone())] {
        assert_eq!(seen(millis, links(body.clone(), "a")), ReplayCheck::Redelivery, "the same bytes");
        assert_eq!(seen(millis + 100, links(body.clone(), "a")), ReplayCheck::Redelivery, "signed afresh");
        assert_eq!(seen(millis + 200, links(body, "b")), ReplayCheck::Redelivery, "with other links");
    }
    assert_eq!(seen(300, look_up()), ReplayCheck::Redelivery);
    assert_eq!(
        seen(300, last),
        ReplayCheck::SignatureReused,
        "two results of one millisecond look like a forgery"
    );
}

#[test]
fn the_same_result_in_another_order_is_the_same() {
    let one = callback(json!({ "ResultCode": "0810", "Actions": { "A": "Passed", "B": "Failed" } }));
    let other = callback(json!({ "Actions": { "B": "Failed", "A": "Passed" }, "ResultCode": "0810" }));
    assert_eq!(one.digest().event(), other.digest().event());
    assert_eq!(one.digest().content(), other.digest().content());
}

/// Signed at this moment in its body, which is this text.
fn text_at_start(text: &str) -> CallbackDigest {
    let pair = partner().signer().sign(START);
    let text = text.replace("TIMESTAMP", pair.timestamp()).replace("SIGNATURE", pair.signature());
    partner().verifier().verify(START, &http::HeaderMap::new(), text.into()).unwrap().digest()
}

const PERSON: &str = r#""PartnerParams":{"user_id":"user-1","job_id":"job-1","job_type":5}"#;
const SIGNED: &str = r#""timestamp":"TIMESTAMP","signature":"SIGNATURE""#;

#[test]
fn a_redelivery_under_its_own_signature_may_differ_in_what_no_decision_rests_on() {
    let store = InMemoryReplayStore::default();
    let first = format!(
        r#"{{"ResultCode":"1012","FullName":"Joe Leo","Actions":{{"Verify_ID_Number":"Verified","A":"Passed"}},"ResultText":"ID Number Validated","ImageLinks":{{"selfie_image":"https://a.example/1?sig=a"}},"KYCReceipt":"https://a.example/r1",{PERSON},{SIGNED}}}"#
    );
    assert_eq!(store.record(START, &text_at_start(&first)), Ok(ReplayCheck::First));
    let reordered = format!(
        r#"{{{SIGNED},{PERSON},"Actions":{{"A":"Passed","Verify_ID_Number":"Verified"}},"FullName":"Joe Leo","ResultCode":"1012","ResultText":"ID Number Validated"}}"#
    );
    for again in [
        first.clone(),
        first.replace(":", " : ").replace(",", " ,\n\t").replace("https : ", "https:"),
        first.replace("?sig=a", "?sig=b").replace("/r1", "/r2"),
        first.replace("ID Number Validated", "Valid ID"),
        first.replace("Joe", "\\u004aoe"),
        reordered,
    ] {
        assert_eq!(store.record(START, &text_at_start(&again)), Ok(ReplayCheck::Redelivery), "{again}");
    }
    for forged in [
        first.replace("1012", "1013"),
        first.replace("Joe", "Jim"),
        first.replace(r#""A":"Passed""#, r#""A":"Failed""#),
        first.replace("job-1", "job-2"),
        first.replace(r#""FullName""#, r#""FullNam""#),
        first.replace(r#"{"ResultCode""#, r#"{"IDNumber":"1","ResultCode""#),
    ] {
        assert_eq!(
            store.record(START, &text_at_start(&forged)),
            Ok(ReplayCheck::SignatureReused),
            "{forged}"
        );
    }
    assert_eq!(store.len(), 1);
}

#[test]
fn a_webhook_delivered_again_under_its_own_signature_may_have_fresh_links() {
    let store = InMemoryReplayStore::default();
    let body = |link: &str, name: &str| {
        json!({
            "status": "clear", "product": "residency_document_verification", "completed_at": link, "kyc_receipt": link,
            "image_links": { "selfie": link }, "additional_documents": [{ "image_link": link, "full_name": name }],
        })
    };
    let seen = |link, name| store.record(START, &webhook(body(link, name), "job-1").digest()).unwrap();
    assert_eq!(seen("https://a.example/1", "Joe Leo"), ReplayCheck::First);
    assert_eq!(seen("https://a.example/2", "Joe Leo"), ReplayCheck::Redelivery);
    assert_eq!(seen("https://a.example/2", "Jim Leo"), ReplayCheck::SignatureReused);
}

#[test]
fn a_long_field_is_compared_whole() {
    let store = InMemoryReplayStore::default();
    let body = |photo: String, data: Value| {
        changed(|body| {
            body["Photo"] = json!(photo);
            body["FullData"] = data.clone();
        })
    };
    let photo = "/9j/".repeat(3_000);
    let data = |last: &str| json!({ "a": "x".repeat(5_000), "b": last });
    let swapped = json!({ "b": "1", "a": "x".repeat(5_000) });
    let seen =
        |photo: &str, data| store.record(START, &delivered(START, body(photo.to_owned(), data))).unwrap();
    assert_eq!(seen(&photo, data("1")), ReplayCheck::First);
    assert_eq!(seen(&photo, swapped), ReplayCheck::Redelivery, "in another order");
    assert_eq!(seen(&photo, data("2")), ReplayCheck::SignatureReused);
    assert_eq!(seen(&format!("{photo}A"), data("1")), ReplayCheck::SignatureReused);
}

/// Otherwise somebody who can predict a result could post one first that looks the same and says
/// nothing.
#[test]
fn whatever_a_verdict_rests_on_makes_another_event() {
    let plain = callback(result("0812")).digest();
    for (what, body) in [
        ("code", changed(|body| body["ResultCode"] = json!("0814"))),
        ("no code", changed(|body| body["ResultCode"] = json!(null))),
        ("another code as well", changed(|body| body["result_code"] = json!("0810"))),
        ("final", changed(|body| body["IsFinalResult"] = json!("true"))),
        ("not final", changed(|body| body["IsFinalResult"] = json!("false"))),
        ("final in no known way", changed(|body| body["IsFinalResult"] = json!("perhaps"))),
        ("an action", changed(|body| body["Actions"]["Liveness_Check"] = json!("Failed"))),
        ("one more", changed(|body| body["Actions"]["Selfie_Check"] = json!("Passed"))),
        ("one that is no text", changed(|body| body["Actions"]["Selfie_Check"] = json!({}))),
        ("no actions", changed(|body| body["Actions"] = json!(null))),
        ("actions twice", changed(|body| body["actions"] = json!({}))),
        ("job", changed(|body| body["PartnerParams"]["job_id"] = json!("job-2"))),
        ("user", changed(|body| body["PartnerParams"]["user_id"] = json!("user-2"))),
        ("job twice", changed(|body| body["PartnerParams"]["JobID"] = json!("job-2"))),
        ("type", changed(|body| body["PartnerParams"]["job_type"] = json!(6))),
        ("no type", changed(|body| body["PartnerParams"]["job_type"] = json!(null))),
        ("the service's id", changed(|body| body["SmileJobID"] = json!("0000000008"))),
        ("antifraud", changed(|body| body["Antifraud"] = json!({ "summary": { "fraud_detected": true } }))),
        ("type of result", changed(|body| body["ResultType"] = json!("ID Verification"))),
    ] {
        assert_ne!(callback(body).digest().event(), plain.event(), "{what}");
    }
    let clear = |extra: Value| {
        let mut body = json!({ "status": "clear", "product": "biometric_kyc" });
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        webhook(body, "job-1").digest()
    };
    for extra in [
        json!({ "status": "block" }),
        json!({ "reason": "high_risk" }),
        json!({ "product": "one_time_aml" }),
        json!({ "antifraud": { "summary": { "fraud_detected": true } } }),
        json!({ "job_id": "job-2" }),
        json!({ "Status": "block" }),
        json!({ "people": [{ "name": "x" }] }),
        json!({ "fraud_risk_score": 92 }),
    ] {
        assert_ne!(clear(extra.clone()).event(), clear(json!({})).event(), "{extra}");
    }
    assert_eq!(clear(json!({ "message": "a" })).event(), clear(json!({ "message": "b" })).event());
}

#[test]
fn another_submission_or_nonce_makes_another_event() {
    let named = |name: &str, value: Value| {
        callback(changed(|body| body["PartnerParams"][name] = value.clone())).digest()
    };
    let of_webhook = |name: &str, value: Value| {
        let params = json!({ "job_id": "job-1", name: value });
        webhook(json!({ "status": "clear", "partner_params": params }), "job-1").digest()
    };
    let plain = callback(result("0812")).digest();
    for name in [SubmissionId::PARTNER_PARAM, Nonce::KEY] {
        let [ours, theirs] = ["a", "b"].map(|digit| json!(digit.repeat(32)));
        let others = [theirs, json!(null), json!(7), json!([ours.clone()])];
        for other in others {
            assert_ne!(named(name, ours.clone()).event(), named(name, other.clone()).event(), "{name}");
            assert_ne!(of_webhook(name, ours.clone()).event(), of_webhook(name, other).event(), "{name}");
        }
        assert_ne!(named(name, ours.clone()).event(), plain.event(), "{name}: none at all");
        let capitals = name.to_ascii_uppercase();
        assert_ne!(named(name, ours.clone()).event(), named(&capitals, ours.clone()).event(), "{name}");
        assert_eq!(named(name, ours.clone()).event(), named(name, ours).event());
    }
}

#[test]
fn a_body_that_cannot_be_read_is_another_event_than_one_that_can() {
    let read =
        |body: Vec<u8>| partner().verifier().verify(START, &headers([]), body.into()).unwrap().digest();
    let plain = signed_at(START, result("0810")).to_string();
    let mut damaged = b"{\"x\xE9\":1,".to_vec();
    damaged.extend_from_slice(&plain.as_bytes()[1..]);
    assert_ne!(read(damaged).event(), read(plain.into_bytes()).event());
}

#[test]
fn a_message_against_the_person_under_the_same_signature_is_another_body() {
    let webhook = |message: &str| {
        webhook(json!({ "status": "clear", "product": "biometric_kyc", "message": message }), "job-1")
    };
    let callback = |field: &str, text: &str| {
        let mut body = result("0810");
        body[field] = json!(text);
        callback(body)
    };
    for [against, first, again] in [
        ["Potential match found", "Done", "All done"].map(webhook),
        ["Potential match found", "Done", "All done"].map(|text| callback("message", text)),
        ["blocked", "Enroll User", "Done"].map(|text| callback("ResultText", text)),
    ] {
        let store = InMemoryReplayStore::default();
        let record = |callback: &Callback| store.record(START, &callback.digest()).unwrap();
        assert_eq!(record(&against), ReplayCheck::First);
        assert_eq!(record(&first), ReplayCheck::SignatureReused);
        let store = InMemoryReplayStore::default();
        let record = |callback: &Callback| store.record(START, &callback.digest()).unwrap();
        assert_eq!(record(&first), ReplayCheck::First);
        assert_eq!(record(&again), ReplayCheck::Redelivery, "other harmless words");
        assert_eq!(record(&against), ReplayCheck::SignatureReused);
    }
}

#[test]
fn a_webhook_of_another_job_under_the_same_signature_is_reused() {
    let store = InMemoryReplayStore::default();
    let body = || json!({ "status": "clear" });
    assert_eq!(store.record(START, &webhook(body(), "job-1").digest()), Ok(ReplayCheck::First));
    assert_eq!(store.record(START, &webhook(body(), "job-1").digest()), Ok(ReplayCheck::Redelivery));
    assert_eq!(store.record(START, &webhook(body(), "job-2").digest()), Ok(ReplayCheck::SignatureReused));
    // What a proxy adds to a v1 callback says nothing about its job.
    let body = bytes(&signed_at(at(1), result("0812")));
    for expected in [ReplayCheck::First, ReplayCheck::Redelivery] {
        let id = format!("{expected:?}");
        let callback = partner().verifier().verify(START, &headers([("job-id", &id)]), body.clone()).unwrap();
        assert_eq!(store.record(START, &callback.digest()), Ok(expected));
    }
}

#[test]
fn what_is_kept_is_enough_to_tell() {
    let one = callback(result("0812")).digest();
    let kept = CallbackDigest::from_parts(*one.pair(), *one.event(), *one.content(), one.expires());
    assert_eq!(kept, one);
    assert_eq!(one.compare(Some(&kept), true), ReplayCheck::Redelivery);
    let forged = callback(result("1210")).digest();
    assert_eq!(forged.compare(Some(&kept), false), ReplayCheck::SignatureReused);
    assert_eq!(forged.compare(None, false), ReplayCheck::First);
    assert_eq!(forged.compare(None, true), ReplayCheck::Redelivery);
    assert_eq!(
        [ReplayCheck::First, ReplayCheck::Redelivery, ReplayCheck::SignatureReused]
            .map(|seen| seen.status().as_u16()),
        [200, 200, 409]
    );
}

#[test]
fn a_store_that_is_full_answers_nothing_new_and_forgets_nothing_that_passes() {
    let store = InMemoryReplayStore::with_capacity(3);
    let results = ["0812", "0814", "0815", "1210"].map(result);
    let digests: Vec<_> =
        results.iter().zip(0..).map(|(body, at_ms)| delivered(at(at_ms), body.clone())).collect();
    for digest in &digests[..3] {
        assert_eq!(store.record(START, digest), Ok(ReplayCheck::First));
    }
    let window = 15 * 60 * 1_000;
    for now in [START, at(window)] {
        assert_eq!(store.record(now, &digests[3]), Err(StoreFull), "the first still passes at {now}");
        assert_eq!(store.record(now, &digests[0]), Ok(ReplayCheck::Redelivery));
    }
    assert_eq!(store.record(at(window + 1), &digests[3]), Ok(ReplayCheck::First), "there is room again");
    assert_eq!(store.len(), 3);
    assert_eq!(store.record(at(window + 1), &digests[1]), Ok(ReplayCheck::Redelivery));
    assert_eq!(InMemoryReplayStore::with_capacity(0).record(START, &digests[0]), Err(StoreFull));
    assert!(format!("{store:?}").len() < 100);
    assert_eq!(().record(START, &digests[0]), Ok(ReplayCheck::First), "no store");
}

#[test]
fn of_many_deliveries_at_once_one_is_the_first() {
    let store = std::sync::Arc::new(InMemoryReplayStore::default());
    let digests: Vec<_> = (0..64).map(|millis| delivered(at(millis), result("0812"))).collect();
    let firsts: usize = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..4)
            .map(|_| {
                let (store, digests) = (store.clone(), &digests);
                scope.spawn(move || {
                    let is_first = |digest| store.record(START, digest) == Ok(ReplayCheck::First);
                    digests.iter().filter(|digest| is_first(*digest)).count()
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).sum()
    });
    assert_eq!((firsts, store.len()), (1, 64));
}

proptest! {
    #![proptest_config(cases(200))]

    /// Against the plainest of stores, which keeps everything.
    #[test]
    fn the_store_in_memory_forgets_only_what_has_expired(
        deliveries in prop::collection::vec((0..8_u8, 0..4_u8, 0..3_u8, 0..3_u64), 0..60),
        capacity in 0..8_usize,
    ) {
        let store = InMemoryReplayStore::with_capacity(capacity);
        let mut kept: Vec<CallbackDigest> = Vec::new();
        let mut now = START;
        for (pair, event, content, step) in deliveries {
            now = now + Duration::from_millis(step);
            // One signature is of one moment; when it is too old, no verifier lets it come here.
            let expires = at(u64::from(pair) * 4);
            if expires < now {
                continue;
            }
            let digest = CallbackDigest::from_parts([pair; 32], [event; 32], [content; 32], expires);
            let same_pair = kept.iter().find(|earlier| earlier.pair() == digest.pair());
            let passes = |earlier: &&CallbackDigest| earlier.expires() >= now;
            match (store.record(now, &digest), same_pair) {
                (told, Some(earlier)) => prop_assert_eq!(told, Ok(digest.compare(Some(earlier), true))),
                (Err(StoreFull), None) => prop_assert!(kept.iter().filter(passes).count() >= capacity),
                (Ok(seen), None) => {
                    let mut same_event = kept.iter().filter(|earlier| earlier.event() == digest.event());
                    match (seen, same_event.clone().next()) {
                        (ReplayCheck::First, None) => {}
                        (ReplayCheck::First, Some(_)) => prop_assert!(same_event.all(|earlier| earlier.expires() < now)),
                        (ReplayCheck::Redelivery, earlier) => prop_assert!(earlier.is_some()),
                        (ReplayCheck::SignatureReused, _) => prop_assert!(false, "it has a signature of its own"),
                    }
                    kept.push(digest);
                }
            }
            prop_assert!(store.len() <= capacity);
        }
    }
}

#[test]
fn links_of_whatever_length_are_the_same_and_photos_are_not() {
    let content = |photo: &str| {
        delivered(START, changed(|body| body["DocumentPhoto"] = json!(photo))).content().to_owned()
    };
    for length in [10, 10_000] {
        let of = |start: &str, end: char| content(&format!("{start}{}{end}", "x".repeat(length)));
        for scheme in ["https://", "HTTP://"] {
            assert_eq!(of(scheme, 'a'), of("https://", 'b'), "signed afresh for each delivery: {length}");
        }
        assert_ne!(of("/9j/", 'a'), of("/9j/", 'b'), "{length}");
        assert_ne!(of("/9j/", 'a'), of("https://", 'a'), "{length}");
    }
}
