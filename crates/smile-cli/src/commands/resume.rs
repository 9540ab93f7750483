//! `smile resume`: continues an interrupted job.

use std::path::PathBuf;

use clap::Args;

use crate::checkpoint::{CheckpointFile, Saved, Unfinished};
use crate::connection::Connection;
use crate::exit::Exit;
use crate::interrupt::Watch;
use crate::order::{self, Order};
use crate::products::Waiting;
use crate::report::{Failure, Named, Output};

/// Continue a job or a check from the checkpoint that `smile submit` wrote
///
/// The environment is that of the submission. Anything the service may have already is asked about
/// first, so nothing is billed twice; and only a result that names this very submission counts. A
/// check that may have gone out is never sent again. The file is locked meanwhile: copies of it are
/// not, so don't resume two at the same moment. Once the result is printed, the checkpoint is
/// removed.
#[derive(Args, Debug)]
pub(crate) struct Resume {
    /// The file
    #[arg(value_name = "CHECKPOINT")]
    file: PathBuf,

    #[command(flatten)]
    waiting: Waiting,

    /// Show the personal data in the result
    #[arg(long)]
    show_personal: bool,

    #[command(flatten)]
    connection: Connection,
}

impl Resume {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        let (saved, lock) = Saved::read_locked(&self.file)?;
        let connection = self.connection.going_on(&saved.environment, &saved.partner_id)?;
        let partner = connection.partner(output)?;
        let order = Order {
            output,
            connection,
            partner,
            environment: saved.environment.clone(),
            named: Named {
                job_id: saved.job_id().unwrap_or_default().to_owned(),
                new_user_id: None,
                show_personal: self.show_personal,
            },
            checkpoint: CheckpointFile::resumed(self.file, saved.clone(), lock),
            is_resumed: true,
            watch: Watch::start(output)?,
        };
        match (saved.unfinished, saved.submitted, saved.key) {
            (Some(Unfinished { checkpoint, mut product }), _, _) => {
                product.wait_as(&self.waiting);
                order::submit(&order, &product, Some(&checkpoint))
            }
            (None, Some(checkpoint), _) => order::ask_for(&order, &checkpoint, &self.waiting, vec![]),
            (None, None, Some(key)) => order::ask(&order, key, &self.waiting, vec![]),
            (None, None, None) => {
                Err(Failure::usage("CHECKPOINT must name a job, or hold what was submitted"))
            }
        }
    }
}
