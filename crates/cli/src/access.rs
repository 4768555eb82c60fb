//! `sekisho access`: who can reach the data.

use std::io::{BufWriter, Write as _};

use clap::{Args, Subcommand};
use sekisho_access::answer::read_cases;

use crate::Failure;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct AccessArguments {
    #[command(subcommand)]
    pub(crate) command: Option<AccessCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccessCommand {
    /// Decide self-contained cases: one object, an array, or one a line
    Decide {
        /// File with the cases
        file: String,
    },
}

pub(crate) fn access(arguments: &AccessArguments) -> Result<u8, Failure> {
    match &arguments.command {
        Some(AccessCommand::Decide { file }) => decide(file),
        None => Err("say what to ask: see sekisho access --help".to_owned()),
    }
}

/// Decides every case of a file: JSON for one, a line each for more.
fn decide(file: &str) -> Result<u8, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let cases = read_cases(&text).map_err(|error| format!("{file}: {error}"))?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    for (index, case) in cases.iter().enumerate() {
        let named = || case.id.clone().unwrap_or_else(|| format!("case {}", index + 1));
        let answer = case.prepare().map_err(|error| format!("{file}: {}: {error}", named()))?.answer();
        let line = if cases.len() == 1 {
            serde_json::to_string_pretty(&answer)
        } else {
            serde_json::to_string(&answer)
        };
        let line = line.map_err(|error| error.to_string())?;
        match writeln!(out, "{line}") {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(0),
            other => other.map_err(|error| format!("standard output: {error}"))?,
        }
    }
    match out.flush() {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(format!("standard output: {error}"))
        }
        _ => Ok(0),
    }
}
