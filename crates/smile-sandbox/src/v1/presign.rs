//! Upload addresses that look and behave like presigned ones of the object store.

use std::time::Duration;

use smile_core::Timestamp;

use crate::secret::Secret;

/// The refusal of an upload address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The query is not that of a presigned address at all.
    Unsigned,
    /// The address differs from the signed one.
    Altered,
    /// The address has expired.
    Expired,
}

/// The query that allows uploading to this host and path for a time.
pub(crate) fn sign(secret: &Secret, host: &str, path: &str, at: Timestamp, lifetime: Duration) -> String {
    let date = date_text(at);
    let expires = lifetime.as_secs().to_string();
    let signature = secret.hex(&["PUT", host, path, &date, &expires]);
    let day = &date[..8];
    format!(
        "X-Amz-Algorithm=AWS4-HMAC-SHA256\
         &X-Amz-Credential=SANDBOX%2F{day}%2Fus-west-2%2Fs3%2Faws4_request\
         &X-Amz-Date={date}&X-Amz-Expires={expires}&X-Amz-SignedHeaders=host&X-Amz-Signature={signature}"
    )
}

/// Checks that the query permits an upload to this host and path now. Every byte of it counts.
pub(crate) fn check(
    secret: &Secret,
    host: &str,
    path: &str,
    query: &str,
    now: Timestamp,
) -> Result<(), Refusal> {
    let parameter = |name: &str| {
        query
            .split('&')
            .find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name).map(|(_, value)| value))
    };
    let (Some(date), Some(expires), Some(_)) =
        (parameter("X-Amz-Date"), parameter("X-Amz-Expires"), parameter("X-Amz-Signature"))
    else {
        return Err(Refusal::Unsigned);
    };
    let (Some(at), Ok(seconds)) = (parse_date(date), expires.parse::<u32>()) else {
        return Err(Refusal::Altered);
    };
    let lifetime = Duration::from_secs(seconds.into());
    if sign(secret, host, path, at, lifetime) != query {
        Err(Refusal::Altered)
    } else if now > at + lifetime {
        Err(Refusal::Expired)
    } else {
        Ok(())
    }
}

/// `20240115T103000Z`.
fn date_text(at: Timestamp) -> String {
    let iso = at.to_string();
    iso[..19].chars().filter(char::is_ascii_alphanumeric).chain(['Z']).collect()
}

fn parse_date(text: &str) -> Option<Timestamp> {
    if text.len() != 16 || !text.is_ascii() {
        return None;
    }
    let (year, month, day) = (&text[..4], &text[4..6], &text[6..8]);
    let (hour, minute, second) = (&text[9..11], &text[11..13], &text[13..15]);
    Timestamp::parse(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_unix_millis(1_705_314_600_999);

    #[test]
    fn an_address_holds_until_it_expires() {
        let secret = Secret::new("key", 0);
        let query = sign(&secret, "127.0.0.1:1", "/a", AT, Duration::from_secs(900));
        assert!(query.contains("X-Amz-Date=20240115T103000Z&X-Amz-Expires=900"));
        let check = |after| check(&secret, "127.0.0.1:1", "/a", &query, AT + Duration::from_millis(after));
        assert_eq!(check(0), Ok(()));
        assert_eq!(check(899_000), Ok(()));
        assert_eq!(check(900_000), Err(Refusal::Expired));
    }

    #[test]
    fn no_byte_of_it_may_change() {
        let secret = Secret::new("key", 0);
        let query = sign(&secret, "h", "/a", AT, Duration::from_secs(900));
        for (at, old) in query.char_indices() {
            let mut altered = query.clone();
            altered.replace_range(at..=at, if old == '0' { "1" } else { "0" });
            assert!(check(&secret, "h", "/a", &altered, AT).is_err(), "{altered}");
        }
        assert_eq!(check(&secret, "h", "/b", &query, AT), Err(Refusal::Altered));
        assert_eq!(check(&secret, "i", "/a", &query, AT), Err(Refusal::Altered));
        assert_eq!(check(&Secret::new("key", 1), "h", "/a", &query, AT), Err(Refusal::Altered));
        assert_eq!(check(&secret, "h", "/a", &format!("{query}&x=1"), AT), Err(Refusal::Altered));
        for unsigned in ["", "x=1", "X-Amz-Date=20240115T103000Z"] {
            assert_eq!(check(&secret, "h", "/a", unsigned, AT), Err(Refusal::Unsigned));
        }
        for date in ["", "20240115T1030000", "2024011\u{e9}T103000Z", "99999999T999999Z"] {
            let query = format!("X-Amz-Date={date}&X-Amz-Expires=1&X-Amz-Signature=0");
            assert_eq!(check(&secret, "h", "/a", &query, AT), Err(Refusal::Altered), "{date}");
        }
    }
}
