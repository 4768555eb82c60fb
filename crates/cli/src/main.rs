//! The binary `sekisho`: reads the command line, calls the rooms, sets the exit status.
//!
//! Exit status: 0 nothing at or above `--fail-on`; 1 findings; 2 wrong usage,
//! configuration, or a named path that cannot be read; 3 under `--strict` when
//! something inside a folder could not be read or decided.

mod access;
mod arguments;
mod cases;
mod clock;
mod discover;
mod flow;
mod framework;
mod judge;
mod output;
mod parameters;
mod reach;
mod settings;
mod terraform;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A message for the user that ends the run with status 2.
type Failure = String;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse_from(std::env::args_os().map(terraform::dashes)) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version go to standard output and are no failure.
            let status = if error.use_stderr() { 2 } else { 0 };
            let _printed = error.print();
            return ExitCode::from(status);
        }
    };
    let result = match arguments.command {
        Command::Scan(arguments) => judge::scan(&arguments),
        Command::Demo(output) => judge::demo(&output),
        Command::Explain(arguments) => judge::explain(&arguments),
        Command::Controls(arguments) => judge::controls(&arguments),
        Command::Flow(arguments) => flow::flow(&arguments),
        Command::Assets(arguments) => flow::assets(&arguments),
        Command::Map(arguments) => flow::map(&arguments),
        Command::Guidance(arguments) => output::guidance(&arguments),
        Command::Reach(arguments) => reach::reach(&arguments),
        Command::Responsibility(arguments) => judge::responsibility(&arguments),
        Command::Access(arguments) => access::access(&arguments),
    };
    match result {
        Ok(status) => ExitCode::from(status),
        Err(message) => {
            eprintln!("sekisho: {message}");
            ExitCode::from(2)
        }
    }
}
