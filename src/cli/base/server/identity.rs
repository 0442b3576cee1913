//! The enrolled key that somebody logs in with: in a file, or in the ssh-agent.

use std::path::{Path, PathBuf};

use ssh_key::{HashAlg, SshSig};

use crate::cli::base::failure::{Advised, At, Failure, Kind};
use crate::cli::base::words::path;
use crate::login::key::{KeyChallenge, NAMESPACE};
use crate::request::{Holder, SignRequestError, sign_text};
use crate::secret::AskPin;
use crate::signer::agent::{AgentFault, AgentLocator, Keeper};

/// Where the key is.
#[derive(Clone, Debug)]
pub(crate) enum Identity {
    /// In a file: the private half, or the public one of a key in an agent or a security key.
    File(PathBuf),
    /// In the agent, by its fingerprint.
    Agent(Box<AgentLocator>),
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
        let file = std::path::absolute(text).at(text)?;
        if !file.exists() {
            let words = format!("there is no key file {}", path(&file));
            return Err(Failure::new(words).hint(OTHERS));
        }
        Ok(Self::File(file))
    }

    /// The text that names it again.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::File(file) => file.to_string_lossy().into_owned(),
            Self::Agent(locator) => locator.fingerprint().to_string(),
        }
    }

    /// Has it sign a login's challenge.
    pub(crate) fn answer(
        &self,
        challenge: &KeyChallenge,
        pins: &mut dyn AskPin,
    ) -> Result<SshSig, SignRequestError> {
        let holder = match self {
            Self::File(file) => Holder::SshKeygen(Path::new(file), pins),
            Self::Agent(locator) => Holder::Agent(locator),
        };
        sign_text(challenge.as_bytes(), NAMESPACE, holder)
    }
}

fn as_error(
    error: crate::signer::agent::AgentLocatorError,
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

/// The agent's only key.
pub(crate) const AGENT: &str = "agent";
const OTHERS: &str = "name a key that is enrolled for you: --identity ~/.ssh/id_ed25519, or SHA256:… in the ssh-agent";
