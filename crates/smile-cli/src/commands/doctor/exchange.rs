//! The checks of one exchange with the service: connection, TLS, clock, signature.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response, header};
use smile_core::operation::Operation as _;
use smile_core::v1::ServicesRequest;
use smile_core::{Environment, JobId, JobStatusRequest, OperationError, Partner, UserId};

use super::check_result::CheckResult;
use crate::ids;

const TIMEOUT: Duration = Duration::from_secs(20);

/// The largest clock error that causes no problem.
const TOLERANCE: Duration = Duration::from_secs(60);

pub(super) fn look(
    agent: &ureq::Agent,
    environment: &Environment,
    partner: Option<&Partner>,
) -> Vec<CheckResult> {
    let is_https = environment.base_url().starts_with("https:");
    let question = JobStatusRequest::new(UserId::new("smile-doctor"), JobId::new(ids::new("smile-doctor")));
    let sent_at = crate::ids::now();
    let request = match partner {
        Some(partner) => Some(question.request(partner, sent_at)),
        None => anonymous(environment),
    };
    let Some(request) = request else { return vec![] };
    let response = match send(agent, request) {
        Ok(response) => response,
        Err(error) => return unreachable(&error, is_https),
    };
    let mut results =
        vec![CheckResult::good("connection", format!("answers with HTTP {}", response.status().as_u16()))];
    results.push(if is_https {
        CheckResult::good("TLS", "the certificate is trusted")
    } else {
        CheckResult::good("TLS", "not needed: the service is on this machine")
    });
    let skew = skew(&response);
    results.push(look_at_clock(skew));
    results.push(match partner {
        Some(partner) => {
            let answer = question.parse(partner, sent_at, &response).map(drop);
            look_at_signature(answer, environment, skew.is_some_and(|skew| skew.by > TOLERANCE))
        }
        None => CheckResult::skipped("signature", "it takes credentials"),
    });
    results
}

/// A request that needs no credentials.
fn anonymous(environment: &Environment) -> Option<Request<Bytes>> {
    // A partner that nobody has: the request isn't signed.
    let partner = Partner::new("0", "none", environment.clone()).ok()?;
    Some(ServicesRequest::new().request(&partner, crate::ids::now()))
}

fn send(agent: &ureq::Agent, request: Request<Bytes>) -> Result<Response<Bytes>, ureq::Error> {
    let (parts, body) = request.into_parts();
    let request = agent
        .configure_request(Request::from_parts(parts, &body[..]))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(TIMEOUT))
        .build();
    let (parts, body) = agent.run(request)?.into_parts();
    let body = body.into_with_config().limit(1 << 22).read_to_vec()?;
    Ok(Response::from_parts(parts, body.into()))
}

fn unreachable(error: &ureq::Error, is_https: bool) -> Vec<CheckResult> {
    use ureq::Error;
    let after = |name| CheckResult::skipped(name, "the service can't be reached");
    // Refusals by rustls also come as connection errors.
    let text = error.to_string().to_lowercase();
    let is_tls = is_https
        && (matches!(error, Error::Tls(_) | Error::Rustls(_))
            || ["certificate", "tls", "corrupt message", "handshake"].iter().any(|word| text.contains(word)));
    if is_tls {
        let mend = "if the clock is right: behind a proxy that opens TLS, or with a `smile sandbox --tls`, name its \
                    certificates with --ca";
        return vec![
            CheckResult::good("connection", "somebody answers"),
            CheckResult::bad(
                "TLS",
                "no trusted connection: the certificate, or what answers, is not the service's",
                mend,
            ),
            after("clock"),
            after("signature"),
        ];
    }
    let (said, mend) = match error {
        Error::HostNotFound => {
            ("the host's name is not known", "look at --environment, at the network, and at the name server")
        }
        Error::Timeout(_) => {
            ("no answer in time", "look at the network, and at firewalls and proxies in between")
        }
        Error::ConnectProxyFailed(_) | Error::InvalidProxyUrl => {
            ("the proxy refuses", "look at HTTPS_PROXY, HTTP_PROXY and ALL_PROXY")
        }
        Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            ("nobody listens there", "look at --environment; if it is a `smile sandbox`, start it")
        }
        Error::Io(error) if error.to_string().starts_with("failed to lookup address") => {
            ("the host's name is not known", "look at --environment, at the network, and at the name server")
        }
        _ => ("the connection broke", "look at the network, and at firewalls and proxies in between"),
    };
    vec![CheckResult::bad("connection", said, mend), after("TLS"), after("clock"), after("signature")]
}

/// The difference between this machine's clock and the service's.
#[derive(Clone, Copy)]
struct Skew {
    by: Duration,
    is_ahead: bool,
}

fn skew(response: &Response<Bytes>) -> Option<Skew> {
    let theirs = httpdate::parse_http_date(response.headers().get(header::DATE)?.to_str().ok()?).ok()?;
    let ours = SystemTime::now();
    Some(match ours.duration_since(theirs) {
        Ok(by) => Skew { by, is_ahead: true },
        Err(error) => Skew { by: error.duration(), is_ahead: false },
    })
}

fn look_at_clock(skew: Option<Skew>) -> CheckResult {
    let Some(Skew { by, is_ahead }) = skew else {
        return CheckResult::skipped("clock", "the answer has no date");
    };
    if by <= TOLERANCE {
        return CheckResult::good("clock", "agrees with the service's");
    }
    let direction = if is_ahead { "ahead of" } else { "behind" };
    let said = format!("{} seconds {direction} the service's", by.as_secs());
    CheckResult::bad("clock", said, "set this machine's clock, by NTP for good: signatures carry the time")
}

fn look_at_signature(
    answer: Result<(), OperationError>,
    environment: &Environment,
    is_clock_off: bool,
) -> CheckResult {
    let other = match environment {
        Environment::Sandbox => "is it the key of production?",
        Environment::Production => "is it the key of the sandbox?",
        _ => "is it the key of this service?",
    };
    let error = match answer {
        Ok(()) => return CheckResult::good("signature", "accepted, and the answer's is right"),
        Err(error) => error,
    };
    match &error {
        error if error.is_unauthorized() && is_clock_off => {
            CheckResult::bad("signature", "refused, perhaps for the time it carries", "mend the clock first")
        }
        error if error.is_unauthorized() => CheckResult::bad(
            "signature",
            "refused: partner id, key and environment don't belong together",
            format!("take id and key from the portal again; each environment has a key of its own: {other}"),
        ),
        OperationError::Signature { .. } => CheckResult::bad(
            "signature",
            "accepted, but the answer isn't signed with this key",
            format!("if nobody stands in between, the key was rotated: {other}"),
        ),
        OperationError::Api(api) => {
            let mend =
                api.remedy().unwrap_or("look at the code, with `smile explain`, or ask Smile ID's support");
            CheckResult::careful("signature", format!("not refused, but {error}"), mend)
        }
        error => CheckResult::bad(
            "signature",
            format!("{error}"),
            "something else than the service answers: look at --environment, `/v1` included, and at proxies",
        ),
    }
}
