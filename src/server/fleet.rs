//! The reports of many servers beside each other: who lags, who trusts what nobody should, and
//! whose heads of the CA's ledger don't fit.

mod report;
mod trust;

use std::collections::{BTreeMap, BTreeSet};

pub use report::{KeyFound, List, ListTakes, Report, ReportError};
pub use trust::{Says, Trust, who_trusts};

use crate::certificate::length;

/// What the servers of a fleet should be.
#[derive(Clone, Debug, Default)]
pub struct Expectation {
    /// The names of the servers; none if nobody said.
    pub servers: Vec<String>,
    /// The user CAs that every server should trust, and no other; none if nobody said.
    pub cas: BTreeSet<String>,
    /// The clock, in Unix seconds.
    pub now: u64,
}

/// A server of the fleet, and what is wrong with it.
#[derive(Clone, Debug)]
pub struct Member<'r> {
    /// Its name.
    pub name: String,
    /// Its newest report; none if it sent none.
    pub report: Option<&'r Report>,
    /// What is wrong, in words.
    pub faults: Vec<String>,
    /// Whether it is behind the others, or says nothing.
    pub lags: bool,
}

/// Judges every server of the list, and every one that sent a report.
///
/// `fits` says of a head that a server saw whether the CA's ledger extends it.
#[must_use]
pub fn judge<'r>(
    reports: &'r [Report],
    expectation: &Expectation,
    fits: &dyn Fn(&str) -> Result<(), String>,
) -> Vec<Member<'r>> {
    let newest = newest_reports(reports);
    // A server that names a version of next year would make all others lag.
    let latest = expectation.now.saturating_add(A_DAY);
    let revoked = newest.values().flat_map(|report| &report.revoked);
    let known = newest.values().flat_map(|report| &report.known);
    let versions = Newest {
        revoked: newest_versions(revoked, latest),
        known: newest_versions(known, latest),
    };
    let newest_list = newest
        .values()
        .filter_map(|report| report.list_version)
        .filter(|version| *version <= latest)
        .max();
    let mut names: BTreeSet<&str> = newest.keys().copied().collect();
    names.extend(expectation.servers.iter().map(String::as_str));
    let members = names.into_iter().map(|name| {
        let report = newest.get(name).copied();
        let mut member = Member {
            name: name.to_owned(),
            report,
            faults: Vec::new(),
            lags: false,
        };
        match report {
            None => member.lag("no report".to_owned()),
            Some(report) => {
                member.by_age(report, expectation.now);
                member.by_lists(report, &versions, fits, expectation.now);
                member.by_version("its access list", report.list_version, expectation.now);
                member.by_access_list(report.list_version, newest_list);
                member.by_trust(report, &expectation.cas);
                member.by_list(&expectation.servers);
            }
        }
        member
    });
    members.collect()
}

fn newest_reports(reports: &[Report]) -> BTreeMap<&str, &Report> {
    let mut newest: BTreeMap<&str, &Report> = BTreeMap::new();
    for report in reports {
        let known = newest.entry(&report.host).or_insert(report);
        if known.time < report.time {
            *known = report;
        }
    }
    newest
}

/// The highest versions among all servers.
struct Newest<'r> {
    revoked: BTreeMap<&'r str, u64>,
    known: BTreeMap<&'r str, u64>,
}

/// The highest version of each list by its name, which is a time and no later than `latest`.
fn newest_versions<'r>(
    lists: impl Iterator<Item = &'r List>,
    latest: u64,
) -> BTreeMap<&'r str, u64> {
    let mut newest = BTreeMap::new();
    for list in lists {
        let (Some(name), Some(version)) = (&list.name, list.version) else {
            continue;
        };
        if version > latest {
            continue;
        }
        let known = newest.entry(name.as_str()).or_default();
        *known = version.max(*known);
    }
    newest
}

impl Member<'_> {
    fn lag(&mut self, fault: String) {
        self.lags = true;
        self.faults.push(fault);
    }

    fn by_age(&mut self, report: &Report, now: u64) {
        let age = now.saturating_sub(report.time);
        if age > OLDEST {
            self.lag(format!("its report is {} old", length(age)));
        }
        if report.time > now.saturating_add(CLOCKS_DIFFER_BY) {
            let ahead = length(report.time.saturating_sub(now));
            self.faults
                .push(format!("its report is of {ahead} in the future"));
        }
        if report.state == "unknown" {
            self.lag("it could not be looked at".to_owned());
        }
        let critical = report
            .critical
            .iter()
            .map(|name| format!("critical: {name}"));
        self.faults.extend(critical);
    }

    fn by_lists(
        &mut self,
        report: &Report,
        newest: &Newest<'_>,
        fits: &dyn Fn(&str) -> Result<(), String>,
        now: u64,
    ) {
        let revoked = report.revoked.iter().map(|list| (list, &newest.revoked, 0));
        // These are made so often that no two reports have the same.
        let known = report.known.iter();
        let known = known.map(|list| (list, &newest.known, A_DAY));
        for (list, newest, allowed) in revoked.chain(known) {
            self.by_version(&list.file, list.version, now);
            let name = list.name.as_deref().unwrap_or_default();
            match (list.version, newest.get(name)) {
                (Some(version), Some(newest)) if version.saturating_add(allowed) < *newest => {
                    let file = &list.file;
                    self.lag(format!("{file} has version {version}, others {newest}"));
                }
                _ => {}
            }
            if let Some(Err(why)) = list.head.as_deref().map(fits) {
                self.faults.push(format!("{}: {why}", list.file));
            }
        }
    }

    /// A version is a time, and no list is taken that is more than a day ahead of the clock.
    fn by_version(&mut self, list: &str, version: Option<u64>, now: u64) {
        if let Some(version) = version.filter(|version| *version > now.saturating_add(A_DAY)) {
            let ahead = length(version.saturating_sub(now));
            self.faults.push(format!(
                "{list} has version {version}, {ahead} in the future"
            ));
        }
    }

    fn by_access_list(&mut self, version: Option<u64>, newest: Option<u64>) {
        if let (Some(version), Some(newest)) = (version, newest)
            && version < newest
        {
            self.lag(format!(
                "its access list has version {version}, others {newest}"
            ));
        }
    }

    fn by_trust(&mut self, report: &Report, expected: &BTreeSet<String>) {
        if expected.is_empty() {
            return;
        }
        for ca in report.cas.difference(expected) {
            self.faults
                .push(format!("trusts {ca}, which it should not"));
        }
        for ca in expected.difference(&report.cas) {
            self.lag(format!("doesn't trust {ca} yet"));
        }
    }

    fn by_list(&mut self, servers: &[String]) {
        if !servers.is_empty() && !servers.contains(&self.name) {
            self.faults
                .push("it is not in the list of servers".to_owned());
        }
    }
}

/// A server whose report is older than this lags.
const OLDEST: u64 = 7 * A_DAY;
/// In seconds.
const A_DAY: u64 = 86_400;

/// By how many seconds the clocks of two machines may differ.
const CLOCKS_DIFFER_BY: u64 = 3_600;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_000_000;

    fn report(host: &str, time: u64, version: u64, cas: &[&str]) -> Report {
        Report {
            host: host.to_owned(),
            time,
            state: "ok".to_owned(),
            sshd: Some("9.2".to_owned()),
            cas: cas.iter().map(|ca| (*ca).to_owned()).collect(),
            revoked: vec![List {
                file: "/r".to_owned(),
                name: Some("users".to_owned()),
                version: Some(version),
                head: Some(format!("head-{version}")),
            }],
            list_version: None,
            list_takes: ListTakes::Every,
            known: Vec::new(),
            critical: Vec::new(),
            doors: Vec::new(),
            keys: Vec::new(),
        }
    }

    fn faults(reports: &[Report], expectation: &Expectation) -> Vec<(String, bool, usize)> {
        let members = judge(reports, expectation, &|head| match head {
            "head-9" => Err("forked".to_owned()),
            _ => Ok(()),
        });
        members
            .into_iter()
            .map(|member| (member.name, member.lags, member.faults.len()))
            .collect()
    }

    #[test]
    fn a_version_of_the_future_makes_no_other_server_lag() {
        let far = NOW + A_DAY + 1;
        let mut reports = [report("a", NOW, NOW, &[]), report("b", NOW, far, &[])];
        reports[1].list_version = Some(far);
        reports[0].list_version = Some(NOW);
        let expectation = Expectation {
            now: NOW,
            ..Expectation::default()
        };
        let found = faults(&reports, &expectation);
        assert_eq!(
            found,
            [("a".to_owned(), false, 0), ("b".to_owned(), false, 2)]
        );
    }

    #[test]
    fn who_is_silent_old_or_behind_lags() {
        let reports = [
            report("a", NOW, 5, &[]),
            report("b", NOW, 4, &[]),
            report("c", NOW - OLDEST - 1, 5, &[]),
            // An older report of the same server counts for nothing.
            report("a", NOW - 100, 1, &[]),
        ];
        let expectation = Expectation {
            servers: ["a", "b", "c", "d"].map(str::to_owned).to_vec(),
            now: NOW,
            ..Expectation::default()
        };
        assert_eq!(
            faults(&reports, &expectation),
            [
                ("a", false, 0),
                ("b", true, 1),
                ("c", true, 1),
                ("d", true, 1)
            ]
            .map(|(name, lags, count)| (name.to_owned(), lags, count))
        );
    }

    #[test]
    fn an_older_access_list_than_others_have_lags() {
        let with = |host: &str, version| Report {
            list_version: version,
            ..report(host, NOW, 5, &[])
        };
        let reports = [with("a", Some(7)), with("b", Some(6)), with("c", None)];
        let expectation = Expectation {
            now: NOW,
            ..Expectation::default()
        };
        let lags: Vec<_> = faults(&reports, &expectation)
            .into_iter()
            .map(|one| one.1)
            .collect();
        assert_eq!(lags, [false, true, false]);
    }

    #[test]
    fn known_certificates_may_be_a_day_behind_and_their_heads_are_looked_at() {
        let with = |host: &str, version, head: &str| Report {
            known: vec![List {
                file: "/users.known".to_owned(),
                name: Some("users".to_owned()),
                version: Some(version),
                head: Some(head.to_owned()),
            }],
            ..report(host, NOW, 5, &[])
        };
        let reports = [
            with("a", NOW, "head"),
            with("b", NOW - A_DAY, "head"),
            with("c", NOW - A_DAY - 1, "head"),
            with("d", NOW, "head-9"),
        ];
        let expectation = Expectation {
            now: NOW,
            ..Expectation::default()
        };
        let found = faults(&reports, &expectation).into_iter();
        let found: Vec<_> = found.map(|(_, lags, count)| (lags, count)).collect();
        assert_eq!(found, [(false, 0), (false, 0), (true, 1), (false, 1)]);
    }

    #[test]
    fn trust_heads_and_strangers_are_held_against_what_is_expected() {
        let reports = [
            report("a", NOW, 5, &["old", "new"]),
            report("b", NOW, 5, &["old"]),
            report("c", NOW, 5, &["old", "new", "evil"]),
            report("d", NOW + 9_000, 9, &["old", "new"]),
        ];
        let expectation = Expectation {
            servers: ["a", "b", "c"].map(str::to_owned).to_vec(),
            cas: ["old", "new"].map(str::to_owned).into(),
            now: NOW,
        };
        let found = faults(&reports, &expectation);
        // The others lack version 9, too.
        assert_eq!(found[0], ("a".to_owned(), true, 1));
        assert_eq!(found[1], ("b".to_owned(), true, 2));
        assert_eq!(found[2], ("c".to_owned(), true, 2));
        assert_eq!(found[3], ("d".to_owned(), false, 3));
    }
}
