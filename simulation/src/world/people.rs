//! The people of a world: owners of ids, fraudsters, and their submissions.

use smile_core::{JobHistory, JobId, JobKey, JobType, UserId};

use super::{Happening, Product, Record, Row, RowKind, Submission, Wanted, World};
use crate::hazard::Hazard;

impl World {
    pub(crate) fn populate(&mut self) {
        let people = self.random.between(1, 2);
        for person in 0..people {
            let job_id = format!("job-{person}");
            let product = self.random.one_of(&[
                Product::BiometricKyc,
                Product::BiometricKyc,
                Product::BiometricKyc,
                Product::EnhancedKyc,
                Product::AsyncEnhancedKyc,
            ]);
            let wanted =
                self.random.one_of(&[Wanted::Approval, Wanted::Approval, Wanted::Rejection, Wanted::Review]);
            let start = self.random.between(0, 20_000);
            let owner = self.submit(person, &job_id, product, wanted, start);
            if self.random.percent(35) {
                // The same id, with another face and number: rejected by any service that looks at
                // them.
                let is_first = self.random.percent(30);
                let at = if is_first {
                    start.saturating_sub(1_500)
                } else {
                    start + self.random.between(200, 120_000)
                };
                self.note(if is_first { Hazard::FraudsterFirst } else { Hazard::Fraudster });
                self.submit(person, &job_id, product, Wanted::Rejection, at);
            }
            if self.plan.behaviour.shares_ids && self.random.percent(60) {
                let other = if product == Product::BiometricKyc {
                    Product::EnhancedKyc
                } else {
                    Product::BiometricKyc
                };
                let at = start + self.random.between(0, 60_000);
                self.note(Hazard::IdsShared);
                self.submit(person, &job_id, other, Wanted::Approval, at);
            }
            if self.random.percent(15) {
                self.note(Hazard::TwoAtOnce);
                let at = start + self.random.between(0, 2_000);
                self.after(at, Happening::Take { submission: owner, regardless: true });
            }
            if self.random.percent(10) && product == Product::BiometricKyc {
                let at = self.random.between(0, 100_000);
                self.after(at, Happening::Elsewhere { submission: owner });
            }
            if self.random.percent(30) {
                let at = start + self.random.between(5_000, 300_000);
                self.after(at, Happening::Restore { submission: owner });
            }
        }
        for _ in 0..self.random.below(3) {
            let (at, worker) = (self.random.between(0, 200_000), self.random.below(3) as usize);
            self.after(at, Happening::Clock { worker });
        }
        for _ in 0..self.random.below(4) {
            let at = self.random.between(1_000, 400_000);
            self.after(at, Happening::Forge);
        }
        if self.random.percent(20) {
            let at = self.random.between(1_000, 200_000);
            self.after(at, Happening::RestartReceiver);
        }
        if self.random.percent(15) {
            let (at, number) = (self.random.between(0, 50_000), self.random.next());
            self.after(at, Happening::Webhook { number });
        }
    }

    fn submit(&mut self, person: u64, job_id: &str, product: Product, wanted: Wanted, at: u64) -> usize {
        let index = self.submissions.len();
        let job_type =
            if product == Product::BiometricKyc { JobType::BIOMETRIC_KYC } else { JobType::ENHANCED_KYC };
        let key =
            JobKey { user_id: UserId::new(format!("user-{person}")), job_id: JobId::new(job_id), job_type };
        // The last digit is what the sandbox goes by, and the others are this submission's.
        let number = format!("{:010}0", index + 1);
        if !self.rows.contains_key(job_id) {
            let kind = if product == Product::BiometricKyc { RowKind::Job } else { RowKind::Number };
            if product == Product::AsyncEnhancedKyc {
                self.note(Hazard::NumberOnly);
            }
            let history = JobHistory::new(self.partner.account(), key.clone());
            self.insert_row(job_id.to_owned(), &history, kind);
        }
        self.submissions.push(Submission { errand: product, key, number, wanted, instead_of: None });
        self.records.push(Record::default());
        self.after(at, Happening::Take { submission: index, regardless: false });
        index
    }

    /// The same person and images under a job id of their own, as an error advised.
    pub(crate) fn submit_anew(&mut self, submission: usize, pause: u64) {
        let Submission { errand, wanted, key, .. } = self.submissions[submission].clone();
        let person = key.user_id.as_str().trim_start_matches("user-").parse().unwrap_or(0);
        let job_id = format!("{}-{}", key.job_id, self.submissions.len());
        let turns = self.records[submission].turns;
        let index = self.submit(person, &job_id, errand, wanted, pause);
        self.submissions[index].instead_of = Some(submission);
        self.records[index].turns = turns;
    }

    pub(crate) fn insert_row(&mut self, id: String, history: &JobHistory, kind: RowKind) {
        let history = serde_json::to_vec(history).expect("a history is JSON");
        self.rows.insert(id, Row { history, kind, last_word: None, was_told: false, waits: 0 });
    }

    /// True if the service, asked about this submission alone, lets the person in: now or after the
    /// review.
    pub(crate) fn is_approved(&self, submission: usize) -> bool {
        let Submission { errand, wanted, .. } = &self.submissions[submission];
        let approves = match wanted {
            Wanted::Approval => true,
            Wanted::Review => self.plan.behaviour.review_approves,
            Wanted::Rejection => false,
        };
        *errand == Product::BiometricKyc && approves && self.ledger.is_judged(submission)
    }

    /// True if the service's answers to two submissions may differ because they share an id.
    pub(crate) fn is_shared(&self, job_id: &str) -> bool {
        let owners = self.ledger.owners(job_id);
        owners.iter().any(|owner| Some(owner) != owners.first())
    }
}
