//! `punchmark ca export`: the CAs' public keys, as servers, clients and auditors ask for them.

mod form;
mod known;
mod patterns;

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::ca::ExportError;
use crate::certificate::subject::{describe, fingerprint};
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Advised, Failure};
use crate::cli::base::terminal::{product_object, raw_product, say, warn};
use crate::output;
use form::{Content, Form};
use known::{Known, known};
use patterns::HostPatterns;

/// Print the public keys of CAs in the form that a server, a client or an auditor asks for
///
/// Each key is compared with the ledger and with the config before. A key that was revoked becomes
/// a line that revokes it in known-hosts, and is refused where others would begin to trust it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Export {
    /// Names of the CAs
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,

    /// The form
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: Form,

    /// Which hosts a host CA is believed for, as in known_hosts: *.example.org,10.0.*
    #[arg(long, value_name = "PATTERNS", default_value_t)]
    hosts: HostPatterns,

    /// Write it to a file, which is replaced whole
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Export {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let all = known(context, &self.names)?;
        let content = self.format.content(&all, &self.hosts)?;
        if let Some(out) = &self.out {
            output::write(out, content.bytes(), PUBLIC)?;
        }
        if context.json() {
            return product_object(self.json(&all, &content));
        }
        if self.out.is_none() {
            raw_product(content.bytes())?;
        }
        if context.talks() {
            self.tell(&all);
        }
        Ok(())
    }

    /// Says which keys these are, to be compared over another way.
    fn tell(&self, all: &[Known]) {
        for Known { ca, is_revoked } in all {
            let (key, purpose) = (ca.public_key(), ca.added().purpose);
            let (name, key) = (ca.name(), format!("{} {}", describe(key), fingerprint(key)));
            say(&format!("{name}: {purpose} CA, {key}"));
            if *is_revoked {
                warn(&format!("the key of CA `{name}` was revoked"));
            }
        }
        if self.format == Form::KnownHosts && self.hosts.is_any() {
            say("believed for every host; --hosts '*.example.org' for yours alone");
        }
        if let Some(out) = &self.out {
            say(&format!("wrote {}", out.display()));
        }
    }

    fn json(&self, all: &[Known], content: &Content) -> Value {
        let one = |Known { ca, is_revoked }: &Known| {
            json!({
                "name": ca.name(),
                "for": ca.added().purpose,
                "algorithm": describe(ca.public_key()),
                "fingerprint": fingerprint(ca.public_key()),
                "revoked": is_revoked,
            })
        };
        json!({
            "format": self.format.name(),
            "cas": all.iter().map(one).collect::<Vec<_>>(),
            "content": content.text(),
            "out": self.out.as_ref().map(|out| out.to_string_lossy()),
        })
    }
}

impl Advised for ExportError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NoForm(_) => Some("take --format ssh".to_owned()),
            Self::Der(_) => None,
        }
    }
}

/// Who may read it: everybody.
const PUBLIC: u32 = 0o644;

const EXAMPLES: &str = "\
Examples:
  punchmark ca export users
  punchmark ca export users old-users --format trusted-user-ca-keys --out users.pub
  punchmark ca export hosts --format known-hosts --hosts '*.example.org'
  punchmark ca export users --format pem --out users.pem";
