//! One page per product: when to take it, what it needs, a program that runs against the emulator,
//! what its results mean, what is billed, and which numbers to test with.
//!
//! | to know | page |
//! | --- | --- |
//! | whether the person is the one of this ID number | [`biometric_kyc`] |
//! | whether it is the same person as last time | [`smartselfie`] |
//! | whether a document is genuine and the person's | [`document_verification`] |
//! | the same, with the ID authority asked as well | [`enhanced_document_verification`] |
//! | what an ID authority has under a number | [`enhanced_kyc`] |
//! | whether an ID authority has the same as the person says | [`basic_kyc`] |
//! | what a registry has of a company | [`business_verification`] |
//! | whether a name is on a watch list | [`aml`] |
//! | whether somebody lives at an address | [`address_verification`] |
//! | whose a phone number is | [`phone_verification`] |
//!
//! | to do | page |
//! | --- | --- |
//! | let a browser run a job on your own page | [`web_token`] |
//! | let a person run a job on Smile ID's page | [`smile_links`] |
//! | get the consent that some ID types need | [`bvn_consent`] |
//! | ask what has become of a job, or wait for it | [`job_status`] |
//! | receive callbacks, and know what they prove | [`trusting_a_result`] |
//! | ask what the service supports and the partner may use | [`services`] |
//! | ask for something that isn't here | [`raw_request`] |
//! | move here from an official SDK | [`migrating`] |
//!
//! The pages show the async client. The blocking one has the same names, without `.await`.
//!
//! # The same everywhere
//!
//! - Everything that is wrong with the input is named at once, before anything is sent.
//! - A [`Verdict`](crate::core::Verdict) says what a result amounts to, from its code and the job
//!   type. Let somebody in only if it [`is_approved`](crate::core::Verdict::is_approved) and its
//!   [`next_step`](crate::core::Verdict::next_step) is to accept.
//! - An error says whether the service may have acted:
//!   [`JobError::progress`](crate::core::JobError::progress),
//!   [`CallError::outcome_unknown`](crate::core::CallError::outcome_unknown).
//! - A job id is used once, for ever.
//! - The tables have what is known of the codes. For much of it partners are the only source:
//!   [`catalogue_row`](crate::core::Verdict::catalogue_row) says how sure each is.
//! - Test numbers work in Smile ID's sandbox and in the emulator; what isn't documented there is
//!   the emulator's choice.

macro_rules! pages {
    ($($page:ident)*) => {
        $(
            pub mod $page {
                #![doc = include_str!(concat!("../docs/", stringify!($page), ".md"))]
            }
        )*

        #[cfg(test)]
        const PAGES: &[(&str, &str)] =
            &[$((stringify!($page), include_str!(concat!("../docs/", stringify!($page), ".md")))),*];
    };
}

pages! {
    biometric_kyc
    smartselfie
    document_verification
    enhanced_document_verification
    enhanced_kyc
    basic_kyc
    business_verification
    aml
    address_verification
    phone_verification
    web_token
    smile_links
    bvn_consent
    job_status
    trusting_a_result
    services
    raw_request
    migrating
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use smile_core::catalogue::{result_codes, web_products};
    use smile_core::{JobType, ResultEntry};

    use super::PAGES;

    /// The cells of a row of a table.
    fn cells(line: &str) -> Option<Vec<&str>> {
        Some(line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect())
    }

    /// Words between backticks.
    fn words(cell: &str) -> impl Iterator<Item = &str> {
        cell.split('`').skip(1).step_by(2)
    }

    #[test]
    fn the_tables_say_what_the_catalogue_says() {
        let mut seen: BTreeMap<JobType, Vec<&str>> = BTreeMap::new();
        for (page, text) in PAGES {
            let mut job_type = None;
            for line in text.lines() {
                let Some(cells) = cells(line) else {
                    job_type = None;
                    continue;
                };
                if let Some(header) = cells[0].strip_prefix("code (job type ") {
                    job_type = header.trim_end_matches(')').parse().ok().map(JobType::from_number);
                } else if let Some(job_type) = job_type {
                    for code in words(cells[0]) {
                        let entry =
                            ResultEntry::from_json([("ResultCode", code)].into_iter().collect()).unwrap();
                        let verdict = entry.verdict_for(job_type);
                        let last = if verdict.is_final() { ", final" } else { "" };
                        let expected =
                            [format!("{}{last}", verdict.decision()), verdict.next_step().to_string()];
                        assert_eq!(cells[1..3], expected, "{page}: {code} of {job_type}");
                        seen.entry(job_type).or_default().push(code);
                    }
                }
            }
        }
        for (job_type, codes) in seen {
            for row in result_codes().iter().filter(|row| row.job_types.contains(&job_type)) {
                assert!(codes.contains(&row.code), "no page has {} of {job_type}", row.code);
            }
        }
    }

    #[test]
    fn the_web_products_are_all_there() {
        let (_, page) = PAGES.iter().find(|(page, _)| *page == "web_token").unwrap();
        let row = |name: &str| {
            let is_it = |cells: &Vec<&str>| cells.len() == 2 && words(cells[0]).any(|word| word == name);
            page.lines().filter_map(cells).find(is_it).map(|cells| cells[1])
        };
        for product in web_products() {
            assert_eq!(
                row(product.name),
                Some(product.job_type.number().to_string().as_str()),
                "{}",
                product.name
            );
        }
    }
}
