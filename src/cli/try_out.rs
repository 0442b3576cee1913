//! `punchmark try`: the whole story in a folder of its own, with an installed program alone.
//!
//! What is shown are the program's own commands, run as they are typed. What makes the trial
//! stands below this file and serves nothing else: a token, a card that is none with the root
//! that vouches for it (`card`), and a server.

mod card;
mod der;
mod folder;
mod server;
mod steps;

use std::path::{Path, PathBuf};

use clap::Args;

use super::base::context::Context;
use super::base::failure::{Exit, Failure};
use super::base::terminal::{ask, product};
use super::base::throwaway_token;
use folder::{Folder, quoted};
use server::{Parts, Server};
use steps::{Ends, Steps};

/// See the whole story in a folder of its own, in ten seconds: from a CA key to a refused login
///
/// Needs no root, and touches nothing outside of the folder: no agent, no ~/.ssh, no config, no
/// kept heads. The CA key is in SoftHSM where its module is found, else in a file. Peter's
/// YubiKey is none: this command makes his key and what a card would attest of it, under a
/// throw-away root that no other config takes. Where sshd is there, it listens on 127.0.0.1
/// while this command runs, and lets in the calling user alone. Certificates live ten minutes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Try {
    /// The folder, which must be empty or not there yet; it stays [default: a new one in /tmp]
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,

    /// Be the server of the trial that this process runs
    #[arg(long, value_name = "PID", hide = true, requires_all = ["program", "dir"])]
    serve_for: Option<u32>,

    /// Make the token of a trial by this module
    #[arg(
        long,
        value_name = "MODULE",
        hide = true,
        requires = "dir",
        conflicts_with = "serve_for"
    )]
    make_token: Option<PathBuf>,

    /// The sshd to be
    #[arg(long, value_name = "FILE", hide = true)]
    program: Option<PathBuf>,
}

impl Try {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match (self.dir, self.serve_for, self.program, self.make_token) {
            (Some(folder), Some(parent), Some(sshd), _) => server::serve(parent, &sshd, &folder)?,
            (Some(folder), _, _, Some(module)) => make_token(&folder, &module)?,
            _ if context.json() => return Err(Failure::usage(NO_JSON)),
            (dir, ..) => story(dir.as_deref())?,
        }
        Ok(Exit::Done)
    }
}

fn make_token(folder: &Path, module: &Path) -> Result<(), Failure> {
    let pin = throwaway_token::pin_in(&folder.join("pin"))?;
    throwaway_token::make(module, LABEL, &pin).map(drop)
}

/// The whole story.
fn story(dir: Option<&Path>) -> Result<(), Failure> {
    let softhsm = throwaway_token::softhsm();
    let folder = Folder::make(dir)?;
    let steps = Steps::new(&folder)?;
    folder.begin(softhsm.as_deref())?;
    folder.make_users()?;
    product(&format!(
        "# A trial in {}. Nothing outside of it is touched.",
        folder.here().display()
    ))?;
    let with_pin: &[&str] = match &softhsm {
        Some(module) => {
            in_token(&steps, &folder, module)?;
            &["--pin-file", "pin"]
        }
        None => {
            in_file(&steps, &folder)?;
            &[]
        }
    };
    roles(&steps, &folder)?;
    peter(&steps, with_pin)?;
    erik(&steps, with_pin)?;
    let server = logins(&steps, &folder)?;
    revocation(&steps, server.is_some())?;
    steps.chapter("The ledger has all of it, and nothing was changed since.")?;
    steps.run(&["punchmark", "ledger", "list"], Ends::Well)?;
    steps.run(&["punchmark", "ledger", "verify"], Ends::Well)?;
    your_turn(&folder, softhsm.is_some(), server.is_some())
}

fn in_token(steps: &Steps<'_>, folder: &Folder, module: &Path) -> Result<(), Failure> {
    let mut maker = folder.command(steps.own());
    maker.args(["try", "--make-token"]).arg(module);
    let made = maker.arg(folder.here()).status()?;
    if !made.success() {
        return Err(Failure::new("the token was not made"));
    }
    steps.chapter(TOKEN)?;
    let key = format!(
        "pkcs11:token={};object=users?module-path={}",
        LABEL,
        module.display()
    );
    let words = ["punchmark", "init", "users", "--key", &key];
    let rest = ["--algorithm", "p256", "--pin-file", "pin"];
    steps.run(&[&words[..], &rest].concat(), Ends::Well)
}

fn in_file(steps: &Steps<'_>, folder: &Folder) -> Result<(), Failure> {
    folder.make_key("ca_key", "CA of the trial")?;
    steps.chapter(SOFTWARE)?;
    let key = format!("file:{}", folder.path("ca_key").display());
    let words = ["punchmark", "adopt", "users", "--allow-software-key"];
    let rest = ["--next-serial", "1", "--key", &key];
    steps.run(&[&words[..], &rest].concat(), Ends::Well)
}

/// Puts the roles behind what `init` wrote, in the open.
fn roles(steps: &Steps<'_>, folder: &Folder) -> Result<(), Failure> {
    steps.chapter("Who gets what, the config says. Ten minutes at most.")?;
    steps.run(&["cat", "roles.toml"], Ends::Well)?;
    let (config, roles) = (folder.path("punchmark.toml"), folder.path("roles.toml"));
    product("$ cat roles.toml >>punchmark.toml")?;
    let whole = [std::fs::read(&config)?, std::fs::read(roles)?].concat();
    Ok(crate::output::write(&config, &whole, 0o600)?)
}

fn peter(steps: &Steps<'_>, with_pin: &[&str]) -> Result<(), Failure> {
    steps.chapter(PETER)?;
    let request = ["punchmark", "request", "--role", "engineer", "-n", "peter"];
    let of = [
        "--key",
        "peter.pub",
        "--attestation",
        "peter-attestation.pem",
    ];
    let to = ["--ca", "users.pub", "--out", "peter.req"];
    steps.run(&[&request[..], &of, &to].concat(), Ends::Well)?;
    steps.chapter("The admin looks at the evidence, enrols the key, and signs: peter_physical.")?;
    let look = ["punchmark", "evidence", "verify", "peter-attestation.pem"];
    steps.run(&look, Ends::Well)?;
    let enrolled = [
        "punchmark",
        "requester",
        "add",
        "peter",
        "--key",
        "peter.pub",
    ];
    steps.run(&enrolled, Ends::Well)?;
    let sign = ["punchmark", "sign", "peter.req"];
    steps.run(&[&sign[..], with_pin].concat(), Ends::Well)?;
    steps.run(&["punchmark", "show", "peter-cert.pub"], Ends::Well)
}

fn erik(steps: &Steps<'_>, with_pin: &[&str]) -> Result<(), Failure> {
    steps.chapter("Erik's key lies in a file, and nothing proves otherwise: erik_file.")?;
    let sign = [
        "punchmark",
        "sign",
        "--role",
        "engineer",
        "--requester",
        "erik",
    ];
    steps.run(&[&sign[..], with_pin, &["erik.pub"]].concat(), Ends::Well)
}

/// Lets them log in, where an sshd can be had.
fn logins(steps: &Steps<'_>, folder: &Folder) -> Result<Option<Server>, Failure> {
    steps.chapter("The list of what is revoked, which is empty so far.")?;
    steps.run(&LIST, Ends::Well)?;
    let server = match Parts::find() {
        Ok(parts) => Server::start(&parts, folder, steps).map_err(|failure| failure.words()),
        Err(why) => Err(why),
    };
    match server {
        Ok(server) => {
            steps.chapter("A stock sshd that trusts the CA, and lets peter_physical in alone.")?;
            steps.run(&["head", "-n", "6", "sshd_config"], Ends::Well)?;
            steps.run(&["cat", "principals"], Ends::Well)?;
            steps.run(&ssh("peter"), Ends::Well)?;
            steps.run(&ssh("erik"), Ends::Refused)?;
            steps.run(&["grep", "authorized principal", "sshd.log"], Ends::Well)?;
            Ok(Some(server))
        }
        Err(why) => {
            steps.chapter(&format!("Nobody can log in here, since {why}."))?;
            product("A server that lists peter_physical would let Peter in, and refuse Erik.")?;
            Ok(None)
        }
    }
}

fn revocation(steps: &Steps<'_>, with_server: bool) -> Result<(), Failure> {
    steps.chapter("Peter loses his YubiKey. A new list, and he is refused.")?;
    let revoke = ["punchmark", "revoke", "--key", "peter.pub"];
    let why = ["--reason", "YubiKey lost"];
    steps.run(&[&revoke[..], &why].concat(), Ends::Well)?;
    steps.run(&LIST, Ends::Well)?;
    if with_server {
        steps.run(&ssh("peter"), Ends::Refused)?;
        return steps.run(&["grep", "-m1", "revoked by", "sshd.log"], Ends::Well);
    }
    let check = [
        "punchmark",
        "krl",
        "check",
        "-f",
        "revoked.krl",
        "peter-cert.pub",
    ];
    steps.run(&check, Ends::Refused)
}

fn your_turn(folder: &Folder, in_token: bool, with_server: bool) -> Result<(), Failure> {
    let here = quoted(&folder.here().display().to_string());
    product(&format!("\n# Your turn. Everything is in {here}:"))?;
    product(&format!("$ cd {here} && . ./env"))?;
    let pin = if in_token { "--pin-file pin " } else { "" };
    product("$ cp ~/.ssh/id_ed25519.pub mine.pub")?;
    product(&format!(
        "$ punchmark sign -s users -I 'me, laptop' -n me -V +5m {pin}mine.pub"
    ))?;
    product("$ punchmark --help")?;
    product(REAL)?;
    if with_server {
        ask(
            "\nThe sshd ends with Enter. Until then, from another terminal: ssh -F ssh_config trial\n[Enter] ",
        )?;
    }
    Ok(())
}

fn ssh(user: &str) -> [&str; 6] {
    ["ssh", "-F", "ssh_config", "-i", user, "trial"]
}

/// The label of the token of a trial.
const LABEL: &str = "Try";
const LIST: [&str; 7] = [
    "punchmark",
    "krl",
    "--ca",
    "users",
    "--unsigned",
    "--out",
    "revoked.krl",
];
const NO_JSON: &str = "`try` tells a story to people, and has no --json";
const TOKEN: &str = "\
A CA key, made in a token. This one is software (SoftHSM); a YubiKey or an HSM is used alike.";
const SOFTWARE: &str = "\
A CA key. SOFTWARE: no SoftHSM is here, so it lies in a file, and whoever copies it signs anything.";
const PETER: &str = "\
Peter asks for a certificate. HIS YUBIKEY IS NONE: this command made his key, and what a card
# would attest of it, under a throw-away root. That is a private root, and is called so wherever it is shown.";
const REAL: &str = "
With a real token or YubiKey:
  the CA key can't be copied, and PIN and touch are asked for; here a PIN lies in a file
  Peter's request is made by `punchmark request --piv 9a`, and his key stays in his card
  what his card attests leads up to its maker's root, and not to one that was made here";

const EXAMPLES: &str = "\
Examples:
  punchmark try trial";
