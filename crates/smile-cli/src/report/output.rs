//! Printed output: for a person, or as JSON. A command builds both in one place.
//!
//! All text passes through here, and each text becomes a single line: see [`super::text`].

use std::io::{self, IsTerminal as _, Write as _};

use anstyle::{AnsiColor, Style};
use serde_json::{Map, Value, json};

use super::failure::Failure;
use super::text::{json_for_a_terminal, one_line};

/// The destination and the form of output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
}

/// The tone of a line.
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

    /// A labelled line with only its first words toned.
    pub(crate) fn marked(
        &mut self,
        label: &str,
        mark: impl Into<String>,
        tone: Tone,
        text: impl Into<String>,
    ) -> &mut Self {
        let (mark, text) = (one_line(&mark.into()), one_line(&text.into()));
        self.lines.push(Line::Row { label: one_line(label), mark, text, tone });
        self
    }

    /// A line for a person, without a label.
    pub(crate) fn text(&mut self, text: impl Into<String>) -> &mut Self {
        self.lines.push(Line::Text(one_line(&text.into())));
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
    /// If the answer can't be written. A reader that has gone away is no error.
    pub(crate) fn print(self, report: &Report) -> Result<(), Failure> {
        if self.json {
            self.write_json(&Value::Object(report.object.clone()))
        } else {
            self.write(&report.human())
        }
    }

    /// Prints an answer that was paid for: a reader that has gone away is an error here.
    ///
    /// # Errors
    /// The reason why the answer can't be written.
    pub(crate) fn print_paid(self, report: &Report) -> Result<(), io::ErrorKind> {
        let text = if self.json {
            format!("{}\n", json_line(&Value::Object(report.object.clone()), io::stdout().is_terminal()))
        } else {
            report.human()
        };
        write_all(&text).map_err(|error| error.kind())
    }

    /// Prints JSON: exact through a pipe, and on a terminal with each character escaped that would
    /// move it.
    ///
    /// # Errors
    /// As [`Output::print`].
    pub(crate) fn write_json(self, value: &Value) -> Result<(), Failure> {
        self.write(&format!("{}\n", json_line(value, io::stdout().is_terminal())))
    }

    /// Prints the program's own text unchanged.
    ///
    /// # Errors
    /// As [`Output::print`].
    pub(crate) fn write(self, text: &str) -> Result<(), Failure> {
        match write_all(text) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::failed(format!("standard output can't be written: {}", error.kind())))
            }
            _ => Ok(()),
        }
    }

    /// Prints progress to standard error for a person, and nothing for a program.
    pub(crate) fn note(self, label: &str, text: &str, tone: Tone) {
        if !self.json {
            let style = tone.style();
            let _ = writeln!(
                anstream::stderr().lock(),
                "{style}{}{style:#}: {}",
                one_line(label),
                one_line(text)
            );
        }
    }

    /// Prints a failure: to standard error for a person, to standard output for a program.
    pub(crate) fn fail(self, failure: &Failure) {
        if self.json {
            let error = json!({ "error": failure.as_json() });
            if self.write_json(&error).is_err() {
                // It is the one other place where somebody may look.
                let _ = writeln!(io::stderr().lock(), "{}", json_line(&error, io::stderr().is_terminal()));
            }
            return;
        }
        let style = Tone::Bad.style();
        let mut stderr = anstream::stderr().lock();
        let _ = writeln!(stderr, "{style}error{style:#}: {}", one_line(failure.message()));
        for problem in failure.problems() {
            let _ = writeln!(stderr, "  {}", one_line(&problem.to_string()));
        }
        for advice in failure.advice() {
            let _ = writeln!(stderr, "  {}", one_line(advice));
        }
    }
}

fn write_all(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
}

fn json_line(value: &Value, is_for_a_terminal: bool) -> String {
    let json = value.to_string();
    if is_for_a_terminal { json_for_a_terminal(&json) } else { json }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_line_up_and_drive_no_terminal() {
        let mut report = Report::new();
        report.row("a", "one\u{1b}[2J").row("longer", "two").text("end");
        assert_eq!(report.human(), "a       one\\u{1b}[2J\nlonger  two\nend\n");
    }

    #[test]
    fn no_text_begins_a_line_of_its_own() {
        let forged = "j-1\nverdict  APPROVED, final";
        let mut report = Report::new();
        report.row(forged, forged).marked("b", forged, Tone::Bad, forged).text(forged);
        assert_eq!(report.human().lines().count(), 3);
    }

    #[test]
    fn json_is_exact_in_a_pipe_and_escaped_on_a_terminal() {
        let value = json!({ "job_id": "\u{202e}a" });
        assert_eq!(json_line(&value, false), "{\"job_id\":\"\u{202e}a\"}");
        assert_eq!(json_line(&value, true), r#"{"job_id":"\u202ea"}"#);
    }

    #[test]
    fn colours_are_around_the_text_alone() {
        let mut report = Report::new();
        report.toned("a", "bad", Tone::Bad);
        assert_eq!(report.human(), "a  \u{1b}[1m\u{1b}[31mbad\u{1b}[0m\n");
    }
}
