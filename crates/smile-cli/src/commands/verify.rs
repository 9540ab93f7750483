//! `smile verify`: verification of a stored callback.

use std::io::Read as _;
use std::path::PathBuf;

use bytes::Bytes;
use clap::Args;
use http::{HeaderMap, HeaderName, HeaderValue};
use smile_core::Verifier;

use crate::connection::Credentials;
use crate::exit::Exit;
use crate::report::{Failure, Output, Report, received};

/// Verify a callback, from its body in a file
///
/// The body must be as it was received, to the byte. The exit status is 0 if the callback is
/// verified, whatever its verdict, and 3 if it is refused.
#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// The body; - for standard input
    file: PathBuf,

    /// A header of the callback, if its signature is in the headers; repeatable
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(HeaderName, HeaderValue)>,

    /// Accept any age; by default at most 15 minutes
    #[arg(long)]
    any_age: bool,

    /// Show the personal data in the result
    #[arg(long)]
    show_personal: bool,

    #[command(flatten)]
    credentials: Credentials,
}

impl Verify {
    pub(crate) fn run(&self, output: Output) -> Result<Exit, Failure> {
        let signer = self.credentials.signer(output)?;
        let verifier = Verifier::new(signer);
        let verifier = if self.any_age { verifier.without_max_age() } else { verifier };
        let body = self.body(verifier.max_bytes())?;
        let headers: HeaderMap =
            self.headers.iter().cloned().fold(HeaderMap::new(), |mut map, (name, value)| {
                map.append(name, value);
                map
            });
        let mut report = Report::new();
        let exit = match verifier.verify(crate::ids::now(), &headers, body) {
            Ok(callback) => {
                received::describe(&mut report, &callback, self.show_personal);
                report.text(received::CAUTION);
                Exit::Done
            }
            Err(refusal) => {
                received::describe_refusal(&mut report, refusal);
                report.row("answer", refusal.status().as_str());
                Exit::No
            }
        };
        output.print(&report)?;
        Ok(exit)
    }

    fn body(&self, limit: usize) -> Result<Bytes, Failure> {
        // One byte more, so that the verifier sees that it is too large.
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        let mut body = vec![];
        let read = if self.file.as_os_str() == "-" {
            std::io::stdin().lock().take(limit).read_to_end(&mut body)
        } else {
            std::fs::File::open(&self.file).and_then(|file| file.take(limit).read_to_end(&mut body))
        };
        match read {
            Ok(_) => Ok(body.into()),
            Err(error) => {
                Err(Failure::usage(format!("FILE must be a file that can be read: {}", error.kind())))
            }
        }
    }
}

fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let parts = text.split_once(':').and_then(|(name, value)| {
        Some((name.trim().parse::<HeaderName>().ok()?, value.trim().parse::<HeaderValue>().ok()?))
    });
    parts.ok_or_else(|| "must be of the form NAME: VALUE".to_owned())
}
