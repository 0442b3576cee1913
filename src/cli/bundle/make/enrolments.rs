//! Whose keys and cards are from now on, by the registrar's word.

use std::path::Path;

use ssh_key::PublicKey;

use crate::attestation::Family;
use crate::bundle::Enrolment;
use crate::cli::base::failure::{At, Failure};
use crate::cli::base::faults::Faults;
use crate::config::{self, Config, SubjectFile, refuse_reserved, refuse_worthless};
use crate::ledger::{CardId, Credential, Ledger, RequesterAdded};
use crate::request::RequesterName;

/// Checked by what is known here, as the CA will; all that is wrong is told at once.
pub(super) fn enrolments(
    named: &[String],
    registrar: Option<&RequesterName>,
    config: &Config,
    ledger: &Ledger,
) -> Result<Vec<Enrolment>, Failure> {
    let mut faults = Faults::default();
    let mut all: Vec<Enrolment> = Vec::new();
    for text in named {
        let parsed = enrolment(text).and_then(|one| {
            if all.iter().any(|before| before.credential == one.credential) {
                return Err(Failure::usage("is enrolled twice"));
            }
            check(&one, registrar, config, ledger)?;
            Ok(one)
        });
        all.extend(faults.note(parsed.map_err(|failure| failure.at(format!("--enroll {text}")))));
    }
    faults.or(Some(all))
}

fn enrolment(text: &str) -> Result<Enrolment, Failure> {
    let (name, what) = text
        .split_once('=')
        .ok_or_else(|| Failure::usage("it is NAME=KEY.pub, or NAME=SERIAL of a YubiKey"))?;
    let name = name.parse().at("the name")?;
    let credential = match what.parse::<u32>() {
        Ok(serial) => Credential::FamilyCard(CardId {
            family: Family::Yubico.to_string(),
            serial: serial.into(),
        }),
        Err(_file) => {
            let file = Path::new(what);
            let subject = SubjectFile::read(file).in_file(file)?;
            Credential::Key(PublicKey::from(subject.key).to_bytes()?)
        }
    };
    Ok(Enrolment { name, credential })
}

fn check(
    one: &Enrolment,
    registrar: Option<&RequesterName>,
    config: &Config,
    ledger: &Ledger,
) -> Result<(), Failure> {
    if registrar == Some(&one.name) {
        return Err(Failure::usage("nobody enrols himself").hint(
            "another registrar says so, or whoever is where the ledger is: punchmark requester add",
        ));
    }
    refuse_reserved(&one.name, config)?;
    refuse_worthless(&one.credential, ledger)?;
    let added = RequesterAdded {
        name: one.name.to_string(),
        credential: one.credential.clone(),
        keyboard: config::keyboard(),
    };
    Ok(ledger.check_requester(&added)?)
}
