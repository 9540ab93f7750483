//! Fault rules: the requests that faults happen to.

use serde::{Deserialize, Serialize};

use crate::fault::kinds::Fault;
use crate::http::endpoint::Endpoint;
use crate::http::routing::Route;
use crate::secret::Secret;

/// A fault, and the requests that it happens to; by default all.
///
/// A request gets the fault of the first rule that applies, in the order in which the rules were
/// added, and besides that every latency.
///
/// ```
/// use smile_sandbox::{Endpoint, Fault, FaultRule};
///
/// // Each third poll or so has no answer.
/// let rule = FaultRule::new(Fault::LoseAnswer).with_endpoint(Endpoint::JobStatus).with_probability(0.3);
/// ```
///
/// Its form in JSON or TOML has the fields `fault`, `endpoint`, `nth`, `times` and `probability`,
/// of which only the first is required.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
#[must_use]
pub struct FaultRule {
    fault: Fault,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<Endpoint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nth: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    probability: Option<f64>,
}

impl FaultRule {
    /// Applies a fault to every request.
    pub fn new(fault: Fault) -> Self {
        Self { fault, endpoint: None, nth: None, times: None, probability: None }
    }

    /// Limits the rule to requests of this endpoint, with any of its methods.
    pub fn with_endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = Some(endpoint);
        self
    }

    /// Limits the rule to the `n`th request, or to those from it on if
    /// [`with_times`](Self::with_times) is set too. Requests are counted from 1 since the rule was
    /// added, including those that another rule happens to. 0 counts as 1.
    pub fn with_nth(mut self, n: u32) -> Self {
        self.nth = Some(n.max(1));
        self
    }

    /// Ends the rule after so many faults.
    pub fn with_times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Applies the fault by chance, from 0 for never to 1 for always; values beyond are clamped.
    /// The chance derives from the sandbox's seed: the same requests meet the same faults.
    pub fn with_probability(mut self, probability: f64) -> Self {
        // NaN counts as 0.
        self.probability = Some(if probability.is_nan() { 0.0 } else { probability.clamp(0.0, 1.0) });
        self
    }

    /// The fault.
    pub fn fault(&self) -> &Fault {
        &self.fault
    }

    /// The endpoint that the rule is limited to; `None` for all.
    pub fn endpoint(&self) -> Option<Endpoint> {
        self.endpoint
    }
}

/// A rule as written, before validation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    fault: Fault,
    endpoint: Option<Endpoint>,
    nth: Option<u32>,
    times: Option<u32>,
    probability: Option<f64>,
}

impl TryFrom<Written> for FaultRule {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let Written { fault, endpoint, nth, times, probability } = written;
        if nth == Some(0) {
            return Err("`nth` must be 1 or more: requests are counted from 1");
        }
        if times == Some(0) {
            return Err("`times` must be 1 or more");
        }
        if probability.is_some_and(|probability| !(0.0..=1.0).contains(&probability)) {
            return Err("`probability` must be from 0 to 1");
        }
        Ok(Self { fault, endpoint, nth, times, probability })
    }
}

/// The id of a rule that was added to a sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FaultId(u64);

impl FaultId {
    /// The number of the rule, in the order of addition, from 0.
    pub fn number(self) -> u64 {
        self.0
    }
}

impl From<u64> for FaultId {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

/// A rule that is in force.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FaultInForce {
    /// The id of the rule.
    pub id: FaultId,
    /// The rule.
    pub rule: FaultRule,
    /// The number of requests that matched the rule's endpoint so far.
    pub seen: u32,
    /// The number of these requests that the fault has happened to.
    pub happened: u32,
}

impl FaultInForce {
    /// True if the fault happens to the request that was counted last.
    fn happens(&self, secret: &Secret) -> bool {
        let FaultRule { nth, times, probability, .. } = self.rule;
        let is_its_turn = match (nth, times) {
            (Some(nth), None) => self.seen == nth,
            (nth, times) => self.seen >= nth.unwrap_or(1) && times.is_none_or(|times| self.happened < times),
        };
        is_its_turn && probability.is_none_or(|probability| self.roll(secret) < probability)
    }

    /// A number from 0 up to, but not including, 1.
    fn roll(&self, secret: &Secret) -> f64 {
        let digits = secret.hex(&["fault", &self.id.0.to_string(), &self.seen.to_string()]);
        // As many bits as a float holds exactly.
        let bits = u64::from_str_radix(&digits[..13], 16).unwrap_or_default();
        bits as f64 / (1_u64 << 52) as f64
    }

    /// True if the rule can never apply again.
    fn is_over(&self) -> bool {
        match (self.rule.nth, self.rule.times) {
            (Some(nth), None) => self.seen >= nth,
            (_, times) => times.is_some_and(|times| self.happened >= times),
        }
    }
}

/// The rules in force.
#[derive(Default)]
pub(crate) struct Faults {
    rules: Vec<FaultInForce>,
    added: u64,
}

impl Faults {
    pub(crate) fn add(&mut self, rule: FaultRule) -> FaultId {
        let id = FaultId(self.added);
        self.added += 1;
        self.rules.push(FaultInForce { id, rule, seen: 0, happened: 0 });
        id
    }

    pub(crate) fn remove(&mut self, id: FaultId) -> bool {
        let before = self.rules.len();
        self.rules.retain(|rule| rule.id != id);
        self.rules.len() < before
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    pub(crate) fn in_force(&self) -> &[FaultInForce] {
        &self.rules
    }

    /// The faults of a request to this endpoint. Rules that are used up are dropped.
    pub(crate) fn take(&mut self, endpoint: Option<Endpoint>, secret: &Secret) -> Vec<Fault> {
        let mut faults: Vec<Fault> = Vec::new();
        for rule in &mut self.rules {
            if rule.rule.endpoint.is_some_and(|of| Some(of) != endpoint) {
                continue;
            }
            rule.seen = rule.seen.saturating_add(1);
            let fault = &rule.rule.fault;
            let is_free = fault.is_latency() || faults.iter().all(Fault::is_latency);
            if is_free && rule.happens(secret) {
                rule.happened += 1;
                faults.push(fault.clone());
            }
        }
        self.rules.retain(|rule| !rule.is_over());
        faults
    }
}

/// The decisions about a request before its body was read.
///
/// [`Service::admit`](crate::Service::admit) creates a head check, and
/// [`Incoming::with_head_check`](crate::Incoming::with_head_check) passes it to the service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct HeadCheck {
    /// The target of the request's path.
    pub(crate) route: Route,
    pub(crate) faults: Vec<Fault>,
}

impl HeadCheck {
    /// The fault that the record of the request shows.
    pub(crate) fn recorded_fault(self) -> Option<Fault> {
        let mut faults = self.faults;
        faults.sort_by_key(Fault::is_latency);
        faults.into_iter().next()
    }

    /// True if the object store is to answer, and not the API.
    pub(crate) fn is_to_store(&self) -> bool {
        self.route.is_to_store()
    }

    /// The number of bytes of the body to read before the connection is reset; `None` to read all
    /// of it.
    pub fn body_limit(&self) -> Option<u64> {
        self.faults.iter().find_map(|fault| match fault {
            Fault::ResetRequest { after_bytes } => Some(*after_bytes),
            _ => None,
        })
    }
}
