//! The key that is to be certified, and how it signs its request.

use std::path::PathBuf;

use clap::Args;
use ssh_key::public::KeyData;

use crate::api::issue::DeviceShown;
use crate::cli::base::failure::{At, Failure};
use crate::cli::base::request::evidence::EvidenceArguments;
use crate::cli::base::request::key::{OwnKey, own_file};
use crate::cli::base::server::identity::Identity;
use crate::client::place::{NewKey, files_of};
use crate::client::{CardSlot, HeldCertificate, Whereabouts};
use crate::config;
use crate::request::{
    Challenge, Comment, Content, RequestFile, RoleName, SignRequestError, sign, sign_in_memory,
};
use crate::secret::AskPin;
use crate::signer::yubikey::Slot;

/// Which key it is, where it isn't a new one.
#[derive(Debug, Default, Args)]
pub(crate) struct OwnKeyArguments {
    /// Your own public key file; ssh-keygen signs with it. The certificate goes beside it
    #[arg(long, value_name = "FILE", conflicts_with = "piv")]
    key: Option<PathBuf>,

    /// The key in this slot of your YubiKey, which attests it
    #[arg(long, value_name = "SLOT", value_parser = str::parse::<Slot>)]
    piv: Option<Slot>,

    /// Serial of the YubiKey, where several are plugged in
    #[arg(long, value_name = "SERIAL", requires = "piv")]
    card: Option<u32>,

    #[command(flatten)]
    evidence: EvidenceArguments,

    /// A device that is enrolled for you and signs too, so that the key's device is enrolled with the certificate:
    /// a YubiKey's slot, or the file of a security key
    #[arg(long, value_name = "yubikey:…|FILE")]
    enroll_by: Option<String>,
}

/// An enrolled device that vouches for the key's, with the evidence of it.
pub(super) struct Device {
    identity: Identity,
    evidence: Vec<u8>,
}

impl OwnKeyArguments {
    /// A key in this slot, whose certificate lies with those of its role.
    pub(crate) fn in_card(slot: Slot, card: Option<u32>) -> Self {
        Self {
            piv: Some(slot),
            card,
            ..Self::default()
        }
    }

    /// The key, and the evidence of how it is stored.
    pub(super) fn find(&self, pins: &mut dyn AskPin) -> Result<(Key, Vec<u8>), Failure> {
        let own = match (&self.key, self.piv) {
            (Some(file), _) => own_file(file)?,
            (None, Some(slot)) => OwnKey::in_card(slot, self.card, pins)?,
            (None, None) if self.evidence.are_named() => return Err(Failure::usage(WHOSE)),
            (None, None) => {
                let new = NewKey::random().at("no random numbers")?;
                return Ok((Key::New(new), Vec::new()));
            }
        };
        let evidence = self.evidence.read(&own)?;
        Ok((Key::Own(own), evidence))
    }

    /// The device that vouches for the key's, if one is to.
    pub(super) fn device(&self) -> Result<Option<Device>, Failure> {
        let Some(named) = &self.enroll_by else {
            return Ok(None);
        };
        if self.key.is_none() && self.piv.is_none() {
            return Err(Failure::usage(NO_DEVICE));
        }
        let identity = Identity::named(named)?;
        let evidence = identity.evidence()?;
        Ok(Some(Device { identity, evidence }))
    }

    /// Whether a certificate that is there is one for this key: beside the file, or in the slot. Where no
    /// key is named, one whose key was made for it, in the agent or in a file of ours.
    pub(super) fn is_of(&self, held: &HeldCertificate) -> bool {
        match (&self.key, &held.r#where, self.piv) {
            (None, Whereabouts::Agent, None) => true,
            (None, Whereabouts::File(file), None) => {
                let ours =
                    files_of(&held.role).is_some_and(|(_key, certificate)| certificate == *file);
                ours && held.in_card.is_none()
            }
            (None, _, Some(slot)) => {
                let in_slot = |held: &CardSlot| {
                    let is_card = self.card.is_none_or(|card| held.serial == Some(card));
                    held.slot == slot.to_string() && is_card
                };
                held.in_card.as_ref().is_some_and(in_slot)
            }
            (Some(key), Whereabouts::File(file), _) => {
                std::path::absolute(config::certificate_beside(key)).is_ok_and(|path| path == *file)
            }
            (Some(_), Whereabouts::Agent, _) => false,
        }
    }
}

/// The key that is to be certified.
pub(super) enum Key {
    New(NewKey),
    Own(OwnKey),
}

/// What a request says beside what was typed.
pub(super) struct Asks<'a> {
    pub(super) role: &'a RoleName,
    pub(super) ca: &'a KeyData,
    pub(super) comment: String,
    pub(super) requester: &'a str,
}

impl Key {
    pub(super) fn public(&self) -> KeyData {
        match self {
            Self::New(key) => KeyData::from(key.pair().public),
            Self::Own(own) => own.key.clone(),
        }
    }

    pub(super) fn is_own(&self) -> bool {
        matches!(self, Self::Own(_))
    }

    /// Where it is, if it is in a YubiKey.
    pub(super) fn in_card(&self) -> Option<CardSlot> {
        match self {
            Self::Own(OwnKey {
                slot: Some(slot), ..
            }) => Some(CardSlot {
                slot: slot.slot.to_string(),
                serial: slot.serial,
            }),
            _ => None,
        }
    }

    pub(super) fn comment(&self, of_new: &str) -> Comment {
        match self {
            Self::New(_) => Comment::lossy(of_new),
            Self::Own(own) => own.comment.clone(),
        }
    }

    pub(super) fn signed(
        &self,
        content: Content,
        challenge: Challenge,
        ca: &KeyData,
        pins: &mut dyn AskPin,
    ) -> Result<RequestFile, SignRequestError> {
        let content = Content {
            challenge: Some(challenge),
            ..content
        };
        match self {
            Self::Own(own) => sign(content, own.holder(pins), std::slice::from_ref(ca)),
            Self::New(key) => {
                let bytes = content.to_bytes()?;
                let signature = sign_in_memory(&bytes, RequestFile::NAMESPACE, key.pair())?;
                Ok(RequestFile::new(content, signature)?)
            }
        }
    }
}

impl Device {
    pub(super) fn vouch(
        &self,
        file: &RequestFile,
        pins: &mut dyn AskPin,
    ) -> Result<DeviceShown, SignRequestError> {
        self.identity.vouch(file, &self.evidence, pins)
    }
}

const NO_DEVICE: &str =
    "--enroll-by enrols the device of a key of yours: name that with --piv or --key";
const WHOSE: &str = "an attestation is one of a key of your own: name that with --key";
