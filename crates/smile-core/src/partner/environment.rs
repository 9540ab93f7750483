//! Environments of the service, and the addresses that are followed.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use http::Uri;

use crate::problem::{ConfigError, Problem};
use crate::wire::characters::{self, Rule};

/// Environment of Smile ID's service. Each has its own API key, default callback URL and data.
///
/// Parses from what the other SDKs call `sid_server`: `0` or `sandbox`, `1` or `production`, or a
/// base URL.
///
/// ```
/// use smile_core::Environment;
///
/// let environment: Environment = "0".parse()?;
/// assert_eq!(environment.base_url(), "https://testapi.smileidentity.com/v1");
/// let own: Environment = "http://127.0.0.1:8080/v1/".parse()?;
/// assert_eq!(own.base_url(), "http://127.0.0.1:8080/v1");
/// assert!("http://example.com/v1".parse::<Environment>().is_err());
/// # Ok::<(), smile_core::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Environment {
    /// Smile ID's own sandbox, for test data only; free of charge.
    Sandbox,
    /// The real service. Jobs are billed.
    Production,
    /// Any other service with the same protocol: an emulator, or a proxy of yours.
    Custom(BaseUrl),
}

impl Environment {
    /// Base URL, `/v1` included, with no slash at the end.
    pub fn base_url(&self) -> &str {
        match self {
            Self::Sandbox => "https://testapi.smileidentity.com/v1",
            Self::Production => "https://api.smileidentity.com/v1",
            Self::Custom(base) => base.as_str(),
        }
    }

    /// URL in front of the version: the base URL without a `/v1` at its end.
    pub(crate) fn root_url(&self) -> &str {
        let base = self.base_url();
        // Of `https://v1` that would leave no host.
        base.strip_suffix("/v1").filter(|root| !root.ends_with('/')).unwrap_or(base)
    }

    /// True if the service is on this machine itself: an emulator, or a tunnel.
    pub fn is_loopback(&self) -> bool {
        matches!(self, Self::Custom(base) if base.is_loopback)
    }
}

impl FromStr for Environment {
    type Err = ConfigError;

    /// # Errors
    /// Names `environment` and the rule, if this is neither a name, nor `0` or `1`, nor a base URL.
    fn from_str(text: &str) -> Result<Self, ConfigError> {
        const RULE: &str = "must be `sandbox` (or `0`), `production` (or `1`), or a base URL such as `https://example.com/v1`";
        match text {
            "" => Err(ConfigError::missing("environment")),
            "0" | "sandbox" => Ok(Self::Sandbox),
            "1" | "production" => Ok(Self::Production),
            url if url.contains("://") => BaseUrl::new(url).map(Self::Custom),
            word => Err(ConfigError::malformed(
                "environment",
                &characters::refused(word, Rule::Code).unwrap_or_else(|| RULE.to_owned()),
            )),
        }
    }
}

/// Base URL of a service, `/v1` included: `https`, or `http` on loopback; without query, user or
/// fragment. Slashes at its end mean nothing, and `/v3` there means the same service as `/v1`: the
/// partner says which API is spoken, not the address.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl {
    text: Box<str>,
    is_loopback: bool,
}

impl BaseUrl {
    /// Reads a base URL.
    ///
    /// # Errors
    /// Names `environment` and the rule.
    pub fn new(url: &str) -> Result<Self, ConfigError> {
        let refuse = |rule: &str| Err(ConfigError::malformed("environment", rule));
        let web = match WebUrl::typed(url) {
            Ok(web) => web,
            Err(rule) => return refuse(&rule),
        };
        if url.len() > 2_000 {
            return refuse("must not be longer than 2000 characters");
        }
        if web.uri.query().is_some() {
            return refuse("must not have a query");
        }
        if let Err(rule) = web.check_as_sent() {
            return refuse(rule);
        }
        if !web.is_private() {
            return refuse("must begin with `https://` (`http://` only on loopback)");
        }
        let text = url.trim_end_matches('/');
        let of_v3 = text.strip_suffix("/v3").filter(|root| !root.ends_with('/'));
        let text = of_v3.map_or_else(|| text.into(), |root| format!("{root}/v1").into());
        Ok(Self { text, is_loopback: web.is_loopback })
    }

    /// The URL, with no slash at its end.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BaseUrl").field(&self.text).finish()
    }
}

/// Address of callbacks: an absolute `https` or `http` URL.
///
/// It may carry a secret of yours in its path or query, so `Debug` shows the host alone.
#[derive(Clone, PartialEq, Eq)]
pub struct CallbackUrl {
    text: Box<str>,
    host: Box<str>,
    is_https: bool,
    is_loopback: bool,
    problem: Option<Problem>,
}

impl CallbackUrl {
    /// An address as the caller gave it, with the problem that it has, if it has one.
    pub(crate) fn unchecked(url: impl Into<String>) -> Self {
        let url = url.into();
        Self::new(&url).unwrap_or_else(|error| Self {
            host: "".into(),
            is_https: true,
            is_loopback: false,
            problem: Some(error.problem().clone()),
            text: url.into(),
        })
    }

    /// The problem with it, for the check before anything is sent.
    pub(crate) fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }

    /// Reads an absolute URL. The environment decides whether plain `http` will do, and that is
    /// judged with the job.
    ///
    /// # Errors
    /// Names `callback_url` and the rule.
    pub fn new(url: &str) -> Result<Self, ConfigError> {
        if url.is_empty() {
            return Err(ConfigError::missing("callback_url"));
        }
        let web = WebUrl::typed(url).map_err(|rule| ConfigError::malformed("callback_url", &rule))?;
        let host = web.uri.host().unwrap_or_default().into();
        Ok(Self {
            text: url.into(),
            host,
            is_https: web.is_https,
            is_loopback: web.is_loopback,
            problem: None,
        })
    }

    /// The URL, as given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn is_https(&self) -> bool {
        self.is_https
    }

    pub(crate) fn is_loopback(&self) -> bool {
        self.is_loopback
    }
}

impl fmt::Debug for CallbackUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallbackUrl(…{}…)", self.host)
    }
}

/// An absolute http or https URL, kept byte for byte.
pub(crate) struct WebUrl {
    pub(crate) uri: Uri,
    is_https: bool,
    is_loopback: bool,
}

impl WebUrl {
    /// Reads an address that somebody typed or copied, as [`WebUrl::parse`].
    pub(crate) fn typed(url: &str) -> Result<Self, Cow<'static, str>> {
        match characters::refused(url, Rule::Code) {
            Some(rule) => Err(rule.into()),
            None => Ok(Self::parse(url)?),
        }
    }

    /// Reads a URL, or names the rule that the text breaks.
    pub(crate) fn parse(url: &str) -> Result<Self, &'static str> {
        const RULE: &str = "must be an absolute URL such as `https://example.com/path`";
        if url.contains('#') {
            return Err("must not have a fragment");
        }
        let uri: Uri = url.parse().map_err(|_| RULE)?;
        let is_https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(RULE),
        };
        // A user in front of the host makes `http://127.0.0.1@elsewhere/` look local.
        if uri.authority().is_none_or(|authority| authority.as_str().contains('@')) {
            return Err("must not have a user or a password in it");
        }
        let Some(host) = uri.host().filter(|host| !host.is_empty()) else { return Err(RULE) };
        // A port that can't be one is dropped by the parser.
        let has_odd_port =
            uri.port().is_none() && uri.authority().is_some_and(|authority| authority.as_str() != host);
        if has_odd_port || uri.port_u16() == Some(0) {
            return Err("must have a port between 1 and 65535, or none");
        }
        let is_loopback = is_loopback(host);
        Ok(Self { uri, is_https, is_loopback })
    }

    /// Names the rule that the URL breaks if an HTTP client would send another address than this:
    /// some fold dots and encode anew, and some don't. A presigned address that is changed is
    /// refused, or leads elsewhere.
    pub(crate) fn check_as_sent(&self) -> Result<(), &'static str> {
        let text = self.uri.path_and_query().map_or("", |text| text.as_str());
        if !is_encoded(text) {
            Err("must be percent-encoded")
        } else if has_dots(text) {
            Err("must not have `.` or `..` for a segment")
        } else {
            Ok(())
        }
    }

    pub(crate) fn is_https(&self) -> bool {
        self.is_https
    }

    /// True if nobody on the way can read it: `https`, or an address of this machine.
    pub(crate) fn is_private(&self) -> bool {
        self.is_https || self.is_loopback
    }

    /// True if the service may send us to this address: to https anywhere, over http only to this
    /// machine if the service is on it.
    pub(crate) fn may_follow(&self, from: &Environment) -> bool {
        self.is_https || (self.is_loopback && from.is_loopback())
    }
}

/// True if this path with its query has only characters that no client encodes (RFC 3986, 3.3 and
/// 3.4). An apostrophe in a query is one that some do.
pub(crate) fn is_encoded(path_and_query: &str) -> bool {
    let is_plain = |byte: u8| {
        byte.is_ascii_graphic()
            && !matches!(byte, b'#' | b'\\' | b'"' | b'<' | b'>' | b'`' | b'{' | b'}' | b'|' | b'^')
    };
    let query = path_and_query.split_once('?').map_or("", |(_, query)| query);
    path_and_query.bytes().all(is_plain) && !query.contains('\'')
}

/// True if a segment of this path is `.` or `..`, in any spelling.
pub(crate) fn has_dots(path_and_query: &str) -> bool {
    let path = path_and_query.split('?').next().unwrap_or_default();
    path.split('/')
        .any(|segment| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | ".."))
}

/// True if a host is this machine, whatever a name server says: `localhost`, or an address of
/// 127.0.0.0/8 or `[::1]`.
///
/// The host is written as in a URL, without a port and with an IPv6 address in brackets.
///
/// ```
/// assert!(smile_core::is_loopback("127.0.0.1") && smile_core::is_loopback("[::1]"));
/// assert!(!smile_core::is_loopback("localhost.example.com"));
/// ```
pub fn is_loopback(host: &str) -> bool {
    use std::net::{Ipv4Addr, Ipv6Addr};
    let in_brackets = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || in_brackets.is_some_and(|host| host.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_host_that_no_name_server_can_turn_elsewhere_is_loopback() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "::1",
            "[127.0.0.1]",
            "[::1",
            "0.0.0.0",
            "[::ffff:127.0.0.1]",
            "127.1",
            "localhost.example.com",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn the_names_and_numbers_of_the_other_sdks_parse() {
        for (text, base) in [
            ("0", "https://testapi.smileidentity.com/v1"),
            ("sandbox", "https://testapi.smileidentity.com/v1"),
            ("1", "https://api.smileidentity.com/v1"),
            ("production", "https://api.smileidentity.com/v1"),
            ("https://example.com/v1", "https://example.com/v1"),
            ("https://example.com/v1///", "https://example.com/v1"),
            ("https://example.com/v3", "https://example.com/v1"),
            ("https://example.com/v3//", "https://example.com/v1"),
            ("https://v3", "https://v3"),
            ("http://localhost:8080/v1/", "http://localhost:8080/v1"),
            ("http://127.9.9.9", "http://127.9.9.9"),
            ("http://[::1]:1/v1", "http://[::1]:1/v1"),
        ] {
            assert_eq!(text.parse::<Environment>().unwrap().base_url(), base);
        }
    }

    #[test]
    fn the_root_keeps_its_host() {
        for (base, root) in [
            ("https://example.com/v1/", "https://example.com"),
            ("https://example.com/v3/", "https://example.com"),
            ("https://example.com/smile", "https://example.com/smile"),
            ("https://v1", "https://v1"),
        ] {
            assert_eq!(base.parse::<Environment>().unwrap().root_url(), root);
        }
    }

    #[test]
    fn what_could_send_a_key_astray_is_refused() {
        for text in [
            "",
            "2",
            "x",
            "a",
            "Sandbox",
            "http://example.com/v1",
            "http://127.0.0.1@example.com/v1",
            "http://localhost.example.com/v1",
            "http://128.0.0.1/v1",
            "https://user:secret@example.com/v1",
            "https://example.com/v1?key=1",
            "https://example.com/v1#part",
            "ftp://example.com",
            "https://",
            "://",
            "https:///v1",
            "https://example.com:99999/v1",
            "https://example.com:/v1",
            "https://example.com:0/v1",
            "https://example.com/a/../v1",
            "https://example.com/{v1}",
            &format!("https://example.com/{}", "x".repeat(2_000)),
        ] {
            let error = text.parse::<Environment>().unwrap_err().to_string();
            assert!(error.starts_with("`environment` must"), "{text}: {error}");
            assert!(!error.contains("secret"));
        }
    }

    #[test]
    fn a_character_that_came_along_is_named() {
        for (text, named) in [
            ("https://example.com/v1\r\n", "a carriage return (U+000D)"),
            ("\u{FEFF}https://example.com/v1", "a byte order mark (U+FEFF) at its start"),
            ("https://example.com/\u{202E}v1", "a direction control (U+202E) within it"),
            ("'https://example.com/v1'", "an apostrophe (U+0027) at its start"),
            ("https://example.com:４43/v1", "a full-width digit (U+FF14) within it"),
        ] {
            assert!(text.parse::<Environment>().unwrap_err().to_string().contains(named), "{text:?}");
            assert!(CallbackUrl::new(text).unwrap_err().to_string().contains(named), "{text:?}");
        }
        let named = "`environment` must not contain a line feed (U+000A) at its end: take it out";
        assert_eq!("sandbox\n".parse::<Environment>().unwrap_err().to_string(), named);
    }

    #[test]
    fn a_callback_url_is_absolute_and_keeps_its_secrets() {
        let url = CallbackUrl::new("https://example.com/hooks/s3cret?token=t0ken").unwrap();
        assert_eq!(format!("{url:?}"), "CallbackUrl(…example.com…)");
        for text in ["", "example.com", "/callback", "mailto:a@example.com", "https://a:b@example.com/"] {
            assert!(CallbackUrl::new(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_an_http_client_would_rewrite_is_not_sent_as_it_is() {
        let check = |tail: &str| {
            WebUrl::parse(&format!("https://example.com{tail}")).and_then(|web| web.check_as_sent())
        };
        for tail in [
            "",
            "/",
            "/a'b/c.zip?X-Amz-Credential=A%2FB&d=..",
            "/...",
            "/a..b/.c",
            "/%2e%2e%2e/",
            "?a=b",
            "//a",
        ] {
            assert_eq!(check(tail), Ok(()), "{tail}");
        }
        for tail in [
            "/a/../b",
            "/./a",
            "/a/..",
            "/a/%2e%2E/b",
            "/.%2e",
            "/a?b='c'",
            "/a\"b",
            "/a{b}",
            "/a?b=\"c\"",
            "/a?b={c}",
            "/a\\b",
            "/a^b",
            "/a`b",
            "/a<b>",
            "/ä",
            "/a b",
        ] {
            assert!(check(tail).is_err(), "{tail}");
        }
    }

    #[test]
    fn upload_addresses_are_followed_to_https_or_within_this_machine() {
        let local: Environment = "http://127.0.0.1:1/v1".parse().unwrap();
        let follow = |url: &str, from: &Environment| WebUrl::parse(url).is_ok_and(|web| web.may_follow(from));
        assert!(follow("https://bucket.s3.amazonaws.com/a?X-Amz-Signature=b", &Environment::Production));
        assert!(follow("http://127.0.0.1:2/upload", &local));
        assert!(!follow("http://127.0.0.1:2/upload", &Environment::Production));
        assert!(!follow("http://169.254.169.254/latest", &local));
        for url in
            ["file:///etc/passwd", "ftp://127.0.0.1/", "//127.0.0.1/", "upload", "", "http://127.0.0.1@a.b/"]
        {
            assert!(!follow(url, &local), "{url}");
        }
    }
}
