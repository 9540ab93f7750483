//! What is printed: for a person, or as JSON. A command says both in one place.

use std::io::{self, Write as _};

use anstyle::{AnsiColor, Style};
use serde_json::{Map, Value, json};

use crate::failure::Failure;

/// Where answers go, and in which form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
}

/// How a line is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Good,
    Careful,
    Bad,
}

impl Tone {
    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Good => AnsiColor::Green.on_default().bold(),
            Self::Careful => AnsiColor::Yellow.on_default().bold(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
        }
    }
}

/// An answer: lines for a person, and an object for a program.
#[derive(Debug, Default)]
pub(crate) struct Report {
    lines: Vec<Line>,
    object: Map<String, Value>,
}

#[derive(Debug)]
enum Line {
    Row { label: String, mark: String, text: String, tone: Tone },
    Text(String),
}

impl Report {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A labelled line for a person.
    pub(crate) fn row(&mut self, label: &str, text: impl Into<String>) -> &mut Self {
        self.toned(label, text, Tone::Plain)
    }

    pub(crate) fn toned(&mut self, label: &str, text: impl Into<String>, tone: Tone) -> &mut Self {
        self.marked(label, text, tone, "")
    }

    /// A labelled line of which the first words alone are toned.
    pub(crate) fn marked(
        &mut self,
        label: &str,
        mark: impl Into<String>,
        tone: Tone,
        text: impl Into<String>,
    ) -> &mut Self {
        let (mark, text) = (harmless(&mark.into()), harmless(&text.into()));
        self.lines.push(Line::Row { label: harmless(label), mark, text, tone });
        self
    }

    /// A line for a person that has no label.
    pub(crate) fn text(&mut self, text: impl Into<String>) -> &mut Self {
        self.lines.push(Line::Text(harmless(&text.into())));
        self
    }

    /// A key for a program.
    pub(crate) fn set(&mut self, key: &str, value: impl Into<Value>) -> &mut Self {
        self.object.insert(key.to_owned(), value.into());
        self
    }

    fn human(&self) -> String {
        let width = |line: &Line| if let Line::Row { label, .. } = line { label.chars().count() } else { 0 };
        let width = self.lines.iter().map(width).max().unwrap_or_default();
        let mut text = String::new();
        for line in &self.lines {
            match line {
                Line::Row { label, mark, text: said, tone } => {
                    let style = tone.style();
                    let gap = if said.is_empty() { "" } else { ": " };
                    text.push_str(&format!("{label:<width$}  {style}{mark}{style:#}{gap}{said}\n"));
                }
                Line::Text(said) => text.push_str(&format!("{said}\n")),
            }
        }
        text
    }
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// Prints an answer to standard output.
    ///
    /// # Errors
    /// If it can't be written. A reader that has gone away is none.
    pub(crate) fn print(self, report: &Report) -> Result<(), Failure> {
        if self.json {
            self.write(&format!("{}\n", Value::Object(report.object.clone())))
        } else {
            self.write(&report.human())
        }
    }

    /// Prints text as it is.
    ///
    /// # Errors
    /// As [`Output::print`].
    pub(crate) fn write(self, text: &str) -> Result<(), Failure> {
        let mut stdout = anstream::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::failed(format!("standard output can't be written: {}", error.kind())))
            }
            _ => Ok(()),
        }
    }

    /// Tells a person what happens, on standard error; says nothing to a program.
    pub(crate) fn note(self, label: &str, text: &str, tone: Tone) {
        if !self.json {
            let style = tone.style();
            let _ = writeln!(
                anstream::stderr().lock(),
                "{style}{}{style:#}: {}",
                harmless(label),
                harmless(text)
            );
        }
    }

    /// Prints what went wrong: to standard error for a person, to standard output for a program.
    pub(crate) fn fail(self, failure: &Failure) {
        if self.json {
            let error = json!({ "error": failure.as_json() });
            let _ = self.write(&format!("{error}\n"));
            return;
        }
        let style = Tone::Bad.style();
        let mut stderr = anstream::stderr().lock();
        let _ = writeln!(stderr, "{style}error{style:#}: {}", harmless(failure.message()));
        for problem in failure.problems() {
            let _ = writeln!(stderr, "  {}", harmless(&problem.to_string()));
        }
        for advice in failure.advice() {
            let _ = writeln!(stderr, "  {}", harmless(advice));
        }
    }
}

/// Without control characters: what came over the network must not drive a terminal.
fn harmless(text: &str) -> String {
    let is_harmful = |c: char| c.is_control() && c != '\n';
    text.chars().map(|c| if is_harmful(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_line_up_and_drive_no_terminal() {
        let mut report = Report::new();
        report.row("a", "one\u{1b}[2J").row("longer", "two").text("end");
        assert_eq!(report.human(), "a       one\u{fffd}[2J\nlonger  two\nend\n");
    }

    #[test]
    fn colours_are_around_the_text_alone() {
        let mut report = Report::new();
        report.toned("a", "bad", Tone::Bad);
        assert_eq!(report.human(), "a  \u{1b}[1m\u{1b}[31mbad\u{1b}[0m\n");
    }
}
