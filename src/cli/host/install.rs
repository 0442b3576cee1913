//! `punchmark host install`: a certificate beside each host key, if it is what it should be.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::certificate::{Kind, Principals, certificate_line};
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Advised, At, Exit, Failure};
use crate::cli::base::terminal::{product, product_object, say, warn};
use crate::cli::base::words::path;
use crate::config::{self, SubjectFile};
use crate::output;
use crate::server::host::{Expected, HostFileError, HostKey, HostRefusal, judge, read_certificate};
use crate::server::sshd::{CONFIG, PROGRAM, Settings, Sshd};

/// Put host certificates beside their keys, and say what sshd is to be told
///
/// Each is checked first: its CA, its key, its names, its dates. Prints the HostCertificate
/// lines that sshd_config lacks. A folder gives every certificate in it that is of one of
/// this sshd's keys.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct HostInstall {
    /// The certificates, or folders of them
    #[arg(value_name = "CERTIFICATE", required = true)]
    files: Vec<PathBuf>,

    /// The public key file of the host CA; may be given several times while it changes
    #[arg(short = 's', long, value_name = "FILE", required = true)]
    ca: Vec<PathBuf>,

    /// The names that clients type: each must be in the certificate
    #[arg(short = 'n', value_name = "NAMES", required = true)]
    names: String,

    /// The sshd whose host keys are meant
    #[arg(long, value_name = "FILE", default_value = PROGRAM)]
    sshd: PathBuf,

    /// The configuration that it reads
    #[arg(long, value_name = "FILE", default_value = CONFIG)]
    sshd_config: PathBuf,

    /// Say what would be put in place, and write nothing
    #[arg(long)]
    dry_run: bool,
}

impl HostInstall {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let sshd = Sshd::new(&self.sshd, &self.sshd_config);
        let settings = sshd.base_settings()?;
        let keys = HostKey::all(&settings)?;
        let expected = self.expected()?;
        let mut chosen = Chosen::default();
        for file in &self.files {
            if file.is_dir() {
                chosen.add_folder(file, &keys, &expected)?;
            } else {
                chosen.add(judged(file, &keys, &expected).in_file(file)?);
            }
        }
        // All of them were checked before the first is put in place.
        if !self.dry_run {
            chosen.put()?;
        }
        let installed: Vec<_> = chosen.0.into_keys().collect();
        sshd.check()?;
        self.tell(context, &settings, &installed)
    }

    fn tell(
        &self,
        context: &Context,
        settings: &Settings,
        installed: &[PathBuf],
    ) -> Result<Exit, Failure> {
        let named: Vec<_> = settings.all("hostcertificate").map(Path::new).collect();
        let missing: Vec<_> = installed
            .iter()
            .filter(|path| !named.contains(&path.as_path()))
            .collect();
        if context.json() {
            let paths =
                |all: &[PathBuf]| all.iter().map(|path| path.display().to_string()).collect();
            let installed: Vec<String> = paths(installed);
            let missing: Vec<String> = missing
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            let mut words = serde_json::json!({ "installed": installed, "missing-lines": missing });
            if let (true, Some(fields)) = (self.dry_run, words.as_object_mut()) {
                fields.insert("dry-run".to_owned(), true.into());
            }
            product_object(words)?;
            return Ok(Exit::Done);
        }
        for path in &missing {
            product(&format!("HostCertificate {}", path.display()))?;
        }
        let done = if self.dry_run {
            "would install"
        } else {
            "installed"
        };
        if context.talks() || self.dry_run {
            installed
                .iter()
                .for_each(|file| say(&format!("{done} {}", path(file))));
            if !missing.is_empty() {
                say("put these lines into sshd_config, or into a file of sshd_config.d");
            }
            if installed.is_empty() {
                say(
                    "there is none to put in place: none for these keys, or none that lasts longer",
                );
            } else if self.dry_run {
                say("nothing was done (--dry-run)");
            } else {
                say("sshd shows them once it is reloaded: systemctl reload ssh");
            }
        }
        Ok(Exit::Done)
    }

    fn expected(&self) -> Result<Expected, Failure> {
        let cas = self.ca.iter().map(|file| {
            let read = SubjectFile::read(file).in_file(file)?;
            Ok(read.key)
        });
        let names = Principals::parse(&self.names, Kind::Host)?;
        Ok(Expected {
            cas: cas.collect::<Result<_, Failure>>()?,
            names: names.iter().map(ToString::to_string).collect(),
            now: config::now(),
        })
    }
}

/// The certificates that are put in place: one beside each key.
#[derive(Default)]
struct Chosen(BTreeMap<PathBuf, Judged>);

/// A certificate that is what it should be.
struct Judged {
    target: PathBuf,
    valid_before: u64,
    line: String,
}

impl Chosen {
    /// Of several of one key, the one that lasts longest.
    fn add(&mut self, judged: Judged) {
        let lasts_longer = |known: &Judged| known.valid_before >= judged.valid_before;
        if !self.0.get(&judged.target).is_some_and(lasts_longer) {
            self.0.insert(judged.target.clone(), judged);
        }
    }

    /// A folder may hold those of other servers, and older ones: they are passed over. So is what
    /// can't be read, which is said: whoever may drop a file there does not stop the others.
    fn add_folder(
        &mut self,
        folder: &Path,
        keys: &[HostKey],
        expected: &Expected,
    ) -> Result<(), Failure> {
        let mut files = Vec::new();
        for entry in folder.read_dir().in_file(folder)? {
            files.push(entry.in_file(folder)?.path());
        }
        files.sort();
        files.retain(|file| file.to_string_lossy().ends_with("-cert.pub"));
        for file in files {
            match judged(&file, keys, expected) {
                Ok(judged) => self.add(judged),
                Err(NotPlaced::Refused(HostRefusal::OtherKey(_) | HostRefusal::Older { .. })) => {}
                Err(NotPlaced::Unread(error)) => warn(&Failure::from(error).words()),
                Err(error) => warn(&Failure::from(error).at(path(&file)).words()),
            }
        }
        Ok(())
    }

    fn put(&self) -> Result<(), Failure> {
        for judged in self.0.values() {
            output::write(&judged.target, judged.line.as_bytes(), MODE)?;
        }
        Ok(())
    }
}

/// Why a certificate is not put in place.
#[derive(Debug, thiserror::Error)]
enum NotPlaced {
    #[error(transparent)]
    Unread(#[from] HostFileError),
    #[error(transparent)]
    Refused(#[from] HostRefusal),
}

fn judged(file: &Path, keys: &[HostKey], expected: &Expected) -> Result<Judged, NotPlaced> {
    let certificate = read_certificate(file)?;
    let key = judge(&certificate, keys, expected)?;
    let target = key.certificate_path();
    let this = certificate.valid_before();
    if let Ok(there) = read_certificate(&target) {
        let known = judge(&there, keys, expected).is_ok();
        let there = there.valid_before();
        if known && there > this {
            return Err(HostRefusal::Older { there, this }.into());
        }
    }
    let line = certificate_line(&certificate, &key.comment);
    Ok(Judged {
        target,
        valid_before: this,
        line: format!("{}\n", line.trim_end()),
    })
}

impl Advised for NotPlaced {
    fn hint(&self) -> Option<String> {
        let Self::Refused(refusal) = self else {
            return None;
        };
        Some(
            match refusal {
                HostRefusal::OtherCa(_) => "name the host CA's public key file with --ca",
                HostRefusal::Name(_) => "ask again with -n and every name that clients type",
                HostRefusal::NotHost => "ask for it by `punchmark host request`",
                HostRefusal::CriticalOption => "the role must force no critical option on hosts",
                HostRefusal::Dates { .. } => "ask for a new one, or set the clock",
                _ => return None,
            }
            .to_owned(),
        )
    }
}

/// A certificate is no secret.
const MODE: u32 = 0o644;

const EXAMPLES: &str = "\
Examples:
  punchmark host install --ca hosts.pub -n web1 web1.ssh_host_ed25519_key-cert.pub
  punchmark host install --ca hosts.pub -n web1,web1.example.org /var/lib/certificates --dry-run";
