//! Tells a person what happens.

use std::future::{Ready, ready};

use smile_core::{Event, ImageEncoding, ImageRole, JobOutcome, ObserverResult, Verdict};

/// Prints events as they come, and never objects.
pub fn narrator() -> impl FnMut(Event) -> ObserverResult + Send + 'static {
    |event| {
        narrate(event);
        Ok(())
    }
}

/// As [`narrator`], for the async client.
pub fn async_narrator() -> impl FnMut(Event) -> Ready<ObserverResult> + Send + 'static {
    |event| {
        narrate(event);
        ready(Ok(()))
    }
}

fn narrate(event: Event) {
    match event {
        Event::ImageRead { image_type, bytes, .. } => {
            let what = match image_type.role() {
                ImageRole::Selfie => "selfie",
                ImageRole::Liveness => "liveness frame",
                ImageRole::IdCard => "front of the ID card",
                ImageRole::IdCardBack => "back of the ID card",
                _ => "image",
            };
            let how = match image_type.encoding() {
                ImageEncoding::File => "to travel as a file",
                ImageEncoding::Base64 => "to travel as base64",
            };
            println!("  read       {what}, {}, {how}", size(bytes));
        }
        Event::Opened { smile_job_id, .. } => {
            println!(
                "  opened     as Smile ID's job {}",
                smile_job_id.as_deref().unwrap_or("(no number given)")
            );
        }
        Event::Uploading { bytes, .. } => println!("  uploading  {}", size(bytes)),
        Event::Uploaded => println!("  uploaded   the service has the job"),
        Event::Polled { poll, job_complete, .. } => {
            println!(
                "  asked      for the {}: {}",
                nth(poll),
                if job_complete { "there is a result" } else { "not yet" }
            );
        }
        Event::Retrying { step, attempt, error, .. } => {
            println!("  again      {step} failed at try {attempt}: {error}");
        }
        Event::Warning(problem) => println!("  careful    {problem}"),
        _ => {}
    }
}

/// Prints how it ended.
pub(crate) fn verdict(verdict: Option<&Verdict>, outcome: &JobOutcome) {
    println!();
    match (verdict, outcome) {
        (Some(verdict), _) => print_verdict(verdict),
        (None, JobOutcome::Submitted { .. }) => println!("  verdict    comes by callback"),
        (None, _) => {
            println!("  verdict    none yet: the job goes on at the service, and its callback will tell");
        }
    }
    println!("  job        {}", outcome.submission().key.job_id);
}

/// Prints what a result amounts to.
pub(crate) fn print_verdict(verdict: &Verdict) {
    let code = verdict.code().map_or_else(|| "none".to_owned(), ToString::to_string);
    println!("  verdict    {}", verdict.decision().to_string().to_uppercase());
    println!("  final      {}", if verdict.is_final() { "yes" } else { "no" });
    println!("  code       {code}: {}", verdict.meaning());
    println!("  next       {}", verdict.next_step());
    println!("  let in     {}", if verdict.may_be_let_in() { "yes" } else { "no" });
}

fn size(bytes: usize) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.1} KB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

fn nth(number: u32) -> String {
    match number {
        1 => "first time".to_owned(),
        2 => "second time".to_owned(),
        3 => "third time".to_owned(),
        other => format!("{other}th time"),
    }
}
