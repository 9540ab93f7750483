//! The requested release, and the check that it makes sense.

use std::time::SystemTime;

use semver::Version;

/// The requested release.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Release {
    pub(crate) version: String,
    pub(crate) execute: bool,
    pub(crate) run_ci: bool,
}

impl Release {
    /// Parses the words after `release`.
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

/// The version must be one, must not be tagged, and must not go back.
pub(crate) fn check_version(version: &str, current: &str, tags: &[&str]) -> Result<(), String> {
    let new = Version::parse(version)
        .map_err(|error| format!("`{version}` is no version, three numbers as in 1.2.3: {error}"))?;
    if tags.contains(&format!("v{version}").as_str()) {
        return Err(format!("v{version} is tagged already"));
    }
    let old = Version::parse(current)
        .map_err(|error| format!("the workspace's version `{current}` is none: {error}"))?;
    if new < old { Err(format!("{version} comes before {current}, which the workspace has")) } else { Ok(()) }
}

/// The tag of the last release, by its version: git lists v0.9.0 behind v0.10.0.
///
/// What is only a candidate promises nothing, so it doesn't count.
pub(crate) fn last_release<'a>(tags: &[&'a str]) -> Option<&'a str> {
    let version = |tag: &str| tag.strip_prefix('v').and_then(|version| Version::parse(version).ok());
    let releases = tags.iter().filter_map(|tag| Some((version(tag).filter(|it| it.pre.is_empty())?, *tag)));
    releases.max_by(|(one, _), (other, _)| one.cmp(other)).map(|(_, tag)| tag)
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
        assert!(check("0.2.0-rc.9", "0.2.0-rc.10").is_err());
    }

    #[test]
    fn the_last_release_is_the_highest_and_no_candidate() {
        assert_eq!(
            last_release(&["v0.10.0", "v0.11.0-rc.1", "v0.2.0", "v0.9.1", "vnext", "1.0.0"]),
            Some("v0.10.0")
        );
        assert_eq!(last_release(&["v0.1.0-rc.1"]), None);
        assert_eq!(last_release(&[]), None);
    }

    #[test]
    fn days_are_counted_by_the_calendar() {
        assert_eq!(date(0), (1970, 1, 1));
        assert_eq!(date(11_016), (2000, 2, 29));
        assert_eq!(date(20_780), (2026, 11, 23));
    }
}
