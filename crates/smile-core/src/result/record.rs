//! Records of the service: JSON objects whose every field is text, or says that there is none.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value};

use crate::wire::fields::Fields;
use crate::wire::timestamp::read_date;
use crate::wire::tolerant;

/// Personal value. It shows itself to nobody who doesn't ask with [`Personal::expose`].
///
/// ```
/// # let entry = smile_core::ResultEntry::from_json(serde_json::json!({ "FullName": "Joe Doe Leo" })).unwrap();
/// let name = entry.personal_info().full_name().unwrap();
/// assert_eq!(format!("{name:?}"), "Personal(…)");
/// assert_eq!(name.expose(), "Joe Doe Leo");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Personal<T>(T);

impl<T> Personal<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, on purpose.
    pub fn expose(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Personal(…)")
    }
}

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// The year, 0 to 9999.
    pub year: u16,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day, 1 to 31, and one that the month has.
    pub day: u8,
}

impl Date {
    /// Reads `YYYY-MM-DD`, alone or in front of a time of day. A day that the calendar doesn't have
    /// is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, rest) = text.split_at_checked(10)?;
        if !(rest.is_empty() || rest.starts_with(['T', ' '])) {
            return None;
        }
        let (year, month, day) = read_date(date)?;
        Some(Self { year: year.try_into().ok()?, month: month.try_into().ok()?, day: day.try_into().ok()? })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A JSON object of the service, read field by field.
///
/// What says that there is nothing (`Not Available`, `N/A`, `NaN-NaN-NaN`, nothing at all) is
/// absent; its raw text is still there to be had with [`Record::raw`].
#[derive(Clone, Copy)]
pub struct Record<'a>(Source<'a>);

#[derive(Clone, Copy)]
enum Source<'a> {
    Map(&'a Map<String, Value>),
    Fields(&'a Fields),
}

impl<'a> Source<'a> {
    fn field(self, key: &str) -> Option<&'a Value> {
        match self {
            Self::Map(object) => tolerant::field(object, key),
            Self::Fields(fields) => tolerant::field(fields, key),
        }
    }

    /// A long text of a callback, straight from its body.
    fn long_text(self, key: &str) -> Option<Cow<'a, str>> {
        let Self::Fields(fields) = self else { return None };
        fields.long_text(key).filter(|text| !text.trim_ascii().is_empty())
    }
}

impl<'a> Record<'a> {
    pub(crate) fn new(object: &'a Map<String, Value>) -> Self {
        Self(Source::Map(object))
    }

    pub(crate) fn of_fields(fields: &'a Fields) -> Self {
        Self(Source::Fields(fields))
    }

    /// The object under this key.
    pub(crate) fn child(self, key: &str) -> Option<Record<'a>> {
        self.0.field(key)?.as_object().map(Record::new)
    }

    /// The objects in the list under this key.
    pub(crate) fn children(self, key: &str) -> impl Iterator<Item = Record<'a>> + use<'a> {
        let list = self.0.field(key).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_object).map(Record::new)
    }

    /// The texts in the list under this key; a text alone counts as a list of one.
    pub(crate) fn texts(self, key: &str) -> Vec<Personal<Cow<'a, str>>> {
        match self.0.field(key) {
            Some(Value::Array(list)) => list.iter().filter_map(present).map(Personal).collect(),
            Some(value) => present(value).map(Personal).into_iter().collect(),
            None => vec![],
        }
    }

    /// The text of this field, by the service's name; of a number, its digits.
    pub fn text(self, key: &str) -> Option<Personal<Cow<'a, str>>> {
        self.0.long_text(key).or_else(|| self.0.field(key).and_then(present)).map(Personal)
    }

    /// The day that this field says, if the calendar has it.
    pub fn date(self, key: &str) -> Option<Personal<Date>> {
        self.text(key).and_then(|text| Date::parse(&text.expose())).map(Personal)
    }

    /// This field, as it came.
    pub fn raw(self, key: &str) -> Option<Personal<&'a Value>> {
        self.0.field(key).map(Personal)
    }

    /// All fields, as they came.
    pub fn as_json(self) -> Personal<&'a Map<String, Value>> {
        Personal(match self.0 {
            Source::Map(object) => object,
            Source::Fields(fields) => fields.as_map(),
        })
    }

    pub(crate) fn flag(self, key: &str) -> Option<bool> {
        match self.0 {
            Source::Map(object) => tolerant::flag(object, key),
            Source::Fields(fields) => tolerant::flag(fields, key),
        }
    }

    /// Text that is nobody's secret.
    pub(crate) fn plain(self, key: &str) -> Option<Cow<'a, str>> {
        self.text(key).map(Personal::expose)
    }

    fn len(self) -> usize {
        match self.0 {
            Source::Map(object) => object.len(),
            Source::Fields(fields) => fields.len(),
        }
    }
}

impl fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({} fields)", self.len())
    }
}

/// A text that says something, or a number's digits.
fn present(value: &Value) -> Option<Cow<'_, str>> {
    let text = match value {
        Value::String(text) => text.trim(),
        Value::Number(number) => return Some(Cow::Owned(number.to_string())),
        _ => return None,
    };
    let says_nothing = text.is_empty()
        || ["not available", "n/a", "nan-nan-nan"].iter().any(|nothing| text.eq_ignore_ascii_case(nothing));
    (!says_nothing).then_some(Cow::Borrowed(text))
}

/// A view of a record whose fields have names of their own.
macro_rules! view {
    ($(#[$doc:meta])* $name:ident { $($method:ident $key:literal $what:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name<'a>(pub(crate) crate::result::Record<'a>);

        impl<'a> $name<'a> {
            $(#[doc = concat!($what, " (`", $key, "`).")]
            pub fn $method(&self) -> Option<crate::result::Personal<std::borrow::Cow<'a, str>>> {
                self.0.text($key)
            })*

            /// The record itself, for fields that have no method here.
            pub fn record(&self) -> crate::result::Record<'a> {
                self.0
            }
        }
    };
}
pub(crate) use view;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_says_that_there_is_nothing_is_absent_and_still_to_be_had() {
        let value = json!({ "a": "Not Available", "b": "N/A", "c": "NaN-NaN-NaN", "d": "", "e": null, "f": " Null ", "g": 7 });
        let record = Record::new(value.as_object().unwrap());
        for key in ["a", "b", "c", "d", "e", "x"] {
            assert_eq!(record.text(key), None, "{key}");
        }
        assert_eq!(record.text("f").unwrap().expose(), "Null", "a surname");
        assert_eq!(record.text("g").unwrap().expose(), "7");
        assert_eq!(record.raw("a").unwrap().expose(), "Not Available");
        assert_eq!(record.date("c"), None);
    }

    #[test]
    fn only_days_of_the_calendar_are_dates() {
        assert_eq!(Date::parse("2000-02-29"), Some(Date { year: 2000, month: 2, day: 29 }));
        assert_eq!(Date::parse("2000-09-20T00:00:00.000Z").unwrap().to_string(), "2000-09-20");
        for text in [
            "2001-02-29",
            "2000-13-01",
            "20-09-2000",
            "2000-9-2",
            "NaN-NaN-NaN",
            "2000-09-200",
            "",
            "é000-01-01",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }
}
