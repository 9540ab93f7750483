//! `smile submit`: a job or a check, from flags to verdict.

use std::path::PathBuf;

use clap::Args;

use crate::checkpoint::CheckpointFile;
use crate::connection::Connection;
use crate::exit::Exit;
use crate::interrupt::Watch;
use crate::order::{self, Order};
use crate::products::Product;
use crate::report::{Failure, Output};

/// Submit a job, or make a check
///
/// In production this is billed. Errors in the flags are reported before anything is sent. Before
/// each request that changes something a checkpoint is written, and if the program ends early,
/// however that comes about, `smile resume` continues from it. A checkpoint holds personal data,
/// for your eyes only. It is removed once the result is printed.
#[derive(Args)]
#[command(subcommand_value_name = "PRODUCT", subcommand_help_heading = "Products")]
pub(crate) struct Submit {
    /// The file for the checkpoint; by default smile-JOB_ID.checkpoint.json, in this folder. It
    /// holds personal data: the ids, and the other flags as well while the service may not have got
    /// the job. No other file is overwritten
    #[arg(long, value_name = "FILE", global = true, display_order = 900)]
    checkpoint: Option<PathBuf>,

    #[command(subcommand)]
    product: Product,

    #[command(flatten)]
    connection: Connection,
}

impl std::fmt::Debug for Submit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Submit").finish_non_exhaustive()
    }
}

impl Submit {
    pub(crate) fn run(mut self, output: Output) -> Result<Exit, Failure> {
        let partner = self.connection.partner(output)?;
        let named = self.product.prepare()?;
        let order = Order {
            output,
            environment: self.connection.environment_word().to_owned(),
            connection: self.connection,
            partner,
            checkpoint: CheckpointFile::of_new_job(self.checkpoint, &named.job_id)?,
            named,
            is_resumed: false,
            watch: Watch::start(output)?,
        };
        order::submit(&order, &self.product, None)
    }
}
