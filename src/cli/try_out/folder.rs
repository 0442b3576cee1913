//! The folder of a trial: everything that it makes, and all that its commands see.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use p256::SecretKey;
use p256::elliptic_curve::sec1::ToSec1Point as _;
use ssh_key::private::{EcdsaKeypair, Ed25519Keypair, KeypairData};
use ssh_key::{LineEnding, PrivateKey};

use super::card;
use crate::attestation::{self, PivEvidence};
use crate::cli::base::failure::{At, Failure};
use crate::cli::base::throwaway_token::{conf, random_pin};
use crate::cli::base::words::path;
use crate::config::trial_root_name;
use crate::output;

/// A folder of its own, which stays when the trial is over.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Makes the folder, under the system's folder for temporary files if none is named. One
    /// that is there must be empty.
    pub(super) fn make(wanted: Option<&Path>) -> Result<Self, Failure> {
        let folder = match wanted {
            Some(folder) => {
                let mut whole = DirBuilder::new();
                whole.recursive(true).mode(PRIVATE);
                whole.create(folder).in_file(folder)?;
                require_empty(folder)?;
                folder.canonicalize().in_file(folder)?
            }
            None => {
                let made = tempfile::Builder::new().prefix("punchmark-try-").tempdir();
                made.at("no folder for the trial")?.keep()
            }
        };
        // Locators, sshd's config and SoftHSM's each give some of these a meaning.
        let odd = |c: char| c.is_control() || "\"'\\%?#".contains(c);
        if folder.to_str().is_none_or(|path| path.contains(odd)) {
            return Err(
                Failure::new("this path has letters that OpenSSH's config can't hold")
                    .at(path(&folder))
                    .hint("name another folder"),
            );
        }
        Ok(Self(folder))
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(super) fn here(&self) -> &Path {
        &self.0
    }

    /// Writes what its owner alone may read.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        Ok(output::create(
            &self.path(name),
            text.as_bytes(),
            PRIVATE_FILE,
        )?)
    }

    /// The config as it is before there is a CA, the PIN, and what a shell needs to go on here.
    pub(super) fn begin(&self, softhsm: Option<&Path>) -> Result<(), Failure> {
        self.write("punchmark.toml", CONFIG)?;
        self.write("roles.toml", ROLES)?;
        if softhsm.is_some() {
            self.write("pin", &format!("{}\n", random_pin()?))?;
            let tokens = self.path("tokens");
            let mut private = DirBuilder::new();
            private.mode(PRIVATE).create(&tokens).in_file(&tokens)?;
            self.write("softhsm2.conf", &conf(&tokens))?;
        }
        let here = quoted(&self.0.display().to_string());
        self.write(
            "env",
            &format!("export PUNCHMARK_CONFIG={here}/punchmark.toml\nexport SOFTHSM2_CONF={here}/softhsm2.conf\n"),
        )
    }

    /// Makes the keys of Peter, whose card is none, and of Erik.
    pub(super) fn make_users(&self) -> Result<(), Failure> {
        let key = card::new_key()?;
        self.write_key("peter", peter(&key)?, "peter, YubiKey")?;
        self.make_key("erik", "erik, laptop")?;
        let attested = card::attest(&key, &trial_root_name(&self.path("punchmark.toml")))?;
        self.write("throw-away-root.pem", &attestation::to_pem(&attested.root)?)?;
        self.write(
            "peter-attestation.pem",
            &PivEvidence::to_pem(&attested.evidence),
        )
    }

    /// Makes an Ed25519 key in a file, without a passphrase.
    pub(super) fn make_key(&self, name: &str, comment: &str) -> Result<PrivateKey, Failure> {
        let mut seed = zeroize::Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut_slice())?;
        self.write_key(name, Ed25519Keypair::from_seed(&seed).into(), comment)
    }

    fn write_key(
        &self,
        name: &str,
        pair: KeypairData,
        comment: &str,
    ) -> Result<PrivateKey, Failure> {
        let key = PrivateKey::new(pair, comment)?;
        self.write(name, &key.to_openssh(LineEnding::LF)?)?;
        let public = key.public_key().to_openssh()?;
        self.write(&format!("{name}.pub"), &format!("{public}\n"))?;
        Ok(key)
    }

    /// A command that sees this folder and nothing of the user's own: no home, no config, no
    /// agent, no card.
    pub(super) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .current_dir(&self.0)
            .stdin(Stdio::null());
        for name in [
            "PATH", "TERM", "LANG", "LC_ALL", "TZ", "COLUMNS", "NO_COLOR",
        ] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("HOME", &self.0);
        command.env("PUNCHMARK_CONFIG", self.path("punchmark.toml"));
        command.env("SOFTHSM2_CONF", self.path("softhsm2.conf"));
        command.env("PCSCLITE_CSOCK_NAME", self.path("no-pcscd"));
        command
    }
}

/// A word as a shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:=+,@%-".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Peter's key in OpenSSH's form.
fn peter(key: &SecretKey) -> Result<KeypairData, Failure> {
    let point = key.public_key().to_sec1_point(false);
    let public = ssh_key::public::EcdsaPublicKey::from_sec1_bytes(point.as_bytes())?;
    let ssh_key::public::EcdsaPublicKey::NistP256(public) = public else {
        return Err(Failure::new("the key is of another curve"));
    };
    let private = key.clone().into();
    Ok(EcdsaKeypair::NistP256 { public, private }.into())
}

fn require_empty(folder: &Path) -> Result<(), Failure> {
    let mut entries = folder.read_dir().in_file(folder)?;
    match entries.next() {
        None => Ok(()),
        Some(_) => Err(Failure::new("the folder is not empty")
            .at(path(folder))
            .hint("name one that is not there yet, or none")),
    }
}

const PRIVATE: u32 = 0o700;
const PRIVATE_FILE: u32 = 0o600;

const CONFIG: &str = r#"# The heads of this ledger stay in this folder, and not among those of the machine.
kept-heads-only = ["heads"]
ledger-allow = ["heads below"]

[suffixes]
physical = { suffix = "_physical", proof = ["piv", "fido"], touch = "cached", pin = "once" }
file     = { suffix = "_file" }

# THE ROOT OF THIS TRIAL, which `punchmark try` made. No other config takes it.
[attestation]
private-roots = ["throw-away-root.pem"]
"#;

const ROLES: &str = r#"
[role.engineer]
ca         = "users"
requesters = ["peter", "erik"]
principals = ["{requester}"]     # base names; the suffix is the CA's business
storage    = "mark"              # peter_physical when proved, else peter_file
lifetime   = { default = "10m", maximum = "10m" }
extensions = { default = ["permit-pty"] }

[role.operator]
storage  = "mark"
lifetime = { maximum = "10m" }
"#;
