//! A receiver of callbacks that can be killed at any moment: it loses nothing, and does nothing
//! twice.
//!
//! A callback that was answered with 200 doesn't come again, so it is stored first and acknowledged
//! after. What follows is a row of small steps, each one transaction; whatever was begun when the
//! process died is begun again when it is back:
//!
//! 1. **receive** a body, no larger than the verifier takes, and **verify** it;
//! 2. **store** it: whether it has come before, and its body, in one transaction;
//! 3. **acknowledge** it;
//! 4. **apply** it to the job's [history](smile_ureq::core::JobHistory), which knows what a late,
//!    repeated or contradicting result changes;
//! 5. **confirm** a last word with the service, since a callback's signature doesn't cover its
//!    body, and decide what is to be done: that goes into the outbox, in the transaction that
//!    writes the confirmed history;
//! 6. **act**: the only step that reaches out of this database, so it may happen again after a
//!    crash. It goes to a [`Ledger`] that knows each action by its job, and does it once.
//!
//! [`store`](Store) has the tables, [`serve`] the HTTP server, [`Worker`] steps 4 to 6. [`Fuse`] is
//! for the tests, which kill the process between every two steps.
//!
//! # What is stored
//!
//! **The body of a callback is personal data**: a photo, a name, a number. It is kept from its
//! arrival until its result is applied and confirmed, usually for less than a second, and deleted
//! in the same transaction; SQLite is told to overwrite what it deletes. Encrypting the file is
//! left to the disk or to SQLCipher. The other tables hold the partner's own ids, decisions, codes
//! and digests.
//!
//! # What is left out
//!
//! - TLS, and clients that are slow on purpose: have a reverse proxy in front. The server here
//!   gives up on a connection that is silent for long, not on one that sends a byte now and then.
//! - Callbacks that never arrive, because the receiver was away for longer than the service tries:
//!   go through the jobs that have no confirmed last word now and then, and ask with
//!   `Client::wait_for`.
//! - Webhooks of the v3 API, whose signature is in their headers.
//! - Several machines: SQLite is one file. With a database server the steps and transactions are
//!   the same.

mod action;
mod fuse;
mod ledger;
mod process;
mod rows;
mod server;
mod sightings;
mod store;
mod worker;

pub use action::Action;
pub use fuse::{Fuse, Moment};
pub use ledger::{Ledger, LedgerEntry};
pub use process::Process;
pub use server::serve;
pub use store::{JobReport, Store};
pub use worker::Worker;

/// A failure of the databases or of the socket. No variant contains anything of a callback.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The database can't be read or written.
    #[error("the database: {0}")]
    Database(#[from] rusqlite::Error),
    /// A newer version of this program has written the database.
    #[error("the database is of version {version}, newer than this program")]
    #[non_exhaustive]
    NewerVersion {
        /// The version of the database.
        version: i64,
    },
    /// A job's history can't be read, or belongs to another partner or another environment.
    #[error("the database: {0}")]
    Life(#[from] smile_ureq::core::JobHistoryError),
    /// A row isn't what this program writes.
    #[error("the database has a row that this program didn't write: {0}")]
    Row(&'static str),
    /// The address can't be listened on.
    #[error("the address: {0}")]
    Listen(String),
}

/// Prints a line for the user; a closed standard output is no reason to stop.
fn say(line: std::fmt::Arguments<'_>) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout(), "{line}");
}
