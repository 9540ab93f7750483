//! The characters that get into keys, ids and addresses when they are copied: quotes, blanks, line
//! breaks, and what can't be seen. The one place that says which are refused, and what each is
//! called.

/// Strictness of a text's rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// A key, an address, a code: no blanks and no quotes anywhere.
    Code,
    /// An id of the partner's own making: blanks and quotes may stand within it, but not at its
    /// edges.
    Id,
    /// A number as a person types it: blanks are judged elsewhere.
    Number,
}

/// The first character that can't stand where it stands, as a rule that names it: "must not contain
/// …".
pub(crate) fn refused(text: &str, rule: Rule) -> Option<String> {
    let last = text.chars().count().saturating_sub(1);
    text.chars().enumerate().find_map(|(at, c)| {
        let is_edge = at == 0 || at == last;
        let name = name(c, rule, is_edge)?;
        let place = match at {
            _ if last == 0 => "and nothing else",
            0 => "at its start",
            _ if at == last => "at its end",
            _ => "within it",
        };
        Some(format!("must not contain {name} (U+{:04X}) {place}: take it out", u32::from(c)))
    })
}

/// Name of a character that can't stand there.
fn name(c: char, rule: Rule, is_edge: bool) -> Option<&'static str> {
    let invisible = match c {
        '\0' => "a NUL",
        '\t' => "a tab",
        '\n' => "a line feed",
        '\r' => "a carriage return",
        '\u{FEFF}' => "a byte order mark",
        '\u{200B}' => "a zero-width space",
        '\u{200C}' => "a zero-width non-joiner",
        '\u{200D}' => "a zero-width joiner",
        '\u{2060}' => "a word joiner",
        '\u{AD}' => "a soft hyphen",
        '\u{34F}' => "a combining grapheme joiner",
        '\u{61C}' | '\u{200E}' | '\u{200F}' => "a direction mark",
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => "a direction control",
        '\u{2028}' | '\u{2029}' => "a line or paragraph separator",
        '\u{180E}' | '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' => "a character that can't be seen",
        '\u{2061}'..='\u{2065}' | '\u{206A}'..='\u{206F}' | '\u{FFF9}'..='\u{FFFB}' => {
            "a character that can't be seen"
        }
        '\u{FE00}'..='\u{FE0F}' | '\u{E0000}'..='\u{E0FFF}' => "a character that can't be seen",
        '\u{FFFD}' => "a replacement character, which stands for something that was lost",
        '\u{FF10}'..='\u{FF19}' => "a full-width digit",
        '\u{FF01}'..='\u{FF5E}' => "a full-width character",
        c if c.is_control() => "a control character",
        _ => "",
    };
    if !invisible.is_empty() {
        return Some(invisible);
    }
    let is_refused = rule == Rule::Code || (rule == Rule::Id && is_edge);
    let name = match c {
        ' ' => "a space",
        '\u{A0}' | '\u{202F}' => "a no-break space",
        c if c.is_whitespace() => "a blank",
        '"' => "a quotation mark",
        '\'' => "an apostrophe",
        '`' => "a backquote",
        '\u{2018}'..='\u{201F}' | '\u{AB}' | '\u{BB}' | '\u{2039}' | '\u{203A}' => {
            "a typographic quotation mark"
        }
        _ => return None,
    };
    is_refused.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: [Rule; 3] = [Rule::Code, Rule::Id, Rule::Number];

    #[test]
    fn what_cannot_be_seen_is_refused_everywhere_and_named() {
        for (c, name) in [
            ('\u{FEFF}', "a byte order mark (U+FEFF)"),
            ('\u{200B}', "a zero-width space (U+200B)"),
            ('\u{202E}', "a direction control (U+202E)"),
            ('\u{200F}', "a direction mark (U+200F)"),
            ('\r', "a carriage return (U+000D)"),
            ('\n', "a line feed (U+000A)"),
            ('\0', "a NUL (U+0000)"),
            ('\u{7F}', "a control character (U+007F)"),
            ('\u{85}', "a control character (U+0085)"),
            ('\u{FF13}', "a full-width digit (U+FF13)"),
            ('\u{FF21}', "a full-width character (U+FF21)"),
        ] {
            for rule in RULES {
                for text in [format!("{c}ab"), format!("a{c}b"), format!("ab{c}"), c.to_string()] {
                    let said = refused(&text, rule).unwrap();
                    assert!(said.starts_with(&format!("must not contain {name} ")), "{text:?}: {said}");
                }
            }
        }
    }

    #[test]
    fn the_place_is_said() {
        for (text, place) in
            [(" ab", "at its start"), ("ab ", "at its end"), ("a b", "within it"), (" ", "and nothing else")]
        {
            let said = refused(text, Rule::Code).unwrap();
            assert_eq!(said, format!("must not contain a space (U+0020) {place}: take it out"));
        }
    }

    #[test]
    fn blanks_and_quotes_are_refused_within_codes_and_at_the_edges_of_ids() {
        for c in [' ', '\u{A0}', '\u{3000}', '"', '\'', '`', '\u{201C}', '\u{2019}', '\u{AB}'] {
            let (within, around) = (format!("a{c}b"), format!("{c}ab{c}"));
            assert!(
                refused(&within, Rule::Code).is_some() && refused(&around, Rule::Code).is_some(),
                "{c:?}"
            );
            assert_eq!((refused(&within, Rule::Id), refused(&around, Rule::Number)), (None, None), "{c:?}");
            assert!(refused(&around, Rule::Id).is_some(), "{c:?}");
        }
    }

    #[test]
    fn what_people_write_is_left_alone() {
        for rule in RULES {
            for text in
                ["", "001", "kyc-2026_17", "jane@example.com", "Zoë", "客户17", "GHA-000000000-0", "+234"]
            {
                assert_eq!(refused(text, rule), None, "{text}");
            }
        }
    }
}
