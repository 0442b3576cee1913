//! A key that a security key makes for the request, by `ssh-keygen`, with evidence in one go.

use std::path::PathBuf;

use clap::Args;

use crate::cli::base::failure::{Advised, At, Failure};
use crate::cli::base::request::key::{OwnKey, own_file};
use crate::cli::base::terminal::say;
use crate::cli::base::words::path;
use crate::request::{SecurityKeyError, SecurityKeyFiles};

/// Whether a key is made, and where.
#[derive(Debug, Args)]
pub(super) struct SecurityKeyArguments {
    /// Make a key in your FIDO2 security key first, which asks for its PIN at each use: FILE as for ssh-keygen -f,
    /// beside it FILE.pub, FILE.challenge and FILE.attestation
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["key", "piv", "attestation", "attestation_challenge"]
    )]
    make_security_key: Option<PathBuf>,
}

impl SecurityKeyArguments {
    /// The files of the key that is to be made.
    pub(super) fn files(&self) -> Option<SecurityKeyFiles> {
        self.make_security_key.as_deref().map(SecurityKeyFiles::of)
    }
}

/// What a request would do, in words.
pub(super) fn foretell(files: &SecurityKeyFiles) -> String {
    let private = path(&files.private);
    format!("a new key would be made in a security key, its handle in {private}, and ask")
}

/// Refuses to write over what is there.
pub(super) fn require_free(files: &SecurityKeyFiles) -> Result<(), Failure> {
    files
        .require_free()
        .map_err(|error| with_way_out(error, files))
}

/// Makes the key.
pub(super) fn make(files: &SecurityKeyFiles) -> Result<OwnKey, Failure> {
    let mut challenge = [0; 32];
    getrandom::fill(&mut challenge).at("no random numbers")?;
    say("touch the security key when it blinks, once to make the key and once to sign");
    files
        .make(&challenge)
        .map_err(|error| with_way_out(error, files))?;
    say(&format!("made {} by a security key", path(&files.private)));
    own_file(&files.public)
}

fn with_way_out(error: SecurityKeyError, files: &SecurityKeyFiles) -> Failure {
    let is_there = matches!(error, SecurityKeyError::Taken(_));
    let failure = Failure::from(error);
    if is_there {
        failure.hint(go_on(files))
    } else {
        failure
    }
}

/// How to go on with a key that was made.
pub(super) fn go_on(files: &SecurityKeyFiles) -> String {
    format!(
        "to ask with the key that was made: --key {} --attestation {} --attestation-challenge {}",
        path(&files.public),
        path(&files.attestation),
        path(&files.challenge)
    )
}

impl Advised for SecurityKeyError {
    fn hint(&self) -> Option<String> {
        matches!(self, Self::Failed(_)).then(|| NO_KEY.to_owned())
    }
}

const NO_KEY: &str = "is it plugged in, and has it a PIN (ykman fido access change-pin)? One that knows no \
    Ed25519 makes an ecdsa-sk by hand: docs/requests.md";
