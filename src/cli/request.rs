//! `punchmark request`: a user asks for a certificate, with evidence, in a signed file.

mod security_key;

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::base::asks_for_pins::AsksForPins;
use super::base::context::Context;
use super::base::failure::{Advised, At, Exit, Failure};
use super::base::faults::Faults;
use super::base::request::asked::{Asked, Rest};
use super::base::request::evidence::EvidenceArguments;
use super::base::request::key::{KeyArguments, OwnKey};
use super::base::request::write;
use super::base::terminal::{product_object, say};
use super::base::words::path;
use crate::certificate::subject::fingerprint;
use crate::config::{self, Config, SubjectFile};
use crate::output;
use crate::request::{
    Challenge, RequestFile, RequesterName, Target, TargetError, challenge_from_hex, sign,
};
use security_key::SecurityKeyArguments;

/// Ask a CA for a certificate for your key, with proof of how it is stored
///
/// Writes a small signed text file, to be sent to whoever runs the CA. Needs no config, and
/// no CA. With --piv, the key is in your YubiKey, which attests it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Request {
    #[command(flatten)]
    key: KeyArguments,

    #[command(flatten)]
    security_key: SecurityKeyArguments,

    #[command(flatten)]
    asked: Asked,

    /// Your own name, as the CA's admin knows it
    #[arg(long, value_name = "NAME", value_parser = str::parse::<RequesterName>)]
    requester: Option<RequesterName>,

    /// The CA it is for: its public key file, or SHA256:… [default: the config's only one]
    #[arg(short = 's', long, value_name = "FILE|SHA256:…")]
    ca: Option<String>,

    /// The CA's challenge: 64 hexadecimal digits, or a file that holds them
    #[arg(long, value_name = "HEX|FILE")]
    challenge: Option<String>,

    #[command(flatten)]
    evidence: EvidenceArguments,

    /// Where to write the request, or `-` [default: the key's name with .req]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Say what would be done with the key in the card or the security key, and do nothing; no PIN is
    /// asked for
    #[arg(long, conflicts_with = "key")]
    dry_run: bool,

    #[command(flatten)]
    asks: AsksForPins,
}

impl Request {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config_if_there()?;
        // Before a key may be made: what can't be read or written is of no use to it.
        let mut faults = Faults::default();
        faults.note(self.asked.check());
        let target = faults.note(self.target(config.as_ref()));
        let given = self.challenge.as_deref().map(challenge).transpose();
        let challenge = faults.note(given);
        let ca_keys = config.as_ref().map_or(Ok(Vec::new()), Config::public_keys);
        let ca_keys = faults.note(ca_keys.map_err(Failure::from));
        faults.note(self.evidence.require_readable());
        faults.note(self.require_writable());
        let new = self.security_key.files();
        faults.note(new.as_ref().map(security_key::require_free).transpose());
        let looked_at = target.zip(challenge).zip(ca_keys);
        let ((target, challenge), ca_keys) = faults.or(looked_at)?;
        if self.dry_run {
            let (role, out) = (&self.asked.role, self.out.as_deref());
            let words = match &new {
                Some(files) => security_key::foretell(files),
                None => self.key.foretell(context, out)?,
            };
            let words = format!("{words} for role {role}, of the CA with key {target}");
            let object = json!({ "role": role.as_str(), "ca": target.to_string() });
            context.tell_plan(&words, object)?;
            return Ok(Exit::Done);
        }
        let mut pins = context.pins(self.asks);
        let (own, evidence) = match &new {
            Some(files) => {
                let own = security_key::make(files)?;
                (own, EvidenceArguments::of_new_key(files)?)
            }
            None => {
                let own = self.key.find(self.out.as_deref(), context, &mut pins)?;
                // At once, so that a run that ends here can be repeated.
                own.write_public_key()?;
                let evidence = self.evidence.read(&own)?;
                (own, evidence)
            }
        };
        let rest = Rest {
            claimed: self.requester,
            target,
            challenge,
            evidence,
        };
        let content = self.asked.content(&own, rest)?;
        let out = self.out.unwrap_or_else(|| own.request_file());
        let holder = own.holder(&mut pins);
        let file = sign(content, holder, &ca_keys).map_err(|error| {
            let failure = Failure::from(error);
            match &new {
                Some(files) => failure.hint(security_key::go_on(files)),
                None => failure,
            }
        })?;
        write(&out, &file)?;
        tell(context, &own, &out, &file)?;
        Ok(Exit::Done)
    }

    fn require_writable(&self) -> Result<(), Failure> {
        match self.out.as_deref().filter(|out| *out != Path::new("-")) {
            Some(out) => output::check(out).at("cannot write"),
            None => Ok(()),
        }
    }

    fn target(&self, config: Option<&Config>) -> Result<Target, Failure> {
        match self.ca.as_deref() {
            Some(text) if text.starts_with("SHA256:") => Ok(text.parse()?),
            Some(file) => {
                let ca = SubjectFile::read(Path::new(file)).in_file(Path::new(file))?;
                Ok(Target::of(&ca.key))
            }
            None => match config.map(Config::public_keys).transpose()?.as_deref() {
                Some([only]) => Ok(Target::of(only)),
                _ => Err(Failure::usage(NO_CA)),
            },
        }
    }
}

fn challenge(text: &str) -> Result<Challenge, Failure> {
    if let Some(challenge) = challenge_from_hex(text) {
        return Ok(challenge);
    }
    let file = config::read_limited(Path::new(text), LONGEST_CHALLENGE);
    let held = file.at(text)?;
    challenge_from_hex(held.trim()).ok_or_else(|| {
        Failure::new(format!(
            "{text} holds no challenge of 64 hexadecimal digits"
        ))
    })
}

fn tell(context: &Context, own: &OwnKey, out: &Path, file: &RequestFile) -> Result<(), Failure> {
    let content = file.content();
    let to_stdout = out == Path::new("-");
    if context.json() && !to_stdout {
        let words = json!({
            "request": out.to_string_lossy(), "public-key": own.public.to_string_lossy(),
            "fingerprint": fingerprint(&own.key), "ca": content.target.to_string(),
            "role": content.role.as_str(), "evidence": !content.evidence.is_empty(),
        });
        return product_object(words);
    }
    if context.talks() {
        let what = if content.evidence.is_empty() {
            "without evidence"
        } else {
            "with evidence"
        };
        say(&format!(
            "signed a request for role {} {what}",
            content.role
        ));
        say(&format!(
            "  key {} {}",
            path(&own.public),
            fingerprint(&own.key)
        ));
        say(&format!("  for the CA with key {}", content.target));
        if !to_stdout {
            let name = out.file_name().map(Path::new).unwrap_or(out);
            say(&format!(
                "wrote {}; send it to the CA, where it is signed by:",
                path(out)
            ));
            say(&format!("  punchmark sign {}", path(name)));
        }
    }
    Ok(())
}

impl Advised for TargetError {}

const LONGEST_CHALLENGE: u64 = 1024;
const NO_CA: &str = "\
which CA is it for? name its public key file, or its fingerprint, with --ca";

const EXAMPLES: &str = "\
Examples:
  punchmark request --role engineer --key ~/.ssh/id_ed25519.pub -n peter --ca users.pub
  punchmark request --role engineer --piv 9a -n peter --ca users.pub --out peter.req
  punchmark request --role engineer --piv 9a --generate --algorithm p256 --pin-policy once \\
    --touch-policy cached -n peter --ca users.pub --out peter.req
  punchmark request --role engineer --make-security-key ~/.ssh/id_ed25519_sk -n peter --ca users.pub
  punchmark request --role engineer --key ~/.ssh/id_ed25519_sk.pub -n peter --ca users.pub \\
    --attestation attestation.bin --attestation-challenge challenge.bin";
