//! `punchmark login`: opens a session at a server, shows it, and ends it.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::base::asks_for_pins::AsksForPins;
use super::base::context::Context;
use super::base::failure::{At, Exit, Failure};
use super::base::server::{LogInArguments, Opened, ServerArgument, Visit, plain, until};
use super::base::terminal::{product, product_object, warn};
use crate::client::place::take_away;
use crate::client::{Exchange, ServerAddress, ServerFolder, Trusted};
use crate::config;
use crate::wire::chain;

/// Log in to a server, with a key that is enrolled for you, a password, a client certificate or in a browser
///
/// `punchmark get` asks for certificates then. Where somebody logs in for the first time, the server's CAs are
/// shown; another key of one of them is refused later.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Login {
    /// The server [default: the only one that was logged in to]
    #[arg(value_name = "HOST[:PORT]", value_parser = str::parse::<ServerAddress>)]
    server: Option<ServerAddress>,

    #[command(flatten)]
    how: LogInArguments,

    /// Know the server's TLS by the certificates of this PEM file alone, from now on
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,

    /// Take this key of a CA that has another one than before
    #[arg(long, value_name = "SHA256:…")]
    accept_ca: Vec<String>,

    /// Say who is logged in, as it is kept here; exit code 1 if nobody is
    #[arg(long, conflicts_with_all = ["end", "identity", "piv", "user", "code", "tls_certificate", "method", "ca_file", "accept_ca"])]
    status: bool,

    /// Log out: at the server, in the ssh-agent, and in files
    #[arg(long, conflicts_with_all = ["identity", "piv", "user", "code", "tls_certificate", "method", "ca_file", "accept_ca"])]
    end: bool,

    #[command(flatten)]
    asks: AsksForPins,
}

impl Login {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let server = ServerArgument {
            server: self.server.clone(),
        };
        let folder = server.folder()?;
        if self.status {
            return status(context, &folder);
        }
        if self.end {
            return end(context, &folder);
        }
        let roots = self.ca_file.as_deref().map(roots).transpose()?;
        let lock = folder.lock()?;
        let trusted = match (folder.trusted()?, self.server) {
            (Some(trusted), _) => Trusted {
                roots: roots.or(trusted.roots),
                ..trusted
            },
            (None, Some(server)) => Trusted::new(server, roots),
            (None, None) => return Err(Failure::usage("which server? punchmark login HOST")),
        };
        let mut visit = Visit::begin(folder, lock, trusted, &self.accept_ca, context)?;
        let mut pins = context.pins(self.asks);
        let opened = Opened::anew(&mut visit, &self.how, &mut pins, context)?;
        if context.json() {
            product_object(json!(opened.kept.session))?;
        }
        Ok(Exit::Done)
    }
}

fn roots(file: &Path) -> Result<String, Failure> {
    config::read_limited(file, ROOTS_MAX).in_file(file)
}

fn status(context: &Context, folder: &ServerFolder) -> Result<Exit, Failure> {
    let now = config::now();
    let kept = folder.session()?.filter(|kept| !kept.is_over(now));
    let server = folder.trusted()?.map(|trusted| trusted.server.to_string());
    let server = server.unwrap_or_default();
    let held = folder.held()?;
    let good = held.iter().filter(|held| held.is_good_for(0, now));
    if context.json() {
        let certificates =
            good.map(|held| json!({ "role": held.role, "until": held.valid_before }));
        let certificates: Vec<_> = certificates.collect();
        let session = kept.as_ref().map(|kept| json!(kept.session));
        product_object(
            json!({ "server": server, "session": session, "certificates": certificates }),
        )?;
    } else {
        product(&match &kept {
            None => format!("not logged in to {server}"),
            Some(kept) => format!(
                "{} by {} at {server} until {}",
                plain(&kept.session.requester),
                plain(&kept.session.method),
                until(kept.session.until)
            ),
        })?;
        for held in good {
            let until = until(held.valid_before);
            product(&format!("  role {} until {until}", held.role))?;
        }
    }
    Ok(kept.map_or(Exit::Failed, |_kept| Exit::Done))
}

fn end(context: &Context, folder: &ServerFolder) -> Result<Exit, Failure> {
    let lock = folder.lock()?;
    let Some(trusted) = folder.trusted()? else {
        return Err(Failure::new("this server was never logged in to from here"));
    };
    end_at_server(folder, &trusted)?;
    let held = folder.held()?;
    for held in held.iter() {
        take_away(&trusted.server, held)?;
    }
    folder.keep_held(&lock, &crate::client::Held::default())?;
    folder.forget_session(&lock)?;
    let server = trusted.server.to_string();
    context.tell(
        &format!("logged out of {server}; its certificates are gone from here"),
        json!({ "server": server, "logged-out": true }),
    )?;
    Ok(Exit::Done)
}

/// A server that can't be reached ends the session by itself, later.
fn end_at_server(folder: &ServerFolder, trusted: &Trusted) -> Result<(), Failure> {
    let Some(kept) = folder
        .session()?
        .filter(|kept| !kept.is_over(config::now()))
    else {
        return Ok(());
    };
    let Some(key) = kept.key() else {
        return Ok(());
    };
    let mut exchange = Exchange::new(&trusted.server, trusted.roots.as_deref())?;
    match exchange.end(&kept, &key) {
        Err(error) if !error.is_logged_out() => {
            warn(&format!(
                "the session is forgotten here; at the server it ends by itself: {}",
                chain(&error)
            ));
            Ok(())
        }
        _ => Ok(()),
    }
}

const ROOTS_MAX: u64 = 1024 * 1024;

const EXAMPLES: &str = "\
Examples:
  punchmark login ca.example.org
  punchmark login --identity ~/.ssh/id_ed25519 --ca-file roots.pem ca.example.org:8443
  punchmark login --user peter ca.example.org
  punchmark login --method work --code ca.example.org
  punchmark login --tls-certificate anna.pem --tls-key anna.key ca.example.org
  punchmark login --status
  punchmark login --end";
