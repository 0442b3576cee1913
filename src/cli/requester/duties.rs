//! What somebody may do beside asking: given with `requester add`, taken with `requester remove`.

use serde_json::{Value, json};

use super::Addition;
use crate::cli::base::context::Context;
use crate::cli::base::failure::Failure;
use crate::config::{self, Config};
use crate::ledger::{Credential, DutiesSet, Ledger};
use crate::request::RequesterName;

/// Duties that are given, beside those that somebody has.
pub(super) struct Given {
    registrar: Vec<String>,
    revoker: bool,
    /// Whether a key is given with them.
    with_key: bool,
    is_dry: bool,
}

/// Duties that are taken away.
pub(super) struct Taken {
    pub(super) registrar: bool,
    pub(super) revoker: bool,
    pub(super) is_dry: bool,
}

impl Given {
    /// Reads the flags: a registrar is one for roles that the config has.
    pub(super) fn of(addition: &Addition, config: &Config) -> Result<Self, Failure> {
        for role in &addition.registrar {
            if role.is_operator() {
                return Err(Failure::usage(OPERATORS));
            }
            config.role(role)?;
        }
        Ok(Self {
            registrar: addition.registrar.iter().map(ToString::to_string).collect(),
            revoker: addition.revoker,
            with_key: addition.key.is_some(),
            is_dry: addition.dry_run,
        })
    }

    /// Whoever has a duty signs by a key, which must be enrolled.
    fn may_be_given(&self, name: &str, ledger: &Ledger) -> Result<(), Failure> {
        let enrolled = ledger.requesters()?;
        let has_key = enrolled
            .iter()
            .any(|(_, added)| added.name == name && matches!(added.credential, Credential::Key(_)));
        if has_key || self.with_key {
            return Ok(());
        }
        let words = format!("no key is enrolled for requester `{name}`, who would sign by it");
        Err(Failure::new(words).hint("name it with --key FILE"))
    }

    pub(super) fn record(
        self,
        name: &RequesterName,
        ledger: &mut Ledger,
        context: &Context,
    ) -> Result<(), Failure> {
        if self.registrar.is_empty() && !self.revoker {
            return Ok(());
        }
        self.may_be_given(name.as_str(), ledger)?;
        let mut set = of(name, ledger)?;
        if !self.registrar.is_empty() {
            set.registrar = self.registrar;
        }
        set.revoker |= self.revoker;
        let said = format!("{name} is {} from now on", words(&set));
        let object = object(&set);
        if self.is_dry {
            return context.tell_plan(&format!("{name} would be {}", words(&set)), object);
        }
        ledger.set_duties(set, config::now())?;
        context.tell(&said, object)
    }
}

impl Taken {
    pub(super) fn record(
        &self,
        name: &RequesterName,
        ledger: &mut Ledger,
        context: &Context,
    ) -> Result<(), Failure> {
        let mut set = of(name, ledger)?;
        let has = [
            (self.registrar, !set.registrar.is_empty(), "registrar"),
            (self.revoker, set.revoker, "revoker"),
        ];
        if let Some((.., what)) = has.iter().find(|(wanted, has, _)| *wanted && !has) {
            return Err(Failure::new(format!("{name} is no {what}")));
        }
        if self.registrar {
            set.registrar.clear();
        }
        set.revoker &= !self.revoker;
        let (said, object) = (words(&set), object(&set));
        if self.is_dry {
            return context.tell_plan(&format!("{name} would be {said}"), object);
        }
        ledger.set_duties(set, config::now())?;
        context.tell(&format!("{name} is {said} from now on"), object)
    }
}

/// The duties that somebody has.
fn of(name: &RequesterName, ledger: &Ledger) -> Result<DutiesSet, Failure> {
    let has = ledger.duties()?.remove(name.as_str());
    Ok(DutiesSet {
        name: name.to_string(),
        keyboard: config::keyboard(),
        ..has.unwrap_or_default()
    })
}

pub(super) fn words(set: &DutiesSet) -> String {
    let registrar = match set.registrar.as_slice() {
        [] => None,
        roles => Some(format!("registrar for {}", roles.join(", "))),
    };
    let revoker = set.revoker.then(|| "revoker".to_owned());
    let duties: Vec<_> = registrar.into_iter().chain(revoker).collect();
    match duties.as_slice() {
        [] => "neither registrar nor revoker".to_owned(),
        duties => duties.join("; "),
    }
}

pub(super) fn object(set: &DutiesSet) -> Value {
    json!({ "requester": set.name, "registrar": set.registrar, "revoker": set.revoker,
        "state": "set" })
}

const OPERATORS: &str =
    "nobody can be a registrar for role `operator`: it is for whoever holds token and PIN";
