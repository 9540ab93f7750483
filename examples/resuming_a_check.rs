//! Enhanced KYC that survives a crash: each checkpoint is stored before the request goes out, and
//! the next run asks what came of it.
//!
//! `cargo run --example resuming_a_check`; the same `-- --job-id …` again goes on with that check.
#![allow(clippy::print_stdout)] // It talks to a person.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::ExitCode;

use smile_examples::{Failure, Setup, report, verdict_exit};
use smile_reqwest::Client;
use smile_reqwest::core::v1::EnhancedKycRequest;
use smile_reqwest::core::{Checkpoint, Event, JobId};

#[tokio::main]
async fn main() -> ExitCode {
    report(run().await)
}

async fn run() -> Result<ExitCode, Failure> {
    let setup = Setup::new("Enhanced KYC that survives a crash")?;
    let client = Client::new(setup.partner())?;
    let params = setup.partner_params();
    let row = Row::of(params.job_id());
    let operation = EnhancedKycRequest::new(params, setup.id_info());

    let mut call = match row.load().await? {
        Some(checkpoint) => client.resume_call(&checkpoint, operation)?,
        None => client.begin_call(operation),
    };
    // The client waits for it. If it fails, the check isn't sent.
    let observer = |event| {
        let row = row.clone();
        async move {
            if let Event::Checkpoint(checkpoint) = event {
                row.store(&checkpoint).await?;
                println!("  stored     {:?}", checkpoint.progress());
            }
            Ok(())
        }
    };
    match client.run_with(&mut call, observer).await {
        Ok(check) => {
            // In earnest the result goes into the row in the same transaction.
            row.delete().await?;
            Ok(verdict_exit(&check.verdict))
        }
        // It may have been billed: the row stays, for somebody to look at or for the next run to
        // ask.
        Err(error) if error.outcome_unknown() => Err(error.into()),
        Err(error) => {
            row.delete().await?;
            Err(error.into())
        }
    }
}

/// A row of a database; here it is a file.
#[derive(Clone)]
struct Row(PathBuf);

impl Row {
    fn of(job_id: &JobId) -> Self {
        let name: String = job_id.as_str().bytes().map(|byte| format!("{byte:02x}")).collect();
        Self(std::env::temp_dir().join(format!("smile-check-{name}.json")))
    }

    async fn load(&self) -> Result<Option<Checkpoint>, Failure> {
        match tokio::fs::read(&self.0).await {
            Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whole or not at all: a crash while it is written leaves the one before.
    async fn store(&self, checkpoint: &Checkpoint) -> Result<(), Failure> {
        let new = self.0.with_extension("new");
        tokio::fs::write(&new, serde_json::to_vec(checkpoint)?).await?;
        Ok(tokio::fs::rename(new, &self.0).await?)
    }

    async fn delete(&self) -> Result<(), Failure> {
        match tokio::fs::remove_file(&self.0).await {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}
