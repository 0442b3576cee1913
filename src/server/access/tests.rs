//! What the page on the format says under "Exactly", sentence by sentence.

mod certificate;
mod changes;
mod freshness;
mod index;
mod joining;
mod matching;
mod review;
mod rules;
mod text;

use jiff::tz::TimeZone;

use super::*;

/// The list's directives that most tests want, and these lines.
fn with_suffixes(lines: &str) -> String {
    format!("@suffixes _physical _witnessed _file\n{lines}")
}

/// The time of the tests: 2026-11-26T04:00:00Z.
const NOW: u64 = 1_795_665_600;

fn moment() -> Moment<'static> {
    Moment {
        now: NOW,
        refreshed: Refreshed::Never,
        zone: &|| TimeZone::UTC,
    }
}

/// What a list says to a certificate with these principals.
fn decision(list: &str, principals: &[&str], user: &str, host: &str) -> Decision {
    let blob = certificate::user(principals);
    let presented = Presented::from_blob(&blob).unwrap();
    decision_at(list, &presented, user, host, &moment()).unwrap()
}

fn decision_at(
    list: &str,
    presented: &Presented,
    user: &str,
    host: &str,
    moment: &Moment<'_>,
) -> Result<Decision, Doubt> {
    let list = List::parse(list.as_bytes()).unwrap_or_else(|fault| panic!("{fault}\n{list}"));
    let principals = presented.principals().iter().map(String::as_str);
    let query = Query::new(principals, user, Host::parse(host).unwrap()).unwrap();
    let asking = Asking {
        certificate: Some(presented),
        query: &query,
        moment,
        known: &NoneKnown,
    };
    let whole = decide(list.header(), list.entries().iter().copied(), &asking);
    // A login looks at the lines alone that may fit.
    let some = list
        .entries()
        .iter()
        .filter(|(_, entry)| entry.may_fit(&query));
    assert_eq!(decide(list.header(), some.copied(), &asking), whole);
    whole
}

/// What is printed for sshd.
fn printed(list: &str, principals: &[&str], user: &str, host: &str) -> Option<String> {
    match decision(list, principals, user, host).outcome {
        Outcome::Line { printed, .. } => Some(printed),
        Outcome::Nothing(_) => None,
    }
}

fn lets_in(list: &str, principal: &str, user: &str, host: &str) -> bool {
    printed(list, &[principal], user, host).is_some()
}

fn why(list: &str, principals: &[&str], user: &str, host: &str) -> Why {
    match decision(list, principals, user, host).outcome {
        Outcome::Nothing(why) => why,
        Outcome::Line { printed, .. } => panic!("lets in: {printed}"),
    }
}

fn fault(list: &[u8]) -> Fault {
    List::parse(list).expect_err(&String::from_utf8_lossy(list))
}

/// Line, column and words of what is wrong.
fn wrong(list: &str) -> String {
    fault(list.as_bytes()).to_string()
}
