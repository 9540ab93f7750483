//! A replay store in a table, read and written in the transaction that stores the callback.

use rusqlite::{Transaction, params};
use smile_ureq::core::{CallbackDigest, ReplayCheck, ReplayStore, Timestamp};

use crate::rows::millis;

/// The digests, within a transaction: what is remembered is remembered together with the callback,
/// or not at all.
///
/// It inserts, and goes by what the database says of that. To look first and insert then would do
/// in SQLite, which has one writer at a time; in a database server two would look, both see
/// nothing, and both be the first.
#[derive(Debug)]
pub(crate) struct CallbackDigests<'t>(pub(crate) &'t Transaction<'t>);

impl ReplayStore for CallbackDigests<'_> {
    type Error = rusqlite::Error;

    fn record(&self, _: Timestamp, digest: &CallbackDigest) -> rusqlite::Result<ReplayCheck> {
        let is_new_pair = self.0.execute(
            "INSERT INTO sightings (pair, event, content, expires) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (pair) DO NOTHING",
            params![digest.pair(), digest.event(), digest.content(), millis(digest.expires())],
        )? == 1;
        if !is_new_pair {
            let known: [u8; 32] = self.0.query_row(
                "SELECT content FROM sightings WHERE pair = ?1",
                [digest.pair()],
                |row| row.get(0),
            )?;
            return Ok(if known == *digest.content() {
                ReplayCheck::Redelivery
            } else {
                ReplayCheck::SignatureReused
            });
        }
        let is_new_event = self.0.execute(
            "INSERT INTO events (event, expires) VALUES (?1, ?2) ON CONFLICT (event) DO NOTHING",
            params![digest.event(), millis(digest.expires())],
        )? == 1;
        if is_new_event {
            return Ok(ReplayCheck::First);
        }
        self.0.execute(
            "UPDATE events SET expires = max(expires, ?2) WHERE event = ?1",
            params![digest.event(), millis(digest.expires())],
        )?;
        Ok(ReplayCheck::Redelivery)
    }
}

/// Forgets those whose signatures don't pass any more.
pub(crate) fn forget_expired(transaction: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<()> {
    transaction.execute("DELETE FROM sightings WHERE expires < ?1", [millis(now)])?;
    transaction.execute("DELETE FROM events WHERE expires < ?1", [millis(now)])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, TransactionBehavior};

    use super::*;
    use crate::rows::SCHEMA;

    fn at(second: u64) -> Timestamp {
        Timestamp::from_unix_millis(second * 1_000)
    }

    fn digest(pair: u8, event: u8, content: u8, expires: Timestamp) -> CallbackDigest {
        CallbackDigest::from_parts([pair; 32], [event; 32], [content; 32], expires)
    }

    #[test]
    fn it_tells_redeliveries_next_results_and_reused_signatures_apart() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(SCHEMA).unwrap();
        let transaction = connection.transaction().unwrap();
        let record = |pair, event, content| {
            CallbackDigests(&transaction).record(at(0), &digest(pair, event, content, at(9))).unwrap()
        };
        assert_eq!(record(1, 1, 1), ReplayCheck::First);
        assert_eq!(record(1, 1, 1), ReplayCheck::Redelivery, "the same bytes");
        assert_eq!(record(2, 1, 2), ReplayCheck::Redelivery, "signed afresh");
        assert_eq!(record(3, 2, 3), ReplayCheck::First, "the next result");
        assert_eq!(record(3, 3, 4), ReplayCheck::SignatureReused);
        assert_eq!(record(4, 3, 4), ReplayCheck::First, "a refused one has left no trace");

        forget_expired(&transaction, at(9)).unwrap();
        assert_eq!(record(1, 1, 1), ReplayCheck::Redelivery, "its signature still passes");
        forget_expired(&transaction, at(10)).unwrap();
        assert_eq!(record(1, 1, 1), ReplayCheck::First);
    }

    /// A connection and a transaction for each delivery, as several processes would have them.
    struct Database(std::path::PathBuf);

    impl Database {
        fn connect(&self) -> Connection {
            let connection = Connection::open(&self.0).unwrap();
            crate::rows::prepare(&connection).unwrap();
            connection
        }
    }

    impl ReplayStore for Database {
        type Error = rusqlite::Error;

        fn record(&self, now: Timestamp, digest: &CallbackDigest) -> rusqlite::Result<ReplayCheck> {
            let mut connection = self.connect();
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let seen = CallbackDigests(&transaction).record(now, digest)?;
            transaction.commit()?;
            Ok(seen)
        }
    }

    impl Drop for Database {
        fn drop(&mut self) {
            for end in ["", "-wal", "-shm"] {
                let _ = std::fs::remove_file(format!("{}{end}", self.0.display()));
            }
        }
    }

    #[test]
    fn it_keeps_the_rule_of_replay_stores_with_a_connection_for_each_delivery() {
        let mut number = 0;
        let make = |_| {
            number += 1;
            let name = format!("durable-receiver-digests-{}-{number}.db", std::process::id());
            let database = Database(std::env::temp_dir().join(name));
            database.connect().execute_batch(SCHEMA).unwrap();
            database
        };
        smile_sandbox::replay_store::check(make).unwrap();
    }

    #[test]
    fn it_takes_a_signature_that_never_expires_and_forgets_what_is_not_committed() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(SCHEMA).unwrap();
        for _ in 0..2 {
            let transaction = connection.transaction().unwrap();
            let seen = CallbackDigests(&transaction).record(at(0), &digest(1, 1, 1, Timestamp::MAX)).unwrap();
            assert_eq!(seen, ReplayCheck::First);
        }
    }
}
