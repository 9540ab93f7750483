//! The error of an unknown name.

/// The error of a name that is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no {kind} `{name}`; there is {known}")]
pub struct UnknownName {
    kind: &'static str,
    name: String,
    known: String,
}

impl UnknownName {
    pub(crate) fn new<T: AsRef<str>>(
        kind: &'static str,
        name: &str,
        known: impl IntoIterator<Item = T>,
    ) -> Self {
        let known: Vec<T> = known.into_iter().collect();
        let known: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
        Self { kind, name: name.to_owned(), known: known.join(", ") }
    }
}
