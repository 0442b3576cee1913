//! What a change of a list's directives gives or takes, which no line of it shows.

use base64ct::{Base64, Base64Unpadded, Encoding};
use sha2::{Digest, Sha256};

use super::super::header::{Ca, Header, KnownLine, NextSigner};
use super::super::pattern::{Purpose, matches, principal_fits};
use super::book::{Book, sample};
use crate::certificate::length;

/// A directive that says something else after than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleChange {
    /// The directive, as it is written.
    pub directive: &'static str,
    /// What it said, where there was one.
    pub before: Option<String>,
    /// What it says, where there is one.
    pub after: Option<String>,
    /// Whether more certificates, more of them for longer, or more signers count than before.
    pub gains: bool,
}

/// The directives whose change reaches beyond lines, in the order of the format's page: whose
/// certificates count, what wildcards reach, how old a list may be and for whom, what ledgers must
/// know, and who speaks for the list.
#[must_use]
pub fn rule_changes(old: &Book<'_>, new: &Book<'_>) -> Vec<RuleChange> {
    let headers = (old.list().header(), new.list().header());
    let all = [
        of_suffixes(headers),
        of_cas(headers),
        of_stale(old, new),
        of_known(headers),
        of_fresh(headers),
        of_signers(headers),
    ];
    all.into_iter().flatten().collect()
}

/// A change of a directive, if its words are others.
fn change(
    directive: &'static str,
    before: Vec<String>,
    after: Vec<String>,
    gains: bool,
) -> Option<RuleChange> {
    let words = |all: Vec<String>| (!all.is_empty()).then(|| all.join(", "));
    (before != after).then(|| RuleChange {
        directive,
        before: words(before),
        after: words(after),
        gains,
    })
}

/// A suffix that isn't reserved any more is reached by every wildcard.
fn of_suffixes((old, new): (&Header, &Header)) -> Option<RuleChange> {
    let (mut before, mut after) = (old.suffixes().to_vec(), new.suffixes().to_vec());
    before.sort_unstable();
    after.sort_unstable();
    let gains = before.iter().any(|suffix| !after.contains(suffix));
    change("@suffixes", before, after, gains)
}

/// Without any `@ca`, every CA that sshd trusts counts.
fn of_cas((old, new): (&Header, &Header)) -> Option<RuleChange> {
    let words = |header: &Header| {
        let words = |ca: &Ca| format!("{} {}", ca.name(), fingerprint(ca.fingerprint()));
        let mut words: Vec<_> = header.cas().iter().map(words).collect();
        words.sort_unstable();
        words
    };
    // What the ledger of a CA knows is found by the CA's name.
    let by_name = !new.known().is_empty();
    let counted = |ca: &Ca| {
        let mut before = old.cas().iter();
        before.any(|one| {
            one.fingerprint() == ca.fingerprint() && (!by_name || one.name() == ca.name())
        })
    };
    let gains = !old.cas().is_empty() && (new.cas().is_empty() || !new.cas().iter().all(counted));
    change("@ca", words(old), words(new), gains)
}

/// The names behind `@stale` count with all members of their groups.
fn of_stale(old: &Book<'_>, new: &Book<'_>) -> Option<RuleChange> {
    let (before, after) = (Exceptions::of(old), Exceptions::of(new));
    let gains = match (&before, &after) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(before), Some(after)) => {
            let suffixes = new.list().header().suffixes();
            let named = |name: &&str| {
                let mut earlier = before.names.iter();
                earlier.any(|one| {
                    one == name || principal_fits(one, &sample(name), Purpose::Grant, suffixes)
                })
            };
            after.seconds > before.seconds || !after.names.iter().all(named)
        }
    };
    let words = |of: Option<Exceptions<'_>>| of.map(|of| of.words()).into_iter().collect();
    change("@stale", words(before), words(after), gains)
}

/// Who gets in from a list of more than some age.
struct Exceptions<'l> {
    seconds: u64,
    names: Vec<&'l str>,
}

impl<'l> Exceptions<'l> {
    fn of(book: &Book<'l>) -> Option<Self> {
        let stale = book.list().header().stale()?;
        let mut names = Vec::new();
        for item in stale.except() {
            let group = item.strip_prefix('@');
            match group.and_then(|group| book.members(group)) {
                Some(members) => names.extend(members),
                None => names.push(item.as_str()),
            }
        }
        names.sort_unstable();
        names.dedup();
        Some(Self {
            seconds: stale.seconds(),
            names,
        })
    }

    fn words(&self) -> String {
        let seconds = length(self.seconds);
        match self.names.as_slice() {
            [] => seconds,
            names => format!("{seconds} but for {}", names.join(" ")),
        }
    }
}

/// An account that asks the ledgers for less, or no more, lets in more.
fn of_known((old, new): (&Header, &Header)) -> Option<RuleChange> {
    let words = |header: &Header| {
        let words =
            |line: &KnownLine| format!("{} {}", line.users().join(","), length(line.seconds()));
        let mut words: Vec<_> = header.known().iter().map(words).collect();
        words.sort_unstable();
        words
    };
    let still = |user: &String, seconds: u64| {
        let mut lines = new.known().iter();
        lines.any(|line| {
            let mut users = line.users().iter();
            line.seconds() <= seconds && users.any(|one| one == user || matches(one, &sample(user)))
        })
    };
    let gains = old.known().iter().any(|line| {
        let mut users = line.users().iter();
        !users.all(|user| still(user, line.seconds()))
    });
    change("@known", words(old), words(new), gains)
}

/// Its key can keep servers at a list beyond the age of `@stale`.
fn of_fresh((old, new): (&Header, &Header)) -> Option<RuleChange> {
    let words = |header: &Header| header.fresh().map(fingerprint).into_iter().collect();
    let gains = new.fresh().is_some() && new.fresh() != old.fresh();
    change("@fresh", words(old), words(new), gains)
}

/// They sign the lists behind this one.
fn of_signers((old, new): (&Header, &Header)) -> Option<RuleChange> {
    let words = |header: &Header| {
        let mut words: Vec<_> = header.signers().iter().map(signer).collect();
        words.sort_unstable();
        words
    };
    let mut signers = new.signers().iter();
    let gains = signers.any(|signer| !old.signers().contains(signer));
    change("@signer", words(old), words(new), gains)
}

fn signer(signer: &NextSigner) -> String {
    let (algorithm, key) = signer.key();
    // The list was read: its keys are in base64.
    let blob = Base64::decode_vec(key).unwrap_or_default();
    let key = fingerprint(&Sha256::digest(blob).into());
    format!("{} {algorithm} {key}", signer.person())
}

/// As `ssh-keygen -l` prints it, and the list writes it.
fn fingerprint(sha256: &[u8; 32]) -> String {
    format!("SHA256:{}", Base64Unpadded::encode_string(sha256))
}
