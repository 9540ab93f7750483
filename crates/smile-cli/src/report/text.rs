//! Escaping of foreign text: one line that a terminal shows as it is, and words quoted for a shell.
//!
//! Ids, names and messages come from other people. Printed as they are, a line feed in one begins a
//! line that looks like this program's own, and a direction mark turns round what stands beside it.

use std::ffi::OsStr;

/// The most marks over one letter, such as accents and tones. Yoruba and Vietnamese take two; more
/// serve to cover other lines.
const MAX_MARKS: usize = 3;

/// The text as one line, with invisible and moving characters escaped: `\n`, `\u{202e}`.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for (c, is_shown) in each_shown(text) {
        match c {
            _ if is_shown => line.push(c),
            '\n' | '\r' | '\t' => line.extend(c.escape_default()),
            _ => line.extend(c.escape_unicode()),
        }
    }
    line
}

/// JSON for a terminal, with each such character escaped as in JSON: `\u202e`.
pub(crate) fn json_for_a_terminal(json: &str) -> String {
    let mut line = String::with_capacity(json.len());
    for (c, is_shown) in each_shown(json) {
        if is_shown {
            line.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                line.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    line
}

/// A command to copy: its words, quoted if a shell would read something else in them.
pub(crate) fn shell_command<W: AsRef<OsStr>>(words: impl IntoIterator<Item = W>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| shell_word(word.as_ref())).collect();
    words.join(" ")
}

/// One word for a POSIX shell. Invisible characters are escaped as `$'\x1b'`, which bash, zsh, ksh
/// and busybox read.
pub(crate) fn shell_word(word: impl AsRef<OsStr>) -> String {
    let word = word.as_ref();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./+,@%=:".contains(c);
    match word.to_str() {
        // At its beginning zsh reads `=` as the path of a program.
        Some(text) if !text.is_empty() && text.chars().all(is_plain) && !text.starts_with('=') => {
            text.to_owned()
        }
        Some(text) if each_shown(text).all(|(_, is_shown)| is_shown) => {
            format!("'{}'", text.replace('\'', "'\\''"))
        }
        _ => {
            let bytes = word.as_encoded_bytes().iter().map(|byte| match byte {
                b'\\' | b'\'' => format!("\\{}", char::from(*byte)),
                b' '..=b'~' => char::from(*byte).to_string(),
                // Three octal digits, so that a digit behind them is no part of it.
                _ => format!("\\{byte:03o}"),
            });
            format!("$'{}'", bytes.collect::<String>())
        }
    }
}

/// The characters, each with true if it can be shown as it is.
fn each_shown(text: &str) -> impl Iterator<Item = (char, bool)> {
    let mut marks = MAX_MARKS;
    text.chars().map(move |c| {
        // A mark at the beginning would stand over the text that is printed before it.
        marks = if is_mark(c) { marks + 1 } else { 0 };
        (c, is_visible(c) && marks <= MAX_MARKS)
    })
}

fn is_visible(c: char) -> bool {
    if c.is_ascii() {
        return c == ' ' || c.is_ascii_graphic();
    }
    is_printable(c) && !is_invisible_letter(c)
}

/// True for a printable character by the standard library's tables: no control, format, private or
/// unassigned one, no blank but ` `.
fn is_printable(c: char) -> bool {
    // Behind another character, marks are left alone, and only unprintable characters are escaped.
    let mut bytes = [b'a'; 5];
    let length = 1 + c.encode_utf8(&mut bytes[1..]).len();
    std::str::from_utf8(&bytes[..length]).is_ok_and(|pair| pair.escape_debug().nth(1) == Some(c))
}

/// True for letters and marks by category that are invisible all the same.
fn is_invisible_letter(c: char) -> bool {
    matches!(c,
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2800}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{fffc}' | '\u{e0000}'..='\u{e0fff}')
}

/// True for a mark that stands over the letter before it.
fn is_mark(c: char) -> bool {
    // The standard library escapes marks beside unprintable characters.
    !c.is_ascii() && is_printable(c) && c.escape_debug().next() == Some('\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_and_invisible_characters_are_escaped() {
        for (text, line) in [
            ("a\nverdict  APPROVED", r"a\nverdict  APPROVED"),
            ("a\r\tb", r"a\r\tb"),
            ("\u{1b}[2J\u{7}\u{7f}\0", r"\u{1b}[2J\u{7}\u{7f}\u{0}"),
            // C1: a new line, and the beginning of a command to the terminal.
            ("\u{85}\u{9b}2J", r"\u{85}\u{9b}2J"),
            ("\u{2028}\u{2029}", r"\u{2028}\u{2029}"),
            ("\u{202e}DEVORPPA\u{2066}\u{200f}\u{61c}", r"\u{202e}DEVORPPA\u{2066}\u{200f}\u{61c}"),
            ("a\u{200b}b\u{200d}\u{feff}\u{ad}\u{2060}", r"a\u{200b}b\u{200d}\u{feff}\u{ad}\u{2060}"),
            ("\u{3164}\u{115f}\u{2800}\u{34f}", r"\u{3164}\u{115f}\u{2800}\u{34f}"),
            ("a\u{e0041}\u{fe0f}\u{e0100}", r"a\u{e0041}\u{fe0f}\u{e0100}"),
            ("a\u{a0}b\u{3000}", r"a\u{a0}b\u{3000}"),
            ("\u{e000}\u{ffff}", r"\u{e000}\u{ffff}"),
        ] {
            assert_eq!(one_line(text), line);
        }
    }

    #[test]
    fn names_of_every_script_stay_as_they_are() {
        for text in ["Ọlátúnjí Ṣẹ́gun", "ẹ\u{301}\u{300}", "መለስ", "محمد", "José O'Neil-Ó", "刘", r"C:\x '\''"]
        {
            assert_eq!(one_line(text), text);
        }
    }

    #[test]
    fn a_heap_of_marks_covers_no_other_line() {
        let heap = format!("a{}", "\u{301}".repeat(9));
        assert_eq!(one_line(&heap), format!("a\u{301}\u{301}\u{301}{}", r"\u{301}".repeat(6)));
        assert_eq!(one_line("\u{338}"), r"\u{338}", "nor is one put over what stands before it");
    }

    #[test]
    fn json_on_a_terminal_says_the_same() {
        let value = serde_json::json!({ "a\u{202e}": "\u{85}\u{7f}\n\u{e0041}é\u{200b}" });
        let shown = json_for_a_terminal(&value.to_string());
        assert_eq!(shown, r#"{"a\u202e":"\u0085\u007f\n\udb40\udc41é\u200b"}"#);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }

    #[test]
    fn a_word_is_one_word_to_a_shell() {
        for (word, quoted) in [
            ("kyc-17", "kyc-17"),
            ("", "''"),
            ("a b; rm x", "'a b; rm x'"),
            ("it's", r"'it'\''s'"),
            ("$(rm x)`rm x`", "'$(rm x)`rm x`'"),
            ("~/x", "'~/x'"),
            ("=ls", "'=ls'"),
            ("é", "'é'"),
            ("a\nb'\\\u{202e}7", r"$'a\012b\'\\\342\200\2567'"),
        ] {
            assert_eq!(shell_word(word), quoted);
        }
        assert_eq!(shell_command(["smile", "x y"]), "smile 'x y'");
    }

    /// A shell itself confirms the words.
    #[cfg(unix)]
    #[test]
    fn a_shell_reads_the_words_that_were_meant() {
        for word in ["a b; rm x", "it's", "$HOME", "`id`", "-n", "*", "é", "\\", "", "#", "!x", "a|b&c"] {
            let script = format!("printf %s {}", shell_word(word));
            let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), word);
        }
    }
}
