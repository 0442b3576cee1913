//! The options that every command takes.

use std::path::PathBuf;

use clap::Args;

use super::pin_files::PinFile;

/// Options that stand before or after any subcommand.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = HEADING)]
pub(crate) struct Global {
    /// Config to use [default: $PUNCHMARK_CONFIG, the user's, /etc/punchmark/punchmark.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Print JSON on stdout, for programs
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Print errors only
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,

    /// Answer yes where a yes is all that is asked
    #[arg(long, global = true)]
    pub(crate) yes: bool,

    /// Read the PIN from a file that nobody else can read. With SERIAL, of the card or token with
    /// this serial alone; may be given several times
    #[arg(long, global = true, value_name = "[SERIAL=]FILE", value_parser = PinFile::parser())]
    pub(crate) pin_file: Vec<PinFile>,

    /// Read the PIN from an open file descriptor
    #[arg(long, global = true, value_name = "FD")]
    pub(crate) pin_fd: Option<u32>,
}

/// Under which heading of the help they stand.
pub(crate) const HEADING: &str = "Global options";
