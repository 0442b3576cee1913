//! What a config allows, or forbids, and hardly means to.

mod logins;

use std::collections::HashMap;

use super::option_sets::OptionSets;
use super::pattern::PrincipalPattern;
use super::role::{Permit, Storage};
use super::suffix::SuffixClass;
use super::{Policy, Role, Suffixes};
use crate::attestation::ProofKind;
use crate::certificate::Place;
use crate::request::RoleName;
pub use logins::KnownLogin;
use logins::{givers, odd_logins};

/// Something to look at again, and the role that it is about.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    /// The role; none where it is about `[suffixes]`.
    pub role: Option<RoleName>,
    /// What it is.
    pub oddity: Oddity,
}

/// What is odd.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Oddity {
    /// Anybody at the token may write `peter_physical`.
    #[error("there is no table [suffixes], so that no suffix is reserved and none is proved")]
    NoSuffixes,
    /// Evidence of that kind never tells.
    #[error("class `{class}` asks for touch or PIN, which proof by {} never tells", kind.as_str())]
    NeverTold {
        /// The class.
        class: String,
        /// The kind.
        kind: ProofKind,
    },
    /// Nobody gets a certificate by it.
    #[error("no `{0}`, so that the role allows nothing")]
    Absent(&'static str),
    /// The CA that the role names is not there.
    #[error("the config has no CA `{0}`")]
    NoCa(String),
    /// Nobody logs in by it.
    #[error("the config has no [login.{0}]")]
    NoLogin(String),
    /// Nothing opens it at a server.
    #[error("login.methods is empty, so that no login opens the role")]
    NoMethods,
    /// Nobody comes in by it.
    #[error(
        "nobody comes in by group {0:?}: `login` doesn't take its method, or that method tells of no groups"
    )]
    DeadGroup(String),
    /// Neither by name nor by a group.
    #[error("nobody can reach the role: it names no requesters, and nobody comes in by its groups")]
    Unreachable,
    /// Who is in the one need not be in the other.
    #[error("group {group:?} has the name of one that method `{other}` gives to others")]
    GroupOfTwo {
        /// The group.
        group: String,
        /// The other method.
        other: String,
    },
    /// No key and no password says so.
    #[error(
        "login.{0} asks for what none of the role's methods tells, so that no login opens the role"
    )]
    UntoldLogin(&'static str),
    /// Programs reach roles for programs.
    #[error(
        "programs log in by [login.{0}], which opens roles with `automation = true` alone, and the role has none"
    )]
    NotForPrograms(String),
    /// At a server it is open to those whom it names.
    #[error(
        "automation = true, and no `login`: no login at the server opens the role; name the methods in \
         login.methods"
    )]
    UnnamedPrograms,
    /// A session is as good as a card.
    #[error(
        "enrol = \"by-login\": whoever gets at a session, by a stolen password or a phished code, enrols a device of \
         their own, and has certificates by proof with it"
    )]
    EnrolsByLogin,
    /// Keys without proof are refused.
    #[error("storage = \"mark\", and no class of [suffixes] is for keys without proof")]
    NoUnprovedClass,
    /// No proof can ever be enough.
    #[error("storage = \"require\", and no class of [suffixes] asks for proof")]
    NoProvedClass,
    /// A name that ends in a suffix is refused when it is asked for.
    #[error("principals {glob:?} could match a name that ends in `{suffix}`; it is refused")]
    GlobAndSuffix {
        /// The glob.
        glob: String,
        /// The suffix.
        suffix: String,
    },
    /// Whoever is refused by the one asks by the other.
    #[error(
        "principal {principal:?} can be had from role `{other}` too, where {place} {option} is forced to something else"
    )]
    OtherForced {
        /// The pattern.
        principal: String,
        /// The other role.
        other: RoleName,
        /// The map.
        place: Place,
        /// The option.
        option: String,
    },
    /// There are more of these than anybody would read.
    #[error("and from more roles than are named here")]
    ManyOthers,
    /// The longest is the default then.
    #[error("lifetime has no `maximum`, so that nothing longer than its default can be asked for")]
    NoMaximum,
    /// Every request is refused.
    #[error("automation = true, and critical option {0} is in none of the role's sets")]
    AutomationWithout(&'static str),
    /// Whoever proves touch is refused.
    #[error(
        "extension no-touch-required is {set}, and {by} asks for touch, so that a certificate \
         that would get both is refused"
    )]
    NoTouch {
        /// `forced` or `default`.
        set: &'static str,
        /// The class or the role.
        by: String,
    },
    /// It changes nothing.
    #[error("{place} {option} is both forced and default; what is forced counts")]
    ForcedAndDefault {
        /// The map.
        place: Place,
        /// The option.
        option: String,
    },
}

/// Everything that is odd about a policy, in the order of its roles. `cas` are the CAs
/// that the config has, and `logins` its login methods.
pub fn lint(policy: &Policy, cas: &[&str], logins: &[KnownLogin<'_>]) -> Vec<Finding> {
    let suffixes = policy.suffixes();
    let of_suffixes = lint_suffixes(suffixes).into_iter();
    let mut found: Vec<_> = of_suffixes
        .map(|oddity| Finding { role: None, oddity })
        .collect();
    let roles = with_forced(policy);
    let givers = givers(policy);
    for (role, forced) in &roles {
        let mut oddities = unreachable(role, cas);
        oddities.extend(odd_logins(role, logins, &givers));
        oddities.extend(odd_storage(role, suffixes));
        oddities.extend(odd_globs(role, suffixes));
        oddities.extend(odd_limits(role));
        oddities.extend(touch_and_none(role, suffixes));
        oddities.extend(other_forced(role, *forced, &roles));
        found.extend(oddities.into_iter().map(|oddity| Finding {
            role: Some(role.name().clone()),
            oddity,
        }));
    }
    found
}

fn lint_suffixes(suffixes: &Suffixes) -> Vec<Oddity> {
    if suffixes.is_empty() {
        return vec![Oddity::NoSuffixes];
    }
    let never = |(name, class): (&str, &SuffixClass)| {
        let least = class.least()?;
        let wants = least.wants_touch() || least.wants_pin();
        (wants && least.takes(ProofKind::Sk)).then(|| Oddity::NeverTold {
            class: name.to_owned(),
            kind: ProofKind::Sk,
        })
    };
    suffixes.iter().filter_map(never).collect()
}

fn unreachable(role: &Role, cas: &[&str]) -> Vec<Oddity> {
    let absent = [
        (role.ca() == Permit::Nothing, "ca"),
        (
            is_none(role.requesters()) && role.groups().is_empty(),
            "requesters",
        ),
        (is_none(role.principals()), "principals"),
        (role.lifetime() == Permit::Nothing, "lifetime"),
        (role.storage().is_none(), "storage"),
    ];
    let absent = absent
        .into_iter()
        .filter(|(absent, _)| *absent)
        .map(|(_, field)| Oddity::Absent(field));
    let unknown = match role.ca() {
        Permit::Only(ca) if !cas.contains(&ca) => Some(Oddity::NoCa(ca.to_owned())),
        _ => None,
    };
    absent.chain(unknown).collect()
}

fn is_none<T>(permit: Permit<&[T]>) -> bool {
    matches!(permit, Permit::Nothing | Permit::Only([]))
}

fn odd_storage(role: &Role, suffixes: &Suffixes) -> Option<Oddity> {
    let proved = suffixes.iter().any(|(_, class)| class.least().is_some());
    match role.storage() {
        Some(Storage::Mark) if suffixes.unproved().is_none() => Some(Oddity::NoUnprovedClass),
        Some(Storage::Require) if !proved => Some(Oddity::NoProvedClass),
        _ => None,
    }
}

fn odd_globs(role: &Role, suffixes: &Suffixes) -> Vec<Oddity> {
    let Permit::Only(patterns) = role.principals() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for pattern in patterns {
        let PrincipalPattern::Glob(glob) = pattern else {
            continue;
        };
        let reserved = suffixes.iter().map(|(_, class)| class.suffix());
        found.extend(
            reserved
                .filter(|suffix| glob.could_end_in(suffix.as_str()))
                .map(|suffix| Oddity::GlobAndSuffix {
                    glob: glob.as_str().to_owned(),
                    suffix: suffix.to_string(),
                }),
        );
    }
    found
}

fn odd_limits(role: &Role) -> Vec<Oddity> {
    let mut found = Vec::new();
    if let Permit::Only(lifetime) = role.lifetime()
        && lifetime.maximum.is_none()
    {
        found.push(Oddity::NoMaximum);
    }
    for place in [Place::Critical, Place::Extension] {
        let Permit::Only(sets) = role.options(place) else {
            continue;
        };
        let twice = sets.default.iter().map(|(name, _)| name);
        let twice = twice.filter(|name| sets.forced.get(name).is_some());
        found.extend(twice.map(|name| Oddity::ForcedAndDefault {
            place,
            option: name.to_owned(),
        }));
    }
    found.extend(automation_without(role));
    found
}

fn automation_without(role: &Role) -> Vec<Oddity> {
    let could_have = |name: &str| match role.options(Place::Critical) {
        Permit::Anything => true,
        Permit::Nothing => false,
        Permit::Only(sets) => {
            sets.forced.get(name).is_some()
                || sets.default.get(name).is_some()
                || sets.allowed.iter().any(|allowed| allowed.name() == name)
        }
    };
    let wanted = ["source-address", "force-command"].into_iter();
    wanted
        .filter(|name| role.table().automation && !could_have(name))
        .map(Oddity::AutomationWithout)
        .collect()
}

/// A role that gives `no-touch-required` unasked, where it or a class wants touch.
fn touch_and_none(role: &Role, suffixes: &Suffixes) -> Option<Oddity> {
    let Permit::Only(sets) = role.options(Place::Extension) else {
        return None;
    };
    let named = [("forced", &sets.forced), ("default", &sets.default)];
    let (set, _) = named
        .into_iter()
        .find(|(_, entries)| entries.get("no-touch-required").is_some())?;
    let mut classes = suffixes.iter().filter(|(_, class)| class.wants_touch());
    let marked = role.storage() != Some(Storage::Ignore);
    let by_class = classes.next().filter(|_| marked);
    let by_class = by_class.map(|(name, _)| format!("suffix class `{name}`"));
    let by_role = role
        .table()
        .proof
        .wants_touch()
        .then(|| "the role".to_owned());
    let by = by_role.or(by_class)?;
    Some(Oddity::NoTouch { set, by })
}

/// Roles of the same CA that give one principal and force different options. The role
/// `operator` gives every principal, and is not told of.
fn other_forced(role: &Role, forced: usize, roles: &[(&Role, usize)]) -> Vec<Oddity> {
    let Permit::Only(own) = role.principals() else {
        return Vec::new();
    };
    let others = roles.iter().filter(|(other, theirs)| {
        *theirs != forced && !other.name().is_operator() && other.ca() == role.ca()
    });
    let mut found: Vec<_> = others
        .filter_map(|(other, _)| forced_otherwise(role, own, other))
        .take(MOST_OTHERS + 1)
        .collect();
    if found.len() > MOST_OTHERS {
        found.truncate(MOST_OTHERS);
        found.push(Oddity::ManyOthers);
    }
    found
}

/// Every role, and a number that is the same for roles that force the same options: a config
/// of thousands has a few such sets, and millions of pairs.
fn with_forced(policy: &Policy) -> Vec<(&Role, usize)> {
    let mut numbers = HashMap::new();
    let numbered = policy.roles().map(|role| {
        let forced = [Place::Critical, Place::Extension].map(|place| match role.options(place) {
            Permit::Only(sets) => sets.forced.iter().collect(),
            Permit::Anything | Permit::Nothing => Vec::new(),
        });
        let next = numbers.len();
        (role, *numbers.entry(forced).or_insert(next))
    });
    numbered.collect()
}

fn forced_otherwise(role: &Role, own: &[PrincipalPattern], other: &Role) -> Option<Oddity> {
    let Permit::Only(theirs) = other.principals() else {
        return None;
    };
    let shared = own.iter().find(|a| theirs.iter().any(|b| a.meets(b)))?;
    let (place, option) = [Place::Critical, Place::Extension]
        .into_iter()
        .find_map(|place| Some((place, differing(role, other, place)?)))?;
    Some(Oddity::OtherForced {
        principal: shared.to_string(),
        other: other.name().clone(),
        place,
        option,
    })
}

/// The first option that this role forces, and the other one does not, or otherwise.
fn differing(role: &Role, other: &Role, place: Place) -> Option<String> {
    let none = OptionSets::default();
    let forced = |permit| match permit {
        Permit::Only(sets) => sets,
        Permit::Anything | Permit::Nothing => &none,
    };
    let (own, theirs) = (forced(role.options(place)), forced(other.options(place)));
    let differs = |(name, value): &(&str, &str)| theirs.forced.get(name) != Some(value);
    own.forced
        .iter()
        .find(differs)
        .map(|(name, _)| name.to_owned())
}

/// So many other roles are named beside one: whoever has more, knows how it comes.
const MOST_OTHERS: usize = 16;
