//! `smile status` and `smile wait`: the state and the result of a job.

use clap::Args;
use serde_json::Value;
use smile_core::{FlowSettings, JobFlow, JobId, JobKey, JobStatus, JobStatusRequest, JobType, UserId};

use crate::connection::Connection;
use crate::exit::Exit;
use crate::ids;
use crate::interrupt::Watch;
use crate::products::Waiting;
use crate::products::job_type;
use crate::report::{Failure, Output, ProgressLine, Report, describe_outcome, describe_status, verdict};

/// Ask for the state of a job, once
#[derive(Args, Debug)]
pub(crate) struct Status {
    /// Your id of the user
    #[arg(long)]
    user_id: String,

    /// Your id of the job
    #[arg(long)]
    job_id: String,

    /// The type of the job: a number, or a product such as biometric-kyc. Without it, the answer's
    /// own type is taken
    #[arg(long, value_name = "N", value_parser = job_type::parse)]
    job_type: Option<JobType>,

    /// Show all results of this user
    #[arg(long)]
    history: bool,

    /// Show links to the job's images. They are credentials
    #[arg(long)]
    image_links: bool,

    /// Show the personal data in the result
    #[arg(long)]
    show_personal: bool,

    #[command(flatten)]
    connection: Connection,
}

impl Status {
    pub(crate) fn run(&self, output: Output) -> Result<Exit, Failure> {
        let partner = self.connection.partner(output)?;
        let client = self.connection.client(partner, FlowSettings::default())?;
        let (user_id, job_id) = (UserId::new(&*self.user_id), JobId::new(&*self.job_id));
        let request = JobStatusRequest::new(user_id, job_id)
            .with_return_history(self.history)
            .with_return_image_links(self.image_links);
        let request = self.job_type.into_iter().fold(request, JobStatusRequest::with_job_type);
        let mut progress = ProgressLine::new(output, 0);
        let status = client.call_with(request, |event| progress.event(&event));
        progress.finish();
        let status = status.map_err(|error| Failure::from(&error))?;

        let mut report = Report::new();
        let exit = describe_status(&mut report, &status, self.show_personal);
        report.row("job_id", self.job_id.as_str()).set("job_id", self.job_id.as_str());
        if self.history {
            self.describe_history(&mut report, &status);
        }
        if self.image_links {
            describe_links(&mut report, &status);
        }
        output.print(&report)?;
        Ok(exit)
    }

    fn describe_history(&self, report: &mut Report, status: &JobStatus) {
        for entry in &status.history {
            // The id comes last: it is the service's text, and could look like a verdict.
            let of = entry.partner_params().job_id().unwrap_or_else(|| "a job without an id".to_owned());
            report.row("history", format!("{}; the job: {of}", entry.verdict()));
        }
        let entries = status.history.iter().map(|entry| {
            if self.show_personal { verdict::without_signature(entry.as_json()) } else { entry.audit_json() }
        });
        report.set("history", entries.collect::<Vec<Value>>());
    }
}

fn describe_links(report: &mut Report, status: &JobStatus) {
    let Some(links) = &status.image_links else {
        report.row("image links", "none came").set("image_links", Value::Null);
        return;
    };
    let names = ["selfie_image", "id_card_image", "id_card_back"];
    let found: Vec<(&str, &str)> =
        names.into_iter().filter_map(|name| Some((name, links.get(name)?))).collect();
    for (name, link) in &found {
        report.row(name, *link);
    }
    if found.is_empty() {
        report.row("image links", "the service has none");
    }
    let object = found.into_iter().map(|(name, link)| (name.to_owned(), Value::from(link)));
    report.set("image_links", object.collect::<serde_json::Map<_, _>>());
}

/// Wait for the result of a job that the service has
#[derive(Args, Debug)]
pub(crate) struct Wait {
    /// Your id of the user
    #[arg(long)]
    user_id: String,

    /// Your id of the job
    #[arg(long)]
    job_id: String,

    /// The type of the job: a number, or a product such as biometric-kyc
    #[arg(long, value_name = "N", value_parser = job_type::parse)]
    job_type: JobType,

    #[command(flatten)]
    waiting: Waiting,

    /// Show the personal data in the result
    #[arg(long)]
    show_personal: bool,

    #[command(flatten)]
    connection: Connection,
}

impl Wait {
    pub(crate) fn run(&self, output: Output) -> Result<Exit, Failure> {
        let partner = self.connection.partner(output)?;
        let client = self.connection.client(partner.clone(), self.waiting.asking())?;
        let key = JobKey {
            user_id: UserId::new(&*self.user_id),
            job_id: JobId::new(&*self.job_id),
            job_type: self.job_type,
        };
        let watch = Watch::start(output)?;
        watch.on_interrupt(|| {
            Failure::new(Exit::Interrupted, "interrupted").with_advice("the job goes on at the service")
        });
        let mut flow = JobFlow::wait_for(partner, key.clone(), self.waiting.asking(), ids::random());
        let mut progress = ProgressLine::new(output, self.waiting.max_polls());
        watch.shows(&progress);
        let outcome = client.run_with(&mut flow, |event| progress.event(&event));
        progress.finish();
        watch.end();
        let outcome = outcome.map_err(|error| Failure::from(&error))?;

        let mut report = Report::new();
        let exit = describe_outcome(&mut report, &outcome, self.show_personal);
        report.row("job_id", self.job_id.as_str()).set("job_id", self.job_id.as_str());
        output.print(&report)?;
        Ok(exit)
    }
}
