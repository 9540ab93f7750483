//! Addresses of hosts, remembered for a moment.
//!
//! ureq asks for a host's addresses before each request, even where a connection is kept and needs none; and, so that the asking
//! keeps to a time limit, starts a thread to do it. That is more than half of what a small exchange costs.

use std::collections::HashMap;
use std::fmt;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Long enough for the requests of a job, and no longer than services leave their names alone.
const KEPT_FOR: Duration = Duration::from_secs(10);
/// A partner has two or three hosts. More than these can only be addresses that somebody makes up.
const MOST_HOSTS: usize = 64;

/// Asks as ureq does, and remembers the answer.
#[derive(Default)]
pub(crate) struct Remembering<R = DefaultResolver> {
    asks: R,
    known: Mutex<HashMap<String, (Instant, Vec<std::net::SocketAddr>)>>,
}

impl<R: Resolver> Resolver for Remembering<R> {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri.scheme().zip(uri.authority());
        let Some(host) = host.and_then(|(scheme, host)| DefaultResolver::host_and_port(scheme, host)) else {
            return self.asks.resolve(uri, config, timeout);
        };
        let now = Instant::now();
        // Nobody panics with the lock held; if somebody did, asking again is all that is lost.
        if let Ok(known) = self.known.lock()
            && let Some((asked, addresses)) = known.get(&host)
            && now.duration_since(*asked) < KEPT_FOR
        {
            let mut answer = self.asks.empty();
            for address in addresses {
                answer.push(*address);
            }
            return Ok(answer);
        }
        let answer = self.asks.resolve(uri, config, timeout)?;
        if let Ok(mut known) = self.known.lock() {
            if known.len() >= MOST_HOSTS {
                known.clear();
            }
            known.insert(host, (now, answer.iter().copied().collect()));
        }
        Ok(answer)
    }
}

impl<R> fmt::Debug for Remembering<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remembering").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU16, Ordering};

    use ureq::Timeout;

    use super::*;

    /// Gives each question another answer.
    #[derive(Debug, Default)]
    struct Counting(AtomicU16);

    impl Resolver for Counting {
        fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
            let mut answer = self.empty();
            answer.push(([127, 0, 0, 1], self.0.fetch_add(1, Ordering::Relaxed)).into());
            Ok(answer)
        }
    }

    fn ask(resolver: &Remembering<Counting>, uri: &str) -> u16 {
        let timeout = NextTimeout { after: Duration::from_secs(1).into(), reason: Timeout::Resolve };
        resolver.resolve(&uri.parse().unwrap(), &Config::default(), timeout).unwrap()[0].port()
    }

    #[test]
    fn a_host_is_asked_for_once_and_others_by_themselves() {
        let resolver = Remembering::<Counting>::default();
        assert_eq!(ask(&resolver, "https://a.example/v1/upload"), 0);
        assert_eq!(ask(&resolver, "https://a.example/v1/job_status"), 0);
        assert_eq!(ask(&resolver, "https://a.example:8443/"), 1);
        assert_eq!(ask(&resolver, "http://a.example/"), 2);
        assert_eq!(ask(&resolver, "https://b.example/"), 3);
        assert_eq!(ask(&resolver, "https://a.example:443/"), 0);
    }

    #[test]
    fn an_old_answer_is_asked_for_anew() {
        let resolver = Remembering::<Counting>::default();
        assert_eq!(ask(&resolver, "https://a.example/"), 0);
        for (asked, _) in resolver.known.lock().unwrap().values_mut() {
            *asked = asked.checked_sub(KEPT_FOR).unwrap();
        }
        assert_eq!(ask(&resolver, "https://a.example/"), 1);
    }

    #[test]
    fn only_so_many_hosts_are_remembered() {
        let resolver = Remembering::<Counting>::default();
        for host in 0..3 * MOST_HOSTS {
            ask(&resolver, &format!("https://{host}.example/"));
        }
        assert!(resolver.known.lock().unwrap().len() <= MOST_HOSTS);
    }
}
