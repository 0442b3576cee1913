//! The roles that the config of a rehearsal has before: those of people who get in when a key was stolen.

use std::collections::BTreeMap;

use toml::{Table, Value};

use crate::ceremony::plan::Plan;

/// Tables of the config, for the roles that the plan names.
pub(super) fn of(sketch: &Plan) -> String {
    let Some((theft, new)) = sketch.compromise().zip(sketch.cas().first()) else {
        return String::new();
    };
    let mut roles: BTreeMap<String, (Vec<Value>, Vec<Value>)> = BTreeMap::new();
    for one in &theft.emergencies {
        let (requesters, principals) = roles.entry(one.role.to_string()).or_default();
        requesters.push(one.name.to_string().into());
        let names = one.principals.iter().map(|name| name.as_str().into());
        principals.extend(names);
    }
    let role = |(name, (requesters, principals))| {
        let mut role = Table::new();
        role.insert("ca".to_owned(), new.name.to_string().into());
        role.insert("requesters".to_owned(), Value::Array(requesters));
        role.insert("principals".to_owned(), Value::Array(principals));
        role.insert("storage".to_owned(), "ignore".into());
        role.insert("lifetime".to_owned(), lifetime().into());
        (name, Value::Table(role))
    };
    let roles: Table = roles.into_iter().map(role).collect();
    let mut all = Table::new();
    all.insert("role".to_owned(), roles.into());
    format!("\n{all}")
}

/// As long as a rehearsal may take, wherever in it the certificate is signed.
fn lifetime() -> Table {
    let spans = [
        ("default", "1h"),
        ("maximum", LONGEST),
        ("back-date", LONGEST),
    ];
    let span = |(key, span): (&str, &str)| (key.to_owned(), span.into());
    spans.into_iter().map(span).collect()
}

const LONGEST: &str = "25h";
