//! Replay detection: a redelivery, the next result of the same job, or a signature that was put on
//! another body.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use http::StatusCode;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::callback::Nonce;
use crate::catalogue::webhook_words::normalised;
use crate::result::against::speaks_against;
use crate::result::{ResultEntry, UnknownReason};
use crate::v3::webhook::HeaderIds;
use crate::wire::fields::Fields;
use crate::wire::tolerant::{self, Object as _};
use crate::{SubmissionId, Timestamp};

/// Digest of a callback, by which a redelivery is recognised: three hashes, from which nothing can
/// be read back.
///
/// A store of one's own, in a database say, keeps all three until [`CallbackDigest::expires`]: see
/// [`ReplayStore`] for the statements, and for the rule that they must keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackDigest {
    pair: [u8; 32],
    event: [u8; 32],
    content: [u8; 32],
    expires: Timestamp,
}

/// The parts of a callback that its digests are made of.
pub(super) struct Parts<'a> {
    pub(super) signature: &'a str,
    pub(super) header_ids: Option<&'a HeaderIds>,
    pub(super) entry: &'a ResultEntry,
    /// The word for the kind of callback.
    pub(super) kind: &'static str,
    pub(super) job_id: Option<String>,
    pub(super) user_id: Option<String>,
    /// Headers and body name different jobs or users.
    pub(super) contradicts_itself: bool,
    /// Reason that the verdict is unknown.
    pub(super) unknown_reason: Option<UnknownReason>,
    pub(super) expires: Timestamp,
}

impl CallbackDigest {
    pub(super) fn of(callback: &Parts<'_>) -> Self {
        // Of the signature alone, which only one spelling of passes: there may be several
        // timestamps to one signature, such as a moment's text and its milliseconds, and whoever
        // has seen the one can write the other.
        let pair = Sha256::digest(callback.signature).into();
        // A webhook's headers say which job it is about, as well as its body; those of a v1
        // callback say nothing.
        let ids = callback.header_ids;
        let mut digest = Sha256::new();
        part(&mut digest, ids.and_then(|ids| ids.job_id.as_deref()));
        part(&mut digest, ids.and_then(|ids| ids.user_id.as_deref()));
        content(&mut digest, callback.entry.fields());
        // A message is one of the delivery's fields, and may speak against the person.
        let event = event(callback);
        digest.update(event);
        Self { pair, event, content: digest.finalize().into(), expires: callback.expires }
    }

    /// Digest from the parts that a store has kept.
    pub fn from_parts(pair: [u8; 32], event: [u8; 32], content: [u8; 32], expires: Timestamp) -> Self {
        Self { pair, event, content, expires }
    }

    /// Digest of the signature, which stands for its timestamp as well.
    pub fn pair(&self) -> &[u8; 32] {
        &self.pair
    }

    /// Digest of the report: the job, the user, the submission, the nonce, the kind, and all that a
    /// verdict rests on. The same for every delivery of one result, however it is signed; another
    /// for the next result of the same job.
    pub fn event(&self) -> &[u8; 32] {
        &self.event
    }

    /// Digest of the body's content, of the headers that name a webhook's job, and of the
    /// [`event`](Self::event). The order of the keys, blanks, links to images and receipts, the
    /// words of messages and the moment of the delivery are left out: they are other ones in a
    /// redelivery. A message that speaks against the person still makes another content, as a
    /// verdict rests on that.
    pub fn content(&self) -> &[u8; 32] {
        &self.content
    }

    /// Time from which the verifier refuses the signature for its age, so that a store may forget
    /// it.
    pub fn expires(&self) -> Timestamp {
        self.expires
    }

    /// Compares this callback with the earlier one of the same [`pair`](Self::pair), if there is
    /// one; `event_is_known` is true if there is any with the same [`event`](Self::event).
    pub fn compare(&self, same_pair: Option<&Self>, event_is_known: bool) -> ReplayCheck {
        match same_pair {
            Some(earlier) if earlier.content != self.content => ReplayCheck::SignatureReused,
            Some(_) => ReplayCheck::Redelivery,
            None if event_is_known => ReplayCheck::Redelivery,
            None => ReplayCheck::First,
        }
    }
}

/// Adds a part with its length before it, so that no two lists of parts run together into the same
/// bytes.
fn part(digest: &mut Sha256, text: Option<&str>) {
    let text = text.map(str::as_bytes);
    digest.update([u8::from(text.is_some())]);
    digest.update((text.unwrap_or_default().len() as u64).to_be_bytes());
    digest.update(text.unwrap_or_default());
}

/// Fields that differ with each delivery, or are words for people; letters and digits of the names
/// alone. What speaks against the person in them is part of the event.
const OF_THE_DELIVERY: [&str; 11] = [
    "completedat",
    "createdat",
    "imagelinks",
    "jsonversion",
    "kybreceipt",
    "kycreceipt",
    "message",
    "resulttext",
    "signature",
    "source",
    "timestamp",
];

fn is_of_the_delivery(name: &str) -> bool {
    OF_THE_DELIVERY.contains(&&*normalised(name))
}

/// Adds the whole content of the body, but for the fields of the delivery.
///
/// More than a verdict rests on: who opens an account after comparing a record looks at the name in
/// it, so another name under a known signature is another body.
fn content(digest: &mut Sha256, fields: &Fields) {
    let (short, long) = fields.parts();
    let short = short.keys().map(String::as_str);
    let mut names: Vec<&str> = short.chain(long).filter(|name| !is_of_the_delivery(name)).collect();
    names.sort_unstable();
    for name in names {
        part(digest, Some(name));
        match fields.long_text(name) {
            // A photo: hashed where it is.
            Some(text) if !is_link(&text) => part(digest, Some(&text)),
            Some(_) => part(digest, Some(LINK)),
            None => part(digest, fields.exact(name).map(|value| canonical(value, true)).as_deref()),
        }
    }
}

/// Text in the place of each link: those to images are signed afresh for each delivery.
const LINK: &str = "a link";

fn is_link(text: &str) -> bool {
    ["http://", "https://"]
        .iter()
        .any(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}

/// Fields that a verdict rests on, by the service's names.
const REPORTED: [&str; 9] = [
    "Actions",
    "Antifraud",
    "IsFinalResult",
    "product",
    "reason",
    "ResultCode",
    "ResultType",
    "SmileJobID",
    "status",
];

fn event(callback: &Parts<'_>) -> [u8; 32] {
    let mut digest = Sha256::new();
    let params = callback.entry.partner_params();
    let job_type = params.job_type().map(|job_type| job_type.number().to_string());
    let ids = [callback.job_id.as_deref(), callback.user_id.as_deref()];
    for text in [Some(callback.kind), ids[0], ids[1], job_type.as_deref()] {
        part(&mut digest, text);
    }
    // As it came, in every spelling: what reads the same may not weigh the same, and somebody who
    // could make up a body that counts as this one before this one comes could have it taken for a
    // redelivery.
    let fields = callback.entry.fields();
    for name in REPORTED {
        let mut values: Vec<_> = fields.alike(name).map(|value| canonical(value, false)).collect();
        values.sort_unstable();
        part(&mut digest, Some(name));
        digest.update((values.len() as u64).to_be_bytes());
        values.iter().for_each(|value| part(&mut digest, Some(value)));
    }
    for name in ["job_id", "user_id", "job_type"] {
        let is_twice = params.as_json().is_some_and(|params| tolerant::disagrees(params, name));
        part(&mut digest, is_twice.then_some(name));
    }
    // Whoever makes up a body for this job knows neither, and it must not pass for this one.
    for name in [SubmissionId::PARTNER_PARAM, Nonce::KEY] {
        let params = fields.alike("PartnerParams").filter_map(Value::as_object).flatten();
        let echoed = params.filter(|(key, _)| tolerant::same_name(key, name));
        let mut echoed: Vec<_> = echoed.map(|(key, value)| (key, canonical(value, false))).collect();
        echoed.sort_unstable();
        part(&mut digest, Some(name));
        digest.update((echoed.len() as u64).to_be_bytes());
        for (key, value) in &echoed {
            part(&mut digest, Some(key));
            part(&mut digest, Some(value));
        }
    }
    part(&mut digest, callback.contradicts_itself.then_some("contradicts itself"));
    // Anything in a body may speak against the person.
    let reason = callback.unknown_reason.map(|reason| format!("{reason:?}"));
    let is_against = callback.header_ids.is_none() && speaks_against(fields, &["actions"]);
    part(&mut digest, reason.as_deref().or(is_against.then_some("speaks against the person")));
    digest.finalize().into()
}

/// Canonical text of a value, whatever the order of its keys. `whatever_delivery` leaves out the
/// fields of the delivery.
fn canonical(value: &Value, whatever_delivery: bool) -> String {
    fn sorted(value: &Value, whatever_delivery: bool) -> Value {
        match value {
            Value::Array(list) => list.iter().map(|item| sorted(item, whatever_delivery)).collect(),
            Value::Object(object) => {
                let mut by_name: BTreeMap<_, _> = object.iter().collect();
                if whatever_delivery {
                    by_name.retain(|name, _| !is_of_the_delivery(name));
                }
                by_name
                    .into_iter()
                    .map(|(name, value)| (name.clone(), sorted(value, whatever_delivery)))
                    .collect()
            }
            Value::String(text) if whatever_delivery && is_link(text) => LINK.into(),
            other => other.clone(),
        }
    }
    sorted(value, whatever_delivery).to_string()
}

/// Result of a replay check: a callback is new, delivered again, or has a reused signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReplayCheck {
    /// The callback hasn't come before: act on it.
    First,
    /// The same result has come before, with the same signature or signed afresh. It may never have
    /// been acted on: apply it again in a way that does no harm twice, as
    /// [`JobHistory::apply_callback`](super::JobHistory::apply_callback) does, then answer 200.
    Redelivery,
    /// The signature has come before, with another body. Either somebody puts bodies of their own
    /// under a signature that they have seen, or two results were signed in the same millisecond.
    /// Don't act on it; the status of the job decides.
    SignatureReused,
}

impl ReplayCheck {
    /// Status to answer: 200, or 409 for a signature that was reused.
    pub fn status(self) -> StatusCode {
        match self {
            Self::First | Self::Redelivery => StatusCode::OK,
            Self::SignatureReused => StatusCode::CONFLICT,
        }
    }

    /// Turns a reused signature into a refusal, for `?`.
    ///
    /// # Errors
    /// [`Refusal::Replayed`](super::Refusal::Replayed), for a signature that was reused.
    pub fn accept(self) -> Result<Self, super::Refusal> {
        if self == Self::SignatureReused { Err(super::Refusal::Replayed) } else { Ok(self) }
    }
}

/// Store of callbacks' digests, which remembers each for as long as its signature passes.
///
/// # The rule
///
/// **Looking and remembering are one step.** Of all deliveries with the same
/// [`event`](CallbackDigest::event), however many come at the same moment and to however many
/// processes, exactly one is the first; of all with the same [`pair`](CallbackDigest::pair) and
/// another [`content`](CallbackDigest::content), all but one are reused signatures. A store that
/// looks and then inserts breaks it, in a transaction of its own as well: at PostgreSQL's default
/// level (`READ COMMITTED`) two transactions both see nothing, both insert, and both say
/// [`ReplayCheck::First`].
///
/// So a store in a database **inserts first, under a unique index, and goes by what the database
/// says of that**. In one transaction, with the callback itself if it is stored too:
///
/// ```sql
/// create table digest (pair bytea primary key, content bytea not null, expires timestamptz not null);
/// create table event    (event bytea primary key, expires timestamptz not null);
///
/// insert into digest (pair, content, expires) values ($pair, $content, $expires) on conflict do nothing;
/// -- No row inserted: select content from digest where pair = $pair;
/// --   the same content: ReplayCheck::Redelivery; another: ReplayCheck::SignatureReused. Nothing else is written.
/// -- One row inserted:
/// insert into event (event, expires) values ($event, $expires) on conflict (event)
///   do update set expires = greatest(event.expires, excluded.expires) returning (xmax = 0) as is_new;
/// -- is_new: ReplayCheck::First; otherwise ReplayCheck::Redelivery.
/// ```
///
/// Rows may be deleted once `expires` is past, and not at that very moment: until then the
/// signature passes.
///
/// A store of one's own is checked by `smile_sandbox::replay_store`: `check` for this trait,
/// `check_async` for its sibling. It hands the store a barrier to wait at between a look and an
/// insert, so that a store that breaks the rule fails every time.
///
/// A store that has to be waited for is an [`AsyncReplayStore`].
pub trait ReplayStore {
    /// Failure of the store. Answer 503 then, and act on nothing: the service comes again.
    type Error;

    /// Compares a callback with those seen before, and remembers it if it is new, in one step.
    ///
    /// # Errors
    /// If the store can't say, or can't remember.
    fn record(&self, now: Timestamp, digest: &CallbackDigest) -> Result<ReplayCheck, Self::Error>;
}

/// A [`ReplayStore`] that has to be waited for, such as a table behind an asynchronous driver. The
/// same rule holds.
///
/// The future is `Send`, so that a server of any runtime can wait for it; nothing here brings a
/// runtime along. A future that is dropped before its end, because the service has hung up, may
/// have recorded the digest or not.
///
/// ```
/// use smile_core::{AsyncReplayStore, ReplayCheck, CallbackDigest, Timestamp};
///
/// # struct Pool;
/// # impl Pool {
/// #     async fn insert_first(&self, _: &[u8; 32], _: &[u8; 32]) -> Result<ReplayCheck, std::io::Error> { Ok(ReplayCheck::First) }
/// # }
/// struct Table(Pool);
///
/// impl AsyncReplayStore for Table {
///     type Error = std::io::Error;
///
///     async fn record(&self, _: Timestamp, digest: &CallbackDigest) -> Result<ReplayCheck, Self::Error> {
///         self.0.insert_first(digest.pair(), digest.event()).await
///     }
/// }
/// # fn takes(_: impl AsyncReplayStore) {}
/// # takes(Table(Pool));
/// ```
pub trait AsyncReplayStore {
    /// Failure of the store. Answer 503 then, and act on nothing: the service comes again.
    type Error;

    /// Compares a callback with those seen before, and remembers it if it is new, in one step.
    ///
    /// # Errors
    /// If the store can't say, or can't remember.
    fn record(
        &self,
        now: Timestamp,
        digest: &CallbackDigest,
    ) -> impl Future<Output = Result<ReplayCheck, Self::Error>> + Send;
}

impl<S: AsyncReplayStore> AsyncReplayStore for &S {
    type Error = S::Error;

    fn record(
        &self,
        now: Timestamp,
        digest: &CallbackDigest,
    ) -> impl Future<Output = Result<ReplayCheck, S::Error>> + Send {
        (**self).record(now, digest)
    }
}

impl<S: AsyncReplayStore> AsyncReplayStore for std::sync::Arc<S> {
    type Error = S::Error;

    fn record(
        &self,
        now: Timestamp,
        digest: &CallbackDigest,
    ) -> impl Future<Output = Result<ReplayCheck, S::Error>> + Send {
        (**self).record(now, digest)
    }
}

impl<S: ReplayStore + ?Sized> ReplayStore for &S {
    type Error = S::Error;

    fn record(&self, now: Timestamp, digest: &CallbackDigest) -> Result<ReplayCheck, S::Error> {
        (**self).record(now, digest)
    }
}

impl<S: ReplayStore + ?Sized> ReplayStore for std::sync::Arc<S> {
    type Error = S::Error;

    fn record(&self, now: Timestamp, digest: &CallbackDigest) -> Result<ReplayCheck, S::Error> {
        (**self).record(now, digest)
    }
}

/// No store at all: every callback counts as the first.
impl ReplayStore for () {
    type Error = Infallible;

    fn record(&self, _: Timestamp, _: &CallbackDigest) -> Result<ReplayCheck, Infallible> {
        Ok(ReplayCheck::First)
    }
}

/// A [`ReplayStore`] in memory, for a server of one process. A restart forgets everything.
///
/// It holds so many digests and no more. One that is full refuses rather than forgets: a store that
/// could be made to forget would protect from nobody. What has expired makes room.
///
/// ```
/// use smile_core::{InMemoryReplayStore, ReplayStore as _, ReplayCheck, CallbackDigest, Timestamp};
///
/// let store = InMemoryReplayStore::with_capacity(100_000);
/// # let now = Timestamp::from_unix_millis(1_705_314_600_000);
/// # let digest = CallbackDigest::from_parts([1; 32], [2; 32], [3; 32], Timestamp::MAX);
/// // `digest` is `callback.digest()`.
/// assert_eq!(store.record(now, &digest), Ok(ReplayCheck::First));
/// assert_eq!(store.record(now, &digest), Ok(ReplayCheck::Redelivery));
/// ```
pub struct InMemoryReplayStore {
    capacity: usize,
    seen: Mutex<BTreeMap<[u8; 32], CallbackDigest>>,
    events: Mutex<BTreeMap<[u8; 32], Timestamp>>,
}

impl fmt::Debug for InMemoryReplayStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InMemoryReplayStore")
            .field("capacity", &self.capacity)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

impl InMemoryReplayStore {
    /// Store for so many digests, of some 250 bytes each.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { capacity, seen: Mutex::default(), events: Mutex::default() }
    }

    /// Number of digests held, expired ones perhaps among them.
    pub fn len(&self) -> usize {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// True if no digest is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Default for InMemoryReplayStore {
    /// Store for 65,536 digests: at 15 minutes each, 70 callbacks a second.
    fn default() -> Self {
        Self::with_capacity(65_536)
    }
}

impl ReplayStore for InMemoryReplayStore {
    type Error = StoreFull;

    fn record(&self, now: Timestamp, digest: &CallbackDigest) -> Result<ReplayCheck, StoreFull> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let verdict = digest.compare(seen.get(&digest.pair), events.contains_key(&digest.event));
        if seen.contains_key(&digest.pair) {
            return Ok(verdict);
        }
        if seen.len() >= self.capacity {
            seen.retain(|_, earlier| earlier.expires >= now);
            events.retain(|_, expires| *expires >= now);
        }
        if seen.len() >= self.capacity {
            return Err(StoreFull);
        }
        seen.insert(digest.pair, digest.clone());
        let until = events.entry(digest.event).or_insert(digest.expires);
        *until = digest.expires.max(*until);
        Ok(verdict)
    }
}

/// Error of a full store: it holds all that it may, and nothing of it has expired. Answer 503, and
/// act on nothing: the service comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the replay store is full")]
pub struct StoreFull;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Timestamp {
        Timestamp::from_unix_millis(second * 1_000)
    }

    fn digest(pair: u8, event: u8, content: u8, expires: u64) -> CallbackDigest {
        CallbackDigest::from_parts([pair; 32], [event; 32], [content; 32], at(expires))
    }

    #[test]
    fn redeliveries_next_results_and_reused_signatures_are_told_apart() {
        let store = InMemoryReplayStore::default();
        let record = |digest| store.record(at(0), &digest).unwrap();
        assert_eq!(record(digest(1, 1, 1, 9)), ReplayCheck::First);
        assert_eq!(record(digest(1, 1, 1, 9)), ReplayCheck::Redelivery, "the same bytes");
        assert_eq!(record(digest(2, 1, 2, 9)), ReplayCheck::Redelivery, "signed afresh");
        assert_eq!(record(digest(3, 2, 3, 9)), ReplayCheck::First, "the next result");
        assert_eq!(record(digest(3, 3, 4, 9)), ReplayCheck::SignatureReused);
        assert_eq!(record(digest(3, 2, 4, 9)), ReplayCheck::SignatureReused);
        assert_eq!(record(digest(4, 3, 4, 9)), ReplayCheck::First, "a refused one has left no trace");
        assert_eq!(store.len(), 4);
    }

    #[test]
    fn a_full_store_refuses_until_something_expires() {
        let store = InMemoryReplayStore::with_capacity(2);
        assert_eq!(store.record(at(0), &digest(1, 1, 1, 10)), Ok(ReplayCheck::First));
        assert_eq!(store.record(at(0), &digest(2, 2, 2, 20)), Ok(ReplayCheck::First));
        assert_eq!(store.record(at(10), &digest(3, 3, 3, 20)), Err(StoreFull));
        assert_eq!(
            store.record(at(10), &digest(1, 1, 1, 10)),
            Ok(ReplayCheck::Redelivery),
            "it still tells what it knows"
        );
        assert_eq!(store.record(at(11), &digest(3, 3, 3, 20)), Ok(ReplayCheck::First));
        assert_eq!(store.len(), 2);
    }

    #[test]
    fn many_at_once_and_one_is_the_first() {
        let store = InMemoryReplayStore::default();
        let firsts: usize = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| store.record(at(0), &digest(1, 1, 1, 9)).unwrap() == ReplayCheck::First)
                })
                .collect();
            racers.into_iter().map(|racer| usize::from(racer.join().unwrap())).sum()
        });
        assert_eq!(firsts, 1);
    }

    #[test]
    fn a_store_says_how_much_it_holds_and_shows_no_digest() {
        let store = InMemoryReplayStore::with_capacity(2);
        assert_eq!((store.len(), store.is_empty()), (0, true));
        store.record(at(0), &digest(171, 171, 171, 9)).unwrap();
        assert_eq!((store.len(), store.is_empty()), (1, false));
        assert_eq!(format!("{store:?}"), "InMemoryReplayStore { capacity: 2, len: 1, .. }");
    }
}
