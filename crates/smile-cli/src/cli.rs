//! The command line.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, Parser, Subcommand};

use crate::commands::{
    check, completions, doctor, explain, id_types, listen, resume, sandbox, sign, status, submit, trigger,
    verify, web_token,
};
use crate::exit::{self, Exit};
use crate::report::{Failure, Output, text::one_line};

/// Identity verification with Smile ID, from a terminal
#[derive(Parser, Debug)]
#[command(
    name = "smile",
    version,
    after_help = exit::HELP,
    subcommand_required = true,
    arg_required_else_help = true,
    infer_long_args = false
)]
struct Cli {
    /// Print one JSON object to standard output, whatever happens
    #[arg(long, global = true, display_order = 901)]
    json: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Submit(Box<submit::Submit>),
    Status(status::Status),
    Wait(status::Wait),
    Resume(resume::Resume),
    Explain(explain::Explain),
    IdTypes(id_types::IdTypes),
    Check(check::Check),
    Sign(sign::Sign),
    WebToken(web_token::WebToken),
    Doctor(doctor::Doctor),
    Listen(listen::Listen),
    Trigger(trigger::Trigger),
    Verify(verify::Verify),
    Sandbox(sandbox::Sandbox),
    Completions(completions::Completions),
}

pub(crate) fn run() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return refuse(discreet(error), &arguments).into(),
    };
    let output = Output::new(cli.json);
    let done = match cli.command {
        Command::Submit(submit) => submit.run(output),
        Command::Status(status) => status.run(output),
        Command::Wait(wait) => wait.run(output),
        Command::Resume(resume) => resume.run(output),
        Command::Explain(explain) => explain.run(output),
        Command::IdTypes(id_types) => id_types.run(output),
        Command::Check(check) => check.run(output),
        Command::Sign(sign) => sign.run(output),
        Command::WebToken(web_token) => web_token.run(output),
        Command::Doctor(doctor) => doctor.run(output),
        Command::Listen(listen) => listen.run(output),
        Command::Trigger(trigger) => trigger.run(output),
        Command::Verify(verify) => verify.run(output),
        Command::Sandbox(sandbox) => sandbox.run(output),
        Command::Completions(completions) => completions.run(output, &mut Cli::command()),
    };
    let exit = done.unwrap_or_else(|failure| {
        output.fail(&failure);
        failure.exit()
    });
    exit.into()
}

/// Removes the given values from an error: they may be a person's, or a key in the wrong place.
fn discreet(mut error: clap::Error) -> clap::Error {
    for kind in [ContextKind::InvalidValue, ContextKind::InvalidArg] {
        // Names of flags are never secret.
        let Some(ContextValue::String(text)) = error.get(kind) else { continue };
        let is_value = kind == ContextKind::InvalidValue || error.kind() == ErrorKind::UnknownArgument;
        if is_value && !text.is_empty() && !text.starts_with('-') {
            error.insert(kind, ContextValue::String("…".to_owned()));
        }
    }
    let is_word = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    if let Some(ContextValue::String(text)) = error.get(ContextKind::InvalidSubcommand)
        && !is_word(text)
    {
        error.insert(ContextKind::InvalidSubcommand, ContextValue::String("…".to_owned()));
    }
    harmless(error)
}

/// Escapes each given word into one harmless line: a script may pass on words that others wrote.
fn harmless(mut error: clap::Error) -> clap::Error {
    let mut words = vec![];
    for (kind, value) in error.context() {
        let value = match value {
            ContextValue::String(text) => ContextValue::String(one_line(text)),
            ContextValue::Strings(texts) => {
                ContextValue::Strings(texts.iter().map(|text| one_line(text)).collect())
            }
            _ => continue,
        };
        words.push((kind, value));
    }
    for (kind, value) in words {
        error.insert(kind, value);
    }
    error
}

/// Prints help and the version, or the error in the command line: clap's words, as JSON if
/// requested.
fn refuse(error: clap::Error, arguments: &[OsString]) -> Exit {
    let is_json = arguments.iter().any(|argument| argument == "--json");
    if error.use_stderr() && is_json {
        let text = error.render().to_string();
        let what = text.lines().next().unwrap_or_default();
        let what = what.strip_prefix("error: ").unwrap_or(what);
        let missing = match error.get(ContextKind::InvalidArg) {
            Some(ContextValue::Strings(flags)) if error.kind() == ErrorKind::MissingRequiredArgument => {
                format!(" {}", flags.join(", "))
            }
            _ => String::new(),
        };
        Output::new(true).fail(&Failure::usage(format!("{what}{missing}")));
        return Exit::Usage;
    }
    // Nobody reads the output, so nobody needs the help.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage } else { Exit::Done }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
