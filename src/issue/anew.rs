//! What a certificate of the ledger asks for, so that it is made once more: the same key, names,
//! role and options, for as long as before.
//!
//! Nothing is decided here. What comes of it goes the whole way of a case, by the rules and the
//! evidence of today.

use std::collections::BTreeMap;

use super::{Anew, WasKnownBy};
use crate::certificate::{
    KeyId, KeyIdError, Kind, OptionError, OptionsAsked, Place, Principal, PrincipalError,
    Principals, Validity, ValidityError,
};
use crate::ledger::{
    CardId, Credential, EvidenceSeen, Ledger, LedgerError, Record, Reserved, before_private_root,
};
use crate::policy::role::Permit;
use crate::policy::{Policy, Role, Suffixes};
use crate::request::{Ask, RequesterName, RoleName, RoleNameError, ValidityAsked};
use crate::wire::RawCertificate;
use crate::wire::certificate::{OptionValue, RawOption};

/// How long the certificates that are made anew shall be valid.
#[derive(Clone, Debug)]
pub enum Lasting {
    /// As long as those before, as far as the role still allows that.
    AsBefore,
    /// As somebody wrote it, and as it was read.
    Asked(String, ValidityAsked),
}

/// Why nobody can ask for a certificate of the ledger once more.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotAnewError {
    /// Its role is no longer there.
    #[error("there is no role `{0}` any more")]
    NoRole(RoleName),
    /// How long it would last can't be told.
    #[error("it had ended when it was signed: say with -V how long the next one lasts")]
    OverWhenSigned,
    /// Its content can't be read: it was not made by this program.
    #[error("its {0} can't be read")]
    Unreadable(&'static str),
    /// Its key ID can't be asked for.
    #[error(transparent)]
    KeyId(#[from] KeyIdError),
    /// Its principals can't be asked for.
    #[error(transparent)]
    Principal(#[from] PrincipalError),
    /// Its options can't be asked for.
    #[error(transparent)]
    Options(#[from] OptionError),
    /// Its validity can't be asked for.
    #[error(transparent)]
    Validity(#[from] ValidityError),
    /// Its role has no name that this version knows.
    #[error(transparent)]
    RoleName(#[from] RoleNameError),
    /// The ledger could not be asked.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl Anew {
    /// What a certificate of the ledger asks for once more. `now` is in Unix seconds.
    ///
    /// # Errors
    /// [`NotAnewError`].
    pub fn of(
        record: &Record,
        ledger: &Ledger,
        policy: &Policy,
        lasting: &Lasting,
        now: u64,
    ) -> Result<Self, NotAnewError> {
        let reserved = &record.reserved;
        let content = content(reserved)?;
        let name: RoleName = reserved.role.parse()?;
        let role = policy.role(&name);
        let role = role.ok_or_else(|| NotAnewError::NoRole(name.clone()))?;
        let subject = content.subject_key();
        let was = Was {
            reserved,
            kind: kind(&content)?,
            role,
            content: &content,
        };
        Ok(Self {
            subject: subject.ok_or(NotAnewError::Unreadable("key"))?,
            ask: Ask {
                role: name,
                kind: was.kind,
                key_id: was.key_id()?,
                principals: Some(Principals::try_from(was.bases(policy.suffixes())?)?),
                validity: was.validity(lasting, record.time, now)?,
                validity_as_asked: match lasting {
                    Lasting::AsBefore => "renewed".to_owned(),
                    Lasting::Asked(words, _) => format!("renewed for {words}"),
                },
                options: was.options()?,
                reason: None,
                serial: None,
            },
            requester: requester(reserved)?,
            known_by: was_known_by(record, &content, ledger)?,
            proof: seen(reserved, ledger)?,
        })
    }
}

/// The names of a certificate without the suffix that the CA wrote, sorted: what its owner asked
/// for.
///
/// # Errors
/// [`NotAnewError`] if it has none that can be asked for.
pub fn base_names(
    content: &RawCertificate,
    suffixes: &Suffixes,
) -> Result<Vec<Principal>, NotAnewError> {
    let kind = kind(content)?;
    let mut bases = Vec::new();
    for name in content.principals() {
        let name = text(name, "principals")?;
        // A host's principal is its name in the network; suffixes are of users.
        let suffix = suffixes.reserved_end(name).filter(|_| kind == Kind::User);
        let base = suffix.and_then(|suffix| name.strip_suffix(suffix.as_str()));
        bases.push(Principal::parse(base.unwrap_or(name), kind)?);
    }
    bases.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
    Ok(bases)
}

/// A certificate as it was reserved, and its role as it is today.
struct Was<'a> {
    reserved: &'a Reserved,
    content: &'a RawCertificate,
    kind: Kind,
    role: &'a Role,
}

impl Was<'_> {
    fn bases(&self, suffixes: &Suffixes) -> Result<Vec<Principal>, NotAnewError> {
        base_names(self.content, suffixes)
    }

    /// What was asked for as key ID; nothing where the role says it all.
    fn key_id(&self) -> Result<Option<KeyId>, NotAnewError> {
        let whole = self.content.key_id();
        let whole = text(before_private_root(whole).unwrap_or(whole), "key ID")?;
        let reserved = self.reserved;
        let asked = match &self.role.table().key_id {
            None => self.role.name().is_operator().then_some(whole),
            Some(template) => {
                template.asked_in(whole, &reserved.requester, &reserved.role, &reserved.proof)
            }
        };
        Ok(asked.map(KeyId::parse).transpose()?)
    }

    /// The same options, but for what the role gives or forbids by itself today: an extension that
    /// it gives nobody any more is left out; a critical option is a fetter, and stays asked for
    /// unless the role puts its own in the place.
    fn options(&self) -> Result<OptionsAsked, NotAnewError> {
        let mut critical = options(self.content.critical(), "critical options")?;
        let mut extensions = options(self.content.extensions(), "extensions")?;
        if let Permit::Only(sets) = self.role.options(Place::Critical) {
            let by_role = |name: &str| {
                sets.forced.get(name).or(sets.default.get(name)).is_some() || name == BY_PROOF
            };
            critical.retain(|name, value| sets.allows(name, value) || !by_role(name));
        } else if matches!(self.role.options(Place::Critical), Permit::Nothing) {
            critical.remove(BY_PROOF);
        }
        match self.role.options(Place::Extension) {
            Permit::Anything => {}
            Permit::Nothing => extensions.clear(),
            Permit::Only(sets) => extensions.retain(|name, value| sets.allows(name, value)),
        }
        Ok(OptionsAsked::exactly(critical, extensions)?)
    }

    /// When it shall be valid; nothing where the role says it.
    fn validity(
        &self,
        lasting: &Lasting,
        signed: u64,
        now: u64,
    ) -> Result<Option<ValidityAsked>, NotAnewError> {
        let (after, before) = (self.content.valid_after(), self.content.valid_before());
        match lasting {
            Lasting::Asked(_, asked) => return Ok(Some(*asked)),
            Lasting::AsBefore if before <= signed => return Err(NotAnewError::OverWhenSigned),
            Lasting::AsBefore => {}
        }
        let seconds = before - signed;
        let begin = if after == 0 {
            0
        } else {
            moved(after, signed, now)
        };
        if before == u64::MAX {
            return Ok(Some(ValidityAsked::Interval(Validity::new(begin, before)?)));
        }
        let interval = Validity::new(begin, now.saturating_add(seconds))?;
        match self.role.lifetime() {
            Permit::Anything => Ok(Some(ValidityAsked::Interval(interval))),
            // Longer than it gives to anybody by now: then as long as it gives by itself.
            Permit::Only(lifetime) if seconds > lifetime.longest() => Ok(None),
            _ => Ok(Some(ValidityAsked::Length { seconds, interval })),
        }
    }
}

/// A time as far from `now` as it was from `then`.
fn moved(time: u64, then: u64, now: u64) -> u64 {
    match time.checked_sub(then) {
        Some(ahead) => now.saturating_add(ahead),
        None => now.saturating_sub(then.saturating_sub(time)),
    }
}

fn content(reserved: &Reserved) -> Result<RawCertificate, NotAnewError> {
    RawCertificate::of_to_be_signed(&reserved.to_be_signed)
        .map_err(|_read| NotAnewError::Unreadable("content"))
}

fn kind(content: &RawCertificate) -> Result<Kind, NotAnewError> {
    [Kind::User, Kind::Host]
        .into_iter()
        .find(|kind| kind.code() == content.kind())
        .ok_or(NotAnewError::Unreadable("type"))
}

fn text<'a>(bytes: &'a [u8], what: &'static str) -> Result<&'a str, NotAnewError> {
    std::str::from_utf8(bytes).map_err(|_utf8| NotAnewError::Unreadable(what))
}

fn options(
    raw: &[RawOption],
    what: &'static str,
) -> Result<BTreeMap<String, String>, NotAnewError> {
    let mut map = BTreeMap::new();
    for option in raw {
        let value = match option.value() {
            OptionValue::Flag => "",
            OptionValue::Value(value) => text(value, what)?,
            OptionValue::Opaque => return Err(NotAnewError::Unreadable(what)),
        };
        map.insert(text(option.name(), what)?.to_owned(), value.to_owned());
    }
    Ok(map)
}

fn requester(reserved: &Reserved) -> Result<RequesterName, NotAnewError> {
    let name = reserved.requester.parse();
    name.map_err(|_name| NotAnewError::Unreadable("requester"))
}

fn seen(reserved: &Reserved, ledger: &Ledger) -> Result<Option<EvidenceSeen>, LedgerError> {
    let at = reserved
        .grounds
        .as_ref()
        .and_then(|grounds| grounds.evidence);
    match at {
        Some(at) => ledger.evidence_of(at),
        None => Ok(None),
    }
}

fn was_known_by(
    record: &Record,
    content: &RawCertificate,
    ledger: &Ledger,
) -> Result<WasKnownBy, LedgerError> {
    let grounds = record.reserved.grounds.as_ref();
    let known = grounds.and_then(|grounds| grounds.known.as_ref());
    let card = grounds.and_then(|grounds| grounds.card).zip(known);
    let card = card.map(|(serial, known)| {
        let family = known.family.clone();
        Credential::FamilyCard(CardId { family, serial })
    });
    let key = Credential::Key(content.public_key().to_vec());
    for credential in card.iter().chain([&key]) {
        if let Some(name) = ledger.taken_since(credential, record.time)? {
            return Ok(WasKnownBy::TakenFrom(name));
        }
    }
    Ok(match known.map_or("", |known| known.by.as_str()) {
        "key" => WasKnownBy::Listed("key"),
        "card" => WasKnownBy::Listed("card"),
        "allowed-signers" => WasKnownBy::Listed("line of the allowed signers"),
        _ => WasKnownBy::Word,
    })
}

/// What policy writes by itself where a class or role wants the PIN of a security key.
const BY_PROOF: &str = "verify-required";

#[cfg(test)]
mod tests {
    use super::moved;

    #[test]
    fn what_began_before_it_was_signed_begins_as_long_before_now() {
        assert_eq!(moved(700, 1000, 5000), 4700);
        assert_eq!(moved(1600, 1000, 5000), 5600);
        assert_eq!(moved(0, 1000, 500), 0);
    }
}
