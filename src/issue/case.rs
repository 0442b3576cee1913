//! A case: what somebody asks, with all that is known of who asks; and the decision on it.
//!
//! Every front (command line, batch, ceremony, service) hands in a [`Case`], which holds no
//! file and no flag. A [`Judge`] takes it in (is a request fresh, does its key sign it, what
//! is proved, who asks), has policy decide, and seals what was decided as a [`Wanted`]. This
//! is the one place where a `Wanted` is made: nothing that policy saw can be left out of it.
//!
//! All of it is a read: nothing is reserved, and what must be unique or unrevoked is checked
//! again when a serial is taken.

mod anew;
mod device;
pub mod intake;
mod login;
mod word;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use ssh_key::public::KeyData;
use ssh_key::{Fingerprint, HashAlg};

use super::AgreedCa;
use crate::attestation::{Facts, Proof, Roots};
use crate::certificate::subject::fingerprint;
use crate::certificate::{Kind, Principal};
use crate::ledger::{
    Ca, Credential, Ledger, LedgerError, Policy as PolicyText, Purpose, SerialChoice, Wanted,
};
use crate::policy::text::text;
use crate::policy::{
    CaFacts, Foreseen, Policy, Refusals, Role, Rules, StorageShown, decide, foresee,
};
use crate::request::{
    AdmissionLimits, AllowedSigners, Ask, Content, Request, RequestFile, Requester, RequesterName,
    RoleName,
};
pub use anew::{Anew, WasKnownBy};
pub use device::{DeviceWord, DeviceWordError};
use intake::IntakeError;
pub use login::OverLogin;
pub use word::{Bundled, WordError};

/// What somebody asks, and what is known of who asks.
#[derive(Clone, Debug)]
pub struct Case {
    /// The key or request, and who vouches for it.
    pub asked: Asked,
    /// Which serial the certificate shall have.
    pub serial: SerialChoice,
    /// What the operator saw of the key's making, in words.
    pub witnessed: Option<String>,
}

/// How something is asked.
#[derive(Clone, Debug)]
pub enum Asked {
    /// The front itself says what is asked for a key, and by whom.
    Key {
        /// The key.
        subject: KeyData,
        /// What is asked for it.
        ask: Box<Ask>,
        /// Who asks.
        requester: Requester,
    },
    /// A list says what is asked for a key, and whose it is.
    Listed {
        /// The key.
        subject: KeyData,
        /// What is asked for it.
        ask: Box<Ask>,
        /// Whose it is by the list: an enrolment decides, where there is one; else a person is to
        /// give the word for it.
        named: RequesterName,
    },
    /// A request says it itself.
    Request {
        /// The request.
        file: Box<RequestFile>,
        /// The name that the operator vouches for, after it was shown and confirmed.
        vouched: Option<RequesterName>,
    },
    /// A request came to a server, in the session of whoever asks.
    OverLogin(Box<OverLogin>),
    /// The registrar of the bundle that is signed asks for a key that signed nothing.
    Carried(Box<Content>),
    /// A certificate of the ledger is to be made anew.
    Anew(Box<Anew>),
}

/// What cases are held against, as the config has it.
#[derive(Clone, Debug)]
pub struct Rulebook<'a> {
    /// Suffixes, and the roles that can be asked for.
    pub policy: &'a Policy,
    /// Whose evidence is believed.
    pub roots: &'a Roots,
    /// How old a request may be.
    pub limits: AdmissionLimits,
    /// Whose key is whose, beside what the ledger says.
    pub allowed_signers: Option<&'a AllowedSigners>,
    /// The bundle that all comes in, if it comes in one.
    pub bundle: Option<Bundled>,
    /// The config's ledger key, where the ledger doesn't know it yet: it is nobody's.
    pub ledger_key: Option<Fingerprint>,
    /// Who is at the keyboard, by the system's word.
    pub keyboard: String,
}

/// Decides cases for one CA by one rulebook.
pub struct Judge<'a> {
    rulebook: Rulebook<'a>,
    /// Those of the rulebook that the ledger doesn't distrust.
    roots: Roots,
    ca: Ca,
    ca_keys: Vec<(String, KeyData)>,
    /// The names that the ledger has for requesters, by the requester's name.
    names: BTreeMap<String, Vec<Principal>>,
    /// The rules of each role in one text, put together once.
    texts: Mutex<BTreeMap<RoleName, PolicyText>>,
}

/// Says whose key or card it is, as the ledger has it. Asked of requests alone.
pub type Enrolments<'a> = dyn Fn(&Credential) -> Result<Option<String>, LedgerError> + 'a;

/// Why a case gives no certificate. Nothing was reserved for it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaseError {
    /// It did not get as far as policy.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// The subject is the key that vouches for the ledger.
    #[error("key {0} is the config's ledger key; a ledger key is never certified")]
    LedgerKey(String),
    /// Policy refused it.
    #[error("refused")]
    Refused(#[from] Refusals),
    /// What decides could not be written down.
    #[error("the policy cannot be written down")]
    PolicyText(#[from] serde_json::Error),
    /// The request could not be put into bytes.
    #[error("the request cannot be encoded")]
    Encode(#[from] ssh_encoding::Error),
}

impl<'a> Judge<'a> {
    /// A judge for `ca`. Every key that is a CA in `ledger` is nobody's.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn new(
        rulebook: Rulebook<'a>,
        ca: &AgreedCa,
        ledger: &Ledger,
    ) -> Result<Self, LedgerError> {
        let named = |ca: Ca| (ca.name().to_owned(), ca.public_key().clone());
        Ok(Self {
            roots: ledger.believed(rulebook.roots)?,
            rulebook,
            ca: ca.ca().clone(),
            ca_keys: ledger.cas()?.into_iter().map(named).collect(),
            names: requester_names(ledger)?,
            texts: Mutex::default(),
        })
    }

    /// Decides whether a case may be signed, and seals what was decided. `now` is in Unix
    /// seconds.
    ///
    /// # Errors
    /// [`CaseError`], with every reason that policy has against it.
    pub fn decide(
        &self,
        case: &Case,
        enrolled: &Enrolments<'_>,
        now: u64,
    ) -> Result<Wanted, CaseError> {
        let mut known = self.take_in(case, enrolled, now)?;
        known.requester = self.with_names(known.requester);
        let subject = &known.request.subject;
        if self.rulebook.ledger_key == Some(subject.fingerprint(HashAlg::Sha256)) {
            return Err(CaseError::LedgerKey(fingerprint(subject)));
        }
        known.request.ask.serial = match case.serial {
            SerialChoice::Next => None,
            SerialChoice::Exactly(serial) => Some(serial),
        };
        let word = case.witnessed.clone();
        let witnessed = word.map(|word| Proof::witnessed(known.request.subject.clone(), word));
        known.proofs.extend(witnessed);
        let rules = self.rules(known.role);
        let Known {
            request, requester, ..
        } = &known;
        let shown = StorageShown {
            proofs: &known.proofs,
            unbelieved: known.unbelieved.as_deref(),
        };
        let decided = decide(request, requester, shown, &rules, now)?;
        let policy = self.text(known.role)?;
        let keyboard = self.rulebook.keyboard.clone();
        let content = known.content.as_ref();
        let evidence = match content {
            Some(content) => &content.evidence,
            None => &known.evidence,
        };
        let basis = (content, evidence.as_slice());
        let mut wanted = Wanted::seal(decided, request, basis, policy, keyboard)?;
        if let Some(credential) = known.enrols {
            wanted = wanted.enrolling(credential);
        }
        Ok(match &case.asked {
            Asked::OverLogin(over) => wanted.served(over.served.clone()),
            _ => wanted,
        })
    }

    /// What would be decided for a key that is not made yet, if its card proves `facts`.
    ///
    /// # Errors
    /// [`CaseError::Refused`], or that there is no such role.
    pub fn foresee(
        &self,
        request: &Request,
        requester: &Requester,
        facts: Facts,
        now: u64,
    ) -> Result<Foreseen, CaseError> {
        let rules = self.rules(self.role(&request.ask.role)?);
        let requester = self.with_names(requester.clone());
        Ok(foresee(request, &requester, facts, &rules, now)?)
    }

    /// The requester with the names that the ledger has for them.
    fn with_names(&self, requester: Requester) -> Requester {
        match self.names.get(requester.name().as_str()) {
            Some(names) => requester.with_names(names.clone()),
            None => requester,
        }
    }

    fn rules<'r>(&'r self, role: &'r Role) -> Rules<'r> {
        Rules {
            role,
            suffixes: self.rulebook.policy.suffixes(),
            ca: self.facts(),
        }
    }

    fn take_in(
        &self,
        case: &Case,
        enrolled: &Enrolments<'_>,
        now: u64,
    ) -> Result<Known<'a>, IntakeError> {
        match &case.asked {
            Asked::Key {
                subject,
                ask,
                requester,
            } => Ok(Known {
                role: self.role(&ask.role)?,
                request: Request {
                    subject: subject.clone(),
                    ask: Ask::clone(ask),
                },
                requester: requester.clone(),
                proofs: Vec::new(),
                unbelieved: None,
                content: None,
                evidence: Vec::new(),
                enrols: None,
            }),
            Asked::Listed {
                subject,
                ask,
                named,
            } => Ok(Known {
                role: self.role(&ask.role)?,
                requester: intake::listed(self, subject, named, enrolled, now)?,
                request: Request {
                    subject: subject.clone(),
                    ask: Ask::clone(ask),
                },
                proofs: Vec::new(),
                unbelieved: None,
                content: None,
                evidence: Vec::new(),
                enrols: None,
            }),
            Asked::Request { file, vouched } => {
                intake::take_in(self, file, vouched.as_ref(), enrolled, now)
            }
            Asked::OverLogin(over) => login::take_in(self, over, enrolled, now),
            Asked::Carried(content) => intake::carried(self, content, enrolled, now),
            Asked::Anew(case) => anew::take_in(self, case, enrolled, now),
        }
    }

    fn role(&self, name: &RoleName) -> Result<&'a Role, IntakeError> {
        let role = self.rulebook.policy.role(name);
        role.ok_or_else(|| IntakeError::NoRole(name.clone()))
    }

    fn facts(&self) -> CaFacts<'_> {
        let purpose = self.ca.added().purpose;
        CaFacts {
            name: self.ca.name(),
            public_key: self.ca.public_key(),
            signs_users: purpose != Purpose::Host,
            signs_hosts: purpose != Purpose::User,
            ca_keys: &self.ca_keys,
        }
    }

    fn text(&self, role: &Role) -> Result<PolicyText, serde_json::Error> {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = texts.get(role.name()) {
            return Ok(known.clone());
        }
        let roots = self.roots.in_words();
        let text = PolicyText::new(text(role, self.rulebook.policy.suffixes(), &roots)?);
        texts.insert(role.name().clone(), text.clone());
        Ok(text)
    }
}

/// The names that the ledger has for requesters, by the requester's name. What isn't a principal to this
/// version gives nobody anything.
///
/// # Errors
/// [`LedgerError`].
pub fn requester_names(ledger: &Ledger) -> Result<BTreeMap<String, Vec<Principal>>, LedgerError> {
    let all = ledger.requester_names()?.into_iter();
    let parsed = all.map(|(requester, names)| {
        let names = names.iter().map(|name| Principal::parse(name, Kind::User));
        (requester, names.flatten().collect())
    });
    Ok(parsed.collect())
}

impl CaseError {
    /// Whether the rules said no, rather than something having gone wrong.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Refused(_) | Self::Intake(_) | Self::LedgerKey(_)
        )
    }
}

/// A case that was taken in: all that policy looks at.
struct Known<'a> {
    role: &'a Role,
    request: Request,
    requester: Requester,
    proofs: Vec<Proof>,
    /// Why evidence that lacks a root proves nothing.
    unbelieved: Option<String>,
    /// What said it, if it was a request file or an item of a bundle.
    content: Option<Content>,
    /// What the proof was read from, where a certificate is made anew.
    evidence: Vec<u8>,
    /// The key or card that becomes the requester's with the certificate.
    enrols: Option<Credential>,
}
