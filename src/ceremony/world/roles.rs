//! The roles that the config of a rehearsal has before: those of people who get in when a key was stolen, and
//! those that its bundles ask for.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::asked::Asked;
use crate::ceremony::plan::Plan;

/// Tables of the config.
pub(super) fn of(sketch: &Plan, asked: &Asked) -> String {
    let mut roles = emergencies(sketch);
    let cas: Vec<_> = sketch
        .ledger
        .iter()
        .flat_map(|ledger| &ledger.cas)
        .collect();
    for (name, ca) in asked.roles() {
        if let Some(ca) = cas.get(ca) {
            let who = (vec!["rehearsal-*".into()], vec!["{requester}".into()]);
            let role = role(ca.name.as_str(), who, &[]);
            roles.insert(name.to_owned(), role.into());
        }
    }
    if roles.is_empty() {
        return String::new();
    }
    let mut all = Table::new();
    all.insert("role".to_owned(), roles.into());
    format!("\n{all}")
}

fn emergencies(sketch: &Plan) -> Table {
    let Some((theft, new)) = sketch.compromise().zip(sketch.cas().first()) else {
        return Table::new();
    };
    let mut roles: BTreeMap<String, (Vec<Value>, Vec<Value>)> = BTreeMap::new();
    for one in &theft.emergencies {
        let (requesters, principals) = roles.entry(one.role.to_string()).or_default();
        requesters.push(one.name.to_string().into());
        let names = one.principals.iter().map(|name| name.as_str().into());
        principals.extend(names);
    }
    let roles = roles.into_iter();
    roles
        .map(|(name, who)| {
            let mut role = role(new.name.as_str(), who, &LONG);
            role.insert("extensions".to_owned(), terminal().into());
            (name, role.into())
        })
        .collect()
}

/// Whoever opens a server types there.
fn terminal() -> Table {
    let terminal = || Value::Array(vec!["permit-pty".into()]);
    let kinds = ["default", "allowed"];
    kinds
        .into_iter()
        .map(|kind| (kind.to_owned(), terminal()))
        .collect()
}

/// A role that signs by this CA, for an hour where nothing else is said.
fn role(
    ca: &str,
    (requesters, principals): (Vec<Value>, Vec<Value>),
    longer: &[(&str, &str)],
) -> Table {
    let mut lifetime = Table::new();
    for (key, span) in HOUR.iter().chain(longer) {
        lifetime.insert((*key).to_owned(), (*span).into());
    }
    let mut role = Table::new();
    role.insert("ca".to_owned(), ca.into());
    role.insert("requesters".to_owned(), Value::Array(requesters));
    role.insert("principals".to_owned(), Value::Array(principals));
    role.insert("storage".to_owned(), "ignore".into());
    role.insert("lifetime".to_owned(), lifetime.into());
    role
}

const HOUR: [(&str, &str); 2] = [("default", "1h"), ("maximum", "1h")];
/// As long as a rehearsal may take, wherever in it the certificate is signed.
const LONG: [(&str, &str); 2] = [("maximum", "25h"), ("back-date", "25h")];
