//! The check of a v3 request before anything is sent.

use serde_json::{Map, Value};

use crate::catalogue::{IdTypeProduct, normalise_country};
use crate::job::check::shown;
use crate::wire::characters::Rule;
use crate::wire::tolerant::same_name;
use crate::{CallbackUrl, Environment, IdInfo, JobId, Partner, ProblemKind, SubmissionId, ValidationReport};

/// The key in `partner_params` that carries the partner's own id of the job: the v3 API has none of
/// its own, and takes `job_id` out of what comes back.
pub const JOB_ID_PARAM: &str = "sdk_job_id";

/// Keys that the service takes out of what comes back.
const STRIPPED: [&str; 4] = ["_sandbox_v3", "job_id", "job_type", "user_id"];

/// A country's code as the service takes it: from a code or an English name in any case.
pub(crate) fn country_code(country: &str) -> String {
    normalise_country(country).map_or_else(|| country.trim().to_ascii_uppercase(), str::to_owned)
}

impl ValidationReport {
    /// An id that becomes a segment of a path: one that is empty or of dots would name another
    /// path.
    pub(crate) fn path_segment(&mut self, field: &str, id: &str) {
        self.required(field, Some(id));
        if matches!(id.trim(), "." | "..") {
            let rule = "must not be `.` or `..`, which some HTTP clients fold into another path";
            return self.add(field, ProblemKind::Malformed, rule);
        }
        self.characters(field, Some(id), Rule::Id);
    }

    /// A text of at most so many characters. The service doesn't say what it counts: code points
    /// are the fewest that it can be.
    pub(crate) fn length(&mut self, field: &str, text: &str, most: usize) {
        let (points, units) = (text.chars().count(), text.encode_utf16().count());
        if points > most {
            let rule = format!("must have at most {most} characters, and has {points}");
            self.add(field, ProblemKind::Malformed, rule);
        } else if units > most {
            let rule = format!(
                "has {points} characters, but {units} as some count them (UTF-16): the service may refuse more than {most}"
            );
            self.warn(field, ProblemKind::Malformed, rule);
        }
    }

    /// A text that may be left out, but isn't empty.
    pub(crate) fn optional_text(&mut self, field: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.required(field, Some(text));
            self.characters(field, Some(text), Rule::Id);
        }
    }

    /// The partner's parameters: text alone, and no key that wouldn't come back.
    pub(crate) fn text_params(&mut self, params: &Map<String, Value>) {
        const OURS: [&str; 2] = [JOB_ID_PARAM, SubmissionId::PARTNER_PARAM];
        for (key, value) in params {
            let field = format!("partner_params.{}", shown(key));
            if !value.is_string() {
                self.add(&field, ProblemKind::Malformed, "must be text: the v3 API takes nothing else here");
            }
            if let Some(name) = STRIPPED.into_iter().find(|name| same_name(key, name)) {
                let rule =
                    format!("is as good as `{name}`, which the service takes out: it would not come back");
                self.add(&field, ProblemKind::Conflict, rule);
            } else if OURS.into_iter().any(|name| same_name(key, name)) {
                self.add(&field, ProblemKind::Conflict, "is set by the SDK itself: call it something else");
            }
        }
    }

    /// The partner's own id of the job, if there is one.
    pub(crate) fn own_job_id(&mut self, job_id: Option<&JobId>) {
        self.optional_text("job_id", job_id.map(JobId::as_str));
    }

    /// Checks the address of the webhook: over https, or on this machine if the service is an
    /// emulator.
    pub(crate) fn webhook_url(&mut self, url: Option<&str>, partner: &Partner) {
        let own = url.map(CallbackUrl::unchecked);
        let Some(url) = own.as_ref().or(partner.callback_url()) else { return };
        if let Some(problem) = url.problem() {
            self.problems.push(problem.clone());
            return;
        }
        let is_emulated = matches!(partner.environment(), Environment::Custom(_)) && url.is_loopback();
        if !url.is_https() && !is_emulated {
            let rule = "must begin with `https://`: the v3 API sends webhooks over nothing else";
            self.add("callback_url", ProblemKind::Malformed, rule);
        } else if url.is_loopback() && !is_emulated {
            let rule = "is on this machine, where the service can't reach it";
            self.warn("callback_url", ProblemKind::Conflict, rule);
        }
    }

    /// Checks a number for an ID authority.
    pub(crate) fn id_number_of(&mut self, id_info: &IdInfo, product: IdTypeProduct, partner: &Partner) {
        self.entered_id("", id_info, partner);
        let (country, name) = (id_info.country.as_deref(), id_info.id_type.as_deref());
        let (Some(country), Some(name)) = (country, name) else { return };
        let Some(id_type) = self.known_id_type("id_type", country, name, partner) else { return };
        if !id_type.products().is_empty() && !id_type.products().contains(&product) {
            let rule = format!("is {name}, which isn't known to be for {}", product.name());
            self.warn("id_type", ProblemKind::Conflict, rule);
        }
        if let Some(number) = id_info.id_number.as_deref().filter(|number| !number.trim().is_empty()) {
            self.id_number("id_number", &id_type, number);
        }
        self.bank_code("", id_info, &id_type);
        if product == IdTypeProduct::BiometricKyc && id_type.returns_photo() == Some(false) {
            let rule = format!("is {name}, for which the authority has no photo to compare the selfie with");
            self.warn("id_type", ProblemKind::Conflict, rule);
        }
    }

    /// The kind of document, which may be left out where the service finds it out itself.
    pub(crate) fn document_of(&mut self, country: &str, id_type: Option<&str>, partner: &Partner) {
        self.required("country", Some(country));
        self.optional_text("id_type", id_type);
        let mut id_info = IdInfo::for_document(country);
        if let Some(id_type) = id_type {
            id_info = id_info.with_id_type(id_type);
        }
        self.country("country", Some(country));
        self.document("", &id_info, partner);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::operation::testing::partner;

    fn problems(check: impl FnOnce(&mut ValidationReport)) -> Vec<String> {
        let mut found = ValidationReport::default();
        check(&mut found);
        found.problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn ids_that_would_walk_a_path_are_refused() {
        for id in ["", " ", ".", "..", " .. ", "a\n", "\u{200B}"] {
            assert_eq!(problems(|found| found.path_segment("job_id", id)).len(), 1, "{id:?}");
        }
        for id in ["user/../evil?x=1#f", "...", "a.b", "客户17"] {
            assert_eq!(problems(|found| found.path_segment("job_id", id)), [""; 0], "{id:?}");
        }
    }

    #[test]
    fn a_length_above_the_limit_is_a_problem_and_one_above_it_in_utf_16_a_warning() {
        let of = |text: &str| {
            let mut found = ValidationReport::default();
            found.length("notes", text, 500);
            (found.problems.len(), found.warnings.len())
        };
        assert_eq!(of(&"a".repeat(500)), (0, 0));
        assert_eq!(of(&"a".repeat(501)), (1, 0));
        assert_eq!(of(&"\u{1F600}".repeat(250)), (0, 0));
        assert_eq!(of(&"\u{1F600}".repeat(300)), (0, 1), "300 emoji are 600 units");
        assert_eq!(of(&"\u{1F600}".repeat(501)), (1, 0));
    }

    #[test]
    fn partner_params_are_text() {
        for value in [json!(1), json!(true), json!(null), json!({}), json!(["a"])] {
            let params = Map::from_iter([("attempt".to_owned(), value)]);
            let found = problems(|found| found.text_params(&params));
            assert_eq!(found, ["`partner_params.attempt` must be text: the v3 API takes nothing else here"]);
        }
    }

    #[test]
    fn keys_that_would_not_come_back_or_are_the_sdks_own_are_refused() {
        for key in [
            "_sandbox_v3",
            "job_id",
            "Job_ID",
            "job_type",
            "user_id",
            "userId",
            "sdk_job_id",
            "sdk_submission",
        ] {
            let params = Map::from_iter([(key.to_owned(), json!("x"))]);
            let found = problems(|found| found.text_params(&params));
            assert!(
                found.len() == 1 && found[0].starts_with(&format!("`partner_params.{key}`")),
                "{found:?}"
            );
        }
        let params = Map::from_iter([("branch".to_owned(), json!("Lagos"))]);
        assert_eq!(problems(|found| found.text_params(&params)), [""; 0]);
    }

    #[test]
    fn countries_are_written_as_codes_whatever_their_case() {
        assert_eq!(["ng", " NG ", "nigeria", "xx"].map(country_code), ["NG", "NG", "NG", "XX"]);
    }

    #[test]
    fn a_webhook_goes_over_https_alone() {
        let of = |url: &str| problems(|found| found.webhook_url(Some(url), &partner()));
        assert_eq!(of("https://bank.example/callback"), [""; 0]);
        let rule = "`callback_url` must begin with `https://`: the v3 API sends webhooks over nothing else";
        assert_eq!(of("http://bank.example/callback"), [rule]);
        assert_eq!(of("bank.example").len(), 1);
        assert_eq!(of("http://127.0.0.1:8080/"), [rule]);
        let emulator = Partner::new("1", "key", "http://127.0.0.1:1/v1".parse().unwrap()).unwrap();
        assert_eq!(problems(|found| found.webhook_url(Some("http://127.0.0.1:8080/"), &emulator)), [""; 0]);
    }

    #[test]
    fn the_partners_own_callback_is_checked_as_well() {
        let partner = Partner::new("1", "key", Environment::Sandbox).unwrap();
        let partner = partner.with_callback_url("http://bank.example/");
        assert_eq!(problems(|found| found.webhook_url(None, &partner)).len(), 1);
    }
}
