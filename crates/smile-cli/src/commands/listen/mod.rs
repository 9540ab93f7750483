//! `smile listen`: a receiver of callbacks, for trying out.

mod receiver;

use std::net::SocketAddr;
use std::sync::mpsc::channel;

use clap::Args;
use serde_json::{Value, json};
use smile_core::{CallbackUrl, ReplayCheck, Verifier};

use self::receiver::{Forward, Forwarded, Received, Receiver};
use crate::connection::Credentials;
use crate::exit::Exit;
use crate::interrupt;
use crate::report::{Failure, Output, Report, Tone, received};

/// Receive callbacks: verify them, print them redacted, and pass them on
///
/// Every path takes callbacks. A verified one is answered with 200, any other with a status that
/// makes the service come again exactly if that can help. This runs until Ctrl-C.
#[derive(Args, Debug)]
pub(crate) struct Listen {
    /// The address to listen on
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:0")]
    addr: SocketAddr,

    /// Allow an --addr beyond this machine
    #[arg(long)]
    open_to_the_network: bool,

    /// Pass callbacks on to this address, bytes and headers as they came. If it doesn't answer with
    /// 2xx, the service is asked to come again
    #[arg(long, value_name = "URL")]
    forward: Option<String>,

    /// Pass on refused callbacks, too, for a server that verifies them itself
    #[arg(long, requires = "forward")]
    forward_refused: bool,

    /// End after this many callbacks
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    count: Option<u32>,

    /// Show the personal data in results
    #[arg(long)]
    show_personal: bool,

    #[command(flatten)]
    credentials: Credentials,
}

/// The events that this thread waits for.
enum Message {
    Received(Box<Received>),
    Interrupted,
}

impl Listen {
    pub(crate) fn run(&self, output: Output) -> Result<Exit, Failure> {
        if !self.addr.ip().is_loopback() && !self.open_to_the_network {
            let rule = "lets other machines in: say --open-to-the-network too, if that is meant";
            return Err(Failure::flag("--addr", "addr", rule));
        }
        let signer = self.credentials.signer(output)?;
        let forward = self.forward()?;
        let (sender, messages) = channel();
        let of_signals = sender.clone();
        interrupt::on_signal(move || {
            // This thread is gone if the program has ended.
            let _ = of_signals.send(Message::Interrupted);
        })?;
        let on_received = move |received| {
            let _ = sender.send(Message::Received(Box::new(received)));
        };
        let verifier = Verifier::new(signer);
        let receiver = Receiver::start(self.addr, verifier, forward, on_received).map_err(|error| {
            Failure::flag("--addr", "addr", format!("must be an address to listen at: {}", error.kind()))
        })?;
        let mut report = Report::new();
        report.row("listening", receiver.url()).set("listening", receiver.url());
        report.text("It runs until Ctrl-C. Point callbacks at this address, with any path.").text("");
        output.print(&report)?;

        let mut left = self.count;
        while left != Some(0)
            && let Ok(Message::Received(received)) = messages.recv()
        {
            output.print(&self.describe(&received))?;
            left = left.map(|left| left - 1);
        }
        // Answers in progress are finished first.
        receiver.stop();
        Ok(Exit::Done)
    }

    fn forward(&self) -> Result<Option<Forward>, Failure> {
        let Some(url) = &self.forward else { return Ok(None) };
        let wrong = |rule: &str| Failure::flag("--forward", "forward", rule);
        CallbackUrl::new(url).map_err(|error| wrong(&error.problem().rule))?;
        let forward = Forward::new(url, self.forward_refused)
            .ok_or_else(|| wrong("must begin with `https://` (`http://` only on this machine)"))?;
        Ok(Some(forward))
    }

    fn describe(&self, received: &Received) -> Report {
        let mut report = Report::new();
        report.row("received", received.at.to_string()).set("received_at", received.at.to_string());
        match &received.outcome {
            Ok((callback, replay)) => {
                received::describe(&mut report, callback, self.show_personal);
                if *replay == ReplayCheck::Redelivery {
                    report.row("careful", "it has come before: don't act on it twice");
                }
                report.set(
                    "replay_check",
                    if *replay == ReplayCheck::Redelivery { "redelivery" } else { "first" },
                );
            }
            Err(refusal) => received::describe_refusal(&mut report, *refusal),
        }
        let forwarded = match &received.forwarded {
            Forwarded::Not => Value::Null,
            Forwarded::Answered(status) => {
                let tone = if status.is_success() { Tone::Good } else { Tone::Bad };
                report.toned("passed on", format!("answered with {}", status.as_str()), tone);
                json!({ "status": status.as_u16(), "error": null })
            }
            Forwarded::Failed(why) => {
                report.toned("passed on", format!("FAILED: {why}"), Tone::Bad);
                json!({ "status": null, "error": why })
            }
        };
        report.set("forwarded", forwarded);
        report.row("answer", received.status.as_str()).set("answer", received.status.as_u16());
        report.text("");
        report
    }
}
