//! What a run of `sign` came to, in words.

use std::path::Path;

use super::terminal::say;
use super::then::then;
use super::words::number_of;
use crate::batch::{Ended, Summary};
use crate::certificate::Body;
use crate::certificate::explain::key_id_in_quotes;

/// Tells serials, and what the certificates say where they all say the same.
/// `only` is the certificate file of a run over one key.
pub(crate) fn summarise(ca: &str, ended: &Ended, count: Option<u64>, only: Option<&Path>) {
    let summary = &ended.summary;
    if let Some((first, last)) = summary.serials {
        let what = match (count, first == last) {
            (Some(1), _) => format!("  serial {first} of {ca}"),
            (_, true) => format!("signed 1 key with {ca}: serial {first}"),
            (_, false) => format!(
                "signed {} with {ca}: serials {first} to {last}{}",
                keys(summary.signed),
                gaps(last - first + 1 - summary.signed)
            ),
        };
        match &ended.first {
            Some(says) => say_body(&what, &says.body),
            None => say(&what),
        }
        if let (Some(certificate), Some(says)) = (only, &ended.first) {
            say(&format!("  {}", then(certificate, says)));
        }
    }
    if *summary == Summary::default() {
        say("no key was named");
    }
    if count != Some(1) {
        summarise_the_rest(summary);
    }
}

fn say_body(what: &str, body: &Body) {
    say(&format!(
        "{what}, key ID {}, principals {}",
        key_id_in_quotes(body.key_id.as_str().as_bytes()),
        body.principals
    ));
    say(&format!("  valid {}", body.validity));
}

/// Says how many keys of a run got no new certificate, and why.
fn summarise_the_rest(summary: &Summary) {
    if summary.passed_over > 0 {
        say(&certificates(summary.passed_over));
    }
    if summary.restored > 0 {
        say(&format!(
            "{} had a certificate before, {} of them written again",
            keys(summary.resumed),
            summary.restored
        ));
    } else if summary.resumed > 0 {
        say(&format!(
            "{} had a certificate before",
            keys(summary.resumed)
        ));
    }
    for (number, words) in [(summary.failed, "failed"), (summary.not_tried, "not tried")] {
        if number > 0 {
            say(&format!("{} {words}", keys(number)));
        }
    }
}

/// A range of serials from which some are missing.
fn gaps(missing: u64) -> String {
    match missing {
        0 => String::new(),
        missing => format!(" without {missing} of them"),
    }
}

fn keys(number: u64) -> String {
    number_of(number, "key")
}

fn certificates(number: u64) -> String {
    match number {
        1 => "1 certificate beside its key passed over".to_owned(),
        number => format!("{number} certificates beside their keys passed over"),
    }
}
