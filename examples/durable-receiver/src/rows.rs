//! The tables, and what is read from and written to single rows of them within a transaction.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use smile_ureq::core::{
    Change, JobHistory, JobId, JobKey, JobState, JobType, PartnerAccount, Timestamp, Trust, UserId,
};

use crate::Failure;

/// The version of the tables, as `PRAGMA user_version` has it. Version 1 had no `events`, and no number.
const VERSION: i64 = 2;

/// `jobs`: the partner's own record of each job, and its history. `sightings`: the signatures that have come before; `events`: the
/// results that have. `inbox`: what has come and isn't
/// through yet; with the body of a callback, or without one where only the service can tell. `outbox`: what is to be done.
pub(crate) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS jobs (
        job_id TEXT PRIMARY KEY,
        user_id TEXT NOT NULL,
        job_type INTEGER NOT NULL,
        life TEXT NOT NULL,
        is_settled INTEGER NOT NULL DEFAULT 0,
        look TEXT
    ) STRICT;
    CREATE TABLE IF NOT EXISTS sightings (
        pair BLOB PRIMARY KEY,
        event BLOB NOT NULL,
        content BLOB NOT NULL,
        expires INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS sightings_by_expiry ON sightings (expires);
    CREATE TABLE IF NOT EXISTS events (
        event BLOB PRIMARY KEY,
        expires INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS events_by_expiry ON events (expires);
    CREATE TABLE IF NOT EXISTS inbox (
        id INTEGER PRIMARY KEY,
        slot BLOB NOT NULL UNIQUE,
        job_id TEXT NOT NULL REFERENCES jobs,
        received_at INTEGER NOT NULL,
        is_first INTEGER NOT NULL,
        body BLOB,
        is_applied INTEGER NOT NULL DEFAULT 0,
        tries INTEGER NOT NULL DEFAULT 0,
        due INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE IF NOT EXISTS outbox (
        job_id TEXT PRIMARY KEY REFERENCES jobs,
        action TEXT NOT NULL,
        is_done INTEGER NOT NULL DEFAULT 0
    ) STRICT;
";

/// A committed transaction survives a power cut (WAL, every commit synced); what is deleted is overwritten.
pub(crate) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection
        .execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;")
}

/// Makes the tables, or brings those of an earlier version up to this one; those of a later version are left alone.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), Failure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version > VERSION {
        return Err(Failure::NewerVersion { version });
    }
    transaction.execute_batch(SCHEMA)?;
    if version < VERSION {
        transaction.execute_batch(
            "INSERT OR IGNORE INTO events (event, expires) SELECT event, max(expires) FROM sightings GROUP BY event;
             DROP INDEX IF EXISTS sightings_by_event;",
        )?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    Ok(transaction.commit()?)
}

/// One question for each job, however often it is called for; none once the service has had its last word.
pub(crate) fn ask_about(transaction: &Transaction<'_>, now: Timestamp, job_id: &str) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO inbox (slot, job_id, received_at, is_first, is_applied)
         SELECT ?1, job_id, ?3, 0, 1 FROM jobs WHERE job_id = ?2 AND is_settled = 0
         ON CONFLICT (slot) DO NOTHING",
        params![format!("ask about {job_id}").as_bytes(), job_id, millis(now)],
    )?;
    Ok(())
}

pub(crate) fn key_of(transaction: &Transaction<'_>, job_id: &str) -> rusqlite::Result<Option<JobKey>> {
    let select = "SELECT user_id, job_type FROM jobs WHERE job_id = ?1";
    let found =
        transaction.query_row(select, [job_id], |row| Ok(key(job_id.to_owned(), row.get(0)?, row.get(1)?)));
    found.optional()
}

pub(crate) fn key(job_id: String, user_id: String, job_type: u16) -> JobKey {
    JobKey {
        user_id: UserId::new(user_id),
        job_id: JobId::new(job_id),
        job_type: JobType::from_number(job_type),
    }
}

pub(crate) fn life_of(
    transaction: &Transaction<'_>,
    account: &PartnerAccount,
    key: &JobKey,
) -> Result<JobHistory, Failure> {
    let select = "SELECT life FROM jobs WHERE job_id = ?1";
    let history: String = transaction.query_row(select, [key.job_id.as_str()], |row| row.get(0))?;
    from_json(account, &history)
}

pub(crate) fn write_life(
    transaction: &Transaction<'_>,
    key: &JobKey,
    history: &JobHistory,
    change: Change,
) -> Result<(), Failure> {
    transaction.execute(
        "UPDATE jobs SET life = ?2, is_settled = ?3 WHERE job_id = ?1",
        params![key.job_id.as_str(), to_json(history)?, is_settled(history)],
    )?;
    if change.needs_manual_review() {
        look(transaction, key.job_id.as_str(), "a result makes no sense, or disagrees with another")?;
    }
    Ok(())
}

pub(crate) fn look(transaction: &Transaction<'_>, job_id: &str, why: &str) -> rusqlite::Result<()> {
    transaction.execute("UPDATE jobs SET look = ?2 WHERE job_id = ?1", [job_id, why])?;
    Ok(())
}

/// Whether there is a last word that the service itself, or a person, has said.
pub(crate) fn is_settled(history: &JobHistory) -> bool {
    history.state() == JobState::Final
        && history.result().is_some_and(|result| result.trust >= Trust::Confirmed)
}

pub(crate) fn to_json(history: &JobHistory) -> Result<String, Failure> {
    serde_json::to_string(history).map_err(|_| Failure::Row("a job's history"))
}

/// A row of another partner or environment is refused, and one that an earlier version of the SDK wrote is read.
pub(crate) fn from_json(account: &PartnerAccount, history: &str) -> Result<JobHistory, Failure> {
    Ok(JobHistory::from_stored(account, history)?)
}

/// SQLite's numbers end before ours.
pub(crate) fn millis(at: Timestamp) -> i64 {
    i64::try_from(at.unix_millis()).unwrap_or(i64::MAX)
}

pub(crate) fn moment(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(millis.unsigned_abs())
}
