//! The tables, and what is read from and written to single rows of them within a transaction.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use smile_ureq::core::{
    Change, JobHistory, JobId, JobKey, JobState, JobType, PartnerAccount, Timestamp, Trust, UserId,
};

use crate::Failure;

/// The version of the tables, as `PRAGMA user_version` has it. Version 1 had no `events`, and no
/// number.
const VERSION: i64 = 2;

/// The tables of the database. `jobs`: the partner's own record of each job, and its history.
/// `sightings`: the signatures that have come before; `events`: the results that have. `inbox`: the
/// callbacks that are not yet through, and the jobs that only the service can tell of, without a
/// body. `outbox`: the actions to take.
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

/// A committed transaction survives a power cut (WAL, every commit synced); what is deleted is
/// overwritten.
pub(crate) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection
        .execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;")
}

/// Makes the tables, or brings those of an earlier version up to this one; those of a later version
/// are left alone.
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

/// Plans one status request for each job, however often it is called for; none once the service's
/// final result is there.
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

/// True if there is a final result that the service itself, or a person, has confirmed.
pub(crate) fn is_settled(history: &JobHistory) -> bool {
    history.state() == JobState::Final
        && history.result().is_some_and(|result| result.trust >= Trust::Confirmed)
}

pub(crate) fn to_json(history: &JobHistory) -> Result<String, Failure> {
    serde_json::to_string(history).map_err(|_| Failure::Row("a job's history"))
}

/// A row of another partner or environment is refused, and one that an earlier version of the SDK
/// wrote is read.
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

#[cfg(test)]
mod tests {
    use smile_ureq::core::{CallbackDigest, Environment, Partner, ReplayCheck, ReplayStore as _};

    use super::*;
    use crate::sightings::CallbackDigests;

    /// The tables of version 1, and their content: a job, and a result that has come.
    const VERSION_1: &str = "
        CREATE TABLE jobs (
            job_id TEXT PRIMARY KEY,
            user_id TEXT NOT NULL,
            job_type INTEGER NOT NULL,
            life TEXT NOT NULL,
            is_settled INTEGER NOT NULL DEFAULT 0,
            look TEXT
        ) STRICT;
        CREATE TABLE sightings (
            pair BLOB PRIMARY KEY,
            event BLOB NOT NULL,
            content BLOB NOT NULL,
            expires INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX sightings_by_event ON sightings (event);
        CREATE INDEX sightings_by_expiry ON sightings (expires);
        CREATE TABLE inbox (
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
        CREATE TABLE outbox (
            job_id TEXT PRIMARY KEY REFERENCES jobs,
            action TEXT NOT NULL,
            is_done INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        INSERT INTO jobs (job_id, user_id, job_type, life) VALUES ('j-1', 'u-1', 1,
            '{\"version\":1,\"user_id\":\"u-1\",\"job_id\":\"j-1\",\"judged_as\":{\"job_type\":1},\"standing\":\"open\",
              \"counts\":[],\"results\":[],\"id_information\":false}');
        INSERT INTO inbox (slot, job_id, received_at, is_first, body) VALUES (x'01', 'j-1', 5, 1, x'7B7D');
        INSERT INTO outbox (job_id, action) VALUES ('j-1', 'open account');
    ";

    fn digest(pair: u8, event: u8) -> CallbackDigest {
        CallbackDigest::from_parts([pair; 32], [event; 32], [9; 32], Timestamp::from_unix_millis(8_000))
    }

    fn of_version_1() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(VERSION_1).unwrap();
        for (pair, expires) in [(1_u8, 8_000), (2, 9_000)] {
            let insert = "INSERT INTO sightings (pair, event, content, expires) VALUES (?1, ?2, ?3, ?4)";
            connection.execute(insert, params![[pair; 32], [7_u8; 32], [9_u8; 32], expires]).unwrap();
        }
        connection
    }

    fn number(connection: &Connection, select: &str) -> i64 {
        connection.query_row(select, [], |row| row.get(0)).unwrap()
    }

    fn version(connection: &Connection) -> i64 {
        number(connection, "PRAGMA user_version")
    }

    #[test]
    fn a_result_that_version_1_has_seen_is_a_redelivery() {
        let mut connection = of_version_1();
        migrate(&mut connection).unwrap();
        assert_eq!(version(&connection), VERSION);
        assert_eq!(number(&connection, "SELECT expires FROM events"), 9_000, "the later of the two");
        let transaction = connection.transaction().unwrap();
        let check = |pair, event| {
            CallbackDigests(&transaction)
                .record(Timestamp::from_unix_millis(0), &digest(pair, event))
                .unwrap()
        };
        assert_eq!(check(1, 7), ReplayCheck::Redelivery, "the same bytes");
        assert_eq!(check(3, 7), ReplayCheck::Redelivery, "signed afresh");
        assert_eq!(check(4, 8), ReplayCheck::First);
    }

    #[test]
    fn what_version_1_left_undone_is_still_there_and_its_jobs_can_be_read() {
        let mut connection = of_version_1();
        migrate(&mut connection).unwrap();
        assert_eq!(number(&connection, "SELECT count(*) FROM inbox WHERE body = x'7B7D'"), 1);
        assert_eq!(number(&connection, "SELECT count(*) FROM outbox WHERE is_done = 0"), 1);
        let indexes = "SELECT count(*) FROM sqlite_schema WHERE name = 'sightings_by_event'";
        assert_eq!(number(&connection, indexes), 0);
        let account = Partner::new("001", "key", Environment::Sandbox).unwrap().account();
        let text: String = connection.query_row("SELECT life FROM jobs", [], |row| row.get(0)).unwrap();
        let history = from_json(&account, &text).unwrap();
        assert_eq!((history.job_id().as_str(), history.state()), ("j-1", JobState::Open));
    }

    #[test]
    fn to_migrate_again_changes_nothing() {
        let mut connection = of_version_1();
        for _ in 0..2 {
            migrate(&mut connection).unwrap();
            assert_eq!(version(&connection), VERSION);
            assert_eq!(number(&connection, "SELECT count(*) FROM events"), 1);
            assert_eq!(number(&connection, "SELECT count(*) FROM sightings"), 2);
        }
    }

    #[test]
    fn a_newer_version_is_refused_by_its_number_and_left_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "user_version", VERSION + 1).unwrap();
        let refused = migrate(&mut connection).unwrap_err();
        assert!(matches!(refused, Failure::NewerVersion { version } if version == VERSION + 1));
        assert_eq!(refused.to_string(), "the database is of version 3, newer than this program");
        assert_eq!(version(&connection), VERSION + 1);
        assert_eq!(number(&connection, "SELECT count(*) FROM sqlite_schema"), 0);
    }
}
