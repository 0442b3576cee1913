//! `punchmark attestation`: whose word is taken for how a key is stored.

mod distrust;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use super::base::context::Context;
use super::base::failure::{At, Exit, Failure};
use super::base::roots::believed;
use super::base::terminal::{product, product_object, say};
use super::base::words::path;
use crate::attestation::{self, Listed, Purpose, Role, Trust, list};
use crate::config::{Config, ConfigError, with_private_root};
use crate::file::read_bytes;
use crate::output;
use distrust::Distrust;

/// Look at the roots of attestation, and say which are trusted
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

/// Look at root certificates, and say which are trusted
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
struct RootsCommand {
    #[command(subcommand)]
    command: RootsSubcommand,
}

#[derive(Debug, Subcommand)]
enum RootsSubcommand {
    Add(Add),
    /// List the certificates that the config trusts, and those of them that the ledger distrusts
    List,
    Check(Check),
    Distrust(Distrust),
}

/// Trust the certificates of a file, by your word
///
/// For another maker's devices than Yubico's. Whoever has a key that such a root vouches for
/// can attest what he likes, so compare the fingerprints with the maker's. The certificates are
/// copied beside the config, which names the copy in `private-roots` of [attestation].
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
struct Add {
    /// One certificate in DER, or certificates in PEM: the root, and what stands below it
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Say which certificates would be trusted, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// Say which certificate is which, and whether this program knows its fingerprint
///
/// Exits with 1 if one is not known, which `roots` in the config would pass over.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
struct Check {
    /// Certificates in PEM or DER, as their maker publishes them
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

impl Attestation {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let Command::Roots(RootsCommand { command }) = self.command;
        match command {
            RootsSubcommand::Add(add) => add.run(context),
            RootsSubcommand::List => list_trusted(context),
            RootsSubcommand::Check(check) => check.run(context),
            RootsSubcommand::Distrust(distrust) => distrust.run(context),
        }
    }
}

impl Add {
    /// Whoever names a maker where no such file is wants the certificates that the program has.
    fn or_the_maker(&self, failure: Failure) -> Failure {
        if self.file.as_os_str() == "yubico" && !self.file.exists() {
            return failure.hint(OF_A_MAKER);
        }
        failure
    }

    fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let bytes = read_bytes(&self.file, LARGEST).in_file(&self.file);
        let bytes = bytes.map_err(|failure| self.or_the_maker(failure))?;
        let all = list(&bytes, Trust::Private).in_file(&self.file)?;
        for one in &all {
            config.take_root(one)?;
        }
        let [first, ..] = all.as_slice() else {
            return Err(Failure::new("there is no certificate in it").at(path(&self.file)));
        };
        if all.iter().all(|one| one.pin.is_some()) {
            return Err(Failure::new(KNOWN).at(path(&self.file)).hint(KNOWN_HINT));
        }
        let name: String = first.sha256.chars().take(16).collect();
        let name = format!("attestation-root-{}.pem", name.to_ascii_lowercase());
        if config.attestation_roots()?.listed().any(|one| one == first) {
            return Err(Failure::new("its certificates are trusted already").at(path(&self.file)));
        }
        let object = json!({ "certificates": all, "file": name });
        if self.dry_run {
            let words = all.iter().map(|one| {
                let (subject, sha256) = (&one.subject, &one.sha256);
                format!("{subject} would be trusted, by your word\n  SHA-256 {sha256}")
            });
            let words: Vec<_> = words.collect();
            context.tell_plan(&words.join("\n"), object)?;
            return Ok(Exit::Done);
        }
        keep(&config, &name, &bytes)?;
        if context.json() {
            product_object(object)?;
        } else if context.talks() {
            for one in &all {
                say(&format!(
                    "{} is trusted from now on, by your word",
                    one.subject
                ));
                say(&format!("  SHA-256 {}", one.sha256));
            }
        }
        Ok(Exit::Done)
    }
}

/// The copy first: a config that names a missing file would stop every command.
fn keep(config: &Config, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let pem = attestation::to_pem(bytes)?;
    let text = with_private_root(config, name)?;
    output::write(&config.resolve(Path::new(name)), pem.as_bytes(), 0o644)?;
    Ok(output::write(config.path(), text.as_bytes(), 0o644)?)
}

fn list_trusted(context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let (named, believed) = (config.attestation_roots()?, believed(&config)?);
    let all: Vec<_> = believed.listed().cloned().collect();
    let distrusted = named.listed().filter(|one| !all.contains(one));
    let distrusted: Vec<_> = distrusted.cloned().collect();
    if context.json() {
        product_object(json!({ "certificates": all, "distrusted": distrusted }))?;
    } else {
        print(&all)?;
        for one in &distrusted {
            product(&format!(
                "  x {}: distrusted by the ledger, for good",
                name(one)
            ))?;
            product(&format!("    SHA-256 {}", one.sha256))?;
        }
    }
    if all.is_empty() && context.talks() {
        say(NONE);
    }
    Ok(Exit::Done)
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
                product_object(json!({ "file": path(file), "certificates": all }))?;
            } else {
                product(&format!("{}:", path(file)))?;
                print(&all)?;
            }
        }
        Ok(exit)
    }
}

fn read(file: &Path) -> Result<Vec<Listed>, Failure> {
    let bytes = read_bytes(file, LARGEST).in_file(file)?;
    let listed = list(&bytes, Trust::Pinned).map_err(|source| ConfigError::Roots {
        path: file.to_path_buf(),
        source,
    });
    Ok(listed?)
}

fn print(all: &[Listed]) -> Result<(), Failure> {
    for one in all {
        let mark = if one.pin.is_some() { '-' } else { '!' };
        product(&format!("  {mark} {}: {}", name(one), describe(one)))?;
        product(&format!("    SHA-256 {}", one.sha256))?;
    }
    Ok(())
}

/// What the program calls it, else what it calls itself.
fn name(one: &Listed) -> &str {
    one.pin.unwrap_or(&one.subject)
}

fn describe(one: &Listed) -> &'static str {
    match (one.role, one.vouches_for) {
        (Role::Unknown, _) => "not known, counts only as a private root",
        (Role::PrivateRoot, _) => "a private root, by your word",
        (Role::PrivateIntermediate, _) => "below a private root, by your word",
        (_, []) => "known, vouches for nothing that SSH uses",
        (Role::Upper | Role::Lower, [Purpose::Piv]) => "known, an intermediate for PIV",
        (Role::Upper | Role::Lower, [Purpose::Fido]) => "known, an intermediate for FIDO",
        (Role::Upper | Role::Lower, _) => "known, an intermediate for PIV and FIDO",
        (_, [Purpose::Piv]) => "known, a root for PIV",
        (_, [Purpose::Fido]) => "known, a root for FIDO",
        (_, _) => "known, a root for PIV and FIDO",
    }
}

const OF_A_MAKER: &str = "for the certificates that the program has of that maker: roots = [\"yubico\"] in \
    [attestation] of the config";
const KNOWN: &str = "all of its certificates are known to the program";
const KNOWN_HINT: &str = "they count with roots = [\"yubico\"] in [attestation] of the config";
const NONE: &str = "no root is trusted: no evidence is believed; roots = [\"yubico\"] in [attestation] \
    of the config trusts Yubico's";

/// The most that is read of a file of roots; [`crate::config`] reads as much.
const LARGEST: usize = 1 << 20;

const EXAMPLES: &str = "\
Examples:
  punchmark attestation roots list
  punchmark attestation roots add other-maker.der
  punchmark attestation roots check yubico-piv-ca-1.pem
  punchmark attestation roots check --json yubico-ca-1.pem yubico-intermediate.pem";
