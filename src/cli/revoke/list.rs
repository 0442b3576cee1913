//! `punchmark revoke --list`: all that was revoked, barred or lost, oldest first.

use serde_json::{Value, json};
use ssh_key::Fingerprint;

use crate::certificate::explain::utc;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::pending;
use crate::cli::base::revoked;
use crate::cli::base::terminal::{product, product_object, say};
use crate::ledger::{Ca, EndOfTrust, KrlMade, Ledger, TrustEnded};
use crate::revocation::told;

pub(super) fn print(context: &Context) -> Result<Exit, Failure> {
    let file = context.config()?.ledger();
    let ledger = pending::seen(&file, Ledger::open_to_read(&file)?)?;
    let (cas, krls) = (ledger.cas()?, ledger.krls()?);
    let all = ledger.ends_of_trust()?;
    for end in &all {
        let in_lists = !matches!(end.what, TrustEnded::Barred(_));
        let mut behind = krls
            .iter()
            .filter(|(position, _, _)| *position > end.position);
        let krl = behind.next().filter(|_| in_lists);
        let krl = krl.map(|(_, time, made)| (*time, made));
        if context.json() {
            product_object(as_json(end, &cas, krl))?;
        } else {
            lines(end, &cas, (krl, ledger.is_pending(end.position)))
                .iter()
                .try_for_each(|line| product(line))?;
        }
    }
    if all.is_empty() && context.talks() {
        say("nothing was revoked");
    }
    Ok(Exit::Done)
}

/// When, by whom and why; then what, a line each; then since which list servers can know it.
fn lines(
    end: &EndOfTrust,
    cas: &[Ca],
    (krl, is_pending): (Option<(u64, &KrlMade)>, bool),
) -> Vec<String> {
    let (reason, keyboard) = end.words();
    let why = match reason {
        "" => "without a reason".to_owned(),
        reason => format!("{reason:?}"),
    };
    let mut lines = vec![format!("{}  {why}, by {keyboard}", utc(end.time))];
    lines.extend(what(end, cas).into_iter().map(|line| format!("  {line}")));
    // Who is barred stands in no list.
    if matches!(end.what, TrustEnded::Barred(_)) {
        return lines;
    }
    lines.push(match krl {
        Some((time, made)) => format!(
            "  in KRLs from version {} on, of {}",
            made.version,
            utc(time)
        ),
        None if is_pending => {
            "  pending: the ledger has not taken it; every list of this mirror has it".to_owned()
        }
        None => "  in no KRL yet: make one with punchmark krl".to_owned(),
    });
    lines
}

fn what(end: &EndOfTrust, cas: &[Ca]) -> Vec<String> {
    match &end.what {
        TrustEnded::Revoked(what) => {
            let of = of(&what.ca, cas);
            let named = told::serials(what).chain(told::key_ids(what));
            let named = named.map(|words| format!("{words}{of}"));
            let keys = what.key_hashes().map(Fingerprint::Sha256);
            named.chain(keys.map(|key| format!("key {key}"))).collect()
        }
        TrustEnded::Barred(barred) => told::bars(barred).collect(),
        TrustEnded::Lost(gap) => {
            let ca = cas.iter().find(|ca| ca.position() == gap.ca);
            let of = ca.map_or("", Ca::name);
            vec![format!(
                "{} of {of}, a gap",
                told::range(&(gap.first, gap.last))
            )]
        }
    }
}

/// Whose serials and key IDs they are.
fn of(ca: &[u8], cas: &[Ca]) -> String {
    if ca.is_empty() {
        return " of every CA".to_owned();
    }
    let known = cas.iter().find(|known| known.added().public_key == ca);
    known.map_or_else(String::new, |ca| format!(" of {}", ca.name()))
}

fn as_json(end: &EndOfTrust, cas: &[Ca], krl: Option<(u64, &KrlMade)>) -> Value {
    let (reason, keyboard) = end.words();
    let name = |position| {
        cas.iter()
            .find(|ca| ca.position() == position)
            .map(Ca::name)
    };
    let what = match &end.what {
        TrustEnded::Revoked(what) => json!({
            "ca": cas.iter().find(|ca| ca.added().public_key == what.ca).map(Ca::name),
            "serials": what.serials,
            "key-ids": what.key_ids,
            "keys": what.key_hashes()
                .map(|key| Fingerprint::Sha256(key).to_string()).collect::<Vec<_>>(),
        }),
        TrustEnded::Barred(barred) => json!({
            "cards": barred.cards,
            "family-cards": revoked::family_cards(barred),
            "requesters": barred.requesters,
        }),
        TrustEnded::Lost(gap) => json!({ "ca": name(gap.ca), "gap": [gap.first, gap.last] }),
    };
    json!({
        "entry": end.position,
        "at": utc(end.time),
        "at-unix": end.time,
        "reason": reason,
        "keyboard": keyboard,
        "what": what,
        "krl": krl.map(|(time, made)| json!({ "version": made.version, "at-unix": time })),
    })
}
