//! Whatever isn't a genuine callback is refused, each for its own reason; and no reason tells
//! anything of what came.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use smile_core::{ApiKey, Carrier, Environment, Partner, PartnerId, Refusal, Signer, Verifier};

use super::{bytes, callback, cases, genuine, headers, result, signed, verify};
use crate::support::{START, partner};

/// A mark in every field of the body below that says anything.
const MARK: &str = "qzMARK";

fn marked() -> Value {
    let mut body = genuine();
    for key in ["FullName", "IDNumber", "ResultText"] {
        body[key] = json!(MARK);
    }
    body["PartnerParams"]["branch"] = json!(MARK);
    body
}

fn signer(id: &str, key: &str) -> Signer {
    Signer::new(PartnerId::new(id).unwrap(), &ApiKey::new(key).unwrap())
}

/// Refused for this reason, with this status, and without a word of what came.
#[track_caller]
fn refused(got: Result<smile_core::Callback, Refusal>, reason: &str, status: u16) {
    let refusal = got.unwrap_err();
    let shown = format!("{refusal:?} {refusal:#?} {refusal}");
    assert!(shown.starts_with(reason), "{shown} is not {reason}");
    assert_eq!(refusal.status().as_u16(), status, "{shown}");
    assert!(!shown.contains(MARK) && !shown.contains("2024") && !shown.contains('='), "{shown}");
    let knows_key = ["UnreadableTimestamp", "TooOld", "FromTheFuture", "Replayed"].contains(&reason);
    assert_eq!(refusal.has_right_signature(), knows_key, "{shown}");
}

fn with(change: impl Fn(&mut Value)) -> Value {
    let mut body = marked();
    change(&mut body);
    body
}

#[test]
fn forged_pairs() {
    verify(&marked()).unwrap();
    let text = START.to_string();
    let signed_by = |signer: &Signer| with(|body| body["signature"] = json!(signer.sign_text(&text)));
    let signature = marked()["signature"].as_str().unwrap().to_owned();
    let pair = |timestamp: Value, signature: Value| {
        with(|body| {
            body["timestamp"] = timestamp.clone();
            body["signature"] = signature.clone();
        })
    };
    for (what, body, reason) in [
        ("other key", signed_by(&signer("001", "other_key")), "WrongSignature"),
        ("other partner", signed_by(&signer("002", "test_api_key")), "WrongSignature"),
        ("unpadded partner, as v1 never has it", signed_by(&signer("1", "test_api_key")), "WrongSignature"),
        ("no fraction", pair(json!("2024-01-15T10:30:00Z"), json!(signature)), "WrongSignature"),
        ("offset", pair(json!("2024-01-15T10:30:00.000+00:00"), json!(signature)), "WrongSignature"),
        ("blank behind it", pair(json!(format!("{text} ")), json!(signature)), "WrongSignature"),
        ("digits as text", pair(json!("1705314600000"), json!(signature)), "WrongSignature"),
        ("next millisecond", pair(json!("2024-01-15T10:30:00.001Z"), json!(signature)), "WrongSignature"),
        ("empty", pair(json!(""), json!(signature)), "WrongSignature"),
        ("null", pair(Value::Null, json!(signature)), "MissingSignature"),
        ("fraction", pair(json!(1.5), json!(signature)), "MissingSignature"),
        ("list", pair(json!([text]), json!(signature)), "MissingSignature"),
        ("no signature", pair(json!(text), Value::Null), "MissingSignature"),
        ("signature is a number", pair(json!(text), json!(7)), "MalformedSignature"),
        ("signature is a list", pair(json!(text), json!([signature])), "MalformedSignature"),
        ("signature is empty", pair(json!(text), json!("")), "MalformedSignature"),
        ("no padding", pair(json!(text), json!(signature.trim_end_matches('='))), "MalformedSignature"),
        ("padding twice", pair(json!(text), json!(format!("{signature}="))), "MalformedSignature"),
        ("line break", pair(json!(text), json!(format!("{signature}\n"))), "MalformedSignature"),
        ("blank before it", pair(json!(text), json!(format!(" {signature}"))), "MalformedSignature"),
        ("twice", pair(json!(text), json!(signature.repeat(2))), "MalformedSignature"),
        ("31 bytes", pair(json!(text), json!("A".repeat(42))), "MalformedSignature"),
        ("33 bytes", pair(json!(text), json!("A".repeat(44))), "MalformedSignature"),
        ("hexadecimal", pair(json!(text), json!("6f3d".repeat(16))), "MalformedSignature"),
        ("a megabyte", pair(json!(text), json!("A".repeat(1 << 20))), "MalformedSignature"),
        ("zeros", pair(json!(text), json!("A".repeat(43) + "=")), "WrongSignature"),
    ] {
        println!("{what}");
        refused(verify(&body), reason, 401);
    }
    let url_safe = signature.replace('+', "-").replace('/', "_");
    assert_ne!(url_safe, signature, "the sample has both letters that differ");
    refused(verify(&pair(json!(text), json!(url_safe))), "MalformedSignature", 401);
    // 43 letters are 258 bits, of which two are no part of the 256: only zeros may stand there.
    let last = signature.as_bytes()[42] as char;
    for letter in ('A'..='Z').chain('a'..='z').chain('0'..='9').filter(|letter| *letter != last) {
        let other = format!("{}{letter}=", &signature[..42]);
        assert!(verify(&pair(json!(text), json!(other))).is_err(), "{letter}");
    }
}

#[test]
fn stripped_and_duplicated_fields() {
    let text = marked().to_string();
    let pair = partner().signer().sign(START);
    let (timestamp, signature) = (pair.timestamp(), pair.signature());
    let raw = |text: String| partner().verifier().verify(START, &HeaderMap::new(), text.into());
    let twice = |field: &str| raw(text.replacen('{', &format!("{{{field},"), 1));
    for key in ["timestamp", "signature"] {
        let without = with(|body| drop(body.as_object_mut().unwrap().remove(key)));
        refused(verify(&without), "MissingSignature", 401);
        let renamed = text.replace(&format!("\"{key}\""), &format!("\"{}\"", key.to_uppercase()));
        refused(raw(renamed), "MissingSignature", 401);
    }
    for field in [
        format!(r#""timestamp":"{timestamp}""#),
        format!(r#""signature":"{signature}""#),
        format!(r#""Signature":"{signature}""#),
        r#""TIME_STAMP":null"#.to_owned(),
        r#""sign ature":1"#.to_owned(),
        r#""ResultCode":"0810""#.to_owned(),
        r#""\u0052esultCode":"0811""#.to_owned(),
        format!(r#""FullName":"{MARK}""#),
        format!(r#""FullName":"{}""#, MARK.repeat(1_000)),
    ] {
        refused(twice(&field), "Duplicated", 400);
    }
    for (place, field) in [
        (r#""Actions":{"#, r#""Liveness_Check":"Failed","#),
        (r#""PartnerParams":{"#, r#""job_id":"job-2","#),
        (r#""PartnerParams":{"#, r#""job_type":"1","#),
    ] {
        assert!(text.contains(place));
        refused(raw(text.replacen(place, &format!("{place}{field}"), 1)), "Duplicated", 400);
        // However long what they stand in is, and however it is spelt.
        let padded = format!(r#"{place}{field}"pad":"{}","#, "x".repeat(8_000));
        refused(raw(text.replacen(place, &padded, 1)), "Duplicated", 400);
        let respelt = padded.replacen("Actions", "ACTIONS", 1).replacen("PartnerParams", "partner_params", 1);
        refused(raw(text.replacen(place, &respelt, 1)), "Duplicated", 400);
    }
}

#[test]
fn a_name_twice_where_nothing_rests_on_it_hides_no_callback() {
    let text = marked().to_string();
    let data = r#""FullData":{"a":[{"b":1},{"c":{"d":1,"e":2,"d":1}}]},"#;
    let body = text.replacen('{', &format!("{{{data}"), 1).replacen(r#""FullData":{}"#, r#""Other":{}"#, 1);
    let callback = partner().verifier().verify(START, &HeaderMap::new(), body.into()).unwrap();
    let inner = json!({ "a": [{ "b": 1 }, { "c": { "d": null, "e": 2 } }] });
    assert_eq!(callback.entry().get("FullData"), Some(&inner));
}

/// A signature is over no more than a moment and the partner, so this is its worth.
#[test]
fn a_swapped_body_passes_and_only_a_replay_store_sees_it() {
    use smile_core::{InMemoryReplayStore, ReplayCheck, ReplayStore as _};
    let store = InMemoryReplayStore::default();
    let seen = |body: &Value| store.record(START, &verify(body).unwrap().digest()).unwrap();
    assert_eq!(seen(&genuine()), ReplayCheck::First);
    let forged = signed(result("1210"));
    assert_eq!(seen(&forged), ReplayCheck::SignatureReused);
    refused(seen(&forged).accept().map(|_| callback(result("1210"))), "Replayed", 409);
    assert_eq!(seen(&genuine()), ReplayCheck::Redelivery);
    assert_eq!(seen(&genuine()).accept(), Ok(ReplayCheck::Redelivery));

    // The same moment, written as the number that the service's older SDKs sign the text of.
    let mut respelt = signed(result("1210"));
    respelt["timestamp"] = json!(START.unix_millis());
    assert_eq!(seen(&respelt), ReplayCheck::SignatureReused);
}

/// Between timestamp and partner id there is nothing, so what is signed can be cut in two in more
/// than one way.
#[test]
fn zeros_moved_from_the_partner_to_the_timestamp_make_no_new_signature() {
    use smile_core::{InMemoryReplayStore, ReplayCheck, ReplayStore as _};
    let signer = signer("001", "test_api_key");
    let (timestamp, longer) = ("2024-01-15T10:30:00.0000", "2024-01-15T10:30:00.000000");
    let signature = signer.sign_text(timestamp);
    let store = InMemoryReplayStore::default();
    let seen = |timestamp: &str, code: &str| {
        let headers = headers([("response-timestamp", timestamp), ("response-signature", &signature)]);
        let callback = Verifier::new(signer.clone()).verify(START, &headers, bytes(&result(code))).unwrap();
        store.record(START, &callback.digest()).unwrap()
    };
    assert_eq!(seen(timestamp, "0811"), ReplayCheck::First);
    assert_eq!(seen(longer, "0810"), ReplayCheck::SignatureReused);
}

#[test]
fn carriers() {
    let pair = partner().signer().sign(START);
    let (time, signature) = (pair.timestamp(), pair.signature());
    let other = partner().signer().sign(START + std::time::Duration::from_millis(1));
    let verify = |headers: &HeaderMap, body: Value| partner().verifier().verify(START, headers, bytes(&body));
    let both = headers([("response-timestamp", time), ("response-signature", signature)]);
    let carrier = |headers: &HeaderMap, body: Value| verify(headers, body).unwrap().carrier();
    assert_eq!(carrier(&HeaderMap::new(), genuine()), Carrier::Body);
    assert_eq!(carrier(&both, result("0810")), Carrier::Headers);
    assert_eq!(carrier(&both, genuine()), Carrier::Both);
    // A v3 body may have a moment of its own, and no signature.
    let mut dated = result("0810");
    dated["timestamp"] = json!("yesterday");
    assert_eq!(carrier(&both, dated), Carrier::Headers);

    let half = |name, value| headers([(name, value)]);
    for (what, headers, body, reason, status) in [
        ("neither", HeaderMap::new(), result("0810"), "MissingSignature", 401),
        ("no header time", half("response-signature", signature), result("0810"), "MissingSignature", 401),
        ("no header signature", half("response-timestamp", time), result("0810"), "MissingSignature", 401),
        (
            "half of it beside a whole",
            half("response-signature", signature),
            genuine(),
            "MissingSignature",
            401,
        ),
        ("half of it beside a whole", half("response-timestamp", time), genuine(), "MissingSignature", 401),
        (
            "two right ones that disagree",
            headers([("response-timestamp", other.timestamp()), ("response-signature", other.signature())]),
            genuine(),
            "CarriersDisagree",
            401,
        ),
        (
            "a wrong one beside a right one",
            headers([("response-timestamp", time), ("response-signature", other.signature())]),
            genuine(),
            "CarriersDisagree",
            401,
        ),
        (
            "half a body beside whole headers",
            both.clone(),
            {
                let mut body = genuine();
                body.as_object_mut().unwrap().remove("timestamp");
                body
            },
            "MissingSignature",
            401,
        ),
        (
            "wrong in the headers",
            headers([("response-timestamp", time), ("response-signature", other.signature())]),
            result("0810"),
            "WrongSignature",
            401,
        ),
        (
            "twice",
            headers([
                ("response-timestamp", time),
                ("response-timestamp", time),
                ("response-signature", signature),
            ]),
            result("0810"),
            "Duplicated",
            400,
        ),
        (
            "twice",
            headers([
                ("response-timestamp", time),
                ("response-signature", signature),
                ("response-signature", signature),
            ]),
            genuine(),
            "Duplicated",
            400,
        ),
        ("ids twice", headers([("job-id", "a"), ("job-id", "a")]), genuine(), "Duplicated", 400),
        ("ids twice", headers([("user-id", "a"), ("user-id", "b")]), genuine(), "Duplicated", 400),
        (
            "not ASCII",
            headers([("response-timestamp", "é"), ("response-signature", signature)]),
            result("0810"),
            "MissingSignature",
            401,
        ),
        (
            "not ASCII",
            headers([("response-timestamp", time), ("response-signature", "é")]),
            result("0810"),
            "MalformedSignature",
            401,
        ),
    ] {
        println!("{what}");
        refused(verify(&headers, body), reason, status);
    }
}

#[test]
fn what_is_no_callback_at_all() {
    let verifier = partner().verifier();
    let post = |body: &[u8]| verifier.verify(START, &HeaderMap::new(), Bytes::copy_from_slice(body));
    let deep = |depth: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    for (body, reason) in [
        (&b""[..], "Empty"),
        (b" \n", "Truncated"),
        (b"<!DOCTYPE html><title>502</title>", "NotJson"),
        (b"ResultCode=0810&signature=qzMARK", "NotJson"),
        (b" \xEF\xBB\xBF{}", "NotJson"),
        (b"{'a':1}", "NotJson"),
        (b"{\"a\":1,}", "NotJson"),
        (b"{\"a\":nan}", "NotJson"),
        (b"{\"a\":\x01}", "NotJson"),
        (b"{}{}", "NotJson"),
        (b"[{\"ResultCode\":\"0810\"}]", "NotAnObject"),
        (b"\"qzMARK\"", "NotAnObject"),
        (b"null", "NotAnObject"),
        (b"7", "NotAnObject"),
        (b"{\"a\":\xFF}", "NotUtf8"),
        (b"\xFF\xFE{\0}\0", "NotUtf8"),
        (deep(32).as_bytes(), "TooDeep"),
        (deep(500_000).as_bytes(), "TooDeep"),
        ("{\"a\":".repeat(100_000).as_bytes(), "Truncated"),
        ("[".repeat(1_000_000).as_bytes(), "NotAnObject"),
    ] {
        println!("{:?}", &body[..body.len().min(40)]);
        refused(post(body), reason, 400);
    }
    refused(post(deep(31).as_bytes()), "MissingSignature", 401);
    for damaged in [
        &b"\xEF\xBB\xBF{}"[..],
        b"{\"a\":NaN}",
        b"{\"a\":\"\n\"}",
        b"{\"a\":\"\\ud800\"}",
        b"{\"a\":\"\xFF\"}",
    ] {
        refused(post(damaged), "MissingSignature", 401);
    }
    refused(post(b"{}"), "MissingSignature", 401);
}

#[test]
fn bodies_as_large_as_allowed_and_one_byte_more() {
    let body = bytes(&with(|body| body["Photo"] = json!("A".repeat(100_000))));
    let post = |verifier: &Verifier| verifier.verify(START, &HeaderMap::new(), body.clone());
    let exact = partner().verifier().with_max_bytes(body.len());
    assert_eq!(exact.max_bytes(), body.len());
    post(&exact).unwrap();
    refused(post(&partner().verifier().with_max_bytes(body.len() - 1)), "TooLarge", 413);
    refused(post(&partner().verifier().with_max_bytes(0)), "TooLarge", 413);
    assert_eq!(partner().verifier().max_bytes(), 2_000_000);
}

#[test]
fn a_body_that_ends_early_is_truncated_wherever_it_ends() {
    let body = bytes(&with(|body| body["FullName"] = json!("Zoë \"Z\" \\ \u{1F600}")));
    for end in 1..body.len() {
        let refusal = partner().verifier().verify(START, &HeaderMap::new(), body.slice(..end)).unwrap_err();
        assert_eq!(refusal, Refusal::Truncated, "after {end} bytes");
    }
}

/// The vectors of a formula: they prove agreement with that.
#[test]
fn webhook_vectors_with_the_partner_id_padded_or_not() {
    for (api_key, timestamp, partner_id, signature) in [
        ("abcd1234key", "2026-07-20T12:00:01.000Z", "1234", "erxmpdyt+b/EHcJnPDYB4ZgzUzosUhm4UuCaxzDNNDU="),
        ("abcd1234key", "2026-07-20T12:00:01.000Z", "2", "9Xhn5Mtita9mgPIKKGp4CDTACWHw2NV4mIfg/utMcvM="),
        ("abcd1234key", "2026-07-20T12:00:01.000Z", "002", "s+DOz7lo/uTXgHPWt5Gbclt9inV+NrKcgjX/qBV4sZ0="),
        ("abcd1234key", "2026-07-20T12:00:01.000Z", "002", "9Xhn5Mtita9mgPIKKGp4CDTACWHw2NV4mIfg/utMcvM="),
        ("abcd1234key", "2026-07-20T12:00:01.000Z", "2", "s+DOz7lo/uTXgHPWt5Gbclt9inV+NrKcgjX/qBV4sZ0="),
        ("abcd1234key", "2026-07-20T12:00:01Z", "1234", "1sbmzNgpB52R598HDMxc4bZ9SzQ/ZuuKW96CW4G2VoA="),
        ("clé-€", "2026-03-10T12:00:00.000Z", "1234", "crIHW2zQSik8KXNJhnWusTC+kmgPvnOcNBMKGsu3Co4="),
    ] {
        let now = smile_core::Timestamp::parse(timestamp).unwrap();
        let verify = |signer: Signer| {
            let headers = headers([("response-timestamp", timestamp), ("response-signature", signature)]);
            Verifier::new(signer).verify(now, &headers, Bytes::from_static(br#"{"status":"clear"}"#))
        };
        assert_eq!(verify(signer(partner_id, api_key)).unwrap().carrier(), Carrier::Headers);
        refused(verify(signer("3", api_key)), "WrongSignature", 401);
        refused(verify(signer(partner_id, "key")), "WrongSignature", 401);
    }
}

#[test]
fn all_keys_are_tried_during_a_rotation() {
    let partner_of = |key: &str| Partner::new("001", key, Environment::Sandbox).unwrap();
    let keys = ["new", "old", "oldest"].map(partner_of);
    let verifier = Verifier::new(keys[0].signer().clone()).with_other_key(&keys[1]).with_other_key(&keys[2]);
    let post = |partner: &Partner| {
        let pair = partner.signer().sign(START);
        let mut body = result("0810");
        body["timestamp"] = json!(pair.timestamp());
        body["signature"] = json!(pair.signature());
        verifier.verify(START, &HeaderMap::new(), bytes(&body))
    };
    for (index, partner) in keys.iter().enumerate() {
        assert_eq!(post(partner).unwrap().key_index(), index);
    }
    refused(post(&partner_of("gone")), "WrongSignature", 401);
}

/// A body that takes long to read would stop a server.
#[test]
fn many_names_cost_no_more_than_their_number() {
    let steps: serde_json::Map<_, _> =
        (0..20_000).map(|step| (format!("Step_{step}"), json!("Passed"))).collect();
    let mut body = result("0810");
    body["Actions"] = Value::Object(steps);
    let callback = callback(body);
    assert!(callback.verdict().is_approved());
    assert_ne!(callback.digest().event(), callback.digest().content());
    assert!(format!("{callback:?}").len() < 1_000);
    assert!(callback.audit_json()["Actions"].as_object().unwrap().len() < 10);
}

fn any_headers() -> impl Strategy<Value = HeaderMap> {
    let pair = partner().signer().sign(START);
    let names = ["response-timestamp", "response-signature", "job-id", "user-id", "api-version", "date"];
    let own = [pair.timestamp().to_owned(), pair.signature().to_owned()].map(String::into_bytes);
    let value = prop_oneof![prop::sample::select(own.to_vec()), any::<Vec<u8>>()];
    let field = (prop::sample::select(names.to_vec()), value);
    prop::collection::vec(field, 0..6).prop_map(|fields| {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                headers.append(HeaderName::from_static(name), value);
            }
        }
        headers
    })
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn no_bytes_pass_that_are_signed_by_nobody(body: Vec<u8>, headers in any_headers()) {
        let outcome = partner().verifier().verify(START, &headers, body.into());
        // The headers may by chance be the right ones; arbitrary bytes are no object but by a rarer
        // chance.
        if let Err(refusal) = outcome {
            prop_assert!(refusal.status().is_client_error());
        }
    }

    #[test]
    fn a_changed_callback_is_read_as_what_it_is_or_refused(
        edits in prop::collection::vec((any::<Index>(), 0..3_u8, any::<u8>()), 1..5),
        headers in any_headers(),
    ) {
        let mut body = bytes(&marked()).to_vec();
        for (at, how, byte) in edits {
            let at = at.index(body.len());
            match how {
                0 => body.insert(at, byte),
                1 => body[at] = byte,
                _ => drop(body.remove(at)),
            }
        }
        let body = Bytes::from(body);
        match partner().verifier().verify(START, &headers, body.clone()) {
            Ok(callback) => {
                prop_assert_eq!(callback.body(), &body);
                // What isn't JSON was repaired.
                if let Ok(read) = serde_json::from_slice::<Value>(&body) {
                    prop_assert_eq!(read.as_object(), Some(callback.entry().as_json()));
                }
                let _ = (callback.verdict(), callback.digest(), callback.audit_json(), callback.kind());
                let shown = format!("{callback:?}");
                prop_assert!(!shown.contains(MARK), "{}", shown);
            }
            Err(refusal) => {
                let shown = format!("{refusal:?} {refusal}");
                prop_assert!(!shown.contains(MARK), "{}", shown);
            }
        }
    }
}
