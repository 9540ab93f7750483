//! `smile submit`: a job or a check, from flags to verdict.

use std::path::PathBuf;

use clap::Args;

use crate::checkpoint::{self, CheckpointFile};
use crate::connection::Connection;
use crate::exit::Exit;
use crate::ids;
use crate::interrupt::Watch;
use crate::order::{self, Order};
use crate::products::Product;
use crate::report::{Failure, Output};

/// Submit a job, or make a check
///
/// In production this is billed. Errors in the flags are reported before anything is sent. Before each request
/// that changes something a checkpoint is written, and if the program ends early, however that comes about,
/// `smile resume` continues from it. A checkpoint holds personal data, for your eyes only. It is removed once
/// the result is printed.
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
        let environment = self.connection.environment.clone().unwrap_or_else(|| "sandbox".to_owned());
        let partner = self.connection.partner(output)?;
        let is_new_user = self.product.ids().user_id.is_none();
        if is_new_user && self.product.is_about_a_known_user() {
            let rule = "must be set: it says whose selfie or name on file is used, and a new user has none";
            return Err(Failure::flag("--user-id", "user_id", rule));
        }
        let ids = self.product.ids_mut();
        let user_id = ids.user_id.get_or_insert_with(|| ids::new("user")).clone();
        let job_id = ids.job_id.get_or_insert_with(|| ids::new("job")).clone();
        if let Some(path) = &self.checkpoint {
            checkpoint::must_be_free(path)?;
        }
        self.product.resolve_paths()?;
        let path = self.checkpoint.unwrap_or_else(|| checkpoint::default_path(&job_id));
        let order = Order {
            output,
            connection: self.connection,
            partner,
            environment,
            checkpoint: CheckpointFile::new(path),
            shown_user_id: is_new_user.then_some(user_id),
            show_personal: self.product.ids().show_personal,
            job_id,
            is_resumed: false,
            watch: Watch::start(output)?,
        };
        order::submit(&order, &self.product, None)
    }
}
