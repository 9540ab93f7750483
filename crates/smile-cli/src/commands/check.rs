//! `smile check`: the form of an ID number, checked without the service.

use clap::Args;
use smile_core::catalogue::{IdTypeCatalogue, NumberCheck};

use crate::exit::Exit;
use crate::report::{Failure, Output, Report, Tone};

/// Check the form of an ID number, without asking the service
///
/// A right form doesn't mean that the number exists: only the ID authority knows that.
#[derive(Args, Debug)]
pub(crate) struct Check {
    /// Two capital letters, such as NG
    #[arg(long)]
    country: String,

    /// The API's name for the kind of ID, such as BVN; `smile id-types` lists them
    #[arg(long)]
    id_type: String,

    /// The number
    #[arg(long, allow_hyphen_values = true)]
    id_number: String,
}

impl Check {
    pub(crate) fn run(&self, output: Output) -> Result<Exit, Failure> {
        let number = self.id_number.trim();
        if number.is_empty() {
            return Err(Failure::flag("--id-number", "id_number", "must not be empty"));
        }
        let mut report = Report::new();
        report.set("country", self.country.as_str()).set("id_type", self.id_type.as_str());
        let Some(id_type) = IdTypeCatalogue::built_in().find(&self.country, &self.id_type) else {
            report.set("check", "unknown_id_type");
            report.toned("number", "can't be judged: this kind of ID isn't known here", Tone::Careful);
            report.row("next", "`smile id-types` lists the kinds that are; names are in capitals");
            output.print(&report)?;
            return Ok(Exit::Unknown);
        };
        let (name, text, tone, exit) = match id_type.check_number(number) {
            NumberCheck::Right => ("right", "has the right form", Tone::Good, Exit::Done),
            NumberCheck::LikelyWrong => (
                "likely_wrong",
                "hasn't the form that partners report; Smile ID itself says nothing",
                Tone::Careful,
                Exit::Open,
            ),
            NumberCheck::CertainlyWrong => {
                ("certainly_wrong", "hasn't the form that Smile ID asks for", Tone::Bad, Exit::No)
            }
            _ => (
                "unknown",
                "can't be judged: the form of such numbers isn't known",
                Tone::Careful,
                Exit::Unknown,
            ),
        };
        let is_mendable = id_type.normalise(&self.id_number) != self.id_number;
        report.row("id type", format!("{}, {}", id_type.country(), id_type.label()));
        report.toned("number", text, tone);
        if is_mendable && exit == Exit::Done {
            report.row("careful", "it must be sent without spaces and hyphens, in capitals");
        }
        if let Some(test_number) = id_type.test_number() {
            report.row("test number", format!("{test_number}, in the sandbox"));
        }
        report.set("check", name).set("must_be_mended", is_mendable && exit == Exit::Done);
        report.set("test_number", id_type.test_number());
        output.print(&report)?;
        Ok(exit)
    }
}
