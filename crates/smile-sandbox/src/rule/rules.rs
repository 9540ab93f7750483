//! Rules: the results, or the refusal, of chosen jobs.
//!
//! Of the rules that apply to a job the newest answers; those of a scenario come after all that
//! were set in code, and in the order of the file. A rule that is used up, or whose time is over,
//! is skipped, and so is one with an outcome that the product has no code for.

use std::fmt;
use std::time::Duration;

use smile_core::Timestamp;

use crate::rule::matcher::{Matcher, Submitted};
use crate::rule::script::ScriptStage;

/// The response to some jobs.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Rule {
    pub(crate) matcher: Matcher,
    pub(crate) times: Option<u32>,
    pub(crate) lasts: Option<Duration>,
    pub(crate) response: Response,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Response {
    /// Results, at least one.
    Stages(Vec<ScriptStage>),
    /// A code of the API.
    Refusal(String),
}

/// The moment at which the rules are consulted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The submission of a job or check, which can be refused.
    Submission,
    /// The run of a job or check.
    Run,
    /// A request for the status, which can be refused.
    Status,
}

/// A rule, with its uses.
#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Kept {
    rule: Rule,
    /// The number of jobs that met the conditions.
    seen: u32,
    used: u32,
    first_used: Option<Timestamp>,
}

/// All rules.
#[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Rules {
    /// The rules set in code, oldest first.
    set: Vec<Kept>,
    /// The rules of the scenario, in the order of the file.
    scenario: Vec<Kept>,
}

impl Rules {
    pub(crate) fn of_scenario(rules: Vec<Rule>) -> Self {
        Self { set: Vec::new(), scenario: rules.into_iter().map(Kept::new).collect() }
    }

    pub(crate) fn add(&mut self, rule: Rule) {
        self.set.push(Kept::new(rule));
    }

    /// The response of the first rule that applies to this job, which counts as a use.
    pub(crate) fn take(&mut self, now: Timestamp, moment: Moment, job: &Submitted<'_>) -> Option<Response> {
        let in_order = self.set.iter_mut().rev().chain(&mut self.scenario);
        let mut response = None;
        for kept in in_order.filter(|kept| kept.rule.applies(moment, job)) {
            // Each matching rule counts the job, whichever of them answers.
            kept.seen = kept.seen.saturating_add(1);
            response = response.or_else(|| kept.take(now));
        }
        response
    }

    /// Restores the use counts of an earlier run: rules that were set in code are set again, and
    /// those of the scenario keep their count as long as they are the same.
    pub(crate) fn resume(&mut self, earlier: Self) {
        self.set = earlier.set;
        for (kept, before) in self.scenario.iter_mut().zip(earlier.scenario) {
            if kept.rule == before.rule {
                *kept = before;
            }
        }
    }
}

impl Rule {
    fn applies(&self, moment: Moment, job: &Submitted<'_>) -> bool {
        self.is_for(moment) && self.matcher.matches(job) && self.fits(job)
    }

    fn is_for(&self, moment: Moment) -> bool {
        match &self.response {
            Response::Stages(_) => moment == Moment::Run,
            // Codes from 2300 to 2399 are those of the job status.
            Response::Refusal(code) if code.starts_with("23") => moment == Moment::Status,
            Response::Refusal(_) => moment == Moment::Submission,
        }
    }

    fn fits(&self, job: &Submitted<'_>) -> bool {
        match &self.response {
            Response::Stages(stages) => stages.iter().all(|stage| stage.fits(job.product)),
            Response::Refusal(_) => true,
        }
    }
}

impl Kept {
    fn new(rule: Rule) -> Self {
        Self { rule, seen: 0, used: 0, first_used: None }
    }

    /// The response, unless the rule is used up, over, or about another job by number.
    fn take(&mut self, now: Timestamp) -> Option<Response> {
        let is_counted_out = self.rule.matcher.nth.is_some_and(|nth| nth != self.seen);
        let is_used_up = self.rule.times.is_some_and(|times| self.used >= times);
        let is_over = self.rule.lasts.zip(self.first_used).is_some_and(|(lasts, first)| now >= first + lasts);
        if is_counted_out || is_used_up || is_over {
            return None;
        }
        self.used = self.used.saturating_add(1);
        self.first_used.get_or_insert(now);
        Some(self.rule.response.clone())
    }
}

/// A rule that has no response yet; see [`Sandbox::when`](crate::Sandbox::when).
#[must_use = "a rule without a response does nothing"]
pub struct When<'a> {
    matcher: Matcher,
    times: Option<u32>,
    lasts: Option<Duration>,
    add: Box<dyn FnOnce(Rule) + 'a>,
}

impl<'a> When<'a> {
    pub(crate) fn new(matcher: Matcher, add: impl FnOnce(Rule) + 'a) -> Self {
        Self { matcher, times: None, lasts: None, add: Box::new(add) }
    }

    /// Ends the rule after so many jobs, as if it had never been.
    pub fn with_times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Ends the rule this long after the first job that it answers, as if it had never been.
    pub fn with_duration(mut self, time: Duration) -> Self {
        self.lasts = Some(time);
        self
    }

    /// Answers with these results, one after the other: result codes, [`Outcome`](crate::Outcome)s
    /// or [`ScriptStage`]s. No other results come: there is no automatic review of such a job, and
    /// a manual review replaces the results that have not come yet.
    ///
    /// The results outrank `sandbox_result` and the ID number, and are themselves outranked by a
    /// zip that can't be used. Without any stage the job is as without the rule, which shields it
    /// from later rules.
    pub fn respond<S: Into<ScriptStage>>(self, stages: impl IntoIterator<Item = S>) {
        let mut stages: Vec<ScriptStage> = stages.into_iter().map(Into::into).collect();
        if stages.is_empty() {
            stages.push(ScriptStage::as_it_comes());
        }
        self.finish(Response::Stages(stages));
    }

    /// Refuses the announcement of an upload, or a check, with this code of the API, such as 2220
    /// or 2428; a code of the job status, 2301 to 2399, refuses the request for the status. When an
    /// upload is announced, its country and ID type are not known yet, so a condition on these is
    /// not met then.
    pub fn refuse(self, code: impl Into<String>) {
        self.finish(Response::Refusal(code.into()));
    }

    fn finish(self, response: Response) {
        (self.add)(Rule { matcher: self.matcher, times: self.times, lasts: self.lasts, response });
    }
}

impl fmt::Debug for When<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("When")
            .field("matcher", &self.matcher)
            .field("times", &self.times)
            .field("lasts", &self.lasts)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::outcome::Outcome;
    use crate::result::product::Product;

    const MINUTE: Duration = Duration::from_secs(60);

    fn job(product: Product) -> Submitted<'static> {
        Submitted { job_id: "job", user_id: "user", product, countries: vec![], id_type: None }
    }

    fn rule(matcher: Matcher, stage: impl Into<ScriptStage>) -> Rule {
        Rule { matcher, times: None, lasts: None, response: Response::Stages(vec![stage.into()]) }
    }

    fn taken(rules: &mut Rules, seconds: u64, product: Product) -> Option<ScriptStage> {
        let now = Timestamp::from_unix_millis(seconds * 1_000);
        match rules.take(now, Moment::Run, &job(product))? {
            Response::Stages(stages) => stages.into_iter().next(),
            Response::Refusal(_) => None,
        }
    }

    #[test]
    fn the_newest_rule_answers_and_the_scenario_comes_last() {
        let product = Product::BiometricKyc;
        let mut rules = Rules::of_scenario(vec![rule(Matcher::any(), "0001"), rule(Matcher::any(), "0002")]);
        assert_eq!(taken(&mut rules, 0, product), Some("0001".into()));
        rules.add(rule(Matcher::any(), "0003"));
        rules.add(rule(Matcher::any(), "0004"));
        rules.add(rule(Matcher::job_id("other"), "0005"));
        rules.add(rule(Matcher::any(), Outcome::PartialMatch));
        assert_eq!(taken(&mut rules, 0, product), Some("0004".into()));
        assert_eq!(taken(&mut rules, 0, Product::BasicKyc), Some(Outcome::PartialMatch.into()));
    }

    #[test]
    fn a_rule_is_used_up_or_over() {
        let product = Product::EnhancedKyc;
        let mut rules = Rules::default();
        rules.add(Rule { times: Some(2), ..rule(Matcher::any(), "1015") });
        let codes: Vec<_> = (0..4).map(|_| taken(&mut rules, 0, product).is_some()).collect();
        assert_eq!(codes, [true, true, false, false]);

        let mut rules = Rules::default();
        rules.add(Rule { lasts: Some(MINUTE), ..rule(Matcher::any(), "1015") });
        let codes: Vec<_> = [100, 159, 160, 999].map(|at| taken(&mut rules, at, product).is_some()).into();
        assert_eq!(codes, [true, true, false, false]);

        let mut rules = Rules::default();
        rules.add(rule(Matcher::any().with_nth(2), "1015"));
        let codes: Vec<_> = (0..4).map(|_| taken(&mut rules, 0, product).is_some()).collect();
        assert_eq!(codes, [false, true, false, false]);
    }

    #[test]
    fn refusals_and_results_do_not_get_in_each_others_way() {
        let mut rules = Rules::default();
        rules.add(rule(Matcher::any(), "0811"));
        for code in ["2428", "2301"] {
            rules.add(Rule { response: Response::Refusal(code.to_owned()), ..rule(Matcher::any(), "") });
        }
        let mut take = |moment| rules.take(Timestamp::default(), moment, &job(Product::BiometricKyc));
        assert_eq!(take(Moment::Submission), Some(Response::Refusal("2428".to_owned())));
        assert_eq!(take(Moment::Status), Some(Response::Refusal("2301".to_owned())));
        assert_eq!(take(Moment::Run), Some(Response::Stages(vec!["0811".into()])));
    }
}
