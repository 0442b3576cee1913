//! The options of a certificate: forced ones, then what was asked for, then defaults.

use std::collections::BTreeMap;

use ssh_key::public::KeyData;

use super::super::Refusal;
use super::super::option_sets::OptionSets;
use super::super::role::Permit;
use super::super::suffix::SuffixClass;
use super::Case;
use super::storage::Mark;
use crate::certificate::{Options, Place};

type Map = BTreeMap<String, String>;

impl Case<'_> {
    pub(super) fn options(&mut self, mark: &Mark<'_>) -> Option<Options> {
        let mut critical = self.map(Place::Critical);
        let extensions = self.map(Place::Extension);
        self.hold_to_proof(mark, &mut critical, &extensions);
        self.note(Options::new(critical, extensions))
    }

    fn map(&mut self, place: Place) -> Map {
        let rules = self.rules;
        match rules.role.options(place) {
            Permit::Anything => self.as_written(place),
            Permit::Nothing => self.map_of(place, &OptionSets::default()),
            Permit::Only(sets) => self.map_of(place, sets),
        }
    }

    /// Takes the options as they were written, as ssh-keygen does.
    fn as_written(&self, place: Place) -> Map {
        let mut map = self.asked(place).clone();
        if place == Place::Extension {
            let flags = Options::defaults(self.request.ask.kind).iter();
            for flag in flags.filter(|flag| !self.request.ask.options.leaves_out(flag)) {
                map.entry((*flag).to_owned()).or_default();
            }
        }
        map
    }

    fn map_of(&mut self, place: Place, sets: &OptionSets) -> Map {
        let mut map = self.defaults(place, sets);
        let asked = self.asked(place).clone();
        for (name, value) in asked {
            match sets.forced.get(&name) {
                Some(forced) if forced != value => self.refuse(Refusal::OptionForced {
                    place,
                    forced: forced.to_owned(),
                    name,
                    asked: Some(value),
                }),
                _ if sets.allows(&name, &value) => {
                    map.insert(name, value);
                }
                _ => self.refuse(Refusal::OptionNotAllowed {
                    place,
                    allowed: permitted(sets, &name),
                    name,
                    asked: value,
                }),
            }
        }
        self.refuse_to_leave_out(place, sets);
        map.extend(owned(sets.forced.iter()));
        map
    }

    /// A default extension may be left out. A critical option is a fetter, and stays.
    fn defaults(&self, place: Place, sets: &OptionSets) -> Map {
        let asked = &self.request.ask.options;
        let stays = |name: &str| place == Place::Critical || !asked.leaves_out(name);
        owned(sets.default.iter().filter(|(name, _)| stays(name))).collect()
    }

    fn refuse_to_leave_out(&mut self, place: Place, sets: &OptionSets) {
        let request = self.request;
        for name in request.ask.options.without() {
            let default = match place {
                Place::Critical => sets.default.get(name),
                Place::Extension => None,
            };
            if let Some(forced) = sets.forced.get(name).or(default) {
                self.refuse(Refusal::OptionForced {
                    place,
                    name: name.to_owned(),
                    asked: None,
                    forced: forced.to_owned(),
                });
            }
        }
    }

    /// What a device showed once does not bind a later login; the certificate does
    /// (sshd(8), "verify-required"; PROTOCOL.certkeys, "no-touch-required").
    fn hold_to_proof(&mut self, mark: &Mark<'_>, critical: &mut Map, extensions: &Map) {
        let role = &self.rules.role.table().proof;
        let class = mark.class;
        let pin = role.wants_pin() || class.is_some_and(SuffixClass::wants_pin);
        if pin && is_sk(&self.request.subject) {
            critical.insert("verify-required".to_owned(), String::new());
        }
        let by_class = class.filter(|class| class.wants_touch());
        let by_class = by_class.map(|class| format!("the class of suffix `{}`", class.suffix()));
        let by_role = || format!("role `{}`", self.rules.role.name());
        let by = by_class.or_else(|| role.wants_touch().then(by_role));
        if let Some(by) = by.filter(|_| extensions.contains_key("no-touch-required")) {
            self.refuse(Refusal::NoTouch(by));
        }
    }

    fn asked(&self, place: Place) -> &Map {
        let options = &self.request.ask.options;
        match place {
            Place::Critical => options.critical(),
            Place::Extension => options.extensions(),
        }
    }
}

/// What may be asked for instead: the same option with another value, else all names.
fn permitted(sets: &OptionSets, name: &str) -> Vec<String> {
    let default = sets.default.iter().map(|(name, value)| match value {
        "" => name.to_owned(),
        value => format!("{name}={value}"),
    });
    let allowed = sets.allowed.iter().cloned().map(String::from);
    let all: Vec<_> = default.chain(allowed).collect();
    let of_name = |text: &&String| text.split('=').next() == Some(name);
    let same: Vec<_> = all.iter().filter(of_name).cloned().collect();
    if same.is_empty() { all } else { same }
}

fn owned<'a>(
    entries: impl Iterator<Item = (&'a str, &'a str)>,
) -> impl Iterator<Item = (String, String)> {
    entries.map(|(name, value)| (name.to_owned(), value.to_owned()))
}

fn is_sk(key: &KeyData) -> bool {
    matches!(key, KeyData::SkEd25519(_) | KeyData::SkEcdsaSha2NistP256(_))
}
