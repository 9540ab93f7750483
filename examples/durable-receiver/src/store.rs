//! Every transaction of the receiver.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use smile_ureq::core::{
    Callback, Change, JobHistory, JobKey, PartnerAccount, ReplayCheck, ReplayStore as _, Submission,
    SubmissionId, Timestamp,
};

use crate::rows::{
    ask_about, from_json, is_settled, key, key_of, life_of, look, migrate, millis, moment, prepare, to_json,
    write_life,
};
use crate::sightings::{CallbackDigests, forget_expired};
use crate::{Action, Failure, Fuse, Moment};

/// The number of status requests for one callback before a manual review.
const MAX_TRIES: u32 = 24;

/// The receiver's database. Each thread has one of its own, on the same file.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    account: PartnerAccount,
    fuse: Fuse,
}

/// Something of the inbox. It has no `Debug`: a body is personal.
pub(crate) struct Letter {
    id: i64,
    pub(crate) key: JobKey,
    submission_id: Option<SubmissionId>,
    pub(crate) received_at: Timestamp,
    pub(crate) is_first: bool,
    pub(crate) body: Option<Bytes>,
    pub(crate) is_applied: bool,
    tries: u32,
}

impl Letter {
    /// The submission by the partner's own records.
    pub(crate) fn submission(&self) -> Submission {
        match &self.submission_id {
            Some(id) => Submission::new(self.key.clone(), id.clone()),
            None => self.key.clone().into(),
        }
    }
}

/// The outcome of storing a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// The callback is stored, or was before.
    Stored,
    /// There is no such job of such a user.
    UnknownJob,
    /// The signature has come before with another body. The job's status will be requested.
    NotBelieved,
}

/// A job, as the partner's other programs see it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JobReport {
    /// The job's history.
    pub history: JobHistory,
    /// The reason for a manual review, if there is one.
    pub look: Option<String>,
}

impl Store {
    /// Opens the database of this partner and environment, new or not.
    ///
    /// # Errors
    /// If the file can't be used, or a newer version of this program wrote it.
    pub fn open(path: &Path, account: PartnerAccount, fuse: Fuse) -> Result<Self, Failure> {
        let mut connection = Connection::open(path)?;
        prepare(&connection)?;
        migrate(&mut connection)?;
        Ok(Self { connection, account, fuse })
    }

    /// Writes down a job that is about to be submitted: before it is, so that no callback can be
    /// faster.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn register(&mut self, key: &JobKey) -> Result<(), Failure> {
        let history = to_json(&JobHistory::new(self.account.clone(), key.clone()))?;
        self.connection.execute(
            "INSERT INTO jobs (job_id, user_id, job_type, life) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (job_id) DO NOTHING",
            params![key.job_id.as_str(), key.user_id.as_str(), key.job_type.number(), history],
        )?;
        Ok(())
    }

    /// Writes down which submission of a registered job is about to go out, so that no other one's
    /// result under the same job id counts. Call it with each checkpoint, before the request that
    /// it comes before: the id is in the first.
    ///
    /// # Errors
    /// If it can't be written, or there is no such job: then nothing should be sent.
    pub fn name_submission(&mut self, job_id: &str, id: &SubmissionId) -> Result<(), Failure> {
        let account = self.account.clone();
        let transaction = self.begin()?;
        let key = key_of(&transaction, job_id)?.ok_or(Failure::Row("a job that isn't registered"))?;
        let history = life_of(&transaction, &account, &key)?;
        if history.submission_id() != Some(id) {
            let history = to_json(&history.with_submission_id(id.clone()))?;
            transaction.execute("UPDATE jobs SET life = ?2 WHERE job_id = ?1", params![job_id, history])?;
        }
        Ok(transaction.commit()?)
    }

    /// The job with this id.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn job(&self, job_id: &str) -> Result<Option<JobReport>, Failure> {
        let select = "SELECT life, look FROM jobs WHERE job_id = ?1";
        let row = self
            .connection
            .query_row(select, [job_id], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))
            .optional()?;
        row.map(|(history, look)| Ok(JobReport { history: from_json(&self.account, &history)?, look }))
            .transpose()
    }

    /// The number of unfinished callbacks and actions.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn unfinished(&self) -> Result<u32, Failure> {
        let select = "SELECT (SELECT count(*) FROM inbox) + (SELECT count(*) FROM outbox WHERE is_done = 0)";
        Ok(self.connection.query_row(select, [], |row| row.get(0))?)
    }

    /// Stores a callback, together with its record in the replay store.
    ///
    /// A redelivery is stored as well, unless the same is waiting already: if the first of them was
    /// a forgery that the service didn't confirm, the second may be the real one.
    pub(crate) fn take(&mut self, now: Timestamp, callback: &Callback) -> Result<Taken, Failure> {
        let fuse = self.fuse.clone();
        let transaction = self.begin()?;
        let job_id = callback.job_id().unwrap_or_default();
        if !key_of(&transaction, &job_id)?.is_some_and(|key| callback.is_about(&key)) {
            return Ok(Taken::UnknownJob);
        }
        let digest = callback.digest();
        let seen = CallbackDigests(&transaction).record(now, &digest)?;
        let taken = if seen == ReplayCheck::SignatureReused {
            ask_about(&transaction, now, &job_id)?;
            Taken::NotBelieved
        } else {
            transaction.execute(
                "INSERT INTO inbox (slot, job_id, received_at, is_first, body) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (slot) DO NOTHING",
                params![
                    digest.event(),
                    job_id,
                    millis(now),
                    seen == ReplayCheck::First,
                    &callback.body()[..]
                ],
            )?;
            Taken::Stored
        };
        fuse.reach(Moment::Storing);
        transaction.commit()?;
        fuse.reach(Moment::Stored);
        Ok(taken)
    }

    /// Plans status requests for all jobs without a confirmed final result.
    pub(crate) fn ask_about_open_jobs(&mut self, now: Timestamp) -> Result<(), Failure> {
        let transaction = self.begin()?;
        let open: Vec<String> = transaction
            .prepare("SELECT job_id FROM jobs WHERE is_settled = 0")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for job_id in open {
            ask_about(&transaction, now, &job_id)?;
        }
        Ok(transaction.commit()?)
    }

    /// The callback that is due and has waited longest.
    pub(crate) fn next_letter(&self, now: Timestamp) -> Result<Option<Letter>, Failure> {
        let letter = self.connection.query_row(
            "SELECT id, inbox.job_id, user_id, job_type, received_at, is_first, body, is_applied, tries, life
             FROM inbox JOIN jobs USING (job_id) WHERE due <= ?1 ORDER BY due, id LIMIT 1",
            [millis(now)],
            |row| {
                let letter = Letter {
                    id: row.get(0)?,
                    key: key(row.get(1)?, row.get(2)?, row.get(3)?),
                    submission_id: None,
                    received_at: moment(row.get(4)?),
                    is_first: row.get(5)?,
                    body: row.get::<_, Option<Vec<u8>>>(6)?.map(Bytes::from),
                    is_applied: row.get(7)?,
                    tries: row.get(8)?,
                };
                Ok((letter, row.get::<_, String>(9)?))
            },
        );
        let Some((letter, history)) = letter.optional()? else { return Ok(None) };
        let submission_id = from_json(&self.account, &history)?.submission_id().cloned();
        Ok(Some(Letter { submission_id, ..letter }))
    }

    /// The time at which the next letter is due.
    pub(crate) fn next_due(&self) -> Result<Option<Timestamp>, Failure> {
        let due: Option<i64> =
            self.connection.query_row("SELECT min(due) FROM inbox", [], |row| row.get(0))?;
        Ok(due.map(moment))
    }

    /// Applies a callback to its job's history. It stays in the inbox only if the service has to
    /// confirm it.
    pub(crate) fn apply(
        &mut self,
        now: Timestamp,
        letter: &Letter,
        callback: &Callback,
    ) -> Result<Change, Failure> {
        let seen = if letter.is_first { ReplayCheck::First } else { ReplayCheck::Redelivery };
        let (fuse, account) = (self.fuse.clone(), self.account.clone());
        let transaction = self.begin()?;
        let mut history = life_of(&transaction, &account, &letter.key)?;
        let change = history.apply_callback(now, callback, Some(seen));
        write_life(&transaction, &letter.key, &history, change)?;

        let is_last_word = callback.verdict_for(letter.key.job_type).is_final();
        let is_old_news = is_settled(&history)
            && matches!(change, Change::Redelivered | Change::Late | Change::Strengthened);
        let is_none =
            matches!(change, Change::IdInformation | Change::NotThisJob | Change::NotThisSubmission);
        if !is_none && (change == Change::Undecided || is_last_word && !is_old_news) {
            transaction.execute("UPDATE inbox SET is_applied = 1 WHERE id = ?1", [letter.id])?;
        } else {
            if change == Change::NotThisSubmission {
                // Somebody makes bodies up, or the job id was used twice: the service knows.
                ask_about(&transaction, now, letter.key.job_id.as_str())?;
            }
            transaction.execute("DELETE FROM inbox WHERE id = ?1", [letter.id])?;
        }
        fuse.reach(Moment::Applying);
        transaction.commit()?;
        fuse.reach(Moment::Applied);
        Ok(change)
    }

    /// Writes down what the service itself says, and what is to be done about it. The callback has
    /// served its purpose.
    pub(crate) fn conclude(
        &mut self,
        letter: &Letter,
        apply: impl FnOnce(&mut JobHistory) -> Change,
    ) -> Result<Change, Failure> {
        let (fuse, account) = (self.fuse.clone(), self.account.clone());
        let transaction = self.begin()?;
        let mut history = life_of(&transaction, &account, &letter.key)?;
        let change = apply(&mut history);
        write_life(&transaction, &letter.key, &history, change)?;
        let job_id = letter.key.job_id.as_str();
        match Action::of(&history) {
            Some(action) => {
                transaction.execute(
                    "INSERT INTO outbox (job_id, action) VALUES (?1, ?2) ON CONFLICT (job_id) DO NOTHING",
                    params![job_id, action.as_str()],
                )?;
            }
            None if is_settled(&history) => look(&transaction, job_id, "the last word calls for a person")?,
            None => {}
        }
        transaction.execute("DELETE FROM inbox WHERE id = ?1", [letter.id])?;
        fuse.reach(Moment::Confirming);
        transaction.commit()?;
        fuse.reach(Moment::Confirmed);
        Ok(change)
    }

    /// Says why a person should look at a letter's job.
    pub(crate) fn look(&mut self, letter: &Letter, why: &str) -> Result<(), Failure> {
        let transaction = self.begin()?;
        look(&transaction, letter.key.job_id.as_str(), why)?;
        Ok(transaction.commit()?)
    }

    /// Leaves the letter's job to the service alone, from now on.
    pub(crate) fn skip_applying(&mut self, letter: &Letter) -> Result<(), Failure> {
        self.connection.execute("UPDATE inbox SET is_applied = 1, body = NULL WHERE id = ?1", [letter.id])?;
        Ok(())
    }

    /// Puts a letter off, at first for a second and at last for an hour; or, after some fifteen
    /// hours, away.
    pub(crate) fn put_off(&mut self, now: Timestamp, letter: &Letter) -> Result<(), Failure> {
        let transaction = self.begin()?;
        if letter.tries + 1 >= MAX_TRIES {
            look(&transaction, letter.key.job_id.as_str(), "the service doesn't say what a callback says")?;
            transaction.execute("DELETE FROM inbox WHERE id = ?1", [letter.id])?;
        } else {
            let wait = Duration::from_secs(1 << letter.tries.min(12)).min(Duration::from_secs(3600));
            transaction.execute(
                "UPDATE inbox SET tries = tries + 1, due = ?2 WHERE id = ?1",
                params![letter.id, millis(now + wait)],
            )?;
        }
        Ok(transaction.commit()?)
    }

    /// The next action to take.
    pub(crate) fn next_action(&self) -> Result<Option<(String, Action)>, Failure> {
        let select = "SELECT job_id, action FROM outbox WHERE is_done = 0 ORDER BY rowid LIMIT 1";
        let row = self
            .connection
            .query_row(select, [], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))
            .optional()?;
        let Some((job_id, name)) = row else { return Ok(None) };
        let action = Action::ALL.into_iter().find(|action| action.as_str() == name);
        Ok(Some((job_id, action.ok_or(Failure::Row("an unknown action"))?)))
    }

    /// Ticks it off.
    pub(crate) fn done(&mut self, job_id: &str) -> Result<(), Failure> {
        self.connection.execute("UPDATE outbox SET is_done = 1 WHERE job_id = ?1", [job_id])?;
        self.fuse.reach(Moment::Done);
        Ok(())
    }

    /// Forgets what need not be known any more, and takes what was deleted out of the log as well.
    pub(crate) fn tidy(&mut self, now: Timestamp) -> Result<(), Failure> {
        let transaction = self.begin()?;
        forget_expired(&transaction, now)?;
        transaction.commit()?;
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// A transaction that takes the lock at once, so that none has to be given up halfway for
    /// another's sake.
    fn begin(&mut self) -> Result<Transaction<'_>, Failure> {
        Ok(self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
    }
}
