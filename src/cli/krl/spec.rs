//! `punchmark krl spec`: a KRL out of specifications, as `ssh-keygen -k` makes it.

use std::ffi::{CString, OsString};
use std::io::{BufWriter, Write as _};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::file::{each_spec_line, read_key, read_krl, spec_name};
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Advised, At, Exit, Failure};
use crate::cli::base::made_list::KRL_MODE;
use crate::cli::base::output_file::target;
use crate::cli::base::terminal::{product_object, say};
use crate::config;
use crate::krl::spec::{Ca, Fault, Lines, SpecError};
use crate::krl::{Header, Krl, Revocations, Signatures, Subject};
use crate::output;

/// Make a KRL out of specifications, with the letters of ssh-keygen -k
///
/// A specification has a line for each revocation: `serial: 7`, `serial: 10-20`,
/// `id: KEY ID`, `key:`, `sha1:` or `sha256:` and a public key, `hash: SHA256:…`, or a
/// public key or certificate alone. A `#` starts a comment.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Spec {
    /// The KRL to make; it is replaced whole or not at all
    #[arg(short = 'f', value_name = "OUT", required = true)]
    out: PathBuf,

    /// Whose serials and key IDs are meant: a CA's public key, or none for every CA
    #[arg(short = 's', long, value_name = "CA.pub|none")]
    ca: Option<PathBuf>,

    /// Add to the KRL that is there; its version and date stay
    #[arg(short = 'u')]
    update: bool,

    /// Version number of the KRL [default: 0, with -u the one it has]
    #[arg(short = 'z', value_name = "VERSION", allow_hyphen_values = true)]
    version: Option<String>,

    /// Comment in the KRL, for people [default: none, with -u the one it has]
    #[arg(short = 'C', value_name = "COMMENT", allow_hyphen_values = true)]
    comment: Option<OsString>,

    /// Specification files, or `-`
    #[arg(value_name = "SPEC")]
    specs: Vec<PathBuf>,
}

impl Spec {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let version = self.version.as_deref().map(parse_version).transpose()?;
        let out = target(&self.out)?;
        let ca = read_ca(self.ca.as_deref())?;
        let (header, mut revocations) = self.start()?;
        let header = self.header(header, version);
        for spec in &self.specs {
            if context.talks() {
                say(&format!("revoking from {}", spec_name(spec)));
            }
            revoke_from(spec, &ca, &mut revocations)?;
        }
        let krl = Krl::new(header, revocations);
        let encoding = krl.encoding().at("no KRL was written")?;
        let staged = output::stage_by(&out, KRL_MODE, |file| {
            let mut file = BufWriter::new(file);
            encoding.write(&mut file)?;
            file.flush()
        });
        output::release(vec![staged?])
            .into_iter()
            .collect::<Result<(), _>>()?;
        report(context, &self.out, krl.header(), encoding.len())?;
        Ok(Exit::Done)
    }

    /// What the KRL holds before the specifications.
    fn start(&self) -> Result<(Header, Revocations), Failure> {
        if !self.update {
            return Ok(Default::default());
        }
        if !self.out.exists() {
            return Err(Failure::new(format!(
                "KRL {} does not exist, so it cannot be updated",
                self.out.display()
            ))
            .hint("leave -u out to make it"));
        }
        Ok(read_krl(&self.out)?.into_parts())
    }

    /// What the arguments change in a header. To `ssh-keygen`, version 0 and date 0 are
    /// those that nobody gave.
    fn header(&self, mut header: Header, version: Option<u64>) -> Header {
        if let Some(version) = version.filter(|version| *version != 0) {
            header.version = version;
        }
        if header.generated == 0 {
            header.generated = config::now();
        }
        if let Some(comment) = &self.comment {
            // No argument holds a NUL.
            header.comment = CString::new(comment.as_bytes()).unwrap_or_default();
        }
        header
    }
}

fn read_ca(ca: Option<&Path>) -> Result<Ca, Failure> {
    match ca {
        None => Ok(Ca::Unnamed),
        Some(name) if name.as_os_str().eq_ignore_ascii_case("none") => Ok(Ca::Any),
        Some(path) => match read_key(path, Signatures::default())?.subject {
            Subject::Key(key) => Ok(Ca::Key(key)),
            Subject::Certificate(_) => Err(Failure::new(format!(
                "CA {} is a certificate, not a key",
                path.display()
            ))
            .hint("name the CA's own key; a KRL for its certificate would revoke nothing")),
        },
    }
}

fn revoke_from(spec: &Path, ca: &Ca, revocations: &mut Revocations) -> Result<(), Failure> {
    let mut lines = Lines::new(ca, revocations);
    each_spec_line(spec, |line| lines.take(line))
}

/// A decimal number; `ssh-keygen` lets a `+` stand before it.
fn parse_version(text: &str) -> Result<u64, Failure> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let number = digits.bytes().all(|digit| digit.is_ascii_digit());
    match digits.parse() {
        Ok(version) if number => Ok(version),
        _ => Err(Failure::usage(format!(
            "version {text:?} is no number from 0 to {}",
            u64::MAX
        ))),
    }
}

fn report(context: &Context, out: &Path, header: &Header, bytes: usize) -> Result<(), Failure> {
    let (file, version) = (out.display().to_string(), header.version);
    if context.json() {
        let generated = header.generated;
        let report =
            json!({ "file": file, "version": version, "generated": generated, "bytes": bytes });
        return product_object(report);
    }
    if context.talks() {
        say(&format!(
            "wrote {file}: KRL version {version}, {bytes} bytes"
        ));
    }
    Ok(())
}

impl Advised for SpecError {
    fn hint(&self) -> Option<String> {
        match self.fault {
            Fault::CaMissing => Some(
                "name the CA whose certificates are meant with -s CA.pub, or every CA with -s none"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  echo 'serial: 7' | punchmark krl spec -f revoked.krl -s users.pub -z 1 -
  punchmark krl spec -u -f revoked.krl -z 2 stolen-cert.pub
  punchmark krl spec -u -f revoked.krl -s none -z 3 -C 'all CAs' revoked.txt";
