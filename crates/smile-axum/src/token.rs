//! Service that makes tokens for apps and browsers.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum_core::extract::Request;
use axum_core::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use smile_core::v3::{Token, TokenRequest};
use tower_service::Service;

/// Service that makes a token of the v3 API for a user who is signed in, so that an app or a
/// browser can run one product for that user.
///
/// Two closures are the server's own. `allow` is given the request without its body, and says who
/// may have a token, and what it is bound to; or it answers in its place. `mint` makes the token:
/// `client.call(request)`. Nothing that the caller sends comes into the token but what `allow`
/// takes from it: the body is never read.
///
/// - A token that isn't bound to a product and a user would do too much, so `mint` isn't asked for
///   one: the answer is 500.
/// - Only POST gets a token. The answer is `{"token":"…"}`, and no cache may keep it.
/// - Whatever `mint` fails with, the answer is 502, and says nothing of it. Log it in `mint`.
///
/// It goes behind whatever signs users in, and answers to whatever origin that allows: it sets no
/// CORS headers of its own.
///
/// ```
/// use axum::Router;
/// use axum::routing::post_service;
/// use http::StatusCode;
/// use http::request::Parts;
/// use smile_axum::TokenService;
/// use smile_axum::core::UserId;
/// use smile_axum::core::v3::{Token, TokenProduct, TokenRequest};
///
/// /// Put there by the layer that signs users in.
/// #[derive(Clone)]
/// struct Customer { id: String }
///
/// async fn allow(head: Parts) -> Result<TokenRequest, StatusCode> {
///     let customer = head.extensions.get::<Customer>().ok_or(StatusCode::UNAUTHORIZED)?;
///     let request = TokenRequest::new().with_product(TokenProduct::BIOMETRIC_KYC);
///     Ok(request.with_user_id(UserId::new(&customer.id)).with_id("NG", "BVN"))
/// }
///
/// # struct Client;
/// # impl Client { async fn call(&self, _: TokenRequest) -> Result<Token, std::fmt::Error> { Err(std::fmt::Error) } }
/// fn app(client: &'static Client) -> Router {
///     let tokens = TokenService::new(allow, |request| client.call(request));
///     Router::new().route("/smile-id/token", post_service(tokens))
/// }
/// # let _ = app;
/// ```
pub struct TokenService<A, M>(Arc<Closures<A, M>>);

struct Closures<A, M> {
    allow: A,
    mint: M,
}

impl<A, M> TokenService<A, M> {
    /// Service over these closures.
    pub fn new(allow: A, mint: M) -> Self {
        Self(Arc::new(Closures { allow, mint }))
    }
}

impl<A, M> Clone for TokenService<A, M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A, M> fmt::Debug for TokenService<A, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenService(…)")
    }
}

impl<A, M, Allowed, Minted, R, E> Service<Request> for TokenService<A, M>
where
    A: Fn(Parts) -> Allowed + Send + Sync + 'static,
    M: Fn(TokenRequest) -> Minted + Send + Sync + 'static,
    Allowed: Future<Output = Result<TokenRequest, R>> + Send,
    Minted: Future<Output = Result<Token, E>> + Send,
    R: IntoResponse + Send,
    E: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let closures = Arc::clone(&self.0);
        Box::pin(async move { Ok(uncached(closures.answer(request).await)) })
    }
}

impl<A, M> Closures<A, M> {
    async fn answer<Allowed, Minted, R, E>(&self, request: Request) -> Response
    where
        A: Fn(Parts) -> Allowed,
        M: Fn(TokenRequest) -> Minted,
        Allowed: Future<Output = Result<TokenRequest, R>>,
        Minted: Future<Output = Result<Token, E>>,
        R: IntoResponse,
    {
        let (head, _) = request.into_parts();
        if head.method != Method::POST {
            return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "POST")]).into_response();
        }
        let allowed = match (self.allow)(head).await {
            Ok(allowed) => allowed,
            Err(refusal) => return refusal.into_response(),
        };
        if allowed.product().is_none() || allowed.user_id().is_none() {
            let text = "a token for an app must be bound to a product and a user\n";
            return (StatusCode::INTERNAL_SERVER_ERROR, text).into_response();
        }
        match (self.mint)(allowed).await {
            Ok(token) => ([(header::CONTENT_TYPE, "application/json")], json(&token)).into_response(),
            Err(_) => (StatusCode::BAD_GATEWAY, "there is no token now\n").into_response(),
        }
    }
}

/// A token is of visible ASCII, of which JSON escapes two characters.
fn json(token: &Token) -> String {
    format!(r#"{{"token":"{}"}}"#, token.expose().replace('\\', r"\\").replace('"', r#"\""#))
}

fn uncached(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
