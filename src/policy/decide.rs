//! One request held against one role: the whole body, or every reason against it.

mod askers;
mod options;
mod principals;
mod storage;
mod validity;

use ssh_key::public::KeyData;

use super::key_id::{Filling, KeyIdTemplate};
use super::least_proof::Shortfall;
use super::role::Permit;
use super::{Refusal, Refusals, Rules};
use crate::attestation::{Fault, Proof};
use crate::certificate::subject::describe;
use crate::certificate::{Body, KeyId, Kind, Options, Subject};
use crate::request::{KnownBy, Request, Requester};
use storage::Mark;

/// A body that one CA may sign, by which role and what proof. Only [`decide`] makes one.
#[derive(Clone, Debug)]
pub struct Decided {
    ca: KeyData,
    body: Body,
    role: String,
    requester: Requester,
    proof: Option<Proof>,
    suffix: Option<String>,
    warnings: Vec<Warning>,
}

/// Something to be careful about that the role lets pass.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// A fault of the device's firmware.
    #[error("the device's firmware has a fault: {0}")]
    FirmwareFault(Fault),
    /// There is proof, and it is less than its class asks for.
    #[error("the key counts as unproved: suffix class `{class}`: {shortfall}")]
    Short {
        /// The class.
        class: String,
        /// In what.
        shortfall: Shortfall,
    },
    /// The evidence leads up to a root of the admin's own.
    #[error("the evidence leads up to a private root: {0}")]
    PrivateRoot(String),
    /// The evidence counts for nothing, for want of a root.
    #[error("the key counts as one without evidence: {0}")]
    Unbelieved(String),
}

/// What is known of the storage of the request's key.
#[derive(Clone, Copy, Debug)]
pub struct StorageShown<'a> {
    /// What was proved; the one that counts for most is taken.
    pub proofs: &'a [Proof],
    /// Why evidence that was given proves nothing, where all that it lacks is a root.
    pub unbelieved: Option<&'a str>,
}

impl<'a, T: AsRef<[Proof]> + ?Sized> From<&'a T> for StorageShown<'a> {
    fn from(proofs: &'a T) -> Self {
        Self {
            proofs: proofs.as_ref(),
            unbelieved: None,
        }
    }
}

/// Decides by a role whether a certificate may be signed. `now` is in Unix seconds.
///
/// # Errors
/// [`Refusals`], with every reason and not the first alone.
pub fn decide<'a>(
    request: &Request,
    requester: &Requester,
    shown: impl Into<StorageShown<'a>>,
    rules: &Rules<'_>,
    now: u64,
) -> Result<Decided, Refusals> {
    let mut case = Case {
        request,
        requester,
        shown: shown.into(),
        rules,
        now,
        refusals: Vec::new(),
        warnings: Vec::new(),
    };
    let decided = case.judge();
    let role = rules.role.name().to_string();
    match decided {
        Some(decided) if case.refusals.is_empty() => Ok(decided),
        _ => Err(Refusals::new(role, case.refusals)),
    }
}

/// A request under judgement, and the reasons against it so far.
struct Case<'a> {
    request: &'a Request,
    requester: &'a Requester,
    shown: StorageShown<'a>,
    rules: &'a Rules<'a>,
    now: u64,
    refusals: Vec<Refusal>,
    warnings: Vec<Warning>,
}

impl<'a> Case<'a> {
    /// Looks at every field, whatever was found before. None only where a reason was noted.
    fn judge(&mut self) -> Option<Decided> {
        self.check_ca();
        self.check_requester();
        self.check_login();
        self.check_emergency();
        let subject = self.subject();
        let mark = self.mark();
        let principals = self.principals(&mark);
        let validity = self.validity();
        let options = self.options(&mark);
        self.check_automation(options.as_ref());
        let key_id = self.key_id(&mark);
        Some(Decided {
            ca: self.rules.ca.public_key.clone(),
            body: Body {
                kind: self.request.ask.kind,
                subject: subject?,
                key_id: key_id?,
                principals: principals?,
                validity: validity?,
                options: options?,
            },
            role: self.rules.role.name().to_string(),
            requester: self.requester.clone(),
            proof: mark.proof.cloned(),
            suffix: mark.class.map(|class| class.suffix().to_string()),
            warnings: std::mem::take(&mut self.warnings),
        })
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.refusals.push(refusal);
    }

    /// What came out well; a refusal is noted.
    fn note<T, E: Into<Refusal>>(&mut self, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.refuse(error.into())).ok()
    }

    fn check_ca(&mut self) {
        let ca = &self.rules.ca;
        let kind = self.request.ask.kind;
        let signs = match kind {
            Kind::User => ca.signs_users,
            Kind::Host => ca.signs_hosts,
        };
        if !signs {
            let ca = ca.name.to_owned();
            self.refuse(Refusal::WrongKind { ca, kind });
        }
        let allowed = match self.rules.role.ca() {
            Permit::Anything => return,
            Permit::Only(only) if only == ca.name => return,
            Permit::Only(only) => Some(only.to_owned()),
            Permit::Nothing => None,
        };
        self.refuse(Refusal::OtherCa {
            asked: ca.name.to_owned(),
            allowed,
        });
    }

    fn check_emergency(&mut self) {
        if self.rules.role.table().emergency && self.request.ask.reason.is_none() {
            self.refuse(Refusal::NoReason);
        }
    }

    fn check_automation(&mut self, options: Option<&Options>) {
        let Some(options) = options.filter(|_| self.rules.role.table().automation) else {
            return;
        };
        for name in ["source-address", "force-command"] {
            if !options.critical().contains_key(name) {
                self.refuse(Refusal::Automation(name));
            }
        }
    }

    fn subject(&mut self) -> Option<Subject> {
        let key = &self.request.subject;
        let ca_keys = self.rules.ca.ca_keys;
        if let Some((name, _)) = ca_keys.iter().find(|(_, ca_key)| ca_key == key) {
            self.refuse(Refusal::SubjectIsCa(name.clone()));
        }
        if let Some(key_types) = &self.rules.role.table().key_types
            && !key_types.iter().any(|key_type| key_type.takes(key))
        {
            self.refuse(Refusal::KeyType {
                found: describe(key),
                allowed: words(key_types),
            });
        }
        self.note(Subject::try_from(key.clone()))
    }

    fn key_id(&mut self, mark: &Mark<'_>) -> Option<KeyId> {
        let asked = self.request.ask.key_id.as_ref().map(KeyId::as_str);
        let table = self.rules.role.table();
        let mut text = match (&table.key_id, self.rules.role.name().is_operator()) {
            (Some(template), _) => self.filled(template, mark)?,
            (None, false) => self.filled(&KeyIdTemplate::plain(), mark)?,
            (None, true) => match asked {
                Some(asked) => asked.to_owned(),
                None => {
                    self.refuse(Refusal::KeyIdNotNamed);
                    return None;
                }
            },
        };
        if table.emergency {
            let reason = self.request.ask.reason.as_ref();
            text = format!("EMERGENCY {text}: {}", reason.map_or("", |r| r.as_str()));
        }
        match KeyId::parse(&text) {
            Ok(key_id) => Some(key_id),
            Err(source) => {
                self.refuse(Refusal::KeyId { text, source });
                None
            }
        }
    }

    /// The template filled in; what was asked must be in it, or be the same.
    fn filled(&mut self, template: &KeyIdTemplate, mark: &Mark<'_>) -> Option<String> {
        let ask = &self.request.ask;
        let asked = ask.key_id.as_ref().map(KeyId::as_str);
        if template.takes_asked() && asked.is_none() {
            self.refuse(Refusal::KeyIdNotNamed);
            return None;
        }
        let filled = template.fill(&Filling {
            requester: self.requester.name().as_str(),
            role: self.rules.role.name().as_str(),
            proof: mark.proof.map_or("none", |proof| proof.kind().as_str()),
            reason: ask.reason.as_ref().map_or("", |reason| reason.as_str()),
            asked: asked.unwrap_or_default(),
        });
        match asked {
            Some(asked) if !template.takes_asked() && asked != filled => {
                self.refuse(Refusal::KeyIdNotAllowed {
                    asked: asked.to_owned(),
                    allowed: filled,
                });
                None
            }
            _ => Some(filled),
        }
    }
}

impl Decided {
    /// The public key of the CA that it was decided for; no other may sign it.
    pub fn ca(&self) -> &KeyData {
        &self.ca
    }

    /// What may be signed.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// The role that allowed it.
    pub fn role(&self) -> &str {
        &self.role
    }

    /// Who asked.
    pub fn requester(&self) -> &str {
        self.requester.name().as_str()
    }

    /// The same, asked by somebody else.
    #[cfg(test)]
    pub(crate) fn asked_by(self, requester: &str) -> Self {
        Self {
            requester: Requester::known(requester.parse().unwrap(), KnownBy::Vouch),
            ..self
        }
    }

    /// The same, asked by somebody in a session.
    #[cfg(test)]
    pub(crate) fn asked_by_login(self, requester: &str) -> Self {
        Self {
            requester: Requester::logged_in(
                requester.parse().unwrap(),
                crate::request::LoginFacts::new(
                    "keys".parse().unwrap(),
                    crate::request::LoginWay::EnrolledKey,
                    None,
                ),
            ),
            ..self
        }
    }

    /// Who asked, and how that is known.
    pub fn asker(&self) -> &Requester {
        &self.requester
    }

    /// How it is known who asked.
    pub fn known_by(&self) -> KnownBy {
        self.requester.known_by()
    }

    /// What was proved of the key's storage, and counted.
    pub fn proof(&self) -> Option<&Proof> {
        self.proof.as_ref()
    }

    /// The suffix that every principal got.
    pub fn suffix(&self) -> Option<&str> {
        self.suffix.as_deref()
    }

    /// What to be careful about.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The proof as the ledger names it: `none`, `piv`, `witnessed: I saw the key made`.
    pub fn proof_in_words(&self) -> String {
        let Some(proof) = &self.proof else {
            return "none".to_owned();
        };
        let kind = proof.kind().as_str();
        match &proof.facts().statement {
            Some(statement) => format!("{kind}: {statement}"),
            None => kind.to_owned(),
        }
    }
}

fn words<T: ToString>(patterns: &[T]) -> Vec<String> {
    patterns.iter().map(ToString::to_string).collect()
}
