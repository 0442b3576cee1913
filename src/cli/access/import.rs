//! `punchmark access import`: files that sshd reads itself, as lines of a list.

use std::path::PathBuf;

use clap::Args;

use crate::cli::base::failure::{At, Exit, Failure};
use crate::cli::base::terminal::{product, say};
use crate::file::read_limited;
use crate::server::access::review::import;

/// Carry principals files and `cert-authority,principals=` lines over into lines of a list
///
/// What can't be carried over is named, by file and line.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Import {
    /// The account that the files are about; else each file's own name
    #[arg(long)]
    user: Option<String>,

    /// The hosts of the new lines
    #[arg(long, value_name = "HOSTS", default_value = "*")]
    host: String,

    /// AuthorizedPrincipalsFile or authorized_keys files
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

impl Import {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let mut exit = Exit::Done;
        for file in &self.files {
            let text = read_limited(file, FILE_BYTES_MAX).in_file(file)?;
            let name = file.file_name().and_then(|name| name.to_str());
            let user = self.user.as_deref().or(name).unwrap_or_default();
            let (carried, left_out) = import(&text, user, &self.host);
            for line in carried {
                product(&line.line)?;
            }
            for line in left_out {
                say(&format!("{}: {line}", file.display()));
                exit = Exit::Failed;
            }
        }
        Ok(exit)
    }
}

const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

const EXAMPLES: &str = "\
Examples:
  punchmark access import --host web1 /etc/ssh/principals/www
  punchmark access import --user root /root/.ssh/authorized_keys

It exits with 1 if anything can't be carried over.";
