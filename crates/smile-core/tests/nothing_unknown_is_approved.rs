//! The limits of an approval, whatever the service or somebody in its place says: only what is
//! known to be an approval is one, and nothing that was said is lost.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed, in a helper as well.

mod support;

use bytes::Bytes;
use http::Response;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};
use smile_core::operation::Operation as _;
use smile_core::{
    Callback, Decision, JobId, JobStatusRequest, JobType, Refusal, ResultEntry, UserId, Verdict,
};
use support::{START, partner};

/// The approvals, written down here by hand and on purpose a second time: code and job type.
const APPROVALS: &[(&str, u16)] = &[
    ("0810", 1),
    ("1210", 1),
    ("0820", 2),
    ("1220", 2),
    ("0840", 4),
    ("1240", 4),
    ("0810", 6),
    ("0810", 11),
    // An ID number without a face, which is not what the products with images ask for: see the test
    // below.
    ("1012", 5),
    ("1020", 5),
    ("1012", 7),
];

// What an entry says, read a second time, by hand.

/// The service's spelling of a name is of no account.
fn is_alike(a: &str, b: &str) -> bool {
    let plain = |text: &str| text.replace(['_', ' '], "").to_ascii_lowercase();
    plain(a) == plain(b)
}

/// The documented key, or else the only one like it.
fn field<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    object.get(key).or_else(|| {
        let alike: Vec<_> = object.iter().filter(|(other, _)| is_alike(other, key)).collect();
        if let [(_, value)] = alike[..] { Some(value) } else { None }
    })
}

fn code(entry: &Map<String, Value>) -> Option<String> {
    match field(entry, "ResultCode")? {
        Value::String(text) => Some(text.trim().to_owned()),
        number => number.as_u64().map(|number| format!("{number:04}")),
    }
}

fn echoed_type(entry: &Map<String, Value>) -> Option<u16> {
    match field(field(entry, "PartnerParams")?.as_object()?, "job_type")? {
        Value::String(text) => text.trim().parse().ok(),
        number => number.as_u64()?.try_into().ok(),
    }
}

fn is_false(value: &Value) -> bool {
    value == &json!(false) || value.as_str().is_some_and(|word| word.eq_ignore_ascii_case("false"))
}

/// True if a step bears out an approval: only words that are known to say nothing against it do.
/// Each flag is about the other steps.
fn bears_out(of: (&str, u16), name: &str, value: &Value, is_compared: bool, is_reviewed: bool) -> bool {
    let (code, job_type) = of;
    let Some(word) = value.as_str() else {
        return value.is_null()
            && !(code == "1012"
                && (is_alike(name, "Verify_ID_Number") || is_alike(name, "Verify_Business")));
    };
    let is = |words: &[&str]| words.iter().any(|other| is_alike(word, other));
    let starts = |prefix: &str| name.replace(['_', ' '], "").to_ascii_lowercase().starts_with(prefix);
    let fine = ["Passed", "Completed", "Approved", "Verified", "Returned", "Not Returned", "Not Applicable"];
    let compared = ["Exact Match", "Not Provided", "Not Listed"];
    if code == "1012" && (is_alike(name, "Verify_ID_Number") || is_alike(name, "Verify_Business")) {
        return is(&["Verified"]);
    }
    if starts("selfieto") && is(&["Completed", "Passed", "Not Applicable"]) {
        return true;
    }
    let undone = is(&["Not Done", "ID Authority Photo Not Available"])
        && is_alike(name, "Selfie_To_ID_Authority_Compare")
        || is(&["Not Done", "Issuer Unavailable"])
            && is_alike(name, "Verify_ID_Number")
            && matches!(job_type, 1 | 6);
    (is(&fine) || is(&compared)) && !starts("selfieto")
        || is(&["Partial Match", "Transposed"]) && code != "1020" && !starts("selfieto")
        || undone && is_compared
        || is(&["Under Review", "Sent to Human Review", "Provisionally Approved", "Unable To Determine"])
            && is_reviewed
            && !starts("humanreview")
}

fn all_bear_out(of: (&str, u16), actions: &Map<String, Value>) -> bool {
    let said = |step: &str, word: &str| {
        actions.iter().any(|(name, value)| {
            is_alike(name, step) && value.as_str().is_some_and(|said| is_alike(said, word))
        })
    };
    let is_compared =
        said("Selfie_To_ID_Card_Compare", "Completed") || said("Human_Review_Compare", "Passed");
    let human = ["Compare", "Liveness_Check", "Selfie_Check", "Document_Check", "Update_Selfie"];
    let is_human = |name: &str| name.replace(['_', ' '], "").to_ascii_lowercase().starts_with("humanreview");
    let left_open = actions.iter().any(|(name, value)| {
        is_human(name)
            && !value
                .as_str()
                .is_some_and(|word| is_alike(word, "Passed") || is_alike(word, "Not Applicable"))
            && !value.is_null()
    });
    let passed = human.iter().any(|step| said(&format!("Human_Review_{step}"), "Passed"))
        || actions.iter().any(|(name, value)| {
            is_human(name) && value.as_str().is_some_and(|word| is_alike(word, "Passed"))
        });
    let is_reviewed = of.0.starts_with("12") || (passed && !left_open);
    actions.iter().all(|(name, value)| bears_out(of, name, value, is_compared, is_reviewed))
}

/// True if this entry may pass for an approval of a job of this type.
fn may_approve(entry: &Map<String, Value>, asked: Option<u16>, job_success: Option<&Value>) -> bool {
    let echoed = echoed_type(entry);
    let (Some(code), Some(job_type)) = (code(entry), asked.or(echoed)) else { return false };
    let actions = field(entry, "Actions").and_then(Value::as_object);
    APPROVALS.contains(&(&code, job_type))
        && echoed.is_none_or(|echoed| echoed == job_type)
        && actions.is_none_or(|actions| all_bear_out((&code, job_type), actions))
        && !field(entry, "IsFinalResult").is_some_and(is_false)
        && !job_success.is_some_and(is_false)
}

// What might be said.

/// Boxed, as are the larger ones below: unboxed they fill a test thread's stack.
fn any_json() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1_000_000_i32..1_000_000).prop_map(|n| json!(f64::from(n) / 4.0)),
        any::<String>().prop_map(Value::from),
        words(),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            object(inner.clone()).prop_map(Value::Object),
            object(inner).prop_map(Value::Object),
        ]
    })
    .boxed()
}

fn object(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec((keys(), value), 0..8).prop_map(|pairs| pairs.into_iter().collect())
}

/// Real keys in every casing, and others.
fn keys() -> impl Strategy<Value = String> {
    let real = select(vec![
        "ResultCode",
        "ResultText",
        "ResultType",
        "SmileJobID",
        "Actions",
        "PartnerParams",
        "IsFinalResult",
        "IsMachineResult",
        "ConfidenceValue",
        "ImageLinks",
        "Source",
        "job_type",
        "job_id",
        "user_id",
        "result",
        "history",
        "image_links",
        "job_complete",
        "job_success",
        "code",
        "error",
        "signature",
        "timestamp",
        "Liveness_Check",
        "Register_Selfie",
        "Verify_ID_Number",
    ]);
    prop_oneof![8 => (real, 0..5_u8).prop_map(|(key, casing)| cased(key, casing)), 1 => any::<String>()]
}

fn cased(text: &str, casing: u8) -> String {
    match casing {
        0 => text.to_uppercase(),
        1 => text.to_lowercase(),
        2 => text.replace('_', ""),
        3 => {
            let mut snake = String::new();
            for (at, letter) in text.char_indices() {
                if at > 0 && letter.is_ascii_uppercase() {
                    snake.push('_');
                }
                snake.push(letter.to_ascii_lowercase());
            }
            snake
        }
        _ => text.to_owned(),
    }
}

fn words() -> impl Strategy<Value = Value> {
    let word = select(vec![
        "true",
        "false",
        "True",
        "FALSE",
        "yes",
        "0",
        "1",
        "Approved",
        "Passed",
        "Failed",
        "Rejected",
        "Not Verified",
        "No Match",
        "Under Review",
        "Enroll User",
        "0810",
        "1012",
        "1210",
        "0817",
        "user-1",
        "job-1",
    ]);
    (word, 3..5_u8).prop_map(|(word, casing)| json!(cased(word, if casing == 3 { 1 } else { 4 })))
}

fn codes() -> BoxedStrategy<Value> {
    let known = select(vec![
        "0810", "1210", "0820", "1220", "0840", "1240", "0817", "1012", "0811", "0812", "0814", "0816",
        "0818", "0821", "0822", "0841", "0001", "1020", "1013", "2302",
    ]);
    prop_oneof![
        8 => known.clone().prop_map(Value::from),
        2 => known.clone().prop_map(|code| json!(code.parse::<u64>().unwrap())),
        1 => known.clone().prop_map(|code| json!(format!(" {code}\n"))),
        1 => known.clone().prop_map(|code| json!(code.trim_start_matches('0'))),
        1 => known.clone().prop_map(|code| json!(code.parse::<f64>().unwrap())),
        1 => known.prop_map(|code| json!([code])),
        2 => (0..=9_999_u16).prop_map(|code| json!(format!("{code:04}"))),
        1 => any_json(),
    ]
    .boxed()
}

fn job_types() -> impl Strategy<Value = u16> {
    prop_oneof![8 => select(vec![1_u16, 2, 4, 5, 6, 8, 9, 11]), 1 => any::<u16>()]
}

fn echoed_types() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => job_types().prop_map(|number| json!(number.to_string())),
        4 => job_types().prop_map(Value::from),
        1 => job_types().prop_map(|number| json!(format!(" {number} "))),
        1 => any_json(),
    ]
}

fn flags() -> BoxedStrategy<Value> {
    prop_oneof![
        4 => select(vec![json!(true), json!("true"), json!("True")]),
        2 => select(vec![json!(false), json!("false"), json!("False"), json!("FALSE")]),
        1 => any_json(),
    ]
    .boxed()
}

fn actions() -> impl Strategy<Value = Value> {
    let good = select(vec![
        "Passed",
        "Approved",
        "Completed",
        "Verified",
        "Returned",
        "Not Applicable",
        "Exact Match",
    ]);
    let bad = select(vec![
        "Failed",
        "Rejected",
        "Not Verified",
        "FAILED",
        "not_verified",
        "rejected",
        "new",
        "false",
        "Not Done",
        "Under Review",
        "Unable To Determine",
        "Partial Match",
        "No Match",
        "Issuer Unavailable",
    ]);
    let value =
        prop_oneof![20 => good.prop_map(Value::from), 1 => bad.prop_map(Value::from), 1 => any_json()];
    prop_oneof![8 => object(value).prop_map(Value::Object), 1 => any_json()]
}

/// A field that is mostly there, mostly under its documented key.
fn pair(
    key: &'static str,
    value: impl Strategy<Value = Value> + 'static,
) -> BoxedStrategy<Option<(String, Value)>> {
    let key = prop_oneof![6 => Just(4_u8), 1 => 0..4_u8].prop_map(move |casing| cased(key, casing));
    prop::option::weighted(0.8, (key, value)).boxed()
}

fn entries() -> BoxedStrategy<Value> {
    select(APPROVALS).prop_flat_map(|(code, job_type)| entries_near(code, job_type)).boxed()
}

/// An approval, with this or that changed.
fn entries_near(code: &'static str, job_type: u16) -> BoxedStrategy<Value> {
    let codes = prop_oneof![3 => Just(json!(code)), 1 => codes()];
    let types = prop_oneof![3 => Just(json!(job_type.to_string())), 1 => echoed_types()];
    let is_final = prop_oneof![3 => Just(json!("true")), 1 => flags()];
    let ids = (
        select(vec!["job-1", "job-1", "job-1", "job-2"]),
        select(vec!["user-1", "user-1", "user-1", "user-2"]),
    );
    let params = (pair("job_type", types), prop::option::weighted(0.85, ids), object(any_json())).prop_map(
        |(job_type, ids, mut params)| {
            params
                .retain(|key, _| !["job_type", "job_id", "user_id"].iter().any(|known| is_alike(key, known)));
            params.extend(job_type);
            if let Some((job_id, user_id)) = ids {
                params.insert("job_id".into(), json!(job_id));
                params.insert("user_id".into(), json!(user_id));
            }
            Value::Object(params)
        },
    );
    let noise = prop_oneof![2 => Just(Map::new()), 1 => object(any_json())];
    let real = (
        noise,
        pair("ResultCode", codes),
        pair("Actions", actions()),
        pair("IsFinalResult", is_final),
        pair("PartnerParams", prop_oneof![8 => params, 1 => any_json()]),
    );
    prop_oneof![
        12 => real.prop_map(|(noise, code, actions, is_final, params)| {
            let fields = noise.into_iter().chain([code, actions, is_final, params].into_iter().flatten());
            Value::Object(fields.collect())
        }),
        1 => any_json(),
    ]
    .boxed()
}

fn statuses() -> BoxedStrategy<Map<String, Value>> {
    let noise = prop_oneof![2 => Just(Map::new()), 1 => object(any_json())];
    let real = (
        noise,
        pair("job_complete", prop_oneof![2 => Just(json!(true)), 1 => flags()]),
        pair("job_success", prop_oneof![2 => Just(json!(true)), 1 => flags()]),
        pair("code", codes()),
        pair("result", entries()),
        pair("history", prop::collection::vec(entries(), 0..3).prop_map(Value::from)),
    );
    real.prop_map(|(noise, complete, success, code, result, history)| {
        noise.into_iter().chain([complete, success, code, result, history].into_iter().flatten()).collect()
    })
    .boxed()
}

/// Signs it as the service does, as a number now and then.
fn signed(mut fields: Map<String, Value>, as_number: bool) -> Map<String, Value> {
    let timestamp = if as_number { json!(START.unix_millis()) } else { json!(START.to_string()) };
    let text = timestamp.as_str().map_or_else(|| timestamp.to_string(), str::to_owned);
    fields.insert("signature".into(), json!(partner().signer().sign_text(&text)));
    fields.insert("timestamp".into(), timestamp);
    fields
}

// The rule.

/// Checks the rules that hold for every verdict, approval or not.
fn is_sound(verdict: &Verdict) {
    // The decision alone is what many will look at.
    assert_eq!(verdict.is_approved(), verdict.decision() == Decision::Approved);
    assert!(!verdict.is_approved() || verdict.is_final());
    assert_eq!(verdict.unknown_reason().is_some(), verdict.decision() == Decision::Unknown);
    assert!(verdict.unknown_reason().is_none() || !verdict.is_final(), "what is unknown is not final");
    assert!(!verdict.meaning().is_empty() && !verdict.to_string().is_empty());
    let _ = format!("{verdict:?}");
}

fn check(verdict: &Verdict, entry: &Map<String, Value>, asked: Option<u16>, success: Option<&Value>) -> bool {
    is_sound(verdict);
    assert!(
        !verdict.is_approved() || may_approve(entry, asked, success),
        "{verdict} of {asked:?}: {entry:?}"
    );
    verdict.is_approved()
}

/// Checks the verdict for the type that the entry names itself, for this one, and for each that has
/// approvals.
fn check_all(verdict: impl Fn(Option<JobType>) -> Verdict, entry: &Map<String, Value>, asked: u16) -> bool {
    let types = [None, Some(asked), Some(1), Some(2), Some(4), Some(5), Some(6), Some(11)];
    let approves = types.map(|number| check(&verdict(number.map(JobType::from_number)), entry, number, None));
    approves.contains(&true)
}

/// Reads everything that can be read, so that anything that could panic does.
fn read_all(entry: &ResultEntry) {
    let params = entry.partner_params();
    let _ = (params.user_id(), params.job_id(), params.job_type(), params.get("job_id"), params.as_json());
    let _ = (entry.result_text(), entry.result_type(), entry.smile_job_id(), entry.source());
    let _ = (entry.confidence_value(), entry.is_final_result(), entry.is_machine_result());
    let _ = entry.image_links().map(|links| links.selfie_image().map(str::len));
    let _ = (entry.actions().get("Liveness_Check"), format!("{entry:?} {params:?}"));
    for (name, value) in entry.actions().iter() {
        let _ = (name, value.as_str(), value.is_negative(), value.is_pending());
    }
}

/// True if any of the verdicts was an approval.
fn check_entry(value: &Value, asked: u16) -> bool {
    let Some(entry) = ResultEntry::from_json(value.clone()) else {
        assert!(!value.is_object(), "every object is an entry");
        return false;
    };
    let fields = value.as_object().unwrap();
    read_all(&entry);
    assert_eq!(entry.as_json(), fields, "nothing is lost");
    check_all(|job_type| job_type.map_or_else(|| entry.verdict(), |it| entry.verdict_for(it)), fields, asked)
}

fn check_status(fields: &Map<String, Value>, asked: Option<u16>) -> bool {
    let mut request = JobStatusRequest::new(UserId::new("user-1"), JobId::new("job-1"));
    if let Some(asked) = asked {
        request = request.with_job_type(JobType::from_number(asked));
    }
    let body = Bytes::from(Value::Object(fields.clone()).to_string());
    let Ok(status) = request.parse(&partner(), START, &Response::new(body)) else { return false };
    let _ = format!("{status:?}");
    assert_eq!(status.as_json(), fields, "nothing is lost");
    let of_this_job = |entry: &ResultEntry| {
        let params = entry.partner_params();
        params.job_id().is_none_or(|id| id == "job-1") && params.user_id().is_none_or(|id| id == "user-1")
    };
    assert!(status.entry().is_none_or(of_this_job));
    for entry in status.entry().into_iter().chain(&status.history) {
        read_all(entry);
    }
    let Some(verdict) = status.verdict() else {
        assert!(!status.job_complete);
        return false;
    };
    is_sound(&verdict);
    if !verdict.is_approved() {
        return false;
    }
    let complete = field(fields, "job_complete").unwrap();
    assert!(complete == &json!(true) || complete.as_str().unwrap().eq_ignore_ascii_case("true"));
    let entry = field(fields, "result").unwrap().as_object().unwrap();
    let params = field(entry, "PartnerParams").and_then(Value::as_object).unwrap();
    for (key, id) in [("job_id", "job-1"), ("user_id", "user-1")] {
        assert_eq!(field(params, key), Some(&json!(id)), "an approval names the job and the user");
    }
    check(&verdict, entry, asked, field(fields, "job_success"))
}

fn read_callback(body: String) -> Result<Callback, Refusal> {
    let verifier = partner().verifier().without_max_age();
    verifier.verify(smile_core::Timestamp::default(), &http::HeaderMap::new(), body.into())
}

fn check_callback(fields: &Map<String, Value>, asked: u16) -> bool {
    let body = Value::Object(fields.clone()).to_string();
    let callback = match read_callback(body) {
        Ok(callback) => callback,
        // The signature in two spellings.
        Err(refusal) => {
            assert_eq!(refusal, Refusal::Duplicated);
            return false;
        }
    };
    let _ = format!("{callback:?}");
    read_all(callback.entry());
    assert_eq!(callback.entry().as_json(), fields, "nothing is lost");
    let verdict = |job_type: Option<_>| {
        job_type.map_or_else(|| callback.verdict(), |job_type| callback.verdict_for(job_type))
    };
    check_all(verdict, fields, asked)
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(600))]

    #[test]
    fn an_entry_approves_only_what_is_known_to_be_an_approval(entry in entries(), asked in job_types()) {
        check_entry(&entry, asked);
    }

    #[test]
    fn a_signed_status_approves_only_what_is_known_to_be_an_approval(
        status in statuses(), asked in prop::option::of(job_types()), as_number: bool,
    ) {
        check_status(&signed(status, as_number), asked);
    }

    #[test]
    fn a_callback_approves_only_what_is_known_to_be_an_approval(
        entry in entries(), asked in job_types(), as_number: bool,
    ) {
        let fields = entry.as_object().cloned().unwrap_or_default();
        check_callback(&signed(fields, as_number), asked);
    }
}

// Damage.

/// A callback with everything that a verdict rests on, and with much that none rests on.
fn whole_callback() -> Map<String, Value> {
    let fields = json!({
        "FullName": "Joe \"Doe\" Leo", "ResultCode": "0810", "ResultText": "Enroll User", "ResultType": "SAIA",
        "SmileJobID": "0000000007", "IsFinalResult": "true", "Actions": { "Liveness_Check": "Passed", "Selfie_Check": "Passed" },
        "PartnerParams": { "user_id": "user-1", "job_id": "job-1", "job_type": "1", "branch": "Lagos", "note": [1, "a"] },
        "Antifraud": { "summary": { "fraud_detected": false } }, "FullData": { "Names": ["Joe", null, 1.5], "Alive": true },
        "Country": "NG", "IDType": "BVN", "IDNumber": "00000000000", "Address": "1 Drawn Street", "Photo": "/9j/".repeat(2_000),
    });
    signed(fields.as_object().unwrap().clone(), false)
}

/// Damage of a body: these bytes in the place of so many at this place.
#[derive(Clone, Debug)]
struct Damage {
    at: prop::sample::Index,
    instead_of: usize,
    put: Vec<u8>,
}

/// Bytes that are no character anywhere in a text, whatever stands beside them. Bytes that make
/// another valid text are no damage.
fn damages() -> impl Strategy<Value = Damage> {
    let put =
        select(vec![&b"\xE9"[..], b"\t", b"\0", br"\ud83d", b"\xF0\x9F", br"\x"]).prop_map(<[u8]>::to_vec);
    let at = any::<prop::sample::Index>();
    (at, 0..2_usize, put).prop_map(|(at, instead_of, put)| Damage { at, instead_of, put })
}

fn damaged(body: &str, damages: &[Damage]) -> Vec<u8> {
    let mut body = body.as_bytes().to_vec();
    for damage in damages {
        let at = damage.at.index(body.len());
        let end = (at + damage.instead_of).min(body.len());
        body.splice(at..end, damage.put.iter().copied());
    }
    body
}

/// The same with `NaN` and the like in the place of a value: a text, a number or a flag.
fn without_a_number(fields: &Map<String, Value>, which: prop::sample::Index, word: &str) -> String {
    fn leaves<'a>(value: &'a mut Value, found: &mut Vec<&'a mut Value>) {
        match value {
            Value::Object(object) => object.values_mut().for_each(|inner| leaves(inner, found)),
            Value::Array(list) => list.iter_mut().for_each(|inner| leaves(inner, found)),
            leaf => found.push(leaf),
        }
    }
    let mut whole = Value::Object(fields.clone());
    let mut found = Vec::new();
    leaves(&mut whole, &mut found);
    let at = which.index(found.len());
    *found[at] = json!("the number");
    whole.to_string().replace("\"the number\"", word)
}

const DECIDING: [&str; 12] = [
    "ResultCode",
    "ResultType",
    "SmileJobID",
    "IsFinalResult",
    "Actions",
    "Antifraud",
    "Country",
    "IDType",
    "IDNumber",
    "signature",
    "timestamp",
    "job_complete",
];

/// Checks that a body that isn't JSON approves only if nothing in it that decides differs from the
/// whole one.
fn is_no_better(body: &[u8], approved: Option<&Map<String, Value>>, whole: &Map<String, Value>) -> bool {
    let Some(entry) = approved else { return false };
    if serde_json::from_slice::<Value>(body).is_ok() {
        // Not damaged, but changed: the other properties are about that.
        return false;
    }
    for key in DECIDING {
        assert_eq!(field(entry, key), whole.get(key), "{key}: {}", String::from_utf8_lossy(body));
    }
    for key in ["job_id", "user_id", "job_type"] {
        assert_eq!(entry["PartnerParams"][key], whole["PartnerParams"][key], "{key}");
    }
    assert!(may_approve(entry, Some(1), None));
    true
}

fn callback_is_no_better(body: Vec<u8>, whole: &Map<String, Value>) -> bool {
    let body = Bytes::from(body);
    let verifier = partner().verifier().without_max_age();
    let Ok(callback) = verifier.verify(START, &http::HeaderMap::new(), body.clone()) else { return false };
    assert_eq!(callback.body(), &body, "as it came");
    let verdicts = [callback.verdict(), callback.verdict_for(JobType::BIOMETRIC_KYC)];
    let is_approved = verdicts.iter().any(Verdict::is_approved);
    is_no_better(&body, is_approved.then(|| callback.entry().as_json()), whole)
}

fn status_is_no_better(body: Vec<u8>, whole: &Map<String, Value>) -> bool {
    let body = Bytes::from(body);
    let request = JobStatusRequest::new(UserId::new("user-1"), JobId::new("job-1"));
    let status = match request.parse(&partner(), START, &Response::new(body.clone())) {
        Ok(status) => status,
        Err(error) => {
            assert_eq!(error.answer(), Some(&body), "as it came");
            return false;
        }
    };
    let is_approved = status.verdict().is_some_and(|verdict| verdict.is_approved());
    let entry = status.entry().filter(|_| is_approved).map(ResultEntry::as_json);
    is_no_better(&body, entry, whole)
}

/// The status of the job that the callback is of.
fn whole_status() -> (Map<String, Value>, Map<String, Value>) {
    let mut entry = whole_callback();
    entry.retain(|key, _| !["signature", "timestamp"].contains(&&**key));
    let status = json!({ "job_complete": true, "job_success": true, "code": "2302", "note": "a", "result": entry.clone() });
    (signed(status.as_object().unwrap().clone(), false), entry)
}

proptest! {
    #![proptest_config(config(600))]

    #[test]
    fn a_repaired_callback_is_no_better_than_the_whole_one(damage in prop::collection::vec(damages(), 1..4)) {
        let whole = whole_callback();
        callback_is_no_better(damaged(&Value::Object(whole.clone()).to_string(), &damage), &whole);
    }

    #[test]
    fn a_repaired_status_is_no_better_than_the_whole_one(damage in prop::collection::vec(damages(), 1..4)) {
        let (status, entry) = whole_status();
        status_is_no_better(damaged(&Value::Object(status).to_string(), &damage), &entry);
    }

    #[test]
    fn what_is_no_number_approves_nothing_that_a_number_would_not(
        which: prop::sample::Index, word in select(vec!["NaN", "Infinity", "-Infinity", "1e999", "-1E+400"]),
    ) {
        let whole = whole_callback();
        callback_is_no_better(without_a_number(&whole, which, word).into_bytes(), &whole);
        let (status, entry) = whole_status();
        status_is_no_better(without_a_number(&status, which, word).into_bytes(), &entry);
    }
}

/// A whole callback, and this field of its outermost object in these words.
fn with_raw_field(name: &str, json: &str) -> bool {
    let whole = Value::Object(whole_callback()).to_string().replace("\"Antifraud\":", "\"Left\":");
    let whole = whole.replace("\"FullData\":", "\"Out\":");
    let body = whole.replacen('{', &format!("{{{name:?}:{json},"), 1);
    let verifier = partner().verifier().without_max_age();
    let callback = verifier.verify(START, &http::HeaderMap::new(), body.into());
    callback.is_ok_and(|callback| callback.verdict_for(JobType::BIOMETRIC_KYC).is_approved())
}

fn raw_words() -> impl Strategy<Value = &'static str> {
    select(vec![
        "\"block\"",
        "\"clear\"",
        "\"high\"",
        "\"low\"",
        "[]",
        "[1]",
        "0",
        "92",
        "null",
        "true",
        "1e999",
    ])
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn what_stands_twice_approves_nothing_that_either_of_the_two_would_not(
        field in select(vec!["FullData", "Extra", "Note", "Antifraud", "people", "summary", "status", "Actions"]),
        name in select(vec!["status", "risk_level", "people", "note", "risk_score", "fraud_detected"]),
        (one, other) in (raw_words(), raw_words()),
        pad in select(vec![0, 5_000]),
    ) {
        let pad = "x".repeat(pad);
        let with = |inner: String| with_raw_field(field, &format!(r#"{{"pad":"{pad}","in":[{{{inner}}}]}}"#));
        if with(format!("{name:?}:{one},{name:?}:{other}")) {
            let each = [one, other].map(|word| with(format!("{name:?}:{word}")));
            prop_assert_eq!(each, [true; 2]);
        }
    }
}

#[test]
fn approvals_with_something_twice_turn_up() {
    assert!(
        with_raw_field("FullData", r#"{"status":"block","status":"clear"}"#),
        "it is what the authority says"
    );
    assert!(!with_raw_field("Note", r#"{"status":"block","status":"clear"}"#));
    assert!(!with_raw_field("Note", r#"{"status":"clear","status":"clear"}"#), "there is no telling");
    assert!(with_raw_field("Note", r#"{"status":"clear"}"#));
}

/// The same for the properties about damage: some of it hides no approval.
#[test]
fn repaired_approvals_turn_up() {
    let mut runner = TestRunner::deterministic();
    let (whole, (status, entry)) = (whole_callback(), whole_status());
    let texts = [whole.clone(), status].map(|fields| Value::Object(fields).to_string());
    let mut approved = [0; 2];
    for _ in 0..300 {
        let damage = [damages().new_tree(&mut runner).unwrap().current()];
        approved[0] += usize::from(callback_is_no_better(damaged(&texts[0], &damage), &whole));
        approved[1] += usize::from(status_is_no_better(damaged(&texts[1], &damage), &entry));
    }
    assert!(approved.iter().all(|count| *count >= 20), "{approved:?}");
}

/// The properties above are worth something only if approvals, and near misses, turn up.
#[test]
fn approvals_and_near_misses_turn_up() {
    let mut runner = TestRunner::deterministic();
    let mut approved = [0; 3];
    let mut near_misses = 0;
    for _ in 0..1_000 {
        let (entry, status) = (entries(), statuses()).new_tree(&mut runner).unwrap().current();
        let asked = job_types().new_tree(&mut runner).unwrap().current();
        let fields = entry.as_object().cloned().unwrap_or_default();
        let is_code = code(&fields).is_some_and(|code| APPROVALS.contains(&(&code, asked)));
        near_misses += usize::from(is_code && !may_approve(&fields, Some(asked), None));
        approved[0] += usize::from(check_entry(&entry, asked));
        approved[1] += usize::from(check_status(&signed(status, false), None));
        approved[2] += usize::from(check_callback(&signed(fields, false), asked));
    }
    assert!(approved.iter().all(|count| *count >= 20) && near_misses >= 5, "{approved:?}, {near_misses}");
}

/// Every code for every job type, with nothing against it.
#[test]
fn of_all_codes_exactly_the_known_approvals_approve() {
    for job_type in (0..=20).chain([u16::MAX]) {
        for number in 0..=9_999 {
            let code = format!("{number:04}");
            let entry = ResultEntry::from_json(json!({ "ResultCode": code })).unwrap();
            let is_approved = entry.verdict_for(JobType::from_number(job_type)).is_approved();
            assert_eq!(is_approved, APPROVALS.contains(&(&code, job_type)), "{code} for {job_type}");
        }
    }
}

#[test]
fn an_id_number_that_is_known_is_no_approval_of_a_person() {
    for job_type in [1, 2, 4, 6, 8, 9, 11] {
        let entry = json!({ "ResultCode": "1012", "Actions": { "Verify_ID_Number": "Verified" }, "IsFinalResult": "true" });
        let entry = ResultEntry::from_json(entry).unwrap();
        assert!(!entry.verdict_for(JobType::from_number(job_type)).is_approved(), "{job_type}");
    }
}

/// Words that are not a plain no, and don't bear out an approval all the same.
#[test]
fn an_approval_needs_every_step_to_bear_it_out() {
    for (code, job_type, name, word) in [
        ("0810", 1, "Liveness_Check", "false"),
        ("0810", 1, "Liveness_Check", "Denied"),
        ("0810", 1, "Selfie_To_ID_Authority_Compare", "ID Authority Photo Not Available"),
        ("0810", 1, "Selfie_To_ID_Authority_Compare", "Not Done"),
        ("1012", 5, "Verify_ID_Number", "Issuer Unavailable"),
        ("1012", 5, "Verify_ID_Number", "Not Done"),
        ("1012", 5, "Verify_ID_Number", "Not found"),
        ("1012", 7, "Verify_Business", "Not Found"),
        ("1012", 5, "Verify_ID_Number", "Not Applicable"),
        ("0810", 1, "Selfie_To_ID_Authority_Compare", "Not Returned"),
        ("1020", 5, "Names", "Partial Match"),
        ("1020", 5, "Names", "Not Provided"),
        ("1210", 1, "human_review_liveness_check", "Unable To Determine"),
        ("1210", 1, "HumanReviewLivenessCheck", "Under Review"),
        ("1210", 1, "Human_Review_Compare", "Under Review"),
        ("1210", 1, "Human_Review_Compare", "Unable To Determine"),
    ] {
        let entry = json!({ "ResultCode": code, "Actions": { name: word } });
        let verdict = ResultEntry::from_json(entry).unwrap().verdict_for(JobType::from_number(job_type));
        assert!(!verdict.is_approved(), "{code} {name}: {word}: {verdict}");
    }
    // One comparison that was made stands for no other step.
    for (job_type, actions) in [
        (6, json!({ "Selfie_To_ID_Card_Compare": "Completed", "Document_Check": "Not Done" })),
        (6, json!({ "Selfie_To_ID_Card_Compare": "Completed", "Verify_Document": "Not Done" })),
        (11, json!({ "Selfie_To_ID_Card_Compare": "Completed", "Verify_ID_Number": "Issuer Unavailable" })),
        (1, json!({ "Selfie_To_ID_Authority_Compare": "Completed", "Liveness_Check": "Not Done" })),
        (1, json!({ "Selfie_To_ID_Authority_Compare": "Completed", "Verify_ID_Number": "Not Done" })),
        (6, json!({ "Document_Check": "Sent to Human Review" })),
    ] {
        let entry = json!({ "ResultCode": "0810", "Actions": actions });
        let verdict =
            ResultEntry::from_json(entry.clone()).unwrap().verdict_for(JobType::from_number(job_type));
        assert!(!verdict.is_approved(), "{entry}: {verdict}");
    }
    let reviewed = json!({
        "Document_Check": "Sent to Human Review", "Human_Review_Document_Check": "Passed", "Human_Review_Compare": "Passed",
    });
    let entry = ResultEntry::from_json(json!({ "ResultCode": "0810", "Actions": reviewed })).unwrap();
    assert!(entry.verdict_for(JobType::DOCUMENT_VERIFICATION).is_approved());
    // An ID card can stand for the authority, and a reviewer's word for the machine's.
    for (code, actions) in [
        ("0810", json!({ "Verify_ID_Number": "Not Done", "Selfie_To_ID_Card_Compare": "Completed" })),
        ("1210", json!({ "Liveness_Check": "Under Review", "Human_Review_Liveness_Check": "Passed" })),
        ("1210", json!({ "Verify_ID_Number": "Issuer Unavailable", "Human_Review_Compare": "Passed" })),
        (
            "0810",
            json!({ "Liveness_Check": "Not Applicable", "Return_Personal_Info": "Not Returned", "Selfie_Check": null }),
        ),
    ] {
        let entry = json!({ "ResultCode": code, "Actions": actions });
        let verdict = ResultEntry::from_json(entry.clone()).unwrap().verdict_for(JobType::BIOMETRIC_KYC);
        assert!(verdict.is_approved(), "{entry}: {verdict}");
    }
}

/// Two spellings of one key: a no in either of them is a no.
#[test]
fn a_no_under_a_second_spelling_is_not_overlooked() {
    let approved = |mut fields: Value| {
        fields["ResultCode"] = json!("0810");
        ResultEntry::from_json(fields).unwrap().verdict_for(JobType::BIOMETRIC_KYC).is_approved()
    };
    let no = json!({ "Verify_ID_Number": "Not Verified" });
    let yes = json!({ "Verify_ID_Number": "Verified" });
    assert!(!approved(json!({ "Actions": no, "actions": yes })));
    let overlooked: Vec<_> = [
        json!({ "Actions": yes, "actions": no }),
        json!({ "actions": no, "ACTIONS": yes }),
        json!({ "IsFinalResult": true, "is_final_result": false }),
        json!({ "is_final_result": "false", "isFinalResult": "false" }),
    ]
    .into_iter()
    .filter(|fields| approved(fields.clone()))
    .collect();
    assert!(overlooked.is_empty(), "approved: {overlooked:?}");
}

/// The same for the status: two unlike `job_success`, neither of them documented so, and one of
/// them a no.
#[test]
fn a_no_under_a_second_spelling_of_job_success_is_not_overlooked() {
    let result = json!({ "ResultCode": "0810", "PartnerParams": { "job_type": 1, "job_id": "job-1" } });
    for body in [
        json!({ "job_complete": true, "job_success": true, "JobSuccess": false, "result": result }),
        json!({ "job_complete": true, "jobSuccess": false, "JobSuccess": false, "result": result }),
    ] {
        let fields = signed(body.as_object().unwrap().clone(), false);
        assert!(!check_status(&fields, Some(1)), "approved: {body}");
    }
}

#[test]
fn fraud_that_was_found_stands_against_an_approval() {
    for (antifraud, approves) in [
        (json!(null), true),
        (json!({}), true),
        (json!({ "summary": { "fraud_detected": false } }), true),
        (json!({ "summary": { "fraud_detected": "False" }, "fraud_risk": { "risk_level": "low" } }), true),
        (json!({ "summary": { "fraud_detected": true } }), false),
        (json!({ "summary": { "fraud_detected": "true" } }), false),
        (json!({ "summary": { "fraud_detected": "perhaps" } }), false),
        (json!({ "summary": "fraud" }), false),
        (json!("fraud"), false),
        (json!({ "fraud_risk": { "risk_level": "high" } }), false),
    ] {
        let entry = json!({ "ResultCode": "0810", "Antifraud": antifraud });
        let verdict = ResultEntry::from_json(entry.clone()).unwrap().verdict_for(JobType::BIOMETRIC_KYC);
        assert_eq!(verdict.is_approved(), approves, "{entry}");
    }
}
