//! `punchmark host request`: a request for each host key, signed by the key itself.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::certificate::{Kind, Principals, Subject};
use crate::cli::base::asks_for_pins::AsksForPins;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Exit, Failure};
use crate::cli::base::request::write;
use crate::cli::base::terminal::{product_object, say};
use crate::cli::base::words::path;
use crate::config::{self, SubjectFile};
use crate::request::{Comment, Content, Holder, RequesterName, RoleName, Target, random_id, sign};
use crate::server::host::HostKey;
use crate::server::sshd::{CONFIG, PROGRAM, Sshd};

/// Write a signed request for each host key that sshd shows
///
/// One file a key, to be sent to whoever runs the host CA. The CA's role says for how long the
/// certificates are valid.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct HostRequest {
    /// The role to ask for, as the CA's admin calls it
    #[arg(long, value_name = "ROLE", value_parser = str::parse::<RoleName>)]
    role: RoleName,

    /// The host CA: its public key file, or SHA256:…
    #[arg(short = 's', long, value_name = "FILE|SHA256:…", required = true)]
    ca: String,

    /// The names that clients type, with commas between
    #[arg(short = 'n', value_name = "NAMES", required = true)]
    names: String,

    /// The server's own name, as the CA's admin enrolled its keys; needed only where they aren't
    #[arg(long, value_name = "NAME", value_parser = str::parse::<RequesterName>)]
    requester: Option<RequesterName>,

    /// The folder for the requests
    #[arg(long, value_name = "DIR", default_value = ".")]
    out_dir: PathBuf,

    /// The sshd whose host keys are meant
    #[arg(long, value_name = "FILE", default_value = PROGRAM)]
    sshd: PathBuf,

    /// The configuration that it reads
    #[arg(long, value_name = "FILE", default_value = CONFIG)]
    sshd_config: PathBuf,

    #[command(flatten)]
    asks: AsksForPins,
}

impl HostRequest {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let names = Principals::parse(&self.names, Kind::Host)?;
        let target = self.target()?;
        let settings = Sshd::new(&self.sshd, &self.sshd_config).base_settings()?;
        let keys = HostKey::all(&settings)?;
        if keys.is_empty() {
            return Err(Failure::new("sshd shows no host key"));
        }
        for key in &keys {
            self.ask(context, key, &names, &target)?;
        }
        Ok(Exit::Done)
    }

    fn target(&self) -> Result<Target, Failure> {
        if self.ca.starts_with("SHA256:") {
            return Ok(self.ca.parse()?);
        }
        let file = Path::new(&self.ca);
        Ok(Target::of(&SubjectFile::read(file).in_file(file)?.key))
    }

    fn ask(
        &self,
        context: &Context,
        key: &HostKey,
        names: &Principals,
        target: &Target,
    ) -> Result<(), Failure> {
        let content = self.content(key, names, target)?;
        let mut passphrases = context.pins(self.asks);
        let holder = Holder::SshKeygen(&key.path, &mut passphrases);
        let file = sign(content, holder, &[])?;
        let out = self.out(key, names);
        write(&out, &file)?;
        if context.json() {
            let words = json!({
                "request": out.display().to_string(), "host-key": key.path.display().to_string(),
            });
            return product_object(words);
        }
        if context.talks() {
            say(&format!(
                "wrote {}, signed by {}",
                path(&out),
                path(&key.path)
            ));
        }
        Ok(())
    }

    fn content(
        &self,
        key: &HostKey,
        names: &Principals,
        target: &Target,
    ) -> Result<Content, Failure> {
        Ok(Content {
            subject: Subject::try_from(key.key.clone()).in_file(&key.path)?,
            comment: Comment::lossy(&key.comment),
            role: self.role.clone(),
            kind: Kind::Host,
            principals: Some(names.clone()),
            validity: None,
            options: Vec::new(),
            key_id: None,
            claimed: self.requester.clone(),
            reason: None,
            created: config::now(),
            id: random_id().at("no random numbers")?,
            target: *target,
            challenge: None,
            evidence: Vec::new(),
        })
    }

    /// Requests of many servers may lie in one folder: the first name stands before the key's.
    fn out(&self, key: &HostKey, names: &Principals) -> PathBuf {
        let first = names.iter().next().map(|name| name.as_str().to_owned());
        let key = key.path.file_name().unwrap_or_default().to_string_lossy();
        let name = format!(
            "{}.{key}.req",
            first.unwrap_or_default().replace(['/', '*', '?'], "_")
        );
        self.out_dir.join(name)
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark host request --role servers --ca hosts.pub -n web1,web1.example.org
  punchmark host request --role servers --ca hosts.pub -n web1 --out-dir /var/lib/requests";
