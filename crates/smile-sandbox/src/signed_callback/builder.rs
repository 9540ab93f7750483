//! The builder of signed callbacks.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Uri};
use serde_json::{Map, Value};
use smile_core::{ApiKey, ConfigError, PartnerId, Signer, Timestamp};

use crate::result::outcome::Outcome;
use crate::result::product::Product;
use crate::signed_callback::carrier::Letter;
use crate::signed_callback::content::CallbackContent;
use crate::signed_callback::error::SignedCallbackError;
use crate::signed_callback::flaw::Flaw;
use crate::signed_callback::ids::Ids;
use crate::signed_callback::stamp::{Stamper, TimestampSpelling};

/// The largest photo, in bytes: more than any receiver should read, and small enough to be made.
const MAX_PHOTO: usize = 64 << 20;

/// Starts a callback of this product with this outcome, to be filled in and
/// [built](SignedCallbackBuilder::build).
///
/// By default the callback is for the partner of a [`Sandbox`](crate::Sandbox) with default
/// settings (`001` and `sandbox-api-key`), about job `job-1` of user `user-1` (the v3 webhook has
/// ids in the service's form), and signed at 2024-01-15T10:30:00.000Z. A receiver that looks at the
/// clock will find that too long ago: see
/// [`with_signing_time`](SignedCallbackBuilder::with_signing_time).
pub fn signed_callback(product: Product, outcome: Outcome) -> SignedCallbackBuilder {
    let (job_id, user_id) = if product.is_v3() {
        ("job_01k0000000e008000000000001", "user_01k0000000e008000000000002")
    } else {
        ("job-1", "user-1")
    };
    SignedCallbackBuilder {
        product,
        outcome,
        signer: signer("001", "sandbox-api-key"),
        at: Timestamp::from_unix_millis(1_705_314_600_000),
        spelling: TimestampSpelling::Iso,
        ids: Ids {
            job_id: job_id.to_owned(),
            user_id: user_id.to_owned(),
            smile_job_id: "0000000001".to_owned(),
            partner_params: Map::new(),
        },
        photo: None,
        fields: Map::new(),
        flaw: None,
    }
}

/// A builder of a signed callback; see [`signed_callback`].
#[derive(Clone)]
#[must_use]
pub struct SignedCallbackBuilder {
    product: Product,
    outcome: Outcome,
    signer: Result<Signer, ConfigError>,
    at: Timestamp,
    spelling: TimestampSpelling,
    ids: Ids,
    photo: Option<usize>,
    fields: Map<String, Value>,
    flaw: Option<Flaw>,
}

impl SignedCallbackBuilder {
    /// Sets the partner id and the API key that sign the callback. [`build`](Self::build) refuses
    /// unusable ones.
    pub fn with_partner(mut self, partner_id: impl Into<String>, api_key: impl Into<String>) -> Self {
        self.signer = signer(partner_id, api_key);
        self
    }

    /// Sets the signer of the callback.
    pub fn with_signer(mut self, signer: &Signer) -> Self {
        self.signer = Ok(signer.clone());
        self
    }

    /// Sets the time of signing.
    pub fn with_signing_time(mut self, at: Timestamp) -> Self {
        self.at = at;
        self
    }

    /// Sets the spelling of the timestamp.
    pub fn with_timestamp_spelling(mut self, spelling: TimestampSpelling) -> Self {
        self.spelling = spelling;
        self
    }

    /// Sets the partner's id of the job; of the v3 webhook the service's, `job_` and 26 characters.
    pub fn with_job_id(mut self, job_id: impl Into<String>) -> Self {
        self.ids.job_id = job_id.into();
        self
    }

    /// Sets the partner's id of the person; of the v3 webhook the service's, `user_` and 26
    /// characters.
    pub fn with_user_id(mut self, user_id: impl Into<String>) -> Self {
        self.ids.user_id = user_id.into();
        self
    }

    /// Sets `SmileJobID`, ten digits. The v3 webhook has none.
    pub fn with_smile_job_id(mut self, smile_job_id: impl Into<String>) -> Self {
        self.ids.smile_job_id = smile_job_id.into();
        self
    }

    /// Adds one of the partner params, which come back as they were sent. An existing one, such as
    /// `job_type`, is replaced.
    pub fn with_partner_param(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.ids.partner_params.insert(name.into(), value.into());
        self
    }

    /// Sets a field of the body, by the service's name: for spellings and values that occur, and
    /// differ from the outcome's. An existing field is replaced; timestamp and signature can't be.
    pub fn with_field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.fields.insert(name.into(), value.into());
        self
    }

    /// Adds a photo of this many characters of base64, up to the next multiple of four; a receiver
    /// has to expect 1,200,000, and 64 MiB is the limit. The photo begins as a JPEG does, and shows
    /// nothing. Every outcome has it.
    pub fn with_photo_of(mut self, characters: usize) -> Self {
        self.photo = Some(characters);
        self
    }

    /// Breaks the callback in this way, and in no way that was set before.
    pub fn with_flaw(mut self, flaw: Flaw) -> Self {
        self.flaw = Some(flaw);
        self
    }

    /// Makes the callback.
    ///
    /// # Errors
    /// If the product lacks the outcome, or a photo; if the photo is too large; if partner id or
    /// API key is not valid; or if an id can't travel in a header.
    pub fn build(self) -> Result<SignedCallback, SignedCallbackError> {
        let Self { product, outcome, signer, at, spelling, mut ids, photo, fields, flaw } = self;
        let Some(content) = CallbackContent::find(product, &outcome) else {
            return Err(SignedCallbackError::NoSuchOutcome { product, outcome });
        };
        let signer = signer?;
        let forged = content.forged(product);
        if flaw == Some(Flaw::OtherJob) {
            ids.job_id.push_str("-of-somebody-else");
            ids.user_id.push_str("-of-somebody-else");
        }
        let said = if flaw == Some(Flaw::TamperedBody) { &forged } else { &content };
        let mut entry = said.fields(product, &ids, at);
        if let Some(characters) = photo {
            let field = product.photo_field().ok_or(SignedCallbackError::NoPhoto { product })?;
            if characters > MAX_PHOTO {
                return Err(SignedCallbackError::PhotoTooLarge);
            }
            entry.insert(field.into(), base64_photo(characters).into());
        }
        entry.extend(fields);

        let mut letter = Letter::new(product, &ids, entry)?;
        let stamper = Stamper { signer: &signer, at, spelling };
        letter.stamp(&stamper.stamp(flaw)?, product.is_v3(), spelling);
        match flaw {
            Some(Flaw::CarriersDisagree) => {
                letter.stamp(&stamper.with_other_key()?, !product.is_v3(), spelling);
            }
            Some(Flaw::TwoMoments) => {
                letter.stamp(&stamper.a_minute_before(), !product.is_v3(), spelling);
            }
            Some(flaw) => letter.spoil(flaw, &stamper.a_minute_before(), forged.result()),
            None => {}
        }
        let (headers, body) = letter.seal(flaw);
        Ok(SignedCallback { headers, body })
    }
}

impl fmt::Debug for SignedCallbackBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedCallbackBuilder")
            .field("product", &self.product)
            .field("outcome", &self.outcome)
            .field("at", &self.at)
            .field("flaw", &self.flaw)
            .finish_non_exhaustive()
    }
}

fn signer(partner_id: impl Into<String>, api_key: impl Into<String>) -> Result<Signer, ConfigError> {
    Ok(Signer::new(PartnerId::new(partner_id)?, &ApiKey::new(api_key)?))
}

/// A callback as it travels: to be sent with a `POST`, unchanged.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedCallback {
    headers: HeaderMap,
    body: Bytes,
}

impl SignedCallback {
    /// The headers: the content type, and for the v3 webhook the signed ones.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body, to the byte.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body as JSON; `null` if the body is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The headers and the body.
    pub fn into_parts(self) -> (HeaderMap, Bytes) {
        (self.headers, self.body)
    }

    /// The request that delivers the callback.
    pub fn into_request(self, url: Uri) -> Request<Bytes> {
        let mut request = Request::new(self.body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = url;
        *request.headers_mut() = self.headers;
        request
    }
}

impl fmt::Debug for SignedCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedCallback")
            .field("headers", &self.headers.keys().map(http::HeaderName::as_str).collect::<Vec<_>>())
            .field("body_len", &self.body.len())
            .finish()
    }
}

/// Base64 of this many characters, up to the next multiple of four: it begins as a JPEG does, and
/// shows nothing.
fn base64_photo(characters: usize) -> String {
    const START: &str = "/9j/4AAQSkZJRgABAQAAAQABAAD/";
    let length = characters.div_ceil(4) * 4;
    let mut photo = String::with_capacity(length);
    photo.push_str(&START[..length.min(START.len())]);
    photo.extend(std::iter::repeat_n('A', length - photo.len()));
    photo
}
