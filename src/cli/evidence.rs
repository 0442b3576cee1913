//! `punchmark evidence`: what proves how a key is stored, checked again without a network.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::base::advice::evidence::unproved;
use super::base::context::Context;
use super::base::failure::{At, Exit, Failure};
use super::base::roots::believed;
use super::base::terminal::{product, product_object, say};
use super::base::words::path;
use crate::attestation::{Evidence, Facts, FidoEvidence, Proof, Roots};
use crate::certificate::subject::{describe, fingerprint};
use crate::config::{self, SubjectFile, read_bytes};
use crate::file::bytes_from;
use crate::wire::hex;

/// Check what proves how a key is stored
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct EvidenceCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Verify(Verify),
}

/// Check evidence against roots of attestation, and print what it proves
///
/// FILE is evidence as Punchmark writes it; or a YubiKey's attestation in PEM, followed by
/// the certificate of its slot f9; or, with --challenge, the file of
/// `ssh-keygen -O write-attestation=`. Nothing is asked of a network, and no date counts.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
struct Verify {
    /// The evidence; `-` reads it on stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Public key that it must be about [default: the key that it names]
    #[arg(long, value_name = "KEY")]
    key: Option<PathBuf>,

    /// Makers' certificates in PEM; may be given several times [default: the config's, without
    /// those that the ledger distrusts]
    #[arg(long, value_name = "FILE")]
    roots: Vec<PathBuf>,

    /// Certificates in PEM that are trusted although this program doesn't know them
    #[arg(long, value_name = "FILE")]
    private_roots: Vec<PathBuf>,

    /// The challenge that a security key's attestation was made with
    #[arg(long, value_name = "FILE")]
    challenge: Option<PathBuf>,
}

impl EvidenceCommand {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let Command::Verify(verify) = self.command;
        verify.run(context)
    }
}

impl Verify {
    fn run(self, context: &Context) -> Result<Exit, Failure> {
        let evidence = self.evidence()?;
        let roots = self.roots(context)?;
        let unproved = |error| unproved(&path(&self.file), error);
        let key = match &self.key {
            Some(file) => read_key(file)?,
            None => evidence.claimed_key().map_err(unproved)?,
        };
        let proof = evidence.verify(&key, &roots).map_err(unproved)?;
        if context.json() {
            product_object(to_json(&self.file, &proof))?
        } else {
            print(&self.file, &proof)?
        }
        if self.key.is_none() && context.talks() {
            say("the key is the one that the evidence names; compare it with --key KEY.pub");
        }
        Ok(Exit::Done)
    }

    fn evidence(&self) -> Result<Evidence, Failure> {
        let bytes = read(&self.file)?;
        let evidence = match &self.challenge {
            Some(challenge) => FidoEvidence::new(bytes, read(challenge)?).map(Evidence::Fido),
            None if bytes.contains(&0) => Evidence::from_bytes(&bytes),
            None => Evidence::from_text(&bytes),
        };
        evidence.in_file(&self.file)
    }

    fn roots(&self, context: &Context) -> Result<Roots, Failure> {
        if !self.roots.is_empty() || !self.private_roots.is_empty() {
            return Ok(config::roots_from(&self.roots, &self.private_roots)?);
        }
        match context.config_if_there()? {
            Some(config) => believed(&config),
            None => Ok(Roots::default()),
        }
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    if file == Path::new("-") {
        return bytes_from(io::stdin().lock(), LARGEST).at("standard input");
    }
    read_bytes(file, LARGEST).in_file(file)
}

fn read_key(file: &Path) -> Result<KeyData, Failure> {
    let read = SubjectFile::read(file).in_file(file);
    Ok(read?.key)
}

fn print(file: &Path, proof: &Proof) -> Result<(), Failure> {
    product(&format!(
        "{}: proved, by {}",
        path(file),
        proof.kind().as_str()
    ))?;
    let key = proof.key();
    product(&format!(
        "  key         {} {}",
        describe(key),
        fingerprint(key)
    ))?;
    for (label, value) in rows(proof.facts()) {
        product(&format!("  {label:12}{value}"))?;
    }
    for fault in proof.faults() {
        product(&format!("  ! {fault}"))?;
    }
    Ok(())
}

/// The facts that are known, each with its label.
fn rows(facts: &Facts) -> Vec<(&'static str, String)> {
    let root = facts.root.as_ref().map(|root| {
        if facts.private_root {
            format!("{root} (private)")
        } else {
            root.clone()
        }
    });
    let rows = [
        ("slot", facts.slot.map(|slot| slot.to_string())),
        ("PIN", facts.pin.map(|pin| pin.to_string())),
        ("touch", facts.touch.map(|touch| touch.to_string())),
        (
            "firmware",
            facts.firmware.map(|firmware| firmware.to_string()),
        ),
        ("serial", facts.serial.map(|serial| serial.to_string())),
        ("form", facts.form_factor.clone()),
        ("series", facts.fips.then(|| "FIPS".to_owned())),
        ("model", facts.aaguid.clone()),
        (
            "made with",
            facts.user_verified.map(|verified| {
                if verified {
                    "touch, and PIN or finger".to_owned()
                } else {
                    "touch".to_owned()
                }
            }),
        ),
        ("root", root),
        ("SHA-256", Some(hex(&facts.evidence))),
    ];
    let known = rows.into_iter();
    known
        .filter_map(|(label, value)| Some((label, value?)))
        .collect()
}

fn to_json(file: &Path, proof: &Proof) -> Value {
    let line = PublicKey::from(proof.key().clone()).to_openssh();
    json!({
        "file": path(file),
        "kind": proof.kind(),
        "key": line.ok(),
        "fingerprint": fingerprint(proof.key()),
        "facts": proof.facts(),
        "faults": proof.faults(),
        "sha256": hex(&proof.facts().evidence),
    })
}

/// A text of the largest evidence is half as large again.
const LARGEST: usize = 128 * 1024;

const EXAMPLES: &str = "\
Examples:
  punchmark evidence verify peter.evidence --key peter.pub
  punchmark ledger evidence users 2 | punchmark evidence verify -
  punchmark evidence verify attestation.pem --roots yubico-piv-ca-1.pem
  punchmark evidence verify id_ed25519_sk.att --challenge challenge.bin --key id_ed25519_sk.pub";
