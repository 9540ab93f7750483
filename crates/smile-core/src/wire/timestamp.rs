//! Timestamps, as the wire writes them.

use std::fmt;
use std::ops::Add;
use std::time::Duration;

/// A moment: whole milliseconds since 1970-01-01T00:00:00Z, between that moment and the end of the
/// year 9999.
///
/// Its text is always `YYYY-MM-DDTHH:MM:SS.mmmZ`, with the three digits of the fraction even when
/// they are zero: the text is what gets signed, and a formatter that drops `.000` would sign
/// another string once in a thousand requests (Smile ID: "Generate signature").
///
/// Core has no clock, so a caller makes this from its own:
///
/// ```
/// use smile_core::Timestamp;
/// use std::time::SystemTime;
///
/// let now = Timestamp::from(SystemTime::now());
/// assert_eq!(Timestamp::from_unix_millis(1_705_314_600_000).to_string(), "2024-01-15T10:30:00.000Z");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(u64);

const MILLIS_PER_DAY: u64 = 86_400_000;

impl Timestamp {
    /// 9999-12-31T23:59:59.999Z, the last moment that four digits of year can say.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// Timestamp from milliseconds since the Unix epoch; later than [`Timestamp::MAX`] counts as
    /// that.
    pub const fn from_unix_millis(millis: u64) -> Self {
        if millis > Self::MAX.0 { Self::MAX } else { Self(millis) }
    }

    /// Timestamp from the time since the Unix epoch, cut to milliseconds; later than
    /// [`Timestamp::MAX`] counts as that.
    pub fn from_unix(since_epoch: Duration) -> Self {
        Self::from_unix_millis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
    }

    /// Milliseconds since the Unix epoch.
    pub const fn unix_millis(self) -> u64 {
        self.0
    }

    /// Time since `earlier`; zero if that is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// Reads any spelling that Smile ID or one of its SDKs is known to send.
    ///
    /// ISO 8601 with `T` or a space, with no fraction or one of up to nine digits, with `Z`, an
    /// offset (`+00:00` or ` +0000`) or no zone at all (taken as UTC), and Unix time as digits: ten
    /// of them are seconds (from September 2001 to the year 2286), any other number of them
    /// milliseconds. `None` if it is none of these. This is for judging freshness; a signature is
    /// over the text itself, never over what was read from it.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if !bytes.is_empty() && bytes.len() <= 15 && bytes.iter().all(u8::is_ascii_digit) {
            let number: u64 = text.parse().ok()?;
            // Ten digits of milliseconds would all be before May 1970.
            let is_seconds = bytes.len() == 10 && bytes[0] != b'0';
            let millis = if is_seconds { number.checked_mul(1_000)? } else { number };
            return Some(millis).filter(|&millis| millis <= Self::MAX.0).map(Self);
        }
        let mut rest = Scanner(bytes);
        let (year, month, day) =
            (rest.number(4)?, rest.after(b"-")?.number(2)?, rest.after(b"-")?.number(2)?);
        let hour = rest.after(b"Tt ")?.number(2)?;
        let (minute, second) = (rest.after(b":")?.number(2)?, rest.after(b":")?.number(2)?);
        let millis = if rest.after(b".").is_some() { rest.fraction()? } else { 0 };
        let offset_minutes = rest.offset()?;
        // A leap second is written as :60 and counts as the second after.
        if !(1..=12).contains(&month) || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        if day < 1 || day > days_in_month(year, month) || !rest.0.is_empty() {
            return None;
        }
        let local = days_from_civil(year, month, day) * 86_400_000
            + i64::from(hour * 3_600 + minute * 60 + second) * 1_000
            + i64::from(millis);
        let utc = local - offset_minutes * 60_000;
        u64::try_from(utc).ok().filter(|&millis| millis <= Self::MAX.0).map(Self)
    }
}

/// True for a day of the calendar, as `YYYY-MM-DD` in ASCII digits.
pub(crate) fn is_calendar_date(text: &str) -> bool {
    read_date(text).is_some()
}

/// Year, month and day.
pub(crate) fn read_date(text: &str) -> Option<(u32, u32, u32)> {
    let mut rest = Scanner(text.as_bytes());
    let (year, month, day) = (rest.number(4)?, rest.after(b"-")?.number(2)?, rest.after(b"-")?.number(2)?);
    let real = (1..=12).contains(&month) && day >= 1 && day <= days_in_month(year, month);
    (real && rest.0.is_empty()).then_some((year, month, day))
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    /// Adds a duration, up to [`Timestamp::MAX`].
    fn add(self, duration: Duration) -> Self {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self::from_unix_millis(self.0.saturating_add(millis))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0 / MILLIS_PER_DAY);
        let of_day = self.0 % MILLIS_PER_DAY;
        let (hour, minute) = (of_day / 3_600_000, of_day / 60_000 % 60);
        let (second, millis) = (of_day / 1_000 % 60, of_day % 1_000);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Serialises Unix milliseconds.
impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u64::deserialize(deserializer).map(Self::from_unix_millis)
    }
}

/// Cuts the time to milliseconds. Before 1970 counts as its first moment, and later than
/// [`Timestamp::MAX`] as that. No clock is read.
#[allow(clippy::disallowed_types)] // A moment that the caller has read from its own clock.
impl From<std::time::SystemTime> for Timestamp {
    fn from(moment: std::time::SystemTime) -> Self {
        Self::from_unix(moment.duration_since(std::time::UNIX_EPOCH).unwrap_or_default())
    }
}

struct Scanner<'a>(&'a [u8]);

impl Scanner<'_> {
    fn number(&mut self, digits: usize) -> Option<u32> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        if !number.iter().all(u8::is_ascii_digit) {
            return None;
        }
        self.0 = rest;
        Some(number.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')))
    }

    /// Goes past one byte if it is one of these.
    fn after(&mut self, any_of: &[u8]) -> Option<&mut Self> {
        let (first, rest) = self.0.split_first()?;
        any_of.contains(first).then(|| self.0 = rest)?;
        Some(self)
    }

    /// One to nine digits, as milliseconds; what is finer is cut.
    fn fraction(&mut self) -> Option<u32> {
        let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=9).contains(&digits) {
            return None;
        }
        let (fraction, rest) = self.0.split_at(digits);
        self.0 = rest;
        let digit = |index: usize| u32::from(fraction.get(index).map_or(0, |byte| byte - b'0'));
        Some(digit(0) * 100 + digit(1) * 10 + digit(2))
    }

    /// Minutes east of UTC; no zone counts as UTC.
    fn offset(&mut self) -> Option<i64> {
        if self.0.is_empty() || self.after(b"Zz").is_some() {
            return Some(0);
        }
        let _ = self.after(b" ");
        let sign = if self.after(b"-").is_some() { -1 } else { self.after(b"+").map(|_| 1)? };
        let hours = self.number(2)?;
        let _ = self.after(b":");
        let minutes = self.number(2)?;
        (hours <= 23 && minutes <= 59).then(|| sign * i64::from(hours * 60 + minutes))
    }
}

fn days_in_month(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a day of the Gregorian calendar, counted in eras of 400 years that
/// begin on 1 March.
fn days_from_civil(year: u32, month: u32, day: u32) -> i64 {
    let (year, month, day) = (i64::from(year), i64::from(month), i64::from(day));
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The other way round.
fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::disallowed_types)] // No clock is read.
    fn a_system_time_is_cut_to_milliseconds_and_bounds() {
        use std::time::{SystemTime, UNIX_EPOCH};
        let of = |moment: SystemTime| Timestamp::from(moment).unix_millis();
        assert_eq!(of(UNIX_EPOCH + Duration::from_micros(1_705_314_600_000_999)), 1_705_314_600_000);
        assert_eq!(of(UNIX_EPOCH - Duration::from_secs(1)), 0);
    }

    #[test]
    fn text_always_has_three_digits_of_milliseconds() {
        assert_eq!(Timestamp::from_unix_millis(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::from_unix_millis(1_678_397_700_279).to_string(), "2023-03-09T21:35:00.279Z");
        assert_eq!(Timestamp::from_unix_millis(951_782_400_000).to_string(), "2000-02-29T00:00:00.000Z");
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-31T23:59:59.999Z");
        assert_eq!(Timestamp::from_unix_millis(u64::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::MAX + Duration::MAX, Timestamp::MAX);
    }

    #[test]
    fn every_spelling_in_the_field_is_read_as_the_same_moment() {
        let noon = Some(Timestamp::from_unix_millis(1_705_314_600_000));
        for text in [
            "2024-01-15T10:30:00.000Z",
            "2024-01-15T10:30:00Z",
            "2024-01-15 10:30:00 +0000",
            "2024-01-15 12:30:00 +0200",
            "2024-01-15T10:30:00+00:00",
            "2024-01-15T10:30:00.000000+00:00",
            "2024-01-15T05:00:00.000000000-05:30",
            "2024-01-15T10:30:00.000000",
            "1705314600000",
        ] {
            assert_eq!(Timestamp::parse(text), noon, "{text}");
        }
        assert_eq!(
            Timestamp::parse("2021-08-12T17:57:00.614879").map(Timestamp::unix_millis),
            Some(1_628_791_020_614)
        );
    }

    #[test]
    fn ten_digits_are_seconds() {
        for (text, millis) in [
            ("1705314600", 1_705_314_600_000),
            ("1000000000", 1_000_000_000_000),
            ("9999999999", 9_999_999_999_000),
            ("999999999", 999_999_999),
            ("0999999999", 999_999_999),
            ("10000000000", 10_000_000_000),
            ("1705314600000", 1_705_314_600_000),
        ] {
            assert_eq!(Timestamp::parse(text).map(Timestamp::unix_millis), Some(millis), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            " ",
            "now",
            "2024-02-30T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-01-15T24:00:00Z",
            "2024-01-15",
            "2024-01-15T10:30:00.Z",
            "2024-01-15T10:30:00.0000000000Z",
            "2024-01-15T10:30:00Zjunk",
            "2024-01-15T10:30:00+99:00",
            "1969-12-31T23:59:59Z",
            "9999-12-31T23:59:59-01:00",
            "999999999999999",
            "-1705314600000",
            "２０２４-01-15T10:30:00Z",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_eight_centuries_comes_back() {
        for day in 0..292_194 {
            let moment = Timestamp::from_unix_millis(day * MILLIS_PER_DAY + 45_296_789);
            assert_eq!(Timestamp::parse(&moment.to_string()), Some(moment));
        }
    }

    #[test]
    fn calendar_dates() {
        assert!(is_calendar_date("2000-02-29"));
        for text in
            ["2000-2-9", "1900-02-29", "2000-00-10", "2000-01-32", "20000101", "01-01-2000", "2000-01-01 "]
        {
            assert!(!is_calendar_date(text), "{text}");
        }
    }
}
