//! The service of a world: the sandbox's heart, or the plain model; and now and then both, which
//! must agree.

mod model;
mod shared;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST};
use http::uri::Scheme;
use http::{Request, Response, StatusCode, Uri};
use serde_json::Value;
use smile_core::{ApiKey, PartnerId, Signer, Timestamp};
use smile_sandbox::{CallbackOutcome, Review, Sandbox};

use model::Model;
pub(crate) use shared::{Letter, START, ServiceBehaviour};

/// Which service it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sandbox,
    Model,
    /// The sandbox's service, with the model beside it.
    Both,
}

pub(crate) struct Service {
    first: Heart,
    second: Option<Heart>,
    /// Upload addresses of the first, with the second's for the same job.
    addresses: BTreeMap<String, String>,
    host: String,
}

enum Heart {
    Sandbox(Box<smile_sandbox::Service>),
    Model(Box<Model>),
}

impl Service {
    pub(crate) fn new(
        kind: Kind,
        behaviour: ServiceBehaviour,
        partner_id: &str,
        key: &str,
        host: &str,
        seed: u64,
    ) -> Self {
        let model = || {
            let id = PartnerId::new(partner_id).expect("a partner id of our own");
            let signer = Signer::new(id, &ApiKey::new(key).expect("a key of our own"));
            Heart::Model(Box::new(Model::new(signer, &format!("http://{host}"), behaviour)))
        };
        let sandbox = || {
            let review = if behaviour.review_approves { Review::Approve } else { Review::Reject };
            let service = Sandbox::builder()
                .with_partner_id(partner_id)
                .with_api_key(key)
                .with_seed(seed)
                .with_automatic_review(review)
                .with_review_delay(Duration::from_millis(behaviour.review_delay))
                .with_callback_retries([])
                .with_check_id_numbers(false)
                .with_enforce_new_users(false)
                .into_service();
            Heart::Sandbox(Box::new(service.expect("settings of our own")))
        };
        let (first, second) = match kind {
            Kind::Sandbox => (sandbox(), None),
            Kind::Model => (model(), None),
            Kind::Both => (sandbox(), Some(model())),
        };
        Self { first, second, addresses: BTreeMap::new(), host: host.to_owned() }
    }

    /// Answers a request.
    ///
    /// # Errors
    /// If the sandbox and the model don't agree.
    pub(crate) fn handle(&mut self, now: u64, request: &Request<Bytes>) -> Result<Response<Bytes>, String> {
        let response = self.first.handle(now, request, &self.host);
        let Some(second) = &mut self.second else { return Ok(response) };
        let request = match self.addresses.get(&request.uri().to_string()) {
            Some(address) => with_uri(request, address),
            None => copy(request),
        };
        let other = second.handle(now, &request, &self.host);
        let (said, other_said) = (Said::by(&response), Said::by(&other));
        if let (Some(address), Some(other)) = (&said.address, &other_said.address) {
            self.addresses.insert(address.clone(), other.clone());
        }
        if said.agrees(&other_said) {
            Ok(response)
        } else {
            Err(format!("the sandbox says {said:?}, the model {other_said:?}"))
        }
    }

    pub(crate) fn next_wakeup(&self) -> Option<u64> {
        self.first.next_wakeup()
    }

    pub(crate) fn take_letters(&mut self, now: u64) -> Vec<Letter> {
        if let Some(second) = &mut self.second {
            second.take_letters(now);
        }
        self.first.take_letters(now)
    }
}

impl Heart {
    fn handle(&mut self, now: u64, request: &Request<Bytes>, host: &str) -> Response<Bytes> {
        match self {
            Self::Model(model) => model.handle(now, request),
            Self::Sandbox(service) => {
                let mut request = copy(request);
                let headers = request.headers_mut();
                headers.insert(HOST, host.parse().expect("a host of our own"));
                let length = request.body().len();
                request.headers_mut().insert(CONTENT_LENGTH, length.into());
                request.extensions_mut().insert(Scheme::HTTP);
                service.handle(Timestamp::from_unix_millis(START + now), request).response
            }
        }
    }

    fn next_wakeup(&self) -> Option<u64> {
        match self {
            Self::Model(model) => model.next_wakeup(),
            Self::Sandbox(service) => service.next_wakeup().map(|at| at.unix_millis().saturating_sub(START)),
        }
    }

    fn take_letters(&mut self, now: u64) -> Vec<Letter> {
        let Self::Sandbox(service) = self else {
            let Self::Model(model) = self else { return Vec::new() };
            return model.take_letters(now);
        };
        let at = Timestamp::from_unix_millis(START + now);
        let mut letters = Vec::new();
        loop {
            let due = service.due_callbacks(at);
            if due.is_empty() {
                return letters;
            }
            for callback in due {
                // The world is the post: it delivers late, again and in another order.
                service.callback_answered(callback.id, at, CallbackOutcome::Answered(StatusCode::OK));
                let entry: Value = serde_json::from_slice(&callback.body).unwrap_or_default();
                let job_id = entry["PartnerParams"]["job_id"].as_str().unwrap_or_default().to_owned();
                letters.push(Letter { at: now, job_id, body: callback.body });
            }
        }
    }
}

/// The content of an answer, as far as both must agree on it.
#[derive(Debug)]
struct Said {
    status: u16,
    address: Option<String>,
    fields: Vec<(&'static str, Value)>,
}

impl Said {
    fn by(response: &Response<Bytes>) -> Self {
        let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let result = if body["result"].is_object() { &body["result"] } else { &body };
        let names = ["code", "job_complete", "job_success", "success"];
        let mut fields: Vec<_> = names.iter().map(|name| (*name, body[*name].clone())).collect();
        for name in ["ResultCode", "PartnerParams", "SmileJobID"] {
            fields.push((name, result[name].clone()));
        }
        // With the verdict on a face there may be more about the person, or less.
        if result["ResultType"] == "ID Verification" {
            fields.push(("IDNumber", result["IDNumber"].clone()));
        }
        Self { status: response.status().as_u16(), address: text(&body["upload_url"]), fields }
    }

    fn agrees(&self, other: &Self) -> bool {
        self.status == other.status && self.fields == other.fields
    }
}

/// A request once more, without its extensions.
pub(crate) fn copy(request: &Request<Bytes>) -> Request<Bytes> {
    let mut copy = Request::new(request.body().clone());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    copy
}

fn with_uri(request: &Request<Bytes>, address: &str) -> Request<Bytes> {
    let mut copy = copy(request);
    *copy.uri_mut() = address.parse::<Uri>().expect("an address of the model");
    copy
}
