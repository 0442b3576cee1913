//! From a user's card to their certificate, by the spine: foreseen before the card is changed,
//! decided on what the card really proves, decided again under the ledger's lock.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::Enroll;
use serde_json::json;
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use crate::attestation::{Evidence, Facts, Firmware, Proof, Roots};
use crate::batch::{BatchError, CERTIFICATE_MODE};
use crate::ca::KnownCa;
use crate::cli::base::advice::evidence::unproved;
use crate::cli::base::asks_for_pins::AsksForPins;
use crate::cli::base::context::Context;
use crate::cli::base::decided::rows;
use crate::cli::base::failure::{At, Exit, Failure};
use crate::cli::base::pin::of_users_card;
use crate::cli::base::request::asked::Rest;
use crate::cli::base::request::key::OwnKey;
use crate::cli::base::request::write;
use crate::cli::base::terminal::{say, warn};
use crate::cli::base::words::{chain, path};
use crate::config::{self, Config};
use crate::issue::{
    Asked, Case, CaseError, IssueError, Issued, Judge, Lost, OpenCa, SharedLedger, intake,
    issue_one, lock,
};
use crate::ledger::{CardId, Credential, Ledger, SerialChoice, Wanted};
use crate::output;
use crate::policy::Foreseen;
use crate::request::{Comment, KnownBy, RequestFile, Requester, Target, sign};
use crate::signer::yubikey::SlotLocator;

/// What the admin's side of the desk has.
pub(super) struct AtTheDesk<'a> {
    pub(super) judge: Judge<'a>,
    pub(super) config: &'a Config,
    pub(super) known: &'a KnownCa,
    pub(super) context: &'a Context,
    pub(super) asks: AsksForPins,
}

impl AtTheDesk<'_> {
    /// Opens the CA's key, with its PIN.
    fn open(&self) -> Result<OpenCa, Failure> {
        let (ca, keys) = (&self.known.agreed, &self.known.config.keys);
        let mut pins = self.context.pins(self.asks);
        Ok(OpenCa::open(ca, keys, None, 1, &mut pins)?)
    }

    /// Decides as of now, and asks the ledger whether it would reserve it.
    fn decide(&self, case: &Case, ledger: &Ledger) -> Result<Wanted, BatchError> {
        let enrolled = |credential: &Credential| ledger.requester_of(credential);
        let now = config::now();
        let wanted = self.judge.decide(case, &enrolled, now)?;
        match ledger.check(&wanted, now)? {
            Ok(()) => Ok(wanted),
            Err(refused) => Err(IssueError::from(refused).into()),
        }
    }
}

/// The user's card, as far as it tells without a PIN.
pub(super) struct UsersCard {
    pub(super) serial: u32,
    pub(super) firmware: Option<Firmware>,
}

/// Why nothing can be foreseen.
pub(super) enum Refused {
    Case(CaseError),
    Failure(Failure),
}

impl From<CaseError> for Refused {
    fn from(error: CaseError) -> Self {
        Self::Case(error)
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// What to enrol the user by: the serial that the card proved; a card that attests none is
/// known by its key.
fn credential(proof: &Proof) -> Result<Credential, Failure> {
    match proof.card() {
        Some((family, serial)) => Ok(Credential::FamilyCard(CardId {
            family: family.to_string(),
            serial: serial.into(),
        })),
        None => {
            let blob = PublicKey::from(proof.key().clone()).to_bytes();
            Ok(Credential::Key(
                blob.at("the public key cannot be written as a line")?,
            ))
        }
    }
}

/// Beside the request: `peter.req` gives `peter-cert.pub`.
fn certificate_file(out: &Path) -> PathBuf {
    let stem = out.with_extension("");
    let mut name = stem.into_os_string();
    name.push("-cert.pub");
    name.into()
}

impl Enroll {
    /// What would be decided for a key that is to be made; none if it is there already.
    pub(super) fn foresee(
        &self,
        desk: &AtTheDesk<'_>,
        card: &UsersCard,
    ) -> Result<Option<Foreseen>, Refused> {
        let Some((key, promise)) = self.card.promise()? else {
            return Ok(None);
        };
        let facts = Facts {
            serial: Some(card.serial),
            firmware: card.firmware,
            ..promise
        };
        let stand_in = OwnKey {
            key,
            comment: Comment::lossy(""),
            public: PathBuf::new(),
            slot: None,
        };
        let content = self.asked.content(&stand_in, self.rest(desk, Vec::new()))?;
        let now = config::now();
        let request = intake::request(&content, now).map_err(CaseError::from)?;
        let requester = Requester::known(self.name.clone(), KnownBy::Vouch);
        Ok(Some(desk.judge.foresee(&request, &requester, facts, now)?))
    }

    /// Takes the operator's word for whose card it is.
    pub(super) fn vouch(
        &self,
        desk: &AtTheDesk<'_>,
        card: u32,
        foreseen: Option<&Foreseen>,
    ) -> Result<(), Failure> {
        let slot = self.card.slot()?;
        let mut question = format!(
            "You vouch that {} asks, with slot {slot} of YubiKey {card}, for role {}",
            self.name, self.asked.role
        );
        // The key stands for one that is not made yet.
        for (label, value) in foreseen
            .into_iter()
            .flat_map(|it| rows(it.decided()).into_iter().skip(1))
        {
            question.push_str(&format!("\n    {label:12}{value}"));
        }
        desk.context
            .confirm_or_go_on(&format!("{question}\nIs that so?"))
    }

    /// Says what would be done, and what would be decided as far as it is known.
    pub(super) fn foretell(
        &self,
        desk: &AtTheDesk<'_>,
        card: u32,
        foreseen: Option<&Foreseen>,
    ) -> Result<Exit, Failure> {
        let slot = self
            .card
            .require_place(desk.context, Some(&self.request_file()))?;
        let key = match foreseen {
            Some(_) => "a new key, made there",
            None => "the key that is there",
        };
        let (name, ca) = (&self.name, desk.known.ca().name());
        let mut words = format!(
            "slot {slot} of YubiKey {card}, {key}, would ask for {name} in role {}, and CA {ca} would sign; \
             the card would be that of {name} from then on",
            self.asked.role
        );
        for (label, value) in foreseen
            .into_iter()
            .flat_map(|it| rows(it.decided()).into_iter().skip(1))
        {
            words.push_str(&format!("\n    {label:12}{value}"));
        }
        desk.context.tell_plan(
            &words,
            json!({
                "requester": name.as_str(), "card": card, "slot": slot.to_string(),
                "role": self.asked.role, "ca": ca, "generate": foreseen.is_some(),
            }),
        )?;
        Ok(Exit::Done)
    }

    /// Makes or takes the key, has it ask, and certifies it.
    pub(super) fn certify(&self, desk: &AtTheDesk<'_>, roots: &Roots) -> Result<Exit, Failure> {
        let context = desk.context;
        let out = self.request_file();
        // A wrong PIN of the CA's device is met before the user's card is changed.
        let opened = self.card.makes_a_key().then(|| desk.open()).transpose()?;
        let mut pins = context.pins_of_card(self.card_pin_file.clone());
        let slot = self.card.slot()?;
        let own = self.card.find(slot, Some(&out), context, &mut pins);
        let own = own.map_err(of_users_card)?;
        let Some(slot) = &own.slot else {
            return Err(Failure::usage("enroll is for a key in a YubiKey"));
        };
        // At once, so that a run that ends here can be repeated.
        own.write_public_key()?;
        let (evidence, proof) = attested(slot, &own.key, roots)?;
        let credential = credential(&proof)?;
        let content = self
            .asked
            .content(&own, self.rest(desk, evidence.to_bytes()))?;
        let ca_keys = desk.config.public_keys()?;
        let file = sign(content, own.holder(&mut pins), &ca_keys);
        let file = file.map_err(|error| of_users_card(error.into()))?;
        drop(pins);
        write(&out, &file)?;
        self.issue(desk, (file, opened), (&own, &out), credential)
    }

    /// Decides, on what the request really brings, opens the CA's key where that was not done,
    /// and issues; then the card is the user's.
    fn issue(
        &self,
        desk: &AtTheDesk<'_>,
        (file, opened): (RequestFile, Option<OpenCa>),
        (own, out): (&OwnKey, &Path),
        credential: Credential,
    ) -> Result<Exit, Failure> {
        let (context, known) = (desk.context, desk.known);
        let case = Case {
            asked: Asked::Request {
                file: Box::new(file),
                vouched: Some(self.name.clone()),
            },
            serial: SerialChoice::Next,
            witnessed: None,
        };
        let ledger = context.ledger_to_look(desk.config)?;
        desk.decide(&case, &ledger)?;
        drop(ledger);
        let open = opened.map_or_else(|| desk.open(), Ok)?;
        let ledger = context.ledger_again(desk.config, known.ca())?;
        let wanted = desk.decide(&case, &ledger)?;
        let is_new = ledger.requester_of(&credential)?.is_none();
        let wanted = wanted.enrolling(credential.clone());
        let ledger: SharedLedger = Arc::new(Mutex::new(ledger));
        let lost: Lost = Arc::new(|device, error| {
            warn(&format!(
                "{}; the run goes on without {device}",
                chain(error)
            ));
        });
        let (issued, end) = issue_one(open, &ledger, wanted, config::now, &lost);
        // It stays, also where the CA's key did not sign.
        let enrolled = lock(&ledger).requester_of(&credential)?.is_some();
        if is_new && enrolled && context.talks() {
            say(&format!("the card is that of {} from now on", self.name));
        }
        let issued = issued.map_err(BatchError::from)?;
        end?;
        self.hand_out(&issued, own, out, context)
    }

    fn hand_out(
        &self,
        issued: &Issued,
        own: &OwnKey,
        out: &Path,
        context: &Context,
    ) -> Result<Exit, Failure> {
        let line = format!("{}\n", issued.certificate.to_openssh(own.comment.as_str()));
        let file = certificate_file(out);
        output::write(&file, line.as_bytes(), CERTIFICATE_MODE).at(format!(
            "certificate {} is in the ledger, but could not be written",
            issued.serial
        ))?;
        let (written, serial) = (path(&file), issued.serial);
        context.tell(
            &format!("signed {written}: serial {serial}"),
            json!({
                "state": "signed", "output": written, "serial": serial.number(),
                "requester": self.name.as_str(), "certificate": line.trim_end(),
            }),
        )?;
        Ok(Exit::Done)
    }

    fn rest(&self, desk: &AtTheDesk<'_>, evidence: Vec<u8>) -> Rest {
        Rest {
            claimed: Some(self.name.clone()),
            target: Target::of(desk.known.ca().public_key()),
            challenge: None,
            evidence,
        }
    }

    pub(super) fn refuse_card_of_another(
        &self,
        ledger: &Ledger,
        credential: &Credential,
    ) -> Result<(), Failure> {
        match ledger.requester_of(credential)? {
            Some(owner) if owner != self.name.as_str() => Err(Failure::new(format!(
                "the card is that of requester `{owner}`"
            ))),
            _ => Ok(()),
        }
    }
}

/// What the card attests of the key in a slot, if it proves anything.
fn attested(
    slot: &SlotLocator,
    key: &KeyData,
    roots: &Roots,
) -> Result<(Evidence, Proof), Failure> {
    let evidence = Evidence::of_card(slot)?;
    match evidence.verify(key, roots) {
        Ok(proof) => Ok((evidence, proof)),
        Err(error) => Err(unproved(
            &format!("what slot {} of the YubiKey attests", slot.slot),
            error,
        )),
    }
}
