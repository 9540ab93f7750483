//! `smile resume`: going on with a job that was broken off.

use std::path::PathBuf;

use clap::Args;

use super::submit::waiting::Waiting;
use super::submit::{self, Order};
use crate::checkpoint::Saved;
use crate::connection::Connection;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::Watch;
use crate::output::Output;

/// Go on with a job from the checkpoint that `smile submit` wrote
///
/// It goes to the environment that the job was begun in. What the service may have already is asked about first, so nothing
/// is billed twice; and only a result that names this very submission counts. The file is locked meanwhile: copies of it are
/// not, so don't resume two at the same moment. When the job is over, the checkpoint is removed.
#[derive(Args, Debug)]
pub(crate) struct Resume {
    /// The file
    #[arg(value_name = "CHECKPOINT")]
    file: PathBuf,

    #[command(flatten)]
    waiting: Waiting,

    /// Show what the result says about the person
    #[arg(long)]
    show_personal: bool,

    #[command(flatten)]
    connection: Connection,
}

impl Resume {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        // The lock is held until this returns.
        let (saved, _lock) = Saved::read_locked(&self.file)?;
        let connection = self.connection.going_on(&saved.environment, &saved.partner_id)?;
        let partner = connection.partner(output)?;
        let order = Order {
            output,
            connection,
            partner,
            environment: saved.environment,
            checkpoint: self.file,
            shown_user_id: None,
            show_personal: self.show_personal,
            job_id: saved.key.job_id.as_str().to_owned(),
            is_resumed: true,
            watch: Watch::start(output)?,
        };
        match (saved.unfinished, saved.submitted) {
            (Some(unfinished), _) => submit::go_on(&order, &unfinished, &self.waiting),
            (None, Some(checkpoint)) => submit::ask_for(&order, &checkpoint, &self.waiting),
            (None, None) => submit::ask(&order, saved.key, &self.waiting, vec![]),
        }
    }
}
