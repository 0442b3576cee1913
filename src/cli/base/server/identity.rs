//! The enrolled key that somebody logs in with: in a file, in the ssh-agent, or in a YubiKey.

use std::path::{Path, PathBuf};

use base64ct::{Base64, Encoding as _};
use ssh_key::{HashAlg, LineEnding, SshSig};

use crate::api::issue::DeviceShown;
use crate::attestation::Evidence;
use crate::cli::base::advice::signer::of_named_card;
use crate::cli::base::failure::{Advised, At, Failure, Kind};
use crate::cli::base::request::evidence::EvidenceArguments;
use crate::cli::base::request::key::own_file;
use crate::cli::base::words::path;
use crate::issue::DeviceWord;
use crate::login::key::{KeyChallenge, NAMESPACE};
use crate::request::{Holder, RequestFile, SignRequestError, require_key, sign_text};
use crate::secret::AskPin;
use crate::signer::Locator;
use crate::signer::agent::{AgentFault, AgentLocator, Keeper};
use crate::signer::yubikey::{Slot, SlotLocator};

/// Where the key is.
#[derive(Clone, Debug)]
pub(crate) enum Identity {
    /// In a file: the private half, or the public one of a key in an agent or a security key.
    File(PathBuf),
    /// In the agent, by its fingerprint.
    Agent(Box<AgentLocator>),
    /// In a slot of a YubiKey.
    Card(SlotLocator),
}

impl Identity {
    /// What `--identity` names: `SHA256:…` in the agent, `agent` for the only key there, else a file.
    pub(crate) fn named(text: &str) -> Result<Self, Failure> {
        if text == AGENT {
            return only_in_agent();
        }
        if text.starts_with("SHA256:") {
            let locator = format!("agent:{text}").parse();
            let locator = locator.map_err(|error| Failure::of(Kind::Usage, as_error(error)))?;
            return Ok(Self::Agent(Box::new(locator)));
        }
        if text.starts_with("yubikey:") {
            let locator = text.parse();
            let locator = locator.map_err(|error| Failure::of(Kind::Usage, as_error(error)))?;
            return Ok(Self::Card(locator));
        }
        let file = std::path::absolute(text).at(text)?;
        if !file.exists() {
            let words = format!("there is no key file {}", path(&file));
            return Err(Failure::new(words).hint(OTHERS));
        }
        Ok(Self::File(file))
    }

    /// The key in a slot of the YubiKey with this serial, or of the one that is plugged in.
    pub(crate) fn in_card(slot: Slot, serial: Option<u32>) -> Result<Self, Failure> {
        let locator = SlotLocator {
            serial,
            slot,
            pin_source: None,
        };
        let in_card = Locator::YubiKey(locator.clone());
        require_key(&in_card).map_err(|error| of_named_card(error.into(), "--card"))?;
        Ok(Self::Card(locator))
    }

    /// The text that names it again.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::File(file) => file.to_string_lossy().into_owned(),
            Self::Agent(locator) => locator.fingerprint().to_string(),
            Self::Card(locator) => locator.to_string(),
        }
    }

    /// Has it sign a login's challenge.
    pub(crate) fn answer(
        &self,
        challenge: &KeyChallenge,
        pins: &mut dyn AskPin,
    ) -> Result<SshSig, SignRequestError> {
        self.signed((challenge.as_bytes(), NAMESPACE), pins)
    }

    /// What a device says for another: it signs the request, too, and says what proves that it is one.
    pub(crate) fn vouch(
        &self,
        file: &RequestFile,
        evidence: &[u8],
        pins: &mut dyn AskPin,
    ) -> Result<DeviceShown, SignRequestError> {
        let text = file.content().to_bytes()?;
        let signature = self.signed((&text, DeviceWord::NAMESPACE), pins)?;
        let signature = signature.to_pem(LineEnding::LF);
        Ok(DeviceShown {
            signature: signature.map_err(SignRequestError::Signature)?,
            evidence: Base64::encode_string(evidence),
        })
    }

    /// The evidence that it is a device.
    pub(crate) fn evidence(&self) -> Result<Vec<u8>, Failure> {
        let evidence = match self {
            Self::Card(slot) => Evidence::of_card(slot)?.to_bytes(),
            Self::File(file) => EvidenceArguments::default().read(&own_file(file)?)?,
            Self::Agent(_) => Vec::new(),
        };
        if evidence.is_empty() {
            let words = "nothing proves that the key which is to vouch is in a device";
            return Err(Failure::usage(words).hint(DEVICES));
        }
        Ok(evidence)
    }

    fn signed(
        &self,
        (text, namespace): (&[u8], &str),
        pins: &mut dyn AskPin,
    ) -> Result<SshSig, SignRequestError> {
        let holder = match self {
            Self::File(file) => Holder::SshKeygen(Path::new(file), pins),
            Self::Agent(locator) => Holder::Agent(locator),
            Self::Card(locator) => Holder::Card(locator, pins),
        };
        sign_text(text, namespace, holder)
    }
}

fn as_error(
    error: impl std::error::Error + Send + Sync + 'static,
) -> Box<dyn std::error::Error + Send + Sync> {
    Box::new(error)
}

/// The only plain key of the agent; with several, a person says which.
fn only_in_agent() -> Result<Identity, Failure> {
    let keys = Keeper::open().and_then(|mut keeper| keeper.keys());
    let keys = keys.at("no --identity was named, and the ssh-agent")?;
    match keys.as_slice() {
        [only] => Identity::named(&only.fingerprint(HashAlg::Sha256).to_string()),
        [] => Err(Failure::new("the ssh-agent has no key to log in with").hint(OTHERS)),
        several => {
            let names = several
                .iter()
                .map(|key| key.fingerprint(HashAlg::Sha256).to_string());
            let names: Vec<_> = names.collect();
            let words = format!("the ssh-agent has several keys: {}", names.join(", "));
            Err(Failure::new(words).hint("name the one that is enrolled: --identity SHA256:…"))
        }
    }
}

impl Advised for AgentFault {
    fn hint(&self) -> Option<String> {
        Some(OTHERS.to_owned())
    }
}

const DEVICES: &str = "name a YubiKey's slot, yubikey:slot-id=9a, or the public key file of a security key, with its .attestation and .challenge beside";
/// The agent's only key.
pub(crate) const AGENT: &str = "agent";
const OTHERS: &str = "name a key that is enrolled for you: --identity ~/.ssh/id_ed25519, or SHA256:… in the ssh-agent";
