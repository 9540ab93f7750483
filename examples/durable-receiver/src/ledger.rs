//! The partner's actions in the world: here, a book of accounts in a database of its own.

use std::path::Path;

use rusqlite::{Connection, params};

use crate::rows::prepare;
use crate::{Action, Failure};

/// Stands for the core banking system, the mailer, whatever an approval sets off. It can't share a
/// transaction with the receiver, so it has to know a request that comes again: by a key that the
/// receiver makes from the job.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
}

/// The action that was taken for a job.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LedgerEntry {
    /// The partner's id of the job.
    pub job_id: String,
    /// The action, taken once.
    pub action: String,
    /// The number of requests for this action.
    pub asked: u32,
}

impl Ledger {
    /// Opens the book, new or not.
    ///
    /// # Errors
    /// If the file can't be used.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let connection = Connection::open(path)?;
        prepare(&connection)?;
        connection.execute_batch(
            "CREATE TABLE IF NOT EXISTS entries (
                idempotency_key TEXT PRIMARY KEY,
                action TEXT NOT NULL,
                asked INTEGER NOT NULL DEFAULT 1
            ) STRICT",
        )?;
        Ok(Self { connection })
    }

    /// Does it, unless it was done before.
    ///
    /// # Errors
    /// If the file can't be written.
    pub(crate) fn carry_out(&mut self, job_id: &str, action: Action) -> Result<(), Failure> {
        self.connection.execute(
            "INSERT INTO entries (idempotency_key, action) VALUES (?1, ?2)
             ON CONFLICT (idempotency_key) DO UPDATE SET asked = asked + 1",
            params![job_id, action.as_str()],
        )?;
        Ok(())
    }

    /// All that was done.
    ///
    /// # Errors
    /// If the file can't be read.
    pub fn entries(&self) -> Result<Vec<LedgerEntry>, Failure> {
        let mut select =
            self.connection.prepare("SELECT idempotency_key, action, asked FROM entries ORDER BY rowid")?;
        let entries = select.query_map([], |row| {
            Ok(LedgerEntry { job_id: row.get(0)?, action: row.get(1)?, asked: row.get(2)? })
        })?;
        Ok(entries.collect::<Result<_, _>>()?)
    }
}
