//! The evidence that a user brings along.

use std::path::{Path, PathBuf};

use clap::Args;
use ssh_key::public::KeyData;

use super::key::OwnKey;
use crate::attestation::{Evidence, FidoEvidence};
use crate::cli::base::failure::{At, Failure};
use crate::config::read_bytes;
use crate::request::SecurityKeyFiles;

/// Where it is.
#[derive(Debug, Default, Args)]
pub(crate) struct EvidenceArguments {
    /// Evidence of how the key is stored: the file of ssh-keygen -O write-attestation=, or PEM
    /// with a PIV attestation and the certificate of slot f9
    #[arg(long, value_name = "FILE")]
    attestation: Option<PathBuf>,

    /// The challenge that the attestation was made with: the file of ssh-keygen -O challenge=
    #[arg(long, value_name = "FILE", requires = "attestation")]
    attestation_challenge: Option<PathBuf>,
}

impl EvidenceArguments {
    /// The bytes of what a maker attests of a key that was made just now.
    pub(crate) fn of_new_key(files: &SecurityKeyFiles) -> Result<Vec<u8>, Failure> {
        Ok(fido(&files.attestation, &files.challenge)?.to_bytes())
    }

    /// The bytes of the evidence for the key; none where there is none.
    pub(crate) fn read(&self, own: &OwnKey) -> Result<Vec<u8>, Failure> {
        let evidence = match (&self.attestation, &self.attestation_challenge, &own.slot) {
            (Some(file), Some(challenge), _) => fido(file, challenge)?,
            (Some(file), None, _) => text(file)?,
            (None, _, Some(slot)) => Evidence::of_card(slot)?,
            (None, _, None) => match beside(own) {
                Some(files) => fido(&files.attestation, &files.challenge)?,
                None => return Ok(Vec::new()),
            },
        };
        Ok(evidence.to_bytes())
    }

    /// Whether evidence was named.
    #[cfg(feature = "login")]
    pub(crate) fn are_named(&self) -> bool {
        self.attestation.is_some()
    }
}

/// What lies beside a security key's file since it was made by `request --make-security-key`.
fn beside(own: &OwnKey) -> Option<SecurityKeyFiles> {
    let is_made = matches!(
        own.key,
        KeyData::SkEd25519(_) | KeyData::SkEcdsaSha2NistP256(_)
    );
    let files = SecurityKeyFiles::of(&own.public.with_extension(""));
    let lie_there =
        files.public == own.public && files.attestation.exists() && files.challenge.exists();
    (is_made && lie_there).then_some(files)
}

impl EvidenceArguments {
    /// Refuses files of evidence that cannot be read.
    pub(crate) fn require_readable(&self) -> Result<(), Failure> {
        let files = [&self.attestation, &self.attestation_challenge];
        let mut named = files.into_iter().flatten();
        named.try_for_each(|file| read(file).map(drop))
    }
}

fn fido(file: &Path, challenge: &Path) -> Result<Evidence, Failure> {
    let evidence = FidoEvidence::new(read(file)?, read(challenge)?);
    evidence.map(Evidence::Fido).in_file(file)
}

fn text(file: &Path) -> Result<Evidence, Failure> {
    let bytes = read(file)?;
    if bytes.contains(&0) {
        return Err(Failure::usage(NO_CHALLENGE));
    }
    Evidence::from_text(&bytes).in_file(file)
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    read_bytes(file, LARGEST).in_file(file)
}

/// Evidence in text form takes a third more than its 64 KiB.
const LARGEST: usize = 128 * 1024;
const NO_CHALLENGE: &str = "\
this attestation is not text; the FIDO form wants --attestation-challenge FILE too";
