//! From a row of a manifest to what is asked for its subject.

use std::path::{Path, PathBuf};

use ssh_key::public::KeyData;

use super::{Cell, Column, Line, LineFault, Row, Setting};
use crate::batch::file_name::plain_name;
use crate::certificate::key_line::read_public_key_line;
use crate::certificate::{
    KeyId, Kind, Options, OptionsAsked, Principal, PrincipalError, Principals, Subject,
};
use crate::config::SubjectFile;
use crate::request::{Ask, RequesterName, RoleName, ValidityAsked};

/// Parses a row to its end; all that is wrong with it is noted.
pub(super) fn line(row: &Row, setting: &Setting<'_>, faults: &mut Vec<LineFault>) -> Option<Line> {
    let mut note = Notes(faults);
    let key = note.of(key(row, setting.folder));
    let requester = note.of(requester(row));
    let ask = ask(row, setting, &mut note);
    let (found, requester, ask) = (key?, requester?, ask?);
    if requester.is_none() && !ask.role.is_operator() {
        note.0.push(LineFault::NoRequester(ask.role));
        return None;
    }
    let output = output(&found, requester.as_ref(), &ask, setting);
    Some(Line {
        number: row.line,
        key: found.key,
        comment: found.comment,
        output,
        requester,
        ask,
        options: match row.cells.get(&Column::Options) {
            Some(Cell::List(options)) => options.clone(),
            _ => Vec::new(),
        },
    })
}

/// What is asked: what the line says, else what was said for all of them.
fn ask(row: &Row, setting: &Setting<'_>, note: &mut Notes<'_>) -> Option<Ask> {
    let all = setting.ask;
    let role = note.of(role(row, setting));
    let principals = note.of(principals(row, all.kind));
    let key_id = note.of(text(row, Column::KeyId, KeyId::parse));
    let validity = note.of(text(row, Column::Validity, |text| {
        ValidityAsked::parse(text, setting.now, setting.zone)
    }));
    let reason = note.of(text(row, Column::Reason, str::parse));
    let is_operator = role.as_ref().is_some_and(RoleName::is_operator);
    let options = note.of(options(row, all.kind, is_operator));
    let ask = Ask {
        role: role?,
        kind: all.kind,
        key_id: key_id?.or_else(|| all.key_id.clone()),
        principals: principals?.or_else(|| all.principals.clone()),
        validity: validity?.or(all.validity),
        validity_as_asked: match row.text(Column::Validity) {
            Some(text) => text.to_owned(),
            None => all.validity_as_asked.clone(),
        },
        options: options?.unwrap_or_else(|| all.options.clone()),
        reason: reason?.or_else(|| all.reason.clone()),
        serial: None,
    };
    let is_whole = !is_operator || note.is_whole(&ask);
    is_whole.then_some(ask)
}

/// The faults of one line.
struct Notes<'a>(&'a mut Vec<LineFault>);

impl Notes<'_> {
    fn of<T>(&mut self, result: Result<T, LineFault>) -> Option<T> {
        result.map_err(|fault| self.0.push(fault)).ok()
    }

    /// What the operator must say, and no role says for them.
    fn is_whole(&mut self, ask: &Ask) -> bool {
        if ask.key_id.is_none() {
            self.0.push(LineFault::NoKeyId);
        }
        if ask.principals.is_none() {
            self.0.push(LineFault::NoPrincipals);
        }
        ask.key_id.is_some() && ask.principals.is_some()
    }
}

fn text<T, E: Into<LineFault>>(
    row: &Row,
    column: Column,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<Option<T>, LineFault> {
    row.text(column).map(parse).transpose().map_err(Into::into)
}

fn requester(row: &Row) -> Result<Option<RequesterName>, LineFault> {
    let name = row.text(Column::Requester).map(str::parse);
    name.transpose().map_err(LineFault::Requester)
}

fn role(row: &Row, setting: &Setting<'_>) -> Result<RoleName, LineFault> {
    let role = match row.text(Column::Role) {
        Some(name) => name.parse()?,
        None => setting.ask.role.clone(),
    };
    match setting.policy.role(&role) {
        Some(_) => Ok(role),
        None => Err(LineFault::NoRole(role)),
    }
}

fn principals(row: &Row, kind: Kind) -> Result<Option<Principals>, LineFault> {
    let Some(cell) = row.cells.get(&Column::Principals) else {
        return Ok(None);
    };
    let principals = match cell {
        Cell::Text(list) => Principals::parse(list, kind)?,
        Cell::List(names) => {
            let names = names.iter().map(|name| Principal::parse(name, kind));
            Principals::try_from(names.collect::<Result<Vec<_>, PrincipalError>>()?)?
        }
    };
    Ok(Some(principals))
}

fn options(row: &Row, kind: Kind, is_operator: bool) -> Result<Option<OptionsAsked>, LineFault> {
    let Some(Cell::List(options)) = row.cells.get(&Column::Options) else {
        return Ok(None);
    };
    if is_operator {
        // Mistakes that only ssh-keygen's own defaults make one are mistakes of the line.
        Options::parse(kind, options)?;
    }
    Ok(Some(OptionsAsked::parse(options)?))
}

/// A key, and the file that it was read from.
struct Found {
    key: KeyData,
    comment: String,
    /// The place of its certificate beside it; none for a key that stands in the line itself.
    beside: Option<PathBuf>,
}

fn key(row: &Row, folder: &Path) -> Result<Found, LineFault> {
    let text = row.text(Column::Key).ok_or(LineFault::NoKey)?;
    let found = if stands_there(text) {
        let (key, comment) = read_public_key_line(text)?;
        let beside = None;
        Found {
            key,
            comment,
            beside,
        }
    } else {
        let file = folder.join(text);
        let read = SubjectFile::read(&file);
        let read = read.map_err(|source| LineFault::File { file, source })?;
        Found {
            key: read.key,
            comment: read.comment,
            beside: Some(read.output),
        }
    };
    Subject::try_from(found.key.clone())?;
    Ok(found)
}

/// Whether it is a key and not the name of its file: the type, a blank, and more.
fn stands_there(text: &str) -> bool {
    let is_type = |word: &str| {
        ["ssh-", "ecdsa-", "sk-"]
            .iter()
            .any(|begin| word.starts_with(begin))
    };
    text.split_once(' ').is_some_and(|(word, _)| is_type(word))
}

/// Where the certificate goes: beside the key's file, unless a folder was named; a key without a
/// file gives its name by whom it is for.
fn output(
    found: &Found,
    requester: Option<&RequesterName>,
    ask: &Ask,
    setting: &Setting<'_>,
) -> PathBuf {
    let beside = found.beside.as_deref();
    if let (Some(beside), None) = (beside, setting.out_dir) {
        return beside.to_owned();
    }
    let folder = setting.out_dir.unwrap_or(setting.folder);
    if let Some(name) = beside.and_then(Path::file_name) {
        return folder.join(name);
    }
    let first = ask
        .principals
        .as_ref()
        .and_then(|names| names.iter().next());
    let who = requester.map(RequesterName::as_str);
    let who = who.or(ask.key_id.as_ref().map(KeyId::as_str));
    let who = who.or(first.map(Principal::as_str)).unwrap_or_default();
    folder.join(plain_name(&format!("{who}-cert.pub")))
}
