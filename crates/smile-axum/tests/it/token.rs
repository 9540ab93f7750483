//! Tokens for apps: who gets one, and what for.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::routing::any_service;
use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use smile_axum::TokenService;
use smile_core::operation::Operation as _;
use smile_core::v3::{Token, TokenProduct, TokenRequest};
use smile_core::{Environment, Partner, Timestamp, UserId};
use tower::ServiceExt as _;

/// A token as the service gives it.
fn token(text: &str) -> Token {
    let partner = Partner::new("1", "key", Environment::Sandbox).unwrap();
    let text = text.replace('\\', r"\\").replace('"', r#"\""#);
    let answer = Response::new(Bytes::from(format!(r#"{{"token":"{text}"}}"#)));
    TokenRequest::new().parse(&partner, Timestamp::default(), &answer).unwrap()
}

/// Lets in whoever has the cookie, as the user that it names.
async fn allow(head: Parts) -> Result<TokenRequest, StatusCode> {
    let user = head.headers.get("cookie").ok_or(StatusCode::UNAUTHORIZED)?.to_str().unwrap();
    match user {
        "nobody" => Ok(TokenRequest::new().with_product(TokenProduct::BIOMETRIC_KYC)),
        "anything" => Ok(TokenRequest::new().with_user_id(UserId::new("u"))),
        user => {
            Ok(TokenRequest::new().with_product(TokenProduct::BIOMETRIC_KYC).with_user_id(UserId::new(user)))
        }
    }
}

/// The answer, and for whom tokens were made.
async fn ask(request: Request<Body>, minted: Result<Token, &'static str>) -> (Response<Body>, Vec<String>) {
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let asking = Arc::clone(&asked);
    let mint = move |request: TokenRequest| {
        asking.lock().unwrap().push(request.user_id().unwrap().as_str().to_owned());
        let minted = minted.clone();
        async move { minted }
    };
    let app = Router::new().route("/token", any_service(TokenService::new(allow, mint)));
    let response = app.oneshot(request).await.unwrap();
    assert_eq!(response.headers()["cache-control"], "no-store");
    let asked = asked.lock().unwrap().clone();
    (response, asked)
}

fn post(cookie: &str) -> Request<Body> {
    let body = Body::from(r#"{"user_id":"somebody-else","product":"smart_selfie_registration"}"#);
    Request::post("/token").header("cookie", cookie).body(body).unwrap()
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(to_bytes(response.into_body(), 10_000).await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn a_user_who_is_signed_in_gets_a_token_and_the_body_changes_nothing() {
    let (response, asked) = ask(post("customer-17"), Ok(token("a.b.c"))).await;
    assert_eq!((response.status(), &*asked), (StatusCode::OK, &["customer-17".to_owned()][..]));
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(text(response).await, r#"{"token":"a.b.c"}"#);
}

#[tokio::test]
async fn a_token_with_odd_characters_is_still_json() {
    let (response, _) = ask(post("customer-17"), Ok(token(r#"a"b\c"#))).await;
    assert_eq!(text(response).await, r#"{"token":"a\"b\\c"}"#);
}

#[tokio::test]
async fn who_is_not_allowed_gets_the_servers_own_answer_and_nothing_is_made() {
    let request = Request::post("/token").body(Body::empty()).unwrap();
    let (response, asked) = ask(request, Ok(token("a"))).await;
    assert_eq!((response.status(), asked.len()), (StatusCode::UNAUTHORIZED, 0));
}

#[tokio::test]
async fn a_token_without_product_or_user_is_never_made() {
    for cookie in ["nobody", "anything"] {
        let (response, asked) = ask(post(cookie), Ok(token("a"))).await;
        assert_eq!((response.status(), asked.len()), (StatusCode::INTERNAL_SERVER_ERROR, 0), "{cookie}");
    }
}

#[tokio::test]
async fn only_post_gets_a_token() {
    let request = Request::get("/token").header("cookie", "customer-17").body(Body::empty()).unwrap();
    let (response, asked) = ask(request, Ok(token("a"))).await;
    assert_eq!((response.status(), asked.len()), (StatusCode::METHOD_NOT_ALLOWED, 0));
}

#[tokio::test]
async fn a_failure_of_the_service_says_nothing_of_itself() {
    let (response, _) = ask(post("customer-17"), Err("the key is s3cret")).await;
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(text(response).await, "there is no token now\n");
}
