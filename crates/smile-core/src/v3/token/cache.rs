//! The machine that shares one token among all who need it.
//!
//! It does nothing by itself: who asks is given the token, or the turn to fetch one, or somebody
//! else's fetch to wait for. A turn that is dropped, or takes longer than a request may, passes on.
//! So nobody waits for somebody who is gone.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use crate::v3::token::Token;
use crate::{OperationError, PartnerAccount, Timestamp};

/// A shared token of the v3 API for each account, kept until a minute before it expires.
///
/// It is cheap to clone, and all clones share what they keep. A client has one; who drives flows by
/// hand gives the same one to each, with [`Call::with_tokens`](crate::Call::with_tokens). It is
/// kept in memory alone, and `Debug` shows no token.
#[derive(Clone, Default)]
pub struct TokenCache(Arc<Mutex<Vec<Slot>>>);

/// The entry of one account.
struct Slot {
    account: PartnerAccount,
    kept: Option<Grant>,
    fetch: Option<Arc<Fetch>>,
}

impl TokenCache {
    /// The time before its expiry from which a token is no longer handed out: it must still be good
    /// when the request arrives.
    pub const MARGIN: Duration = Duration::from_secs(60);

    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    fn slots(&self) -> MutexGuard<'_, Vec<Slot>> {
        // Each change is whole before the lock is let go.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the caller's next step. A turn to fetch is the caller's until `over_at`, which the
    /// caller may put off.
    pub(crate) fn turn(&self, account: &PartnerAccount, now: Timestamp, over_at: Timestamp) -> Turn {
        let mut slots = self.slots();
        let at = slots.iter().position(|slot| slot.account == *account).unwrap_or_else(|| {
            slots.push(Slot { account: account.clone(), kept: None, fetch: None });
            slots.len() - 1
        });
        let slot = &mut slots[at];
        slot.kept = slot.kept.take().filter(|grant| grant.is_to_be_kept(now));
        if let Some(grant) = &slot.kept {
            return Turn::Use(grant.clone());
        }
        match &slot.fetch {
            Some(fetch) if fetch.outcome().is_none() && !fetch.is_over(now) => {
                return Turn::Wait(Arc::clone(fetch));
            }
            Some(fetch) => fetch.end(Outcome::Abandoned),
            None => {}
        }
        let fetch = Arc::new(Fetch::new(over_at));
        slot.fetch = Some(Arc::clone(&fetch));
        drop(slots);
        Turn::Fetch(Lead { cache: self.clone(), account: account.clone(), fetch })
    }

    /// Drops the token of this grant, which was answered with a 401, if it is still the one that is
    /// kept.
    pub(crate) fn refuse(&self, grant: &Grant) {
        let Some(origin) = &grant.origin else { return };
        origin.is_refused.store(true, Ordering::SeqCst);
        for slot in self.slots().iter_mut() {
            if slot.kept.as_ref().is_some_and(|kept| kept.is_of(origin)) {
                slot.kept = None;
            }
        }
    }

    /// Ends a fetch, and keeps what it brought if its turn hasn't passed on.
    fn end(&self, account: &PartnerAccount, fetch: &Arc<Fetch>, outcome: Outcome, kept: Option<Grant>) {
        for slot in self.slots().iter_mut().filter(|slot| slot.account == *account) {
            if slot.fetch.as_ref().is_some_and(|current| Arc::ptr_eq(current, fetch)) {
                slot.fetch = None;
                slot.kept = kept.clone();
            }
        }
        fetch.end(outcome);
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenCache(…)")
    }
}

/// A caller's step towards a token.
pub(crate) enum Turn {
    /// Use this one.
    Use(Grant),
    /// Fetch one, for all.
    Fetch(Lead),
    /// Wait for another caller's fetch.
    Wait(Arc<Fetch>),
}

/// A token to send a request with, and where it is from.
#[derive(Clone)]
pub(crate) struct Grant {
    token: Token,
    /// The fetch that brought a shared one; a bound one has none.
    origin: Option<Arc<Fetch>>,
}

impl Grant {
    pub(crate) fn bound(token: Token) -> Self {
        Self { token, origin: None }
    }

    pub(crate) fn of(fetch: &Arc<Fetch>, token: Token) -> Self {
        Self { token, origin: Some(Arc::clone(fetch)) }
    }

    pub(crate) fn token(&self) -> &Token {
        &self.token
    }

    pub(crate) fn is_shared(&self) -> bool {
        self.origin.is_some()
    }

    /// True if a request may still be sent with this token.
    pub(crate) fn is_usable(&self, now: Timestamp) -> bool {
        let is_refused = self.origin.as_ref().is_some_and(|origin| origin.is_refused.load(Ordering::SeqCst));
        !is_refused && self.token.expires_at().is_none_or(|expires_at| now < expires_at)
    }

    fn is_to_be_kept(&self, now: Timestamp) -> bool {
        self.token.expires_at().is_some_and(|expires_at| now + TokenCache::MARGIN < expires_at)
    }

    fn is_of(&self, fetch: &Arc<Fetch>) -> bool {
        self.origin.as_ref().is_some_and(|origin| Arc::ptr_eq(origin, fetch))
    }
}

/// One fetch of a shared token, which other callers may be waiting for.
pub(crate) struct Fetch {
    outcome: OnceLock<Outcome>,
    is_refused: AtomicBool,
    /// The time by which the caller with the turn must report.
    over_at: AtomicU64,
}

/// The end of a fetch.
#[derive(Clone)]
pub(crate) enum Outcome {
    /// A token.
    Token(Token),
    /// The service, or the way there, failed: for all who waited.
    Failed(OperationError),
    /// The one whose turn it was went away, or ran out of time. Somebody else's turn.
    Abandoned,
}

impl Fetch {
    fn new(over_at: Timestamp) -> Self {
        let over_at = AtomicU64::new(over_at.unix_millis());
        Self { outcome: OnceLock::new(), is_refused: AtomicBool::new(false), over_at }
    }

    pub(crate) fn outcome(&self) -> Option<&Outcome> {
        self.outcome.get()
    }

    pub(crate) fn over_at(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.over_at.load(Ordering::SeqCst))
    }

    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.over_at() <= now
    }

    /// The first outcome counts.
    fn end(&self, outcome: Outcome) {
        let _ = self.outcome.set(outcome);
    }
}

/// The turn to fetch a token for all. Dropped, it passes on.
pub(crate) struct Lead {
    cache: TokenCache,
    account: PartnerAccount,
    fetch: Arc<Fetch>,
}

impl Lead {
    /// True if the turn has passed on, because it took too long.
    pub(crate) fn has_passed_on(&self) -> bool {
        self.fetch.outcome().is_some()
    }

    /// Says that it goes on, until then at the latest.
    pub(crate) fn put_off(&self, over_at: Timestamp) {
        self.fetch.over_at.fetch_max(over_at.unix_millis(), Ordering::SeqCst);
    }

    /// Ends the fetch with this token.
    pub(crate) fn succeed(self, now: Timestamp, token: Token) -> Grant {
        let grant = Grant::of(&self.fetch, token.clone());
        let kept = Some(grant.clone()).filter(|grant| grant.is_to_be_kept(now));
        self.cache.end(&self.account, &self.fetch, Outcome::Token(token), kept);
        grant
    }

    /// Ends the fetch with an error, for all who wait for it.
    pub(crate) fn fail(self, error: OperationError) {
        self.cache.end(&self.account, &self.fetch, Outcome::Failed(error), None);
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        if self.fetch.outcome().is_none() {
            self.cache.end(&self.account, &self.fetch, Outcome::Abandoned, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;
    use crate::TransportFailure;
    use crate::operation::testing::{noon, partner};

    const SOON: Duration = Duration::from_secs(35);

    fn token(name: &str, lives: Duration) -> Token {
        let expires_at = (noon() + lives).unix_millis() / 1_000;
        let claims = URL_SAFE_NO_PAD.encode(format!(r#"{{"exp":{expires_at},"jti":"{name}"}}"#));
        Token::new(&format!("e30.{claims}.c2ln")).unwrap()
    }

    fn turn(cache: &TokenCache, now: Timestamp) -> Turn {
        cache.turn(&partner().account(), now, now + SOON)
    }

    fn lead(cache: &TokenCache, now: Timestamp) -> Lead {
        let Turn::Fetch(lead) = turn(cache, now) else { panic!("it isn't this one's turn") };
        lead
    }

    fn wait(cache: &TokenCache, now: Timestamp) -> Arc<Fetch> {
        let Turn::Wait(fetch) = turn(cache, now) else { panic!("there is nothing to wait for") };
        fetch
    }

    fn used(cache: &TokenCache, now: Timestamp) -> Token {
        let Turn::Use(grant) = turn(cache, now) else { panic!("there is no token") };
        grant.token().clone()
    }

    #[test]
    fn one_fetches_and_the_others_wait_for_it() {
        let cache = TokenCache::new();
        let lead = lead(&cache, noon());
        let (second, third) = (wait(&cache, noon()), wait(&cache, noon()));
        let first = token("1", Duration::from_secs(900));
        lead.succeed(noon(), first.clone());
        for fetch in [second, third] {
            assert!(matches!(fetch.outcome(), Some(Outcome::Token(token)) if *token == first));
        }
        assert_eq!(used(&cache, noon()), first);
    }

    #[test]
    fn a_token_is_kept_until_a_minute_before_it_expires() {
        let cache = TokenCache::new();
        let first = token("1", Duration::from_secs(900));
        lead(&cache, noon()).succeed(noon(), first.clone());
        assert_eq!(used(&cache, noon() + Duration::from_millis(839_999)), first);
        lead(&cache, noon() + Duration::from_secs(840));
    }

    #[test]
    fn a_token_that_doesnt_say_when_it_expires_is_not_kept() {
        let cache = TokenCache::new();
        let grant = lead(&cache, noon()).succeed(noon(), Token::new("opaque").unwrap());
        assert!(grant.is_usable(noon() + Duration::from_secs(10_000)), "but good for whoever waited for it");
        lead(&cache, noon());
    }

    #[test]
    fn a_failed_fetch_fails_who_waited_and_nobody_after_them() {
        let cache = TokenCache::new();
        let first = lead(&cache, noon());
        let waiting = wait(&cache, noon());
        first.fail(OperationError::Transport(TransportFailure::not_sent("")));
        assert!(matches!(waiting.outcome(), Some(Outcome::Failed(_))));
        lead(&cache, noon());
    }

    #[test]
    fn a_turn_that_is_dropped_passes_on() {
        let cache = TokenCache::new();
        let first = lead(&cache, noon());
        let waiting = wait(&cache, noon());
        drop(first);
        assert!(matches!(waiting.outcome(), Some(Outcome::Abandoned)));
        lead(&cache, noon());
    }

    #[test]
    fn a_turn_that_takes_too_long_passes_on_and_what_it_brings_later_is_not_kept() {
        let cache = TokenCache::new();
        let first = lead(&cache, noon());
        let waiting = wait(&cache, noon() + Duration::from_millis(34_999));
        let second = lead(&cache, noon() + SOON);
        assert!(matches!(waiting.outcome(), Some(Outcome::Abandoned)));
        first.succeed(noon() + SOON, token("late", Duration::from_secs(900)));
        let other = token("2", Duration::from_secs(900));
        wait(&cache, noon() + SOON);
        second.succeed(noon() + SOON, other.clone());
        assert_eq!(used(&cache, noon() + SOON), other);
    }

    #[test]
    fn a_turn_that_is_put_off_doesnt_pass_on() {
        let cache = TokenCache::new();
        let first = lead(&cache, noon());
        first.put_off(noon() + SOON + SOON);
        first.put_off(noon());
        wait(&cache, noon() + SOON);
    }

    #[test]
    fn a_refused_token_is_dropped_only_if_it_is_still_the_one() {
        let cache = TokenCache::new();
        let old = lead(&cache, noon()).succeed(noon(), token("1", Duration::from_secs(900)));
        cache.refuse(&old);
        assert!(!old.is_usable(noon()));
        let new = token("2", Duration::from_secs(900));
        lead(&cache, noon()).succeed(noon(), new.clone());
        cache.refuse(&old);
        assert_eq!(used(&cache, noon()), new, "the second who learns of it doesn't drop the next one");
    }

    #[test]
    fn accounts_dont_share() {
        let cache = TokenCache::new();
        lead(&cache, noon()).succeed(noon(), token("1", Duration::from_secs(900)));
        let other = PartnerAccount::new("002", partner().environment().base_url());
        assert!(matches!(cache.turn(&other, noon(), noon() + SOON), Turn::Fetch(_)));
        let elsewhere = PartnerAccount::new(partner().id().as_str(), "https://api.smileidentity.com/v1");
        assert!(matches!(cache.turn(&elsewhere, noon(), noon() + SOON), Turn::Fetch(_)));
    }
}
