//! A role: the template of a certificate.

use serde::{Deserialize, Serialize};

use super::description::Description;
use super::key_id::KeyIdTemplate;
use super::key_types::KeyType;
use super::least_proof::LeastProof;
use super::lifetime::Lifetime;
use super::option_sets::OptionSets;
use super::pattern::{PrincipalPattern, RequesterPattern};
use super::refusal::Refusal;
use super::role_login::{self, RoleIsFor, RoleLogin};
use super::suffix::Suffixes;
use crate::attestation::Fault;
use crate::certificate::{OptionError, Place};
use crate::request::{Group, LoginFacts, Requester, RoleName};

/// One `[role.NAME]` table, as it stands in the config.
///
/// Absent means nothing allowed. In `[role.operator]`, the role of whoever holds token and
/// PIN, absent means as it is built in: that table narrows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RoleTable {
    /// What it is for, in the admin's words; decides nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// Whether the role `operator` is there; no other role can be switched off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direct: Option<bool>,
    /// The CA that signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// Who may ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requesters: Option<Vec<RequesterPattern>>,
    /// Whoever is in one of these groups by their login may ask too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<Group>>,
    /// By which logins at a server; absent, by enrolled keys alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<RoleLogin>,
    /// What makes a device theirs who ask by a login at a server; absent, an admin, or a device that they have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrol: Option<Enrol>,
    /// Which base principals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principals: Option<Vec<PrincipalPattern>>,
    /// What becomes of the suffix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<Storage>,
    /// What must be proved beyond what the suffix's class asks for.
    #[serde(default, skip_serializing_if = "LeastProof::asks_nothing")]
    pub proof: LeastProof,
    /// Faults of a device's firmware that are warned of, rather than refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warn_of_faults: Vec<Fault>,
    /// How long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<Lifetime>,
    /// Which extensions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extensions: Option<OptionSets>,
    /// Which critical options.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub critical_options: Option<OptionSets>,
    /// Which keys; absent, every key that a certificate can be made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_types: Option<Vec<KeyType>>,
    /// How certificates are called in logs; absent, `{requester}, {role}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<KeyIdTemplate>,
    /// Short, with a reason, and marked in the key ID. Relaxes no proof.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub emergency: bool,
    /// For certificates that lie ready for the day on which a server is told nothing new: the lists
    /// of known certificates mark them, as they mark those of `emergency`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drawer: bool,
    /// Whether the role is for programs: then `source-address` and `force-command` must be there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub automation: bool,
}

/// What makes a device somebody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Enrol {
    /// That they logged in: whoever has a session brings a device of their own.
    ByLogin,
}

/// What the storage of a key does to its principals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Storage {
    /// The suffix of the class that was proved, else that of the class without proof.
    Mark,
    /// The suffix of the class that was proved, else no certificate.
    Require,
    /// No suffix.
    Ignore,
    /// The suffix of the class that was proved, else none: the operator's, where the
    /// config does not say.
    #[serde(skip)]
    MarkProved,
}

/// A role with its name, whose table makes sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    name: RoleName,
    table: RoleTable,
}

/// What a role permits in one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit<T> {
    /// Whatever is asked.
    Anything,
    /// Nothing.
    Nothing,
    /// This.
    Only(T),
}

impl<T> Permit<T> {
    /// This permission, of what `other` makes of the value.
    pub fn map<U>(self, other: impl FnOnce(T) -> U) -> Permit<U> {
        match self {
            Self::Anything => Permit::Anything,
            Self::Nothing => Permit::Nothing,
            Self::Only(only) => Permit::Only(other(only)),
        }
    }
}

/// A table that makes no sense.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoleError {
    /// Whoever holds token and PIN never logs in.
    #[error("[role.operator] is for whoever holds token and PIN, and has no `{0}`")]
    OperatorLogin(&'static str),
    /// Only the built-in role is asked by the direct form.
    #[error("`direct` stands in [role.operator] alone")]
    Direct,
    /// A forced, default or allowed option that no certificate could hold.
    #[error("{place}s")]
    Option {
        /// The map.
        place: Place,
        /// What is wrong.
        source: OptionError,
    },
    /// An emergency is over soon.
    #[error("emergency = true with a lifetime of {found} s; an emergency lasts at most {most} s", most = LONGEST_EMERGENCY)]
    LongEmergency {
        /// In seconds.
        found: u64,
    },
    /// The default would be refused.
    #[error("lifetime.default of {default} s is longer than lifetime.maximum of {maximum} s")]
    DefaultOverMaximum {
        /// In seconds.
        default: u64,
        /// In seconds.
        maximum: u64,
    },
    /// The CA alone writes suffixes.
    #[error("{field} {pattern:?} ends in `{suffix}`, which the CA alone adds")]
    ReservedSuffix {
        /// The field.
        field: &'static str,
        /// The pattern.
        pattern: String,
        /// The suffix.
        suffix: String,
    },
}

impl Role {
    /// Takes a table, with the suffixes that are reserved beside it.
    ///
    /// # Errors
    /// [`RoleError`].
    pub fn new(name: RoleName, table: RoleTable, suffixes: &Suffixes) -> Result<Self, RoleError> {
        if table.direct.is_some() && !name.is_operator() {
            return Err(RoleError::Direct);
        }
        let by_login = [
            (table.groups.is_some(), "groups"),
            (table.enrol.is_some(), "enrol"),
        ];
        if let Some((_, key)) = by_login
            .into_iter()
            .find(|(is_there, _)| *is_there && name.is_operator())
        {
            return Err(RoleError::OperatorLogin(key));
        }
        check_options(&table)?;
        check_lifetime(&table)?;
        check_patterns(&table, suffixes)?;
        Ok(Self { name, table })
    }

    /// The role of whoever holds token and PIN, as it is built in.
    pub fn operator() -> Self {
        Self {
            name: RoleName::operator(),
            table: RoleTable::default(),
        }
    }

    /// The role as `role show --json` and a server tell it.
    pub fn shown(&self) -> serde_json::Value {
        serde_json::json!({ "role": self.name, "on": self.is_on(), "table": self.table })
    }

    /// The name of the role.
    pub fn name(&self) -> &RoleName {
        &self.name
    }

    /// The table of the role, as the config has it.
    pub fn table(&self) -> &RoleTable {
        &self.table
    }

    /// Whether there is such a role; only `operator` can be switched off.
    pub fn is_on(&self) -> bool {
        self.table.direct.unwrap_or(true)
    }

    /// What it is for.
    pub fn description(&self) -> Option<&Description> {
        self.table.description.as_ref()
    }

    /// The CA that signs.
    pub fn ca(&self) -> Permit<&str> {
        self.permit(self.table.ca.as_deref())
    }

    /// Who may ask.
    pub fn requesters(&self) -> Permit<&[RequesterPattern]> {
        self.permit(self.table.requesters.as_deref())
    }

    /// The groups whose members may ask too, where they logged in with the method of the group.
    pub fn groups(&self) -> &[Group] {
        self.table.groups.as_deref().unwrap_or_default()
    }

    /// Who may ask, in words: patterns, and `group work:engineers`.
    pub fn askers(&self) -> Permit<Vec<String>> {
        let groups = self.groups().iter().map(|group| format!("group {group}"));
        match self.requesters() {
            Permit::Anything => Permit::Anything,
            Permit::Nothing if self.groups().is_empty() => Permit::Nothing,
            Permit::Nothing => Permit::Only(groups.collect()),
            Permit::Only(patterns) => {
                let patterns = patterns.iter().map(ToString::to_string);
                Permit::Only(patterns.chain(groups).collect())
            }
        }
    }

    /// Whether somebody may ask: by their name, or by a group that their login says they are in.
    pub fn is_for(&self, requester: &Requester) -> bool {
        let by_name = match self.requesters() {
            Permit::Anything => true,
            Permit::Nothing => false,
            Permit::Only(patterns) => patterns.iter().any(|one| one.matches(requester.name())),
        };
        let theirs = requester.login().map(|login| &login.groups);
        let is_in = |group: &Group| theirs.is_some_and(|theirs| theirs.contains(group));
        by_name || self.groups().iter().any(is_in)
    }

    /// Why a login doesn't open it; no reason where it does. `now` is in Unix seconds.
    pub fn shut_to(&self, login: &LoginFacts, now: u64) -> Vec<Refusal> {
        let is_for = if self.table.automation {
            RoleIsFor::Programs
        } else {
            RoleIsFor::People
        };
        role_login::against(self.table.login.as_ref(), is_for, login, now)
    }

    /// Which base principals.
    pub fn principals(&self) -> Permit<&[PrincipalPattern]> {
        self.permit(self.table.principals.as_deref())
    }

    /// How long. The operator's lifetime without a maximum limits nothing: see
    /// [`Self::unasked_lifetime`].
    pub fn lifetime(&self) -> Permit<&Lifetime> {
        let limits = |lifetime: &&Lifetime| {
            !self.name.is_operator() || lifetime.maximum.is_some() || lifetime.default.is_none()
        };
        self.permit(self.table.lifetime.as_ref().filter(limits))
    }

    /// What the operator gets who asks for no time, in a table that limits none.
    pub fn unasked_lifetime(&self) -> Option<&Lifetime> {
        let lifetime = self.table.lifetime.as_ref()?;
        matches!(self.lifetime(), Permit::Anything).then_some(lifetime)
    }

    /// Which options of a map.
    pub fn options(&self, place: Place) -> Permit<&OptionSets> {
        self.permit(match place {
            Place::Critical => self.table.critical_options.as_ref(),
            Place::Extension => self.table.extensions.as_ref(),
        })
    }

    /// What becomes of the suffix; none where the role does not say, and so allows nothing.
    pub fn storage(&self) -> Option<Storage> {
        let built_in = self.name.is_operator().then_some(Storage::MarkProved);
        self.table.storage.or(built_in)
    }

    /// Whether whoever logs in brings a device of their own.
    #[must_use]
    pub fn enrols_by_login(&self) -> bool {
        self.table.enrol == Some(Enrol::ByLogin)
    }

    fn permit<T>(&self, field: Option<T>) -> Permit<T> {
        match field {
            Some(only) => Permit::Only(only),
            None if self.name.is_operator() => Permit::Anything,
            None => Permit::Nothing,
        }
    }
}

fn check_options(table: &RoleTable) -> Result<(), RoleError> {
    for (place, sets) in [
        (Place::Critical, &table.critical_options),
        (Place::Extension, &table.extensions),
    ] {
        if let Some(sets) = sets {
            sets.check(place)
                .map_err(|source| RoleError::Option { place, source })?;
        }
    }
    Ok(())
}

fn check_lifetime(table: &RoleTable) -> Result<(), RoleError> {
    let lifetime = table.lifetime.clone().unwrap_or_default();
    let (default, maximum) = (
        lifetime.default.as_ref().map_or(0, |span| span.seconds()),
        lifetime.longest(),
    );
    if default > maximum {
        return Err(RoleError::DefaultOverMaximum { default, maximum });
    }
    if table.emergency && maximum > LONGEST_EMERGENCY {
        Err(RoleError::LongEmergency { found: maximum })
    } else {
        Ok(())
    }
}

/// A glob such as `*` may match a name with a suffix; such a name is refused when asked.
fn check_patterns(table: &RoleTable, suffixes: &Suffixes) -> Result<(), RoleError> {
    let principals = table.principals.iter().flatten();
    let principals = principals.filter_map(|p| Some(("principals", p.to_string(), p.tail()?)));
    let requesters = table.requesters.iter().flatten();
    let requesters = requesters.map(|r| ("requesters", r.to_string(), r.glob().tail()));
    for (field, pattern, tail) in principals.chain(requesters) {
        if let Some(suffix) = suffixes.reserved_end(tail) {
            return Err(RoleError::ReservedSuffix {
                field,
                pattern,
                suffix: suffix.to_string(),
            });
        }
    }
    Ok(())
}

/// In seconds.
const LONGEST_EMERGENCY: u64 = 8 * 3600;
