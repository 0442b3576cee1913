//! What the bundles of a rehearsal ask for: what those of its plan do where they are at hand, under names of a
//! rehearsal; else for as many people who are made up.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use ssh_key::private::Ed25519Keypair;
use ssh_key::public::KeyData;
use zeroize::Zeroizing;

use super::WorldError;
use crate::bundle::{BundleError, Opened};
use crate::ceremony::conduct::ConductError;
use crate::ceremony::files::file_sha256;
use crate::ceremony::plan::{OF_REHEARSAL, Plan, PlannedBundle};
use crate::certificate::{Kind, Subject};
use crate::request::{Content, RequesterName, RoleName, Target};

/// What is asked for, by bundle and item.
#[derive(Debug, Default)]
pub struct Asked(Vec<Vec<Wish>>);

/// A certificate that is asked for.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) name: RequesterName,
    pub(super) role: RoleName,
    pub(super) kind: Kind,
    pub(super) subject: Subject,
    /// The CA, by its place in the plan.
    pub(super) ca: usize,
}

impl Asked {
    /// Of the plan's bundles, which lie on their medium or beside the plan where they are at hand.
    ///
    /// # Errors
    /// [`WorldError`] where there is no randomness for keys.
    pub fn of(plan: &Plan, folder: &Path) -> Result<Self, WorldError> {
        let Some(sign) = plan.signing() else {
            return Ok(Self::default());
        };
        let mut all = Vec::new();
        for bundle in &sign.bundles {
            let on_medium = folder.join(&sign.medium.folder).join(&bundle.file);
            let beside = folder.join(&bundle.file);
            let contents = at_hand(bundle, &[&on_medium, &beside]).unwrap_or_default();
            all.push(wishes(plan, bundle, &contents)?);
        }
        Ok(Self(all))
    }

    pub(super) fn of_bundle(&self, number: usize) -> &[Wish] {
        self.0.get(number).map_or(&[], Vec::as_slice)
    }

    /// Whether what a CA is asked for are certificates of hosts.
    pub(super) fn is_for_hosts(&self, ca: usize) -> bool {
        let mut all = self.0.iter().flatten();
        all.any(|wish| wish.ca == ca && wish.kind == Kind::Host)
    }

    /// Each role that is asked for, with the CA that signs by it.
    pub(super) fn roles(&self) -> BTreeMap<&str, usize> {
        let all = self.0.iter().flatten();
        all.map(|wish| (wish.role.as_str(), wish.ca)).collect()
    }
}

/// What a bundle asks for, where a file is the one that was reviewed.
fn at_hand(bundle: &PlannedBundle, places: &[&Path]) -> Option<Vec<Content>> {
    let is_it = |place: &&&Path| file_sha256(place).is_ok_and(|found| found == bundle.sha256);
    let file = crate::file::open(places.iter().find(is_it)?).ok()?;
    contents(file).ok()
}

fn contents(file: File) -> Result<Vec<Content>, BundleError> {
    let length = file.metadata()?.len();
    let items = Opened::read(BufReader::new(file), length)?.items();
    items.map(|item| Ok(item?.content().clone())).collect()
}

/// As many as the plan says, whatever is known of them.
fn wishes(
    plan: &Plan,
    bundle: &PlannedBundle,
    contents: &[Content],
) -> Result<Vec<Wish>, WorldError> {
    let mut known = contents.iter();
    let mut all = Vec::new();
    for number in 1..=bundle.items {
        let content = known.next();
        let claimed = content.and_then(|content| content.claimed.as_ref());
        let role = content.map(|content| content.role.as_str());
        let subject = match content {
            Some(content) => content.subject.clone(),
            None => made_up()?,
        };
        all.push(Wish {
            name: marked(claimed.map(RequesterName::as_str), &number.to_string())?,
            role: marked(role, "role")?,
            kind: content.map_or(Kind::User, |content| content.kind),
            subject,
            ca: content.map_or(0, |content| ca_of(plan, &content.target)),
        });
    }
    Ok(all)
}

/// A name with the mark of a rehearsal, or another one where it has no room for it.
fn marked<T: std::str::FromStr>(name: Option<&str>, other: &str) -> Result<T, WorldError> {
    let named = name.and_then(|name| format!("{OF_REHEARSAL}{name}").parse().ok());
    let named = named.or_else(|| format!("{OF_REHEARSAL}{other}").parse().ok());
    named.ok_or(WorldError::Conduct(ConductError::Gone("a name")))
}

fn ca_of(plan: &Plan, target: &Target) -> usize {
    let mut cas = plan.ledger.iter().flat_map(|ledger| &ledger.cas);
    let is_it = |print: String| print.parse().is_ok_and(|of_ca: Target| of_ca == *target);
    cas.position(|ca| is_it(ca.fingerprint.to_string()))
        .unwrap_or_default()
}

/// The key of somebody who is made up; nobody has its private half.
fn made_up() -> Result<Subject, WorldError> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut()).map_err(ConductError::Random)?;
    let key = KeyData::from(Ed25519Keypair::from_seed(&seed).public);
    Subject::try_from(key).map_err(|_weak| WorldError::Conduct(ConductError::Gone("a key")))
}
