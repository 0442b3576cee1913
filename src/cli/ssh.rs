//! `punchmark ssh`: makes sure of a certificate, and becomes ssh.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use clap::Args;

use super::base::asks_for_pins::AsksForPins;
use super::base::context::Context;
use super::base::failure::{Exit, Failure, Kind};
use super::base::server::ServerArgument;
use super::base::server::getting::{Ci, Getting, LogsIn, OwnKeyArguments};
use super::base::then::ykcs11;
use crate::client::place::{files_of, public_of};
use crate::request::RoleName;
use crate::signer::yubikey::Slot;

/// Make sure of a certificate, as `get --if-needed` does, and then run ssh with it
///
/// What stands behind the options of this command goes to ssh as it is; where that begins with an option, write
/// -- before it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Ssh {
    /// The role to ask for [default: the only one that you may]
    #[arg(long, value_name = "ROLE", value_parser = str::parse::<RoleName>)]
    role: Option<RoleName>,

    #[command(flatten)]
    server: ServerArgument,

    /// The key in this slot of your YubiKey
    #[arg(long, value_name = "SLOT", value_parser = str::parse::<Slot>)]
    piv: Option<Slot>,

    #[command(flatten)]
    asks: AsksForPins,

    /// Host, command and options, as ssh takes them
    #[arg(value_name = "SSH-ARGUMENT", required = true, trailing_var_arg = true)]
    arguments: Vec<OsString>,
}

impl Ssh {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let getting = Getting {
            role: self.role,
            server: self.server,
            key: self.piv.map_or_else(OwnKeyArguments::default, |slot| {
                OwnKeyArguments::in_card(slot, None)
            }),
            if_needed: Some(MARGIN),
            validity: Vec::new(),
            reason: None,
            ci: Ci::default(),
            asks: self.asks,
        };
        getting.run(LogsIn::Again, context)?;
        let role = getting.role_got()?;
        let mut ssh = Command::new("ssh");
        if let Some((key, certificate)) = files_of(&role) {
            // By this ssh offers it before all else that an agent has.
            let mut option = OsString::from("CertificateFile=");
            option.push(quoted(&certificate.to_string_lossy()));
            ssh.arg("-o").arg(option);
            match getting.in_file()? {
                Some(held) if held.in_card.is_some() => in_card(&mut ssh, &role),
                Some(_) if key.exists() => drop(ssh.arg("-i").arg(key)),
                _ => {}
            }
        }
        Err(Failure::of(Kind::Failed, ssh.args(self.arguments).exec()).at("cannot run ssh"))
    }
}

/// By the line of its public half ssh knows which key of the card it is.
fn in_card(ssh: &mut Command, role: &str) {
    let module = ykcs11();
    if Path::new(&module).exists() {
        ssh.arg("-o").arg(format!("PKCS11Provider={module}"));
    }
    if let Some(public) = public_of(role) {
        ssh.arg("-i").arg(public);
    }
}

/// As ssh reads a path with blanks in it.
fn quoted(path: &str) -> String {
    format!("\"{path}\"")
}

/// In seconds: a certificate counts when the connection is made, and not longer.
const MARGIN: u64 = 60;

const EXAMPLES: &str = "\
Examples:
  punchmark ssh web1.example.org
  punchmark ssh --role production web1.example.org uptime
  punchmark ssh -- -p 2222 web1.example.org";
