//! Verification: from a request to a callback that can be relied on, or a reason for refusal.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;

use super::{Callback, Carrier, Refusal};
use crate::result::ResultEntry;
use crate::v3::webhook::{HeaderIds, Webhook};
use crate::wire::fields::{Fields, Unreadable, compression};
use crate::wire::header::only_header;
use crate::wire::tolerant::Object;
use crate::{Partner, ReceivedTimestamp, SignatureError, Signer, Timestamp};

/// Verifier of callbacks, which refuses everything else that is posted to the same address.
///
/// ```
/// use bytes::Bytes;
/// use http::HeaderMap;
/// use smile_core::{Environment, Partner, Refusal, Timestamp, Verifier};
///
/// let partner = Partner::new("001", "key", Environment::Sandbox)?;
/// let verifier = Verifier::new(partner.signer().clone());
/// # let now = Timestamp::from_unix_millis(1_705_314_600_000);
/// # let signed = partner.signer().sign(now);
/// # let body = Bytes::from(format!(r#"{{"ResultCode":"0810","PartnerParams":{{"job_id":"j","job_type":1}},"timestamp":"{}","signature":"{}"}}"#,
/// #     signed.timestamp(), signed.signature()));
/// # let headers = HeaderMap::new();
///
/// // In the handler of the request, with its headers and its raw body:
/// let callback = verifier.verify(now, &headers, body)?;
/// assert_eq!(callback.job_id().as_deref(), Some("j"));
///
/// let refusal = verifier.verify(now, &headers, Bytes::from_static(b"{}")).unwrap_err();
/// assert_eq!((refusal, refusal.status().as_u16()), (Refusal::MissingSignature, 401));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # How old a callback may be
///
/// The signature covers a moment and not the body, so whoever has seen one callback can sign bodies
/// of their own until it is too old. The shorter [`max_age`](Self::with_max_age), the shorter that
/// lasts. It isn't known, though, whether the service signs afresh when it delivers again what
/// wasn't answered with 2xx; if it doesn't, a redelivery later than that is refused, and only the
/// job's status gives the result. The default is 15 minutes. No age makes up for asking the service
/// itself before anybody is let in: see [`Confirm`](crate::callback::confirm::Confirm).
#[derive(Clone, Debug)]
pub struct Verifier {
    signers: Vec<Signer>,
    max_age: Option<Duration>,
    max_skew: Duration,
    max_bytes: usize,
}

impl Partner {
    /// Verifier of callbacks to this partner.
    pub fn verifier(&self) -> Verifier {
        Verifier::new(self.signer().clone())
    }
}

impl Verifier {
    /// Verifier of callbacks that are signed with this key for this partner.
    ///
    /// [`Partner::verifier`] is the same for the partner's own key. A [`Signer`] that was made by
    /// hand belongs to no environment, so the callbacks that it confirms can be read and can't be
    /// applied to a [`JobHistory`](crate::JobHistory).
    pub fn new(signer: Signer) -> Self {
        Self {
            signers: vec![signer],
            max_age: Some(Duration::from_secs(15 * 60)),
            max_skew: Duration::from_secs(2 * 60),
            max_bytes: 2_000_000,
        }
    }

    /// Accepts the key of this partner as well: the new one before a rotation, the old one for a
    /// while after it. [`Callback::key_index`] says which it was.
    ///
    /// Each key brings its own environment along, so that a callback signed with a sandbox key
    /// stays one of the sandbox ([`Callback::account`]).
    #[must_use]
    pub fn with_other_key(mut self, partner: &Partner) -> Self {
        self.signers.push(partner.signer().clone());
        self
    }

    /// Sets the greatest age of a callback; 15 minutes by default.
    #[must_use]
    pub fn with_max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Takes callbacks of any age, even of none that can be read. For reading old ones from an
    /// archive; a receiver that does this believes for ever whoever has seen one callback, and a
    /// [`ReplayStore`](crate::ReplayStore) would never have room again.
    #[must_use]
    pub fn without_max_age(mut self) -> Self {
        self.max_age = None;
        self
    }

    /// Sets the most by which a callback's timestamp may be ahead of this machine's clock; 2
    /// minutes by default.
    #[must_use]
    pub fn with_max_skew(mut self, skew: Duration) -> Self {
        self.max_skew = skew;
        self
    }

    /// Sets the largest body, in bytes; 2,000,000 by default. Smile ID says to expect 1.5 MB.
    ///
    /// No field has a limit of its own: the time that a body takes grows with its size and no
    /// faster, whatever is in it, and the partner parameters that come back are as long as they
    /// went out.
    #[must_use]
    pub fn with_max_bytes(mut self, limit: usize) -> Self {
        self.max_bytes = limit;
        self
    }

    /// The greatest age of a callback; `None` if its age isn't looked at.
    pub fn max_age(&self) -> Option<Duration> {
        self.max_age
    }

    /// The most by which a callback's timestamp may be ahead of this machine's clock.
    pub fn max_skew(&self) -> Duration {
        self.max_skew
    }

    /// Limit for the size of a body, in bytes, for those who read it from a connection.
    pub fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// Checks a number of bytes against the limit, for a reader of a connection that stops once
    /// there are too many.
    ///
    /// # Errors
    /// [`Refusal::TooLarge`].
    pub fn check_size(&self, bytes: usize) -> Result<(), Refusal> {
        if bytes > self.max_bytes { Err(Refusal::TooLarge { limit: self.max_bytes }) } else { Ok(()) }
    }

    /// Verifies a callback, or refuses it. The body must be the bytes that came, before anything
    /// has read them as JSON.
    ///
    /// The signature may be in the body (v1: `signature` and `timestamp`) or in the headers (v3:
    /// `Response-Signature` and `Response-Timestamp`); where it is in both, both must say the same.
    /// All keys are tried, always.
    ///
    /// # Errors
    /// [`Refusal`]; [`Refusal::status`] is what to answer.
    pub fn verify(&self, now: Timestamp, headers: &HeaderMap, body: Bytes) -> Result<Callback, Refusal> {
        self.check_size(body.len())?;
        if body.is_empty() {
            return Err(Refusal::Empty);
        }
        if compression(headers, &body).is_some() {
            return Err(Refusal::Compressed);
        }
        let in_headers = Pair::of_headers(headers)?;
        let ids = HeaderIds::read(headers)?;
        let fields = Fields::read(&body)?;
        let in_body = Pair::of_body(&fields)?;
        let (pair, carrier) = match (in_body, in_headers) {
            (None, None) => return Err(Refusal::MissingSignature),
            (Some(pair), None) => (pair, Carrier::Body),
            (None, Some(pair)) => (pair, Carrier::Headers),
            (Some(pair), Some(other)) if pair.agrees(&other) => (pair, Carrier::Both),
            (Some(_), Some(_)) => return Err(Refusal::CarriersDisagree),
        };
        let key_index = self.confirm(&pair, carrier)?;
        let expires = self.check_age(now, pair.timestamp.moment())?;
        let entry = ResultEntry::new(fields);
        Ok(Callback {
            webhook: Webhook::is_one(&entry).then_some(ids),
            entry,
            timestamp: pair.timestamp,
            signature: pair.signature,
            carrier,
            key_index,
            account: self.signers[key_index].account().cloned(),
            expires,
            body,
        })
    }

    /// Index of the key that has signed the callback. There is no early return: the time that this
    /// takes doesn't show which key it was.
    fn confirm(&self, pair: &Pair, carrier: Carrier) -> Result<usize, Refusal> {
        let mut found = Err(SignatureError::Wrong);
        for (index, signer) in self.signers.iter().enumerate() {
            let outcome = match carrier {
                Carrier::Body | Carrier::Both => signer.confirm_received(&pair.timestamp, &pair.signature),
                Carrier::Headers => signer.confirm_any_padding(pair.timestamp.as_str(), &pair.signature),
            };
            found = match (found, outcome) {
                (Ok(first), _) => Ok(first),
                (Err(_), Ok(())) => Ok(index),
                (Err(_), Err(error)) => Err(error),
            };
        }
        found.map_err(Refusal::from)
    }

    /// Time until which the callback would pass.
    fn check_age(&self, now: Timestamp, signed: Option<Timestamp>) -> Result<Timestamp, Refusal> {
        let Some(max_age) = self.max_age else { return Ok(Timestamp::MAX) };
        let signed = signed.ok_or(Refusal::UnreadableTimestamp)?;
        let (age, ahead) = (now.since(signed), signed.since(now));
        if ahead > self.max_skew {
            return Err(Refusal::FromTheFuture { ahead });
        }
        if age > max_age {
            return Err(Refusal::TooOld { age });
        }
        Ok(signed + max_age)
    }
}

/// Timestamp with the signature over it.
struct Pair {
    timestamp: ReceivedTimestamp,
    signature: String,
}

impl Pair {
    fn of_headers(headers: &HeaderMap) -> Result<Option<Self>, Refusal> {
        let timestamp = only_header(headers, "response-timestamp")?;
        let signature = only_header(headers, "response-signature")?;
        match (timestamp, signature) {
            (None, None) => Ok(None),
            (Some(timestamp), Some(signature)) => Ok(Some(Self {
                // What isn't text can't have been signed.
                timestamp: ReceivedTimestamp::from_text(
                    timestamp.to_str().map_err(|_| Refusal::MissingSignature)?,
                ),
                signature: signature.to_str().map_err(|_| Refusal::MalformedSignature)?.to_owned(),
            })),
            _ => Err(Refusal::MissingSignature),
        }
    }

    /// Timestamp and signature in the body. A body without a signature may be one whose headers
    /// have it; but not one with half of it.
    fn of_body(fields: &Fields) -> Result<Option<Self>, Refusal> {
        for key in ["signature", "timestamp"] {
            if fields.alike(key).nth(1).is_some() {
                return Err(Unreadable::Duplicated.into());
            }
        }
        let present = |key: &str| fields.exact(key).filter(|value| !value.is_null());
        let Some(signature) = present("signature") else { return Ok(None) };
        let signature = signature.as_str().ok_or(Refusal::MalformedSignature)?.to_owned();
        let timestamp = present("timestamp").ok_or(Refusal::MissingSignature)?;
        let timestamp = ReceivedTimestamp::from_json(timestamp).ok_or(Refusal::MissingSignature)?;
        Ok(Some(Self { timestamp, signature }))
    }

    fn agrees(&self, other: &Self) -> bool {
        self.timestamp.as_str() == other.timestamp.as_str() && self.signature == other.signature
    }
}
