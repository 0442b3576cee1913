//! Whether nothing but a key in hardware opens a server: said only where no other door is open,
//! and every name that lets in ends in a suffix that the CA writes by proof alone.

use super::Diagnosis;
use super::server::{Examined, Server};
use crate::server::as_owner::read_as;
use crate::server::percent::path_for;

/// Why more than hardware opens the server; nothing if hardware alone does.
#[must_use]
pub fn beside_hardware(server: &Server, diagnosis: &Diagnosis, suffixes: &[String]) -> Vec<String> {
    let open = diagnosis.findings.iter().filter(|finding| finding.opens);
    let mut reasons: Vec<_> = open.map(|finding| finding.name.to_owned()).collect();
    reasons.dedup();
    if diagnosis
        .findings
        .iter()
        .any(|finding| finding.name == "one-address")
    {
        reasons.push("other addresses were not asked about".to_owned());
    }
    for examined in &server.accounts {
        reasons.extend(of_account(server, examined, suffixes));
    }
    reasons.sort();
    reasons.dedup();
    reasons
}

fn of_account(server: &Server, examined: &Examined, suffixes: &[String]) -> Vec<String> {
    let settings = &examined.settings;
    let file = settings.value("authorizedprincipalsfile");
    let command = settings.value("authorizedprincipalscommand");
    let mut reasons = Vec::new();
    if let Some(pattern) = file {
        reasons.extend(of_file(examined, pattern, suffixes));
    }
    if let Some(command) = command {
        let same = server.base.value("authorizedprincipalscommand") == Some(command);
        match server
            .list
            .as_ref()
            .filter(|_| same)
            .map(|list| &list.facts)
        {
            Some(Ok(facts)) => {
                let reserved = |suffix: &&String| facts.suffixes.contains(suffix);
                let wanting = suffixes.iter().find(|suffix| !reserved(suffix));
                reasons.extend(wanting.map(|suffix| format!("the list doesn't reserve {suffix}")));
                let others = facts
                    .grants
                    .iter()
                    .filter(|(_, name)| !ends(name, suffixes));
                reasons.extend(others.map(|(line, name)| format!("line {line} lets in {name}")));
            }
            // A list that lets nobody in opens nothing.
            Some(Err(_)) => {}
            None => reasons.push(format!("{command} isn't known to ask the list")),
        }
    }
    reasons
}

/// A file that isn't there lets nobody in.
fn of_file(examined: &Examined, pattern: &str, suffixes: &[String]) -> Vec<String> {
    let account = &examined.account;
    let path = path_for(pattern, account);
    let Ok(bytes) = read_as(account, &path, BYTES_MAX) else {
        return Vec::new();
    };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let lines = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default());
    let names = lines.filter_map(|line| line.split_ascii_whitespace().next_back());
    names
        .filter(|name| !ends(name, suffixes))
        .map(|name| format!("{} lets in {name}", path.display()))
        .collect()
}

fn ends(name: &str, suffixes: &[String]) -> bool {
    suffixes
        .iter()
        .any(|suffix| name.ends_with(suffix.as_str()))
}

/// A file of principals is short.
const BYTES_MAX: u64 = 16 << 20;
