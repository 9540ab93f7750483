//! Running other programs, and saying which.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The cargo that runs this, in this directory.
pub(crate) fn cargo(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(directory);
    command
}

pub(crate) fn succeed(mut command: Command) -> Result<(), String> {
    announce(&command);
    let status = command.status().map_err(|error| format!("{}: {error}", text(&command)))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` ended with {status}", text(&command))) }
}

pub(crate) fn succeed_within(limit: Duration, mut command: Command) -> Result<(), String> {
    announce(&command);
    let failed = |error: std::io::Error| error.to_string();
    let end = Instant::now() + limit;
    let mut child = command.spawn().map_err(failed)?;
    let status = loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            break status;
        }
        if Instant::now() > end {
            child.kill().map_err(failed)?;
            child.wait().map_err(failed)?;
            return Err(format!("`{}` was still running after {} s", text(&command), limit.as_secs()));
        }
        thread::sleep(Duration::from_millis(50));
    };
    if status.success() { Ok(()) } else { Err(format!("`{}` ended with {status}", text(&command))) }
}

pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    announce(command);
    let result =
        command.stderr(Stdio::inherit()).output().map_err(|error| format!("{}: {error}", text(command)))?;
    if !result.status.success() {
        return Err(format!("`{}` ended with {}", text(command), result.status));
    }
    String::from_utf8(result.stdout).map_err(|error| format!("{}: {error}", text(command)))
}

/// The standard error of a command; shown as well if it fails.
pub(crate) fn errors(command: &mut Command) -> Result<String, String> {
    announce(command);
    let result = command.output().map_err(|error| format!("{}: {error}", text(command)))?;
    let said = String::from_utf8_lossy(&result.stderr).into_owned();
    if result.status.success() {
        Ok(said)
    } else {
        Err(format!("`{}` ended with {}:\n{said}", text(command), result.status))
    }
}

pub(crate) fn announce(command: &Command) {
    println!("$ {}", text(command));
}

/// The command as one would type it; the program without its path.
pub(crate) fn text(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_stem().unwrap_or(command.get_program());
    let settings = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
    let settings = settings.map(|(name, value)| format!("{}='{}'", name.display(), value.display()));
    let words = std::iter::once(program).chain(command.get_args()).map(|word| word.display().to_string());
    settings.chain(words).collect::<Vec<_>>().join(" ")
}

/// The entries of a directory, in order of name.
pub(crate) fn entries(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", directory.display());
    let entries = fs::read_dir(directory).map_err(failed)?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    paths.sort();
    Ok(paths)
}

pub(crate) fn stem(path: &Path) -> Result<&str, String> {
    path.file_stem().and_then(|stem| stem.to_str()).ok_or_else(|| format!("{}: not a name", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let command = cargo(Path::new("."), &["check", "-p", "smile-core"]);
        assert_eq!(text(&command), "cargo check -p smile-core");
        let mut command = cargo(Path::new("."), &["doc"]);
        command.env("RUSTDOCFLAGS", "-D warnings").env_remove("SMILE_API_KEY");
        assert_eq!(text(&command), "RUSTDOCFLAGS='-D warnings' cargo doc");
    }
}
