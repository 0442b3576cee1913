//! Whether each server of a list trusts one user CA, by its own report: what a rollover waits for.

use std::collections::BTreeMap;

use super::{CLOCKS_DIFFER_BY, ListTakes, OLDEST, Report, newest_reports};
use crate::certificate::length;

/// A server, and what its newest report says of one CA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// Its name.
    pub server: String,
    /// What the report says; in words why there is none that counts.
    pub says: Result<Says, String>,
}

/// What a report says of one CA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Says {
    /// Whether sshd trusts it: `TrustedUserCAKeys`.
    pub in_trust_file: bool,
    /// Whether the access list lets in who has a certificate of it. A list that binds no CA takes that
    /// of every one; so does a server without a list.
    pub in_access_list: bool,
}

/// What the servers of a list say of the user CA with this fingerprint. A server without a report, or
/// whose newest is older than seven days, of the future, or of a server that could not be looked at,
/// says nothing.
#[must_use]
pub fn who_trusts(reports: &[Report], servers: &[String], ca: &str, now: u64) -> Vec<Trust> {
    let newest = newest_reports(reports);
    // A report names its server as that names itself.
    let others = newest
        .keys()
        .filter(|host| servers.iter().all(|server| server != **host));
    let others: Vec<_> = others.copied().collect();
    let one = |server: &String| Trust {
        server: server.clone(),
        says: says(&newest, (server, &others), ca, now),
    };
    servers.iter().map(one).collect()
}

fn says(
    newest: &BTreeMap<&str, &Report>,
    (server, others): (&str, &[&str]),
    ca: &str,
    now: u64,
) -> Result<Says, String> {
    let report = newest.get(server).ok_or_else(|| no_report(others))?;
    let age = now.saturating_sub(report.time);
    if age > OLDEST {
        return Err(format!("its report is {} old", length(age)));
    }
    if report.time > now.saturating_add(CLOCKS_DIFFER_BY) {
        return Err("its report is of the future".to_owned());
    }
    if report.state == "unknown" {
        return Err("it could not be looked at".to_owned());
    }
    Ok(Says {
        in_trust_file: report.cas.contains(ca),
        in_access_list: match &report.list_takes {
            ListTakes::Every => true,
            ListTakes::Bound(cas) => cas.contains(ca),
            ListTakes::Nothing => false,
        },
    })
}

/// Says too which reports are of none of the servers: one of them may be this one, by another name.
fn no_report(others: &[&str]) -> String {
    match others {
        [] => "it sent no report".to_owned(),
        others => format!(
            "it sent no report; there are reports of {}, which the list doesn't name",
            others.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_000_000;

    fn report(host: &str, more: &str) -> Report {
        let text = format!(
            r#"{{"punchmark-doctor":1,"host":"{host}","time":{NOW},"state":"ok",{more}"cas":[{{"fingerprint":"SHA256:a"}}]}}"#
        );
        Report::parse(&text).unwrap()
    }

    #[test]
    fn a_server_trusts_a_ca_that_its_file_names_and_its_list_binds() {
        let old = Report {
            time: NOW - OLDEST - 1,
            ..report("old", "")
        };
        let future = Report {
            time: NOW + CLOCKS_DIFFER_BY + 1,
            ..report("future", "")
        };
        let reports = [
            report("free", ""),
            report(
                "bound",
                r#""list":{"version":3,"cas":["SHA256:a","SHA256:b"]},"#,
            ),
            report("other", r#""list":{"version":3,"cas":["SHA256:b"]},"#),
            report("open", r#""list":{"version":3,"cas":[]},"#),
            report("broken", r#""list":{"version":null,"cas":null},"#),
            old,
            future,
        ];
        let servers = [
            "free", "bound", "other", "open", "broken", "old", "future", "none",
        ];
        let servers = servers.map(str::to_owned);
        let found = who_trusts(&reports, &servers, "SHA256:a", NOW);
        let of = |trust: &Trust| {
            (trust
                .says
                .clone()
                .map(|says| (says.in_trust_file, says.in_access_list)))
            .ok()
        };
        let found: Vec<_> = found.iter().map(of).collect();
        let both = Some((true, true));
        assert_eq!(
            found,
            [
                both,
                both,
                Some((true, false)),
                both,
                Some((true, false)),
                None,
                None,
                None
            ]
        );
        let found = who_trusts(&reports, &servers[..1], "SHA256:c", NOW);
        assert_eq!(of(&found[0]), Some((false, true)));
        // A server may call itself otherwise than the list does.
        let found = who_trusts(&[report("vm", "")], &servers[..1], "SHA256:a", NOW);
        let told = "it sent no report; there are reports of vm, which the list doesn't name";
        assert_eq!(found[0].says, Err(told.to_owned()));
    }
}
