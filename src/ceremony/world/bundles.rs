//! The bundles of a rehearsal, and their registrar, whose key ends with the run that makes them.

use sha2::{Digest, Sha256};
use ssh_key::PublicKey;
use ssh_key::private::Ed25519Keypair;
use ssh_key::public::KeyData;
use zeroize::Zeroizing;

use super::asked::Wish;
use super::{World, WorldError};
use crate::bundle::{self, Draft, Item, NAMESPACE, Registrar};
use crate::ceremony::conduct::ConductError;
use crate::ceremony::plan::PlannedBundle;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::{Credential, DutiesSet, RequesterAdded};
use crate::request::{Comment, Content, Target, random_id, sign_in_memory};

impl World<'_> {
    /// Enrols somebody whose word counts for all roles that are asked for; none where nothing is signed.
    pub(super) fn registrar(&self) -> Result<Option<Ed25519Keypair>, WorldError> {
        if self.sketch.signing().is_none() {
            return Ok(None);
        }
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut()).map_err(ConductError::Random)?;
        let pair = Ed25519Keypair::from_seed(&seed);
        let config = self.config()?;
        let ledger = config.ledger_place().open_confirmed();
        let mut ledger = ledger.map_err(ConductError::from)?;
        let added = RequesterAdded {
            name: REGISTRAR.to_owned(),
            credential: Credential::Key(blob(&pair)?),
            keyboard: self.keyboard.clone(),
        };
        ledger.add_requester(added, self.now)?;
        let roles = self.asked.roles().into_keys().map(str::to_owned).collect();
        let duties = DutiesSet {
            name: REGISTRAR.to_owned(),
            registrar: roles,
            revoker: false,
            keyboard: self.keyboard.clone(),
        };
        ledger.set_duties(duties, self.now)?;
        Ok(Some(pair))
    }

    /// Each bundle with its bytes, the one after the other, made against this head.
    pub(super) fn bundles(
        &self,
        registrar: Option<Ed25519Keypair>,
        cas: &[KeyData],
        head: &Checkpoint,
    ) -> Result<Vec<(PlannedBundle, Vec<u8>)>, WorldError> {
        let Some((sign, pair)) = self.sketch.signing().zip(registrar) else {
            return Ok(Vec::new());
        };
        let (mut all, mut before) = (Vec::new(), [0; 32]);
        for (number, planned) in (0..).zip(&sign.bundles) {
            let mut draft = Draft::default();
            for (item, wish) in (1_u64..).zip(self.asked.of_bundle(number)) {
                draft.add(&self.item(item, wish, cas)?)?;
            }
            let registrar = Registrar {
                name: REGISTRAR.parse().map_err(|_form| gone("a name"))?,
                key: blob(&pair)?,
            };
            let id = random_id().map_err(ConductError::Random)?;
            let header = draft.header((id, before), self.now, head.clone(), registrar);
            let signature = sign_in_memory(&header.to_bytes()?, NAMESPACE, &pair)?;
            let bytes = draft.to_bytes(&header, &signature)?;
            before = header.hash()?;
            let bundle = PlannedBundle {
                file: planned.file.clone(),
                bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
                sha256: Sha256::digest(&bytes).into(),
                id,
                header: before,
                items: header.items,
            };
            all.push((bundle, bytes));
        }
        Ok(all)
    }

    fn item(&self, number: u64, wish: &Wish, cas: &[KeyData]) -> Result<Item, WorldError> {
        let ca = cas.get(wish.ca).ok_or_else(|| gone("the CA of a bundle"))?;
        let content = Content {
            subject: wish.subject.clone(),
            comment: Comment::lossy(wish.name.as_str()),
            role: wish.role.clone(),
            kind: wish.kind,
            principals: None,
            validity: None,
            options: Vec::new(),
            key_id: None,
            claimed: Some(wish.name.clone()),
            reason: None,
            created: self.now,
            id: random_id().map_err(ConductError::Random)?,
            target: Target::of(ca),
            challenge: None,
            evidence: Vec::new(),
        };
        Ok(Item {
            place: format!("/rehearsal/{number}-cert.pub").into(),
            wish: bundle::Wish::Key(Box::new(content)),
        })
    }
}

fn blob(pair: &Ed25519Keypair) -> Result<Vec<u8>, ConductError> {
    Ok(PublicKey::from(KeyData::from(pair.public)).to_bytes()?)
}

fn gone(what: &'static str) -> WorldError {
    ConductError::Gone(what).into()
}

const REGISTRAR: &str = "rehearsal-registrar";
