//! The effects of the network and its gateways on one exchange.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use smile_core::{Partner, Timestamp};

use crate::hazard::Hazard;
use crate::random::Random;

/// The purpose of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    Prep,
    Put,
    Status,
    Check,
}

impl Errand {
    pub(crate) fn of(request: &Request<Bytes>) -> Self {
        match (request.method().as_str(), request.uri().path()) {
            ("PUT", _) => Self::Put,
            (_, "/v1/upload") => Self::Prep,
            (_, "/v1/job_status") => Self::Status,
            _ => Self::Check,
        }
    }
}

/// The fate of an exchange. Times are in milliseconds since the request went out.
#[derive(Clone, Debug)]
pub(crate) struct Fate {
    /// The times at which the request arrives: none if it is lost, more than one if it is doubled.
    pub(crate) arrivals: Vec<u64>,
    /// The time that the answer is under way.
    pub(crate) way_back: u64,
    /// The sender's result in place of the service's answer, and its time.
    pub(crate) instead: Option<(u64, Instead)>,
    /// The change to the service's answer.
    pub(crate) change: Option<Change>,
    pub(crate) hazard: Option<Hazard>,
}

/// A sender's result in place of the service's answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Instead {
    NotSent,
    Interrupted,
    TimedOut,
    Gateway(u16),
}

/// A gateway's change to the service's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Gateway(u16),
    Page,
    CodeTwice,
    ResultTwice,
    CompleteTwice,
    OfAnotherJob,
    OldSignature,
    EmptyResult,
}

/// The most time that a request may arrive after its sender's time limit.
pub(crate) const GRACE: u64 = 1_500;

impl Fate {
    /// A fate in which nothing goes wrong.
    pub(crate) fn good(random: &mut Random, errand: Errand, limit: u64) -> Self {
        let slow = errand == Errand::Put && random.percent(30);
        let arrival = if slow { random.between(limit / 2, limit * 9 / 10) } else { random.between(5, 400) };
        Self {
            arrivals: vec![arrival],
            way_back: random.between(5, 200),
            instead: None,
            change: None,
            hazard: slow.then_some(Hazard::SlowUpload),
        }
    }

    /// There is no service.
    pub(crate) fn none() -> Self {
        let instead = Some((1, Instead::NotSent));
        Self { arrivals: Vec::new(), way_back: 0, instead, change: None, hazard: Some(Hazard::NotSent) }
    }

    /// Something goes wrong.
    pub(crate) fn bad(random: &mut Random, errand: Errand, limit: u64) -> Self {
        let mut fate = Self::good(random, errand, limit);
        let arrival = fate.arrivals[0];
        let hazard = match random.below(if errand == Errand::Status { 17 } else { 11 }) {
            0 => {
                fate.arrivals.clear();
                fate.instead = Some((random.between(1, 100), Instead::NotSent));
                Hazard::NotSent
            }
            1 => {
                fate.arrivals.clear();
                let interrupted = random.percent(50);
                let kind = if interrupted { Instead::Interrupted } else { Instead::TimedOut };
                fate.instead = Some((if interrupted { random.between(1, limit) } else { limit }, kind));
                Hazard::RequestLost
            }
            2 => {
                let kind = if random.percent(50) { Instead::Interrupted } else { Instead::TimedOut };
                let at =
                    if matches!(kind, Instead::TimedOut) { limit } else { arrival + random.between(1, 300) };
                fate.instead = Some((at.min(limit), kind));
                Hazard::AnswerLost
            }
            3 => {
                let at = random.between(1, limit / 4);
                fate.arrivals = vec![random.between(at, limit)];
                fate.instead = Some((at, Instead::Interrupted));
                Hazard::CutEarly
            }
            4 => {
                fate.arrivals = vec![limit + random.between(1, GRACE)];
                fate.instead = Some((limit, Instead::TimedOut));
                Hazard::ArrivedLate
            }
            // The second copy of what is billed would be the network's own doing.
            5 if matches!(errand, Errand::Prep | Errand::Status) => {
                fate.arrivals.push(arrival + random.between(1, 2_000));
                Hazard::Doubled
            }
            5..=6 => {
                fate.arrivals.clear();
                let status = gateway_status(random);
                fate.instead = Some((arrival + fate.way_back, Instead::Gateway(status)));
                match status {
                    300..400 => Hazard::GatewayBefore3xx,
                    400..500 => Hazard::GatewayBefore4xx,
                    _ => Hazard::GatewayBefore5xx,
                }
            }
            10 => {
                let status = gateway_status(random);
                let at = random.between(1, limit / 2);
                fate.instead = Some((at, Instead::Gateway(status)));
                fate.arrivals = vec![random.between(at, limit)];
                match status {
                    300..400 => Hazard::GatewayEarly3xx,
                    400..500 => Hazard::GatewayEarly4xx,
                    _ => Hazard::GatewayEarly5xx,
                }
            }
            // Of an upload the store's 2xx is the receipt, whatever the body.
            7 if errand != Errand::Put => {
                fate.change = Some(Change::Page);
                Hazard::GatewayPage
            }
            7..=9 => {
                let status = gateway_status(random);
                fate.change = Some(Change::Gateway(status));
                match status {
                    300..400 => Hazard::GatewayAfter3xx,
                    400..500 => Hazard::GatewayAfter4xx,
                    _ => Hazard::GatewayAfter5xx,
                }
            }
            lie => {
                let (change, hazard) = match lie {
                    11 => (Change::CodeTwice, Hazard::CodeTwice),
                    12 => (Change::ResultTwice, Hazard::ResultTwice),
                    13 => (Change::CompleteTwice, Hazard::CompleteTwice),
                    14 => (Change::OfAnotherJob, Hazard::OfAnotherJob),
                    15 => (Change::OldSignature, Hazard::OldSignature),
                    _ => (Change::EmptyResult, Hazard::EmptyResult),
                };
                fate.change = Some(change);
                hazard
            }
        };
        fate.hazard = Some(hazard);
        fate
    }
}

fn gateway_status(random: &mut Random) -> u16 {
    random.one_of(&[301, 302, 307, 400, 403, 404, 408, 409, 413, 429, 429, 500, 502, 503, 503, 504])
}

/// The answer of a gateway.
pub(crate) fn gateway(status: u16) -> Response<Bytes> {
    let body =
        if status == 403 || status == 429 { r#"{"message":"Forbidden"}"# } else { "<html>a gateway</html>" };
    let mut response = Response::new(Bytes::from_static(body.as_bytes()));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    response
}

/// The service's answer, as a gateway has made it over.
pub(crate) fn changed(
    change: Change,
    request: &Request<Bytes>,
    response: Response<Bytes>,
    partner: &Partner,
) -> Response<Bytes> {
    match change {
        Change::Gateway(status) => return gateway(status),
        Change::Page => return gateway(200),
        _ => {}
    }
    let Ok(mut body) = serde_json::from_slice::<Value>(response.body()) else { return response };
    let asked: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    let approved = approval(&body, &asked);
    let text = match change {
        Change::CodeTwice => {
            let Some(code) = body["result"]["ResultCode"].as_str() else { return response };
            let once = format!("\"ResultCode\":\"{code}\"");
            let twice = format!("\"ResultCode\":\"0810\",{once},\"ResultCode\":\"0810\"");
            body.to_string().replacen(&once, &twice, 1)
        }
        Change::ResultTwice => {
            let text = body.to_string();
            format!("{{\"Result\":{approved},{},\"Result\":{approved}}}", &text[1..text.len() - 1])
        }
        Change::CompleteTwice => {
            body["job_complete"] = false.into();
            body["job_success"] = true.into();
            body["result"] = approved;
            let text = body.to_string();
            format!("{{\"JobComplete\":true,{}}}", &text[1..text.len() - 1])
        }
        Change::OfAnotherJob => {
            complete(&mut body, approved);
            if let Some(result) = body["result"].as_object_mut() {
                result.remove("PartnerParams");
            }
            body.to_string()
        }
        Change::OldSignature => {
            complete(&mut body, approved);
            let signed = partner.signer().sign(Timestamp::from_unix_millis(1_000_000_000_000));
            body["timestamp"] = signed.timestamp().into();
            body["signature"] = signed.signature().into();
            body.to_string()
        }
        _ => {
            complete(&mut body, json!({}));
            body.to_string()
        }
    };
    let (parts, _) = response.into_parts();
    Response::from_parts(parts, text.into())
}

fn complete(body: &mut Value, result: Value) {
    body["job_complete"] = true.into();
    body["job_success"] = true.into();
    body["code"] = "2302".into();
    body["result"] = result;
}

/// An approval of the requested job, with everything about it that the true answer shows.
fn approval(body: &Value, asked: &Value) -> Value {
    let seen = &body["result"]["PartnerParams"];
    let params = if seen.is_object() {
        seen.clone()
    } else {
        json!({ "user_id": asked["user_id"], "job_id": asked["job_id"], "job_type": 1 })
    };
    json!({
        "ResultCode": "0810", "ResultText": "Enroll User", "ResultType": "SAIA", "IsFinalResult": "true",
        "SmileJobID": body["result"]["SmileJobID"], "PartnerParams": params,
        "Actions": { "Register_Selfie": "Approved", "Selfie_To_ID_Authority_Compare": "Completed",
            "Liveness_Check": "Passed", "Verify_ID_Number": "Verified" },
    })
}
