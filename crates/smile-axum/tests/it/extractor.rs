//! Callbacks that reach a handler, and the responses to all others.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::routing::post as on_post;
use smile_axum::core::{
    AsyncReplayStore, CallbackDigest, CallbackKind, Environment, InMemoryReplayStore, JobType, Partner,
    Refusal, ReplayCheck, ReplayStore, StoreFull, Timestamp,
};
use smile_axum::{CallbackReceiver, ReceivedCallback, Rejection};

use crate::support::{Broken, Chunks, NOW, answer, partner, post, receiver, signed, unsigned};

/// Answers with what the handler was given.
async fn tell(received: ReceivedCallback) -> String {
    let callback = &received.callback;
    assert_eq!(callback.kind(), CallbackKind::Result(JobType::BIOMETRIC_KYC));
    let code = callback.entry().result_code().unwrap();
    format!("{code} {:?} {:?}", callback.carrier(), received.replay_check)
}

fn app(receiver: CallbackReceiver) -> Router {
    Router::new().route("/callback", on_post(tell)).with_state(receiver)
}

/// Callbacks that a receiver turns away.
type TurnedAway = Arc<Mutex<Vec<(Option<Refusal>, String)>>>;

fn watched(receiver: CallbackReceiver) -> (Router, TurnedAway) {
    let turned_away = TurnedAway::default();
    let theirs = Arc::clone(&turned_away);
    let receiver = receiver.with_rejection_observer(move |rejection| {
        theirs.lock().unwrap().push((rejection.refusal(), rejection.to_string()));
    });
    (app(receiver), turned_away)
}

fn with_headers(partner: &Partner, at: Timestamp, body: String) -> Request<Body> {
    let pair = partner.signer().sign(at);
    let mut request = post(body);
    request.headers_mut().insert("response-timestamp", pair.timestamp().parse().unwrap());
    request.headers_mut().insert("response-signature", pair.signature().parse().unwrap());
    request
}

#[tokio::test]
async fn a_callback_reaches_the_handler_whichever_way_it_is_signed() {
    let app = app(receiver());
    let told = answer(&app, post(signed(&partner(), NOW, "0810"))).await;
    assert_eq!(told, (StatusCode::OK, "0810 Body None".to_owned()));
    let told = answer(&app, with_headers(&partner(), NOW, unsigned("0812"))).await;
    assert_eq!(told, (StatusCode::OK, "0812 Headers None".to_owned()));
    let told = answer(&app, with_headers(&partner(), NOW, signed(&partner(), NOW, "1210"))).await;
    assert_eq!(told, (StatusCode::OK, "1210 Both None".to_owned()));
}

#[tokio::test]
async fn whatever_is_not_believed_is_answered_and_reaches_no_handler() {
    let partner = partner();
    let genuine = signed(&partner, NOW, "0810");
    let stranger = Partner::new("001", "another-api-key", Environment::Sandbox).unwrap();
    let old = Timestamp::from_unix_millis(NOW.unix_millis() - 3_600_000);
    let future = NOW + Duration::from_secs(3_600);
    let (seconds, limit) = (Duration::from_secs(3_600), 3_000);
    let small = partner.verifier().with_max_bytes(limit);
    let too_large = small.check_size(limit + 1).unwrap_err();
    let aged = |at| small.verify(NOW, &Default::default(), signed(&partner, at, "0810").into()).unwrap_err();
    let (too_old, from_the_future) = (aged(old), aged(future));
    assert!(matches!(too_old, Refusal::TooOld { age, .. } if age == seconds));
    assert!(matches!(from_the_future, Refusal::FromTheFuture { ahead, .. } if ahead == seconds));

    let not_utf8 = [genuine.as_bytes(), b"\xFF"].concat();
    let malformed = genuine.replacen("\"signature\":\"", "\"signature\":\"*", 1);
    let (not, no, later) = ("not a callback\n", "not believed\n", "try again later\n");
    let large = "too large for a callback\n";
    let cases: Vec<(Request<Body>, Refusal, u16, &str)> = vec![
        (post(genuine.clone() + &" ".repeat(limit)), too_large, 413, large),
        (post(""), Refusal::Empty, 400, not),
        (post(not_utf8), Refusal::NotUtf8, 400, not),
        (post(genuine[..genuine.len() - 1].to_owned()), Refusal::Truncated, 400, not),
        (post("status=ok"), Refusal::NotJson, 400, not),
        (post(format!("[{genuine}]")), Refusal::NotAnObject, 400, not),
        (post(format!(r#"{{"a":{}}}"#, "[".repeat(1_000) + &"]".repeat(1_000))), Refusal::TooDeep, 400, not),
        (post(genuine.replacen('{', r#"{"signature":"","#, 1)), Refusal::Duplicated, 400, not),
        (post(unsigned("0810")), Refusal::MissingSignature, 401, no),
        (post(malformed), Refusal::MalformedSignature, 401, no),
        (post(signed(&stranger, NOW, "0810")), Refusal::WrongSignature, 401, no),
        (with_headers(&partner, old, genuine.clone()), Refusal::CarriersDisagree, 401, no),
        (post(signed(&partner, old, "0810")), too_old, 401, no),
        (post(signed(&partner, future, "0810")), from_the_future, 503, later),
        (post(genuine.replace("job", "bob")), Refusal::Replayed, 409, no),
    ];
    let receiver = CallbackReceiver::new(small.clone()).with_clock(|| NOW);
    let (app, turned_away) = watched(receiver.with_store(InMemoryReplayStore::default()));
    let passes = answer(&app, post(genuine)).await;
    assert_eq!(passes, (StatusCode::OK, "0810 Body Some(First)".to_owned()));
    for (request, refusal, status, text) in cases {
        let (answered, said) = answer(&app, request).await;
        let reasons: Vec<_> = turned_away.lock().unwrap().drain(..).collect();
        assert_eq!(reasons, [(Some(refusal), refusal.to_string())]);
        assert_eq!((answered.as_u16(), said.as_str()), (status, text), "{refusal:?}");
    }
}

#[tokio::test]
async fn no_more_is_taken_of_a_body_than_tells_that_it_is_too_large() {
    let receiver = CallbackReceiver::new(partner().verifier().with_max_bytes(10_000)).with_clock(|| NOW);
    let (app, turned_away) = watched(receiver);
    for (declared, most) in [(None, 11), (Some(usize::MAX as u64), 0), (Some(10_001), 0)] {
        let (body, taken) = Chunks::new(usize::MAX, declared);
        let (status, _) = answer(&app, post(Body::new(body))).await;
        assert_eq!((status, taken()), (StatusCode::PAYLOAD_TOO_LARGE, most), "{declared:?}");
    }
    let said: Vec<_> = turned_away.lock().unwrap().drain(..).map(|(_, said)| said).collect();
    assert_eq!(said, ["the callback's body is larger than 10000 bytes"; 3]);
    // As large as it may be, it is read to its end, and found to be nothing but space.
    let (body, taken) = Chunks::new(10, None);
    let (status, _) = answer(&app, post(Body::new(body))).await;
    assert_eq!((status, taken()), (StatusCode::BAD_REQUEST, 10));
}

#[tokio::test]
async fn only_the_verifier_limits_the_body() {
    let receiver = CallbackReceiver::new(partner().verifier().with_max_bytes(4_000_000)).with_clock(|| NOW);
    // Beyond the 2 MiB at which axum's own extractors stop.
    let body = signed(&partner(), NOW, "0810") + &" ".repeat(3_000_000);
    assert_eq!(answer(&app(receiver), post(body)).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_callback() {
    let (app, turned_away) = watched(receiver());
    let body = Broken(Some(signed(&partner(), NOW, "0810").into()));
    let answered = answer(&app, post(Body::new(body))).await;
    assert_eq!(answered, (StatusCode::BAD_REQUEST, "not a callback\n".to_owned()));
    let said = turned_away.lock().unwrap().clone();
    assert_eq!(said, [(None, "the callback's body could not be read to its end".to_owned())]);
}

#[tokio::test]
async fn redeliveries_reach_the_handler_and_say_so() {
    let app = app(receiver().with_store(InMemoryReplayStore::default()));
    let provisional = signed(&partner(), NOW, "0812");
    let again = signed(&partner(), NOW + Duration::from_secs(1), "0812");
    let last = signed(&partner(), NOW + Duration::from_secs(2), "1210");
    for (body, seen) in [
        (&provisional, "0812 Body Some(First)"),
        (&provisional, "0812 Body Some(Redelivery)"),
        (&again, "0812 Body Some(Redelivery)"),
        (&last, "1210 Body Some(First)"),
        (&last, "1210 Body Some(Redelivery)"),
    ] {
        assert_eq!(answer(&app, post(body.clone())).await, (StatusCode::OK, seen.to_owned()));
    }
}

/// Store that records, and never answers.
struct Hanging(Arc<InMemoryReplayStore>);

impl AsyncReplayStore for Hanging {
    type Error = StoreFull;

    async fn record(&self, now: Timestamp, digest: &CallbackDigest) -> Result<ReplayCheck, StoreFull> {
        let recorded = ReplayStore::record(&*self.0, now, digest);
        std::future::pending::<()>().await;
        recorded
    }
}

/// Store that gives these answers, from the last to the first.
struct Scripted(Mutex<Vec<Result<ReplayCheck, StoreFull>>>);

impl AsyncReplayStore for Scripted {
    type Error = StoreFull;

    async fn record(&self, at: Timestamp, _: &CallbackDigest) -> Result<ReplayCheck, StoreFull> {
        assert_eq!(at, NOW);
        self.0.lock().unwrap().pop().unwrap()
    }
}

#[tokio::test]
async fn a_handler_that_was_cut_off_gets_the_callback_again() {
    // The first delivery is dropped between being recorded and being handled, as when the service
    // hangs up.
    let store = Arc::new(InMemoryReplayStore::default());
    let cut_off = receiver().with_async_store(Hanging(Arc::clone(&store)));
    let body = signed(&partner(), NOW, "0810");
    let (cut_off, whole) = (app(cut_off), app(receiver().with_store(store)));
    tokio::select! {
        biased;
        _ = answer(&cut_off, post(body.clone())) => panic!("it hangs"),
        () = std::future::ready(()) => {}
    }
    let told = answer(&whole, post(body)).await;
    assert_eq!(told, (StatusCode::OK, "0810 Body Some(Redelivery)".to_owned()));
}

#[tokio::test]
async fn while_the_store_fails_nothing_is_handled_and_the_service_comes_again() {
    let body = signed(&partner(), NOW, "0810");
    let (full, turned_away) = watched(receiver().with_store(InMemoryReplayStore::with_capacity(0)));
    let answered = answer(&full, post(body.clone())).await;
    assert_eq!(answered, (StatusCode::SERVICE_UNAVAILABLE, "try again later\n".to_owned()));
    let said = turned_away.lock().unwrap().clone();
    let reason = "the replay store can't say whether the callback has come before";
    assert_eq!(said, [(None, reason.to_owned())]);

    let outage = Scripted(Mutex::new(vec![Ok(ReplayCheck::First), Err(StoreFull)]));
    let app = app(receiver().with_async_store(outage));
    assert_eq!(answer(&app, post(body.clone())).await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer(&app, post(body)).await, (StatusCode::OK, "0810 Body Some(First)".to_owned()));
}

#[tokio::test]
async fn a_handler_may_have_a_reused_signature_confirmed() {
    async fn to_confirm(received: Result<ReceivedCallback, Rejection>) -> Result<String, Rejection> {
        match received {
            Err(Rejection::SignatureReused(received)) => {
                assert_eq!(received.replay_check, Some(ReplayCheck::SignatureReused));
                Ok(received.callback.job_id().unwrap())
            }
            other => other.map(|_| "passed".to_owned()),
        }
    }
    let receiver = receiver().with_store(InMemoryReplayStore::default());
    let app = Router::new().route("/callback", on_post(to_confirm)).with_state(receiver);
    let body = signed(&partner(), NOW, "0810");
    assert_eq!(answer(&app, post(body.clone())).await, (StatusCode::OK, "passed".to_owned()));
    let told = answer(&app, post(body.replace(r#""job""#, r#""other""#))).await;
    assert_eq!(told, (StatusCode::OK, "other".to_owned()));
}

#[tokio::test]
async fn a_handler_may_answer_for_itself() {
    async fn custom(received: Result<ReceivedCallback, Rejection>) -> Result<String, (StatusCode, String)> {
        match received {
            Ok(received) => Ok(format!("at {}", received.at.unix_millis())),
            Err(Rejection::Refused(Refusal::MissingSignature)) => {
                Err((StatusCode::IM_A_TEAPOT, String::new()))
            }
            Err(other) => Err((other.status(), other.to_string())),
        }
    }
    let app = Router::new().route("/callback", on_post(custom)).with_state(receiver());
    let told = answer(&app, post(signed(&partner(), NOW, "0810"))).await;
    assert_eq!(told, (StatusCode::OK, format!("at {}", NOW.unix_millis())));
    assert_eq!(answer(&app, post(unsigned("0810"))).await.0, StatusCode::IM_A_TEAPOT);
    let told = answer(&app, post("")).await;
    assert_eq!(told, (StatusCode::BAD_REQUEST, "the callback's body is empty".to_owned()));
}

#[tokio::test]
async fn without_a_clock_of_its_own_a_receiver_goes_by_the_systems() {
    let app = app(CallbackReceiver::new(partner().verifier()));
    let now = Timestamp::from_unix(SystemTime::UNIX_EPOCH.elapsed().unwrap());
    assert_eq!(answer(&app, post(signed(&partner(), now, "0810"))).await.0, StatusCode::OK);
    assert_eq!(answer(&app, post(signed(&partner(), NOW, "0810"))).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn nothing_that_is_shown_has_a_key_a_signature_or_a_person_in_it() {
    async fn show(received: Result<ReceivedCallback, Rejection>) -> String {
        format!(
            "{received:?} {received:#?} {}",
            received.as_ref().err().map(ToString::to_string).unwrap_or_default()
        )
    }
    let receiver = receiver().with_store(InMemoryReplayStore::default());
    let shown = format!("{receiver:?} {:?}", receiver.layer());
    assert!(!shown.contains("one-api-key"), "{shown}");
    let app = Router::new().route("/callback", on_post(show)).with_state(receiver);
    let signature = partner().signer().sign(NOW).signature().to_owned();
    let named = |name: &str| {
        signed(&partner(), NOW, "0810").replacen('{', &format!(r#"{{"FullName":"Joe {name}","#), 1)
    };
    for (body, what) in [
        (named("Leo"), "Ok("),
        (named("Leopold"), "SignatureReused("),
        (named("Leo").replace("signature", "another"), "Refused("),
    ] {
        let (_, shown) = answer(&app, post(body)).await;
        assert!(shown.contains(what), "{shown}");
        assert!(!shown.contains("Leo") && !shown.contains(&signature), "{shown}");
    }
}
