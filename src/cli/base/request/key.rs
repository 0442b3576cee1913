//! The key that a user asks for: in a file, or in a YubiKey.

use std::path::{Path, PathBuf};

use clap::Args;
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::made_before::{Wanted, is_made, read_own};
use crate::attestation::Facts;
use crate::cli::base::advice::signer::{of_empty_slot, of_named_card};
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Failure};
use crate::cli::base::slot_arguments::SlotArguments;
use crate::cli::base::terminal::say;
use crate::cli::base::words::path;
use crate::config::SubjectFile;
use crate::output;
use crate::policy::sample_key;
use crate::request::{Comment, Holder, key_in_card, new_key_in_card, require_free, require_key};
use crate::secret::AskPin;
use crate::signer::yubikey::setup::state;
use crate::signer::yubikey::{Slot, SlotLocator};
use crate::signer::{GenerateError, KeyAlgorithm, Locator, NewKey, PlaceError};

/// Which key it is.
#[derive(Debug, Args)]
pub(crate) struct KeyArguments {
    /// Your public key file; ssh-keygen signs with it, by ssh-agent or the private key beside it
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present_any = ["piv", "make_security_key"],
        conflicts_with = "piv"
    )]
    key: Option<PathBuf>,

    #[command(flatten)]
    in_card: CardArguments,
}

/// A key in a user's YubiKey.
#[derive(Debug, Args)]
pub(crate) struct CardArguments {
    /// The key in this slot of the user's YubiKey
    #[arg(long, value_name = "SLOT", value_parser = str::parse::<Slot>)]
    piv: Option<Slot>,

    /// Serial of the YubiKey, where several are plugged in
    #[arg(long, value_name = "SERIAL")]
    pub(crate) card: Option<u32>,

    /// Make the key in the slot first
    #[arg(long, requires = "algorithm")]
    generate: bool,

    /// p256, p384, rsa2048, or from firmware 5.7 rsa3072, rsa4096 or ed25519
    #[arg(long, value_name = "ALGORITHM", requires = "generate")]
    algorithm: Option<KeyAlgorithm>,

    #[command(flatten)]
    in_slot: SlotArguments,
}

/// The user's key, and where its public half lies.
pub(crate) struct OwnKey {
    pub(crate) key: KeyData,
    pub(crate) comment: Comment,
    /// The file of its public half, which is made here for a key in a card.
    pub(crate) public: PathBuf,
    /// The slot of a key in a card; none for a key in a file.
    pub(crate) slot: Option<SlotLocator>,
}

impl KeyArguments {
    /// What a request by a key in a card would do to it, in words; nothing is changed.
    pub(crate) fn foretell(
        &self,
        context: &Context,
        out: Option<&Path>,
    ) -> Result<String, Failure> {
        let slot = self.in_card.require_place(context, out)?;
        Ok(
            match self.in_card.algorithm.filter(|_| self.in_card.generate) {
                Some(algorithm) => {
                    format!("a new key, {algorithm}, would be made in slot {slot}, and ask")
                }
                None => format!("the key in slot {slot} would ask"),
            },
        )
    }

    /// Finds or makes the key. `out` is where the request shall go.
    pub(crate) fn find(
        &self,
        out: Option<&Path>,
        context: &Context,
        pins: &mut dyn AskPin,
    ) -> Result<OwnKey, Failure> {
        match (&self.key, self.in_card.piv) {
            (Some(_), _) if self.in_card.is_meant() => Err(Failure::usage(FOR_CARDS)),
            (Some(file), _) => own_file(file),
            (None, Some(slot)) => self.in_card.find(slot, out, context, pins),
            (None, None) => Err(Failure::usage("name a key: --key or --piv")),
        }
    }
}

impl CardArguments {
    /// The slot that was named; 9a, which is for logins, where none was.
    pub(crate) fn slot(&self) -> Result<Slot, Failure> {
        match self.piv {
            Some(slot) => Ok(slot),
            None => Ok("9a".parse()?),
        }
    }

    /// What is known of a key that is to be made: one of its algorithm to stand for it, and
    /// what the card will attest. None if the key is there already.
    pub(crate) fn promise(&self) -> Result<Option<(KeyData, Facts)>, Failure> {
        let Some(algorithm) = self.algorithm.filter(|_| self.generate) else {
            return Ok(None);
        };
        let key = sample_key(algorithm).at("sample key")?;
        Ok(Some((key, self.in_slot.promise())))
    }

    /// Whether the card is to be changed.
    #[cfg(feature = "daily")]
    pub(crate) fn makes_a_key(&self) -> bool {
        self.generate
    }

    /// The slot, where the key is or may be made, as far as the card and the files beside `out` show
    /// without a PIN.
    pub(crate) fn require_place(
        &self,
        context: &Context,
        out: Option<&Path>,
    ) -> Result<Slot, Failure> {
        let slot = self.slot()?;
        let in_card = SlotLocator {
            serial: self.card,
            slot,
            pin_source: None,
        };
        let locator = Locator::YubiKey(in_card.clone());
        if !self.generate {
            require_key(&locator).map_err(|error| of_named_card(error.into(), CARD))?;
            return Ok(slot);
        }
        if self.is_made(&in_card, out)? {
            return Ok(slot);
        }
        self.in_slot.look(context, std::slice::from_ref(&locator))?;
        let wanted = self.in_slot.wanted(None);
        require_free(&locator, &wanted)
            .map_err(|error| of_named_card(made_by_whom(error.into()), CARD))?;
        Ok(slot)
    }

    fn is_meant(&self) -> bool {
        self.card.is_some() || self.generate
    }

    /// Finds or makes the key. `out` is where the request shall go.
    pub(crate) fn find(
        &self,
        slot: Slot,
        out: Option<&Path>,
        context: &Context,
        pins: &mut dyn AskPin,
    ) -> Result<OwnKey, Failure> {
        let locator = SlotLocator {
            serial: self.card,
            slot,
            pin_source: None,
        };
        let is_made = self.is_made(&locator, out)?;
        let found = match self.algorithm {
            Some(algorithm) if self.generate && !is_made => {
                let management_key = self.in_slot.management_key()?;
                self.in_slot
                    .check(context, &[Locator::YubiKey(locator.clone())])?;
                let wanted = self.in_slot.wanted(management_key.as_ref());
                new_key_in_card(&locator, algorithm, &wanted, pins)
                    .map_err(|error| of_named_card(made_by_whom(error), CARD))?
            }
            _ => look_into(&locator, pins)?,
        };
        Ok(OwnKey::of_card(found, locator, out))
    }
}

impl CardArguments {
    /// Whether the key that is to be made is there by an earlier run of this command. Refuses to
    /// make one whose public half would go where another's is.
    fn is_made(&self, locator: &SlotLocator, out: Option<&Path>) -> Result<bool, Failure> {
        let Some((sample, facts)) = self.promise()? else {
            return Ok(false);
        };
        let Some(public) = self.new_public(locator.slot, out) else {
            return Ok(false);
        };
        let wanted = Wanted { sample, facts };
        match (public.exists(), self.in_slot.replaces()) {
            (true, false) if is_made(locator, &public, &wanted) => Ok(true),
            (true, _) => Err(is_there(&public)),
            (false, _) => {
                output::check(&public).at("cannot write")?;
                Ok(false)
            }
        }
    }

    /// Where the public half of a new key will go, which is named for the card where no request's
    /// file is named; none where nobody can tell yet which card it is.
    fn new_public(&self, slot: Slot, out: Option<&Path>) -> Option<PathBuf> {
        if let Some(out) = out.filter(|out| *out != Path::new("-")) {
            return Some(public_of(out));
        }
        let serial = self.card.or_else(|| Some(state(None).ok()?.serial))?;
        Some(default_public(slot, &format!("-{serial}")))
    }
}

fn is_there(public: &Path) -> Failure {
    Failure::new(format!(
        "{} is there already; the new key's public half would go there",
        path(public)
    ))
    .hint(format!(
        "{GO_ON}; for a new key, choose another name with --out"
    ))
}

/// A user's key may be there from a run that got no further.
fn made_by_whom(error: GenerateError) -> Failure {
    let is_taken = matches!(error, GenerateError::Place(PlaceError::SlotTaken { .. }));
    let failure = Failure::from(error);
    if is_taken {
        failure.hint(format!(
            "{GO_ON}; --replace and its fingerprint overwrites it for good"
        ))
    } else {
        failure
    }
}

impl OwnKey {
    /// The key that is in a slot of a YubiKey.
    #[cfg(feature = "login")]
    pub(crate) fn in_card(
        slot: Slot,
        card: Option<u32>,
        pins: &mut dyn AskPin,
    ) -> Result<Self, Failure> {
        let locator = SlotLocator {
            serial: card,
            slot,
            pin_source: None,
        };
        Ok(Self::of_card(look_into(&locator, pins)?, locator, None))
    }

    /// `out` is where a request by the key goes; its public half goes beside.
    fn of_card(found: NewKey, asked: SlotLocator, out: Option<&Path>) -> Self {
        // From here on, this very card is meant.
        let locator = match found.locator {
            Locator::YubiKey(locator) => locator,
            _ => asked,
        };
        let slot = locator.slot;
        let serial = locator
            .serial
            .map_or(String::new(), |serial| format!("-{serial}"));
        Self {
            key: found.public_key,
            comment: Comment::lossy(&format!("YubiKey{serial} slot {slot}")),
            public: match out {
                Some(out) if out != Path::new("-") => public_of(out),
                _ => default_public(slot, &serial),
            },
            slot: Some(locator),
        }
    }

    /// The file for the request: the public key file's name with `.req` for `.pub`.
    pub(crate) fn request_file(&self) -> PathBuf {
        let stem = match self.public.extension() {
            Some(extension) if extension == "pub" => self.public.with_extension(""),
            _ => self.public.clone(),
        };
        let mut name = stem.into_os_string();
        name.push(".req");
        name.into()
    }

    pub(crate) fn holder<'a>(&'a self, pins: &'a mut dyn AskPin) -> Holder<'a> {
        match &self.slot {
            Some(slot) => Holder::Card(slot, pins),
            None => Holder::SshKeygen(&self.public, pins),
        }
    }

    /// Puts the public half of a key in a card where ssh finds it.
    pub(crate) fn write_public_key(&self) -> Result<(), Failure> {
        if self.slot.is_none() || self.is_written() {
            return Ok(());
        }
        let line = self.line()?;
        output::create(&self.public, format!("{line}\n").as_bytes(), MODE).at("cannot write")?;
        say(&format!("wrote {}", path(&self.public)));
        Ok(())
    }

    /// The line of its public half.
    pub(crate) fn line(&self) -> Result<String, Failure> {
        let key = PublicKey::new(self.key.clone(), self.comment.as_str());
        key.to_openssh()
            .at("the public key cannot be written as a line")
    }

    fn is_written(&self) -> bool {
        read_own(&self.public).is_some_and(|key| key == self.key)
    }
}

fn look_into(locator: &SlotLocator, pins: &mut dyn AskPin) -> Result<NewKey, Failure> {
    key_in_card(locator, pins).map_err(|error| of_empty_slot(of_named_card(error.into(), CARD)))
}

/// Where the public half of a key in a card goes.
fn public_of(out: &Path) -> PathBuf {
    out.with_extension("pub")
}

/// Where the public half of a key in a card goes if no request's file is named. `serial` begins with
/// a dash, or is empty.
fn default_public(slot: Slot, serial: &str) -> PathBuf {
    format!("piv-{slot}{serial}.pub").into()
}

/// The key of a public key file.
pub(crate) fn own_file(file: &Path) -> Result<OwnKey, Failure> {
    let subject = SubjectFile::read(file).in_file(file)?;
    Ok(OwnKey {
        key: subject.key,
        comment: Comment::lossy(&subject.comment),
        public: file.to_path_buf(),
        slot: None,
    })
}

const FOR_CARDS: &str =
    "--card and --generate are for a key in a YubiKey: name its slot with --piv";
const CARD: &str = "--card";
const GO_ON: &str =
    "to go on with the key that is in the slot, leave --generate and its options out";
const MODE: u32 = 0o644;
