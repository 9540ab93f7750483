//! A replay store in a table, asked and told in the transaction that stores the callback.

use rusqlite::{OptionalExtension as _, Transaction, params};
use smile_ureq::core::{ReplayStore, Seen, Sighting, Timestamp};

use crate::store::millis;

/// The sightings, within a transaction: what is remembered is remembered together with the callback, or not at all.
///
/// The table's primary key is the pair, so that of two deliveries at the same moment only one is the first, whatever the
/// number of processes.
#[derive(Debug)]
pub(crate) struct Sightings<'t>(pub(crate) &'t Transaction<'t>);

impl ReplayStore for Sightings<'_> {
    type Error = rusqlite::Error;

    fn record(&self, _: Timestamp, sighting: &Sighting) -> rusqlite::Result<Seen> {
        let same_pair = self
            .0
            .query_row(
                "SELECT event, content, expires FROM sightings WHERE pair = ?1",
                [sighting.pair()],
                |row| {
                    let expires: i64 = row.get(2)?;
                    let expires = Timestamp::from_unix_millis(expires.unsigned_abs());
                    Ok(Sighting::from_parts(*sighting.pair(), row.get(0)?, row.get(1)?, expires))
                },
            )
            .optional()?;
        let event_is_known = self.0.query_row(
            "SELECT EXISTS (SELECT 1 FROM sightings WHERE event = ?1)",
            [sighting.event()],
            |row| row.get(0),
        )?;
        if same_pair.is_none() {
            self.0.execute(
                "INSERT INTO sightings (pair, event, content, expires) VALUES (?1, ?2, ?3, ?4)",
                params![sighting.pair(), sighting.event(), sighting.content(), millis(sighting.expires())],
            )?;
        }
        Ok(sighting.compare(same_pair.as_ref(), event_is_known))
    }
}

/// Forgets those whose signatures don't pass any more.
pub(crate) fn forget_expired(transaction: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<()> {
    transaction.execute("DELETE FROM sightings WHERE expires < ?1", [millis(now)])?;
    Ok(())
}
