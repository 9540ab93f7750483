//! Progress of a job, on standard error; with a moving line if that is a terminal.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use smile_core::{Event, ObserverResult, Problem, Progress};
use smile_ureq::Client;

use super::failure::Wrong;
use super::output::{Output, Tone};

/// The progress line of a running job.
#[derive(Debug)]
pub(crate) struct ProgressLine {
    output: Output,
    bar: ProgressBar,
    is_uploading: Arc<AtomicBool>,
    /// The most status requests.
    max_polls: u32,
    warnings: Vec<Value>,
}

impl ProgressLine {
    pub(crate) fn new(output: Output, max_polls: u32) -> Self {
        let is_seen = !output.is_json() && std::io::stderr().is_terminal();
        let bar = if is_seen { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        bar.set_style(style("{spinner} {msg} ({elapsed})"));
        if is_seen {
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        Self { output, bar, is_uploading: Arc::default(), max_polls, warnings: vec![] }
    }

    pub(crate) fn bar(&self) -> ProgressBar {
        self.bar.clone()
    }

    /// Makes the client report the progress of an upload.
    pub(crate) fn watch(&self, client: Client) -> Client {
        let (bar, is_uploading) = (self.bar.clone(), Arc::clone(&self.is_uploading));
        client.with_progress(move |sent, total| {
            if is_uploading.load(Ordering::Relaxed) {
                bar.set_length(total);
                bar.set_position(sent);
            }
        })
    }

    pub(crate) fn event(&mut self, event: &Event) -> ObserverResult {
        match event {
            Event::ImageRead { index, .. } => self.bar.set_message(format!("reading image {}", index + 1)),
            Event::Checkpoint(checkpoint) if checkpoint.progress() < Progress::Opened => {
                self.bar.set_message("opening the job");
            }
            Event::Opened { .. } => self.bar.set_message("opened"),
            Event::Uploading { bytes, .. } => {
                self.is_uploading.store(true, Ordering::Relaxed);
                self.bar.set_style(style("{spinner} uploading {msg} [{bar:30}] {percent}% ({elapsed})"));
                self.bar.set_message(size(*bytes));
            }
            Event::Uploaded => {
                self.is_uploading.store(false, Ordering::Relaxed);
                self.bar.set_style(style("{spinner} {msg} ({elapsed})"));
                self.bar.set_message("uploaded; waiting for the result");
            }
            Event::Polled { poll, .. } => {
                self.bar.set_style(style("{spinner} waiting for the result [{bar:30}] ({elapsed})"));
                self.bar.set_length(self.max_polls.into());
                self.bar.set_position((*poll).into());
            }
            Event::Warning(problem) => self.warning(problem),
            Event::Retrying { step, attempt, error, .. } => {
                // Before the first try there is nothing that could have failed.
                let nth = if *attempt > 0 { format!(" (try {attempt})") } else { String::new() };
                self.say("again", &format!("{step}{nth}: {error}"));
            }
            _ => {}
        }
        Ok(())
    }

    fn warning(&mut self, problem: &Problem) {
        let wrong = Wrong::from(problem);
        self.say("warning", &wrong.to_string());
        self.warnings.push(wrong.as_json());
    }

    fn say(&self, label: &str, text: &str) {
        self.bar.suspend(|| self.output.note(label, text, Tone::Careful));
    }

    /// Removes the moving line, and returns the warnings.
    pub(crate) fn finish(self) -> Vec<Value> {
        self.bar.finish_and_clear();
        self.warnings
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

pub(crate) fn size(bytes: usize) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}
