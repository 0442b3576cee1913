//! `punchmark attestation`: whose word is taken for how a key is stored.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use super::base::context::Context;
use super::base::failure::{At, Exit, Failure};
use super::base::terminal::product;
use super::base::words::path;
use crate::attestation::{Listed, Purpose, Role, Trust, list};
use crate::config::{ConfigError, read_limited};

/// Look at the roots of attestation
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Attestation {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Roots(RootsCommand),
}

/// Look at files of root certificates
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
struct RootsCommand {
    #[command(subcommand)]
    command: RootsSubcommand,
}

#[derive(Debug, Subcommand)]
enum RootsSubcommand {
    Check(Check),
}

/// Say which certificate is which, and whether this program knows its fingerprint
///
/// Exits with 1 if one is not known, which `roots` in the config would pass over.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
struct Check {
    /// Certificates in PEM, as their maker publishes them
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

impl Attestation {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let Command::Roots(RootsCommand {
            command: RootsSubcommand::Check(check),
        }) = self.command;
        check.run(context)
    }
}

impl Check {
    fn run(self, context: &Context) -> Result<Exit, Failure> {
        let mut exit = Exit::Done;
        for file in &self.files {
            let all = read(file)?;
            if all.iter().any(|one| one.role == Role::Unknown) {
                exit = Exit::Failed;
            }
            if context.json() {
                product(&json!({ "file": path(file), "certificates": all }).to_string())?
            } else {
                print(file, &all)?
            }
        }
        Ok(exit)
    }
}

fn read(file: &Path) -> Result<Vec<Listed>, Failure> {
    let text = read_limited(file, LARGEST).in_file(file)?;
    let listed = list(&text, Trust::Pinned).map_err(|source| ConfigError::Roots {
        path: file.to_path_buf(),
        source,
    });
    Ok(listed?)
}

fn print(file: &Path, all: &[Listed]) -> Result<(), Failure> {
    product(&format!("{}:", path(file)))?;
    for one in all {
        let (mark, name) = match one.pin {
            Some(name) => ('-', name),
            None => ('!', one.subject.as_str()),
        };
        product(&format!("  {mark} {name}: {}", describe(one)))?;
        product(&format!("    SHA-256 {}", one.sha256))?;
    }
    Ok(())
}

fn describe(one: &Listed) -> &'static str {
    match (one.role, one.vouches_for) {
        (Role::Unknown, _) => "not known, counts only as a private root",
        (_, []) => "known, vouches for nothing that SSH uses",
        (Role::Upper | Role::Lower, [Purpose::Piv]) => "known, an intermediate for PIV",
        (Role::Upper | Role::Lower, [Purpose::Fido]) => "known, an intermediate for FIDO",
        (Role::Upper | Role::Lower, _) => "known, an intermediate for PIV and FIDO",
        (_, [Purpose::Piv]) => "known, a root for PIV",
        (_, [Purpose::Fido]) => "known, a root for FIDO",
        (_, _) => "known, a root for PIV and FIDO",
    }
}

/// The most that is read of a file of roots; [`crate::config`] reads as much.
const LARGEST: u64 = 1 << 20;

const EXAMPLES: &str = "\
Examples:
  punchmark attestation roots check yubico-piv-ca-1.pem
  punchmark attestation roots check --json yubico-ca-1.pem yubico-intermediate.pem";
