//! What was asked for, and whether it makes sense.

use std::time::SystemTime;

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Release {
    pub(crate) version: String,
    pub(crate) execute: bool,
    pub(crate) run_ci: bool,
}

impl Release {
    /// From the words after `release`.
    pub(crate) fn parse(arguments: &[&str]) -> Result<Self, String> {
        let (mut version, mut execute, mut run_ci) = (None, false, true);
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            match *word {
                "--version" => version = Some(words.next().ok_or("`--version` needs a version")?.to_string()),
                "--execute" => execute = true,
                "--without-ci" => run_ci = false,
                word => return Err(format!("`release` doesn't know `{word}`")),
            }
        }
        let version = version.ok_or("which version? `--version X.Y.Z`")?;
        if execute && !run_ci {
            return Err("a release that is executed isn't made without its checks".into());
        }
        Ok(Self { version, execute, run_ci })
    }
}

/// The numbers of a version, and what comes after a hyphen. A version with such a part comes before the one without.
fn numbers(version: &str) -> Option<([u64; 3], Option<&str>)> {
    let (numbers, pre) =
        version.split_once('-').map_or((version, None), |(numbers, pre)| (numbers, Some(pre)));
    let is_plain = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && (part == "0" || !part.starts_with('0'))
    };
    let parts: Vec<&str> = numbers.split('.').collect();
    let has_pre = pre.is_none_or(|pre| {
        !pre.is_empty() && pre.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
    });
    if parts.len() != 3 || !parts.iter().all(|part| is_plain(part)) || !has_pre {
        return None;
    }
    Some(([parts[0].parse().ok()?, parts[1].parse().ok()?, parts[2].parse().ok()?], pre))
}

/// The version must be one, must not be tagged, and must not go back.
pub(crate) fn check_version(version: &str, current: &str, tags: &[&str]) -> Result<(), String> {
    let (new, new_pre) =
        numbers(version).ok_or_else(|| format!("`{version}` is no version: three numbers, as in 1.2.3"))?;
    if tags.contains(&format!("v{version}").as_str()) {
        return Err(format!("v{version} is tagged already"));
    }
    let (old, old_pre) =
        numbers(current).ok_or_else(|| format!("the workspace's version `{current}` is none"))?;
    let goes_back = new < old || (new == old && old_pre.is_none() && new_pre.is_some());
    if goes_back { Err(format!("{version} comes before {current}, which the workspace has")) } else { Ok(()) }
}

/// Today, in UTC, as YYYY-MM-DD.
pub(crate) fn today() -> String {
    let seconds = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs();
    let (year, month, day) = date(seconds / 86_400);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The calendar's date so many days after the first of January 1970.
fn date(days: u64) -> (u64, u64, u64) {
    let (mut year, mut left) = (1970, days);
    let is_leap = |year: u64| year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    while left >= 365 + u64::from(is_leap(year)) {
        left -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while left >= lengths[month] {
        left -= lengths[month];
        month += 1;
    }
    (year, month as u64 + 1, left + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_read() {
        let parse = |words: &[&str]| Release::parse(words);
        let dry = Release { version: "0.1.0".into(), execute: false, run_ci: true };
        assert_eq!(parse(&["--version", "0.1.0"]), Ok(dry));
        assert!(parse(&["--version", "0.1.0", "--execute"]).unwrap().execute);
        assert!(!parse(&["--without-ci", "--version", "0.1.0"]).unwrap().run_ci);
        for words in
            [&[][..], &["--version"], &["0.1.0"], &["--version", "1.0.0", "--execute", "--without-ci"]]
        {
            assert!(parse(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn a_version_is_new_and_does_not_go_back() {
        let check = |version, current| check_version(version, current, &["v0.0.9"]);
        for (version, current) in [
            ("0.1.0", "0.1.0"),
            ("0.1.1", "0.1.0"),
            ("1.0.0", "0.9.9"),
            ("0.2.0-rc.1", "0.1.0"),
            ("0.2.0", "0.2.0-rc.1"),
        ] {
            assert_eq!(check(version, current), Ok(()), "{version} after {current}");
        }
        for version in
            ["0.0.9", "0.0.8", "0.1.0-rc.1", "1", "1.0", "1.0.0.0", "01.0.0", "v1.0.0", "1.0.x", "1.0.0-", ""]
        {
            assert!(check(version, "0.1.0").is_err(), "{version}");
        }
    }

    #[test]
    fn days_are_counted_by_the_calendar() {
        assert_eq!(date(0), (1970, 1, 1));
        assert_eq!(date(11_016), (2000, 2, 29));
        assert_eq!(date(20_780), (2026, 11, 23));
    }
}
