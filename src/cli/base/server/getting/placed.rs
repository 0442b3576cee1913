//! Where a certificate was put, and what a person is told of it.

use std::path::Path;

use serde_json::json;

use super::key::Key;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Failure};
use crate::cli::base::server::{Visit, plain, rounded};
use crate::cli::base::terminal::{product_object, say, warn};
use crate::cli::base::words::{chain, path};
use crate::client::place::{beside, comment, into_agent, into_files, of_card, shown_in_file};
use crate::client::{HeldCertificate, Ordered, Whereabouts};
use crate::config;
use crate::request::RoleName;
use crate::signer::agent::AgentFault;

/// Puts a certificate where it belongs. A program's machine has no agent, of which nothing is said.
pub(super) fn place(
    ordered: &Ordered,
    (key, is_program): (&Key, bool),
    role: &RoleName,
    visit: &Visit,
) -> Result<Whereabouts, Failure> {
    let new = match key {
        Key::New(new) => new,
        Key::Own(own) if own.slot.is_some() => {
            return Ok(of_card(ordered, role.as_str(), &own.line()?)?);
        }
        Key::Own(own) => {
            let certificate = config::certificate_beside(&own.public);
            let certificate = std::path::absolute(certificate).at("working folder")?;
            return Ok(beside(ordered, &certificate)?);
        }
    };
    let comment = comment(role.as_str(), &visit.trusted.server);
    match into_agent(ordered, new, &comment, config::now()) {
        Ok(place) => {
            if let Err(error) = shown_in_file(ordered, role.as_str()) {
                warn(&format!(
                    "{}; `ssh-config` counts on that file",
                    chain(&error)
                ));
            }
            Ok(place)
        }
        Err(fault) => {
            match fault {
                AgentFault::NoSocket if is_program => {}
                AgentFault::NoSocket => warn(&format!("{NO_AGENT}; files are written")),
                fault @ (AgentFault::Connection { .. } | AgentFault::Silent { .. }) => warn(
                    &format!("no ssh-agent answers: {}; files are written", chain(&fault)),
                ),
                fault => warn(&format!(
                    "the ssh-agent takes no certificate: {fault}; files are written"
                )),
            }
            Ok(into_files(ordered, new, role.as_str(), &comment)?)
        }
    }
}

/// Tells what was got; `is_own` where the key wasn't made for it.
pub(super) fn tell(
    context: &Context,
    ordered: &Ordered,
    (held, is_own): (&HeldCertificate, bool),
) -> Result<(), Failure> {
    let certificate = &ordered.certificate;
    let principals = certificate.principals().iter();
    let principals: Vec<_> = principals
        .map(|name| plain(&String::from_utf8_lossy(name)))
        .collect();
    let (serial, ca) = (certificate.serial(), plain(&ordered.issued.ca));
    for warning in &ordered.issued.warnings {
        warn(&plain(warning));
    }
    if context.json() {
        return product_object(json!({
            "principals": principals, "serial": serial, "ca": ca, "role": held.role,
            "valid-before": held.valid_before, "where": held.r#where,
            "receipt": ordered.receipt.is_some(),
        }));
    }
    if context.talks() {
        let left = rounded(held.valid_before.saturating_sub(config::now()));
        let place = match &held.r#where {
            Whereabouts::Agent => "into the ssh-agent".to_owned(),
            Whereabouts::File(file) if is_own => format!("beside {}", of_key(file)),
            Whereabouts::File(file) => format!("in {}", path(file)),
        };
        say(&format!("{} for {left}, {place}", principals.join(", ")));
        let receipt = ordered.receipt.as_ref().map_or("", |_| ", receipt checked");
        say(&format!(
            "  serial {serial} of {ca}, role {}{receipt}",
            held.role
        ));
    }
    Ok(())
}

/// The public key file that a certificate lies beside.
fn of_key(certificate: &Path) -> String {
    let name = path(certificate);
    name.strip_suffix("-cert.pub")
        .map_or(name.clone(), |key| format!("{key}.pub"))
}

const NO_AGENT: &str = "there is no ssh-agent: $SSH_AUTH_SOCK is not set";
