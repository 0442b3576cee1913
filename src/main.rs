//! Arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(punchmark::cli::main(std::env::args_os()))
}
