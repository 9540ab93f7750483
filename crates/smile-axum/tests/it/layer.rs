//! Requests that a layer lets through, with their state.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::routing::post as on_post;
use axum::{Extension, Router};
use smile_axum::core::{Environment, InMemoryReplayStore, Partner, ReplayCheck};
use smile_axum::{CallbackReceiver, ReceivedCallback};
use tower::{Service as _, ServiceExt as _, service_fn};

use crate::support::{NOW, answer, partner, post, receiver, signed, unsigned};

#[tokio::test]
async fn the_request_goes_on_with_its_callback_and_its_body() {
    async fn handler(
        Extension(received): Extension<ReceivedCallback>,
        headers: HeaderMap,
        body: String,
    ) -> String {
        assert_eq!(body.as_bytes(), received.callback.body());
        assert_eq!((headers["x-own"].as_bytes(), received.at), (&b"kept"[..], NOW));
        body
    }
    let app = Router::new().route("/callback", on_post(handler).layer(receiver().layer()));
    let body = signed(&partner(), NOW, "0810");
    let mut request = post(body.clone());
    request.headers_mut().insert("x-own", "kept".parse().unwrap());
    assert_eq!(answer(&app, request).await, (StatusCode::OK, body));
}

#[tokio::test]
async fn what_is_not_believed_is_answered_by_the_layer() {
    let calls = Arc::new(AtomicUsize::new(0));
    let (theirs, told) = (Arc::clone(&calls), Arc::new(AtomicUsize::new(0)));
    let observed = Arc::clone(&told);
    let handler = move || async move { theirs.fetch_add(1, Ordering::SeqCst).to_string() };
    let receiver = receiver().with_rejection_observer(move |_| {
        observed.fetch_add(1, Ordering::SeqCst);
    });
    let app = Router::new().route("/callback", on_post(handler).layer(receiver.layer()));
    let answered = answer(&app, post(unsigned("0810"))).await;
    assert_eq!(answered, (StatusCode::UNAUTHORIZED, "not believed\n".to_owned()));
    assert_eq!((calls.load(Ordering::SeqCst), told.load(Ordering::SeqCst)), (0, 1));
    assert_eq!(answer(&app, post(signed(&partner(), NOW, "0810"))).await.0, StatusCode::OK);
    assert_eq!((calls.load(Ordering::SeqCst), told.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test]
async fn one_receiver_looks_once_however_often_it_is_asked() {
    async fn handler(received: ReceivedCallback, Extension(same): Extension<ReceivedCallback>) -> String {
        assert_eq!(received.replay_check, same.replay_check);
        format!("{:?}", received.replay_check)
    }
    // The extension has to come first: the extractor takes the request.
    async fn turned(same: Extension<ReceivedCallback>, received: ReceivedCallback) -> String {
        handler(received, same).await
    }
    let receiver = receiver().with_store(InMemoryReplayStore::default());
    let route = on_post(turned).layer(receiver.layer());
    let app = Router::new().route("/callback", route).layer(receiver.layer()).with_state(receiver);
    for seen in [ReplayCheck::First, ReplayCheck::Redelivery] {
        let told = answer(&app, post(signed(&partner(), NOW, "0810"))).await;
        assert_eq!(told, (StatusCode::OK, format!("{:?}", Some(seen))));
    }
}

#[tokio::test]
async fn another_receiver_looks_for_itself() {
    async fn handler(_: ReceivedCallback) {}
    let other = Partner::new("002", "another-api-key", Environment::Sandbox).unwrap();
    let other = CallbackReceiver::new(other.verifier()).with_clock(|| NOW);
    let app = Router::new().route("/callback", on_post(handler).layer(receiver().layer())).with_state(other);
    assert_eq!(answer(&app, post(signed(&partner(), NOW, "0810"))).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn any_service_can_stand_behind_it() {
    let inner = service_fn(|request: Request<Body>| async move {
        let received = request.extensions().get::<ReceivedCallback>().unwrap();
        let code = received.callback.entry().result_code().unwrap().to_string();
        Ok::<_, Infallible>((StatusCode::ACCEPTED, code))
    });
    let mut service = tower::Layer::layer(&receiver().layer(), inner);
    let request = post(signed(&partner(), NOW, "0810"));
    let response = service.ready().await.unwrap().call(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::ACCEPTED);
}
