//! The statuses of v3 webhooks.

/// Outcome of a v3 verification, in the word of `status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WebhookStatus {
    /// `clear`: nothing speaks against the person.
    Clear,
    /// `attention`: somebody should look at the result.
    Attention,
    /// `block`: don't let the person in.
    Block,
    /// `error`: the check could not be done, which proves nothing about the person.
    Error,
    /// Another word. Never an approval.
    Unknown,
}

impl WebhookStatus {
    const WORDS: [(&'static str, Self); 4] = [
        ("clear", Self::Clear),
        ("attention", Self::Attention),
        ("block", Self::Block),
        ("error", Self::Error),
    ];

    pub(crate) fn from_word(word: &str) -> Self {
        Self::WORDS.iter().find(|(known, _)| word == *known).map_or(Self::Unknown, |(_, status)| *status)
    }
}
