//! What a bundle asks for: request files, and the lines of a manifest.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::Make;
use crate::batch::Named;
use crate::batch::manifest::Line;
use crate::bundle::{Item, Wish};
use crate::certificate::{Kind, OptionsAsked};
use crate::cli::base::failure::{At, Failure};
use crate::cli::base::faults::Faults;
use crate::cli::base::manifest;
use crate::config::{self, Config, Given};
use crate::issue::Asked;
use crate::policy::role::Permit;
use crate::request::{Ask, Comment, Content, RoleName, Span, Target, random_id};

/// One item, and the same as a run over many keys takes it.
pub(super) struct Wanted {
    pub(super) item: Item,
    pub(super) named: Named,
}

/// All that is wanted, in the order of the command line.
pub(super) fn wanted(make: &Make, config: &Config) -> Result<Vec<Wanted>, Failure> {
    let mut faults = Faults::default();
    let mut all = Vec::new();
    for file in &make.files {
        all.extend(faults.note(request(file)));
    }
    if let Some(manifest) = &make.manifest {
        let lines = faults.note(lines(make, manifest, config));
        for line in lines.into_iter().flatten() {
            let name = manifest::at(manifest, line.number);
            all.extend(faults.note(key(line, &name, config)));
        }
    }
    if let Some(words) = asked_twice(&all) {
        faults.add(Failure::usage(words).hint("name each request once"));
    }
    faults.or(Some(all))
}

/// Says which request stands in two files: it would be refused where it is signed.
fn asked_twice(all: &[Wanted]) -> Option<String> {
    let mut seen = HashMap::new();
    all.iter().find_map(|wanted| {
        let name = wanted.named.name.display();
        let before = seen.insert(wanted.item.content().id, &wanted.named.name)?;
        Some(format!("{} and {name} are one request", before.display()))
    })
}

fn request(file: &Path) -> Result<Wanted, Failure> {
    let (given, output) = Given::read(file).in_file(file)?;
    let Given::Request(request) = given else {
        let words = "is a public key and no request, and nothing says what is asked for it";
        let failure = Failure::new(words).at(file.display().to_string());
        return Err(failure.hint("name it in a manifest: --manifest FILE"));
    };
    let named = Named {
        name: file.to_owned(),
        comment: request.content().comment.to_string(),
        output: Some(output.clone()),
        asked: Asked::Request {
            vouched: None,
            file: request.clone(),
        },
    };
    let item = Item {
        place: absolute(&output)?,
        wish: Wish::Request(request),
    };
    Ok(Wanted { item, named })
}

fn lines(make: &Make, manifest: &Path, config: &Config) -> Result<Vec<Line>, Failure> {
    let ask = Ask {
        role: make.role.clone().unwrap_or_else(RoleName::operator),
        kind: if make.host { Kind::Host } else { Kind::User },
        key_id: None,
        principals: None,
        validity: None,
        validity_as_asked: "always:forever".to_owned(),
        options: OptionsAsked::default(),
        reason: None,
        serial: None,
    };
    manifest::lines(manifest, &ask, None, config)
}

/// A line of a manifest, as the registrar asks for its key.
fn key(line: Line, name: &str, config: &Config) -> Result<Wanted, Failure> {
    let content = content(&line, config).map_err(|failure| failure.at(name.to_owned()))?;
    if line.requester.is_none() {
        return Err(Failure::usage("the line names no requester").at(name.to_owned()));
    }
    let named = Named {
        name: name.into(),
        comment: line.comment,
        output: Some(line.output.clone()),
        asked: Asked::Carried(Box::new(content.clone())),
    };
    let item = Item {
        place: absolute(&line.output)?,
        wish: Wish::Key(Box::new(content)),
    };
    Ok(Wanted { item, named })
}

fn content(line: &Line, config: &Config) -> Result<Content, Failure> {
    let ask = &line.ask;
    if ask.role.is_operator() {
        return Err(Failure::usage(NO_ROLE));
    }
    let validity = ask.validity.map(|asked| {
        let span = Span::of(asked);
        span.ok_or_else(|| Failure::usage(NO_BEGIN))
    });
    let subject = line.key.clone().try_into();
    Ok(Content {
        subject: subject.at("the key cannot be certified")?,
        comment: Comment::lossy(&line.comment),
        role: ask.role.clone(),
        kind: ask.kind,
        principals: ask.principals.clone(),
        validity: validity.transpose()?,
        options: line.options.clone(),
        key_id: ask.key_id.clone(),
        claimed: line.requester.clone(),
        reason: ask.reason.clone(),
        created: config::now(),
        id: random_id().at("no random numbers")?,
        target: target(&ask.role, config)?,
        challenge: None,
        evidence: Vec::new(),
    })
}

/// The CA of a role.
fn target(role: &RoleName, config: &Config) -> Result<Target, Failure> {
    match config.role(role)?.ca() {
        Permit::Only(ca) => Ok(Target::of(config.public_key(config.ca(ca)?)?.key_data())),
        _ => Err(Failure::usage(format!("role `{role}` names no CA"))),
    }
}

pub(super) fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).in_file(path)
}

const NO_ROLE: &str = "the line names no role: `operator` is for whoever holds token and PIN";
const NO_BEGIN: &str = "a bundle asks for a length (+8h) or for both ends (2026-11-26:2026-12-01): an end alone says \
     nothing of when it begins";
