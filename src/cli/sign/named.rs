//! Which CA shall sign: the one that `-s` names, whatever users of ssh-keygen are used to write
//! there, else the role's, else that of the request's role.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::batch::manifest::Line;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Failure};
use crate::cli::base::words::path;
use crate::config::{Config, Given, SubjectFile};
use crate::policy::role::Permit;
use crate::request::RoleName;
use crate::signer::Locator;

/// The CA of a run, as far as arguments and config say.
pub(super) enum Resolved {
    Ca(String),
    /// Neither `-s` nor the role names one.
    NotNamed,
}

/// Finds the CA that `-s` names, else the role's.
///
/// # Errors
/// There is no config, no such role or CA, or `-s` has something else than a CA's name.
pub(super) fn resolve(
    named: Option<&str>,
    role: &RoleName,
    context: &Context,
) -> Result<(Config, Resolved), Failure> {
    let config = match (context.config(), named) {
        (Err(_), Some(name)) if is_key_file(name) => return Err(is_no_ca(name)),
        (config, _) => config?,
    };
    let role = config.role(role)?;
    let resolved = match (named, role.ca()) {
        (Some(name), _) => Resolved::Ca(by_name(name, &config)?),
        (None, Permit::Only(name)) => Resolved::Ca(name.to_owned()),
        _ if role.name().is_operator() => Resolved::NotNamed,
        _ => return Err(names_none(role.name())),
    };
    Ok((config, resolved))
}

/// The CA of the role that the first request asks for.
pub(super) fn of_request(
    files: &[PathBuf],
    subject: Option<&Given>,
    config: &Config,
) -> Result<String, Failure> {
    let read = |file: &PathBuf| {
        let (given, _) = Given::read(file).in_file(file)?;
        Ok::<_, Failure>(given)
    };
    let first = match subject {
        None => files.first().map(read).transpose()?,
        Some(_) => None,
    };
    let Some(Given::Request(request)) = subject.or(first.as_ref()) else {
        return Err(Failure::usage(NO_CA));
    };
    let role = &request.content().role;
    match config.role(role)?.ca() {
        Permit::Only(name) => Ok(name.to_owned()),
        _ => Err(names_none(role)),
    }
}

/// The one CA of the roles that the lines of a manifest ask by.
pub(super) fn of_lines(lines: &[Line], config: &Config) -> Result<String, Failure> {
    let roles: BTreeSet<_> = lines.iter().map(|line| &line.ask.role).collect();
    let mut cas = BTreeSet::new();
    for role in roles {
        match config.role(role)?.ca() {
            Permit::Only(name) => cas.insert(name),
            _ if role.is_operator() => return Err(Failure::usage(NO_CA)),
            _ => return Err(names_none(role)),
        };
    }
    let mut names = cas.iter();
    match (names.next(), names.next()) {
        (Some(only), None) => Ok((*only).to_owned()),
        (None, _) => Err(Failure::usage(NO_CA)),
        _ => {
            let names: Vec<_> = cas.into_iter().collect();
            let words = format!(
                "the roles of the lines are of several CAs: {}",
                names.join(", ")
            );
            Err(Failure::usage(words).hint("a run is for one: make a manifest of each"))
        }
    }
}

fn names_none(role: &RoleName) -> Failure {
    Failure::usage(format!("role `{role}` names no CA; name one with -s"))
}

/// The name of a CA, also where its public key's file is named, as ssh-keygen has it.
fn by_name(name: &str, config: &Config) -> Result<String, Failure> {
    if config.ca(name).is_ok() {
        return Ok(name.to_owned());
    }
    if is_key_file(name) {
        return by_public_key(name, config);
    }
    if name.contains(':') {
        return Err(refuse_locator(name, config));
    }
    config.ca(name)?;
    Ok(name.to_owned())
}

fn is_key_file(name: &str) -> bool {
    Path::new(name).is_file()
}

/// The CA whose public key is in this file, or in the `.pub` beside it.
fn by_public_key(file: &str, config: &Config) -> Result<String, Failure> {
    let Ok(found) = SubjectFile::read(Path::new(file)) else {
        return Err(is_no_ca(file));
    };
    for (name, ca) in config.cas() {
        if *config.public_key(ca)?.key_data() == found.key {
            return Ok(name.to_string());
        }
    }
    Err(is_no_ca(file))
}

fn is_no_ca(file: &str) -> Failure {
    let named = path(Path::new(file));
    let key = named.strip_suffix(".pub").unwrap_or(&named);
    Failure::usage(format!("-s takes the name of a CA, and {named} is a file")).hint(format!(
        "bring this key into a token with `punchmark import NAME --from {key} --key LOCATOR`, or \
         try it where it is: punchmark adopt NAME --key file:{key} --allow-software-key"
    ))
}

/// A locator is no CA; if it is the key of one, its name is said.
fn refuse_locator(ca: &str, config: &Config) -> Failure {
    let locator: Locator = match ca.parse() {
        Ok(locator) => locator,
        Err(error) => return Failure::from(error),
    };
    let mut cas = config.cas();
    match cas.find(|(_, ca)| ca.keys.iter().any(|key| locator.covers(key))) {
        Some((name, _)) => Failure::usage(format!(
            "-s takes the name of a CA; this key is CA `{name}`"
        )),
        None => Failure::new(format!(
            "no CA of config {} has the key {locator}",
            config.path().display()
        ))
        .hint(format!(
            "record it first: punchmark adopt NAME --key '{locator}'"
        )),
    }
}

const NO_CA: &str = "which CA shall sign? name it with -s";
