//! A key pair that leaves a token for good, read back as gone.

use cryptoki::object::ObjectClass;
use cryptoki::session::Session;
use ssh_key::HashAlg;
use ssh_key::public::KeyData;

use super::binding::Desk;
use super::door::holder;
use super::field::Field;
use super::half::public_half;
use super::object::{self, KeyObject};
use super::session::Access;
use super::uri::Uri;
use super::whose::{Whose, whose};
use crate::secret::AskPin;
use crate::signer::error::{DestroyError, Fault, Gone};

/// Removes both halves of `key` from the token that `uri` names, whatever label and id they have by now,
/// and looks by a session of its own whether they are gone. A half that an earlier run left is removed
/// too. What one of `kept` names is another copy, and stays.
pub(in crate::signer) fn destroy(
    uri: &Uri,
    key: &KeyData,
    kept: &[&Uri],
    pins: &mut dyn AskPin,
) -> Result<Gone, DestroyError> {
    let here = holder(uri)?.words;
    let is_here = |other: &&&Uri| holder(other).is_ok_and(|holder| holder.words == here);
    let search = Search {
        uri,
        key,
        kept: kept.iter().filter(is_here).copied().collect(),
    };
    let desk = Desk::open(uri, Access::ReadWrite, pins)?;
    let doomed = search.all(&desk)?;
    search.require_no_other(&desk, &doomed)?;
    for object in &doomed {
        let removed = desk.call(|session| Ok(session.destroy_object(object.handle)?));
        removed.map_err(|source| DestroyError::Refused {
            device: desk.device().to_owned(),
            source,
        })?;
    }
    drop(desk);
    // What the first session remembers is no answer of the token.
    let desk = Desk::open(uri, Access::ReadOnly, pins)?;
    if !search.all(&desk)?.is_empty() {
        return Err(DestroyError::StillThere {
            device: desk.device().to_owned(),
        });
    }
    Ok(search.gone(&doomed))
}

/// What is looked for in a token.
struct Search<'a> {
    uri: &'a Uri,
    key: &'a KeyData,
    /// Other copies of the key in the same token.
    kept: Vec<&'a Uri>,
}

impl Search<'_> {
    /// Every object of the key, private ones first, but for those of other copies. A private key that
    /// could be this one is a fault: nobody could say then that it is gone.
    fn all(&self, desk: &Desk) -> Result<Vec<KeyObject>, DestroyError> {
        let device = desk.device();
        let found = desk.call(|session| self.look(session));
        let (found, untold) = found.map_err(|fault| fault.at(device))?;
        match untold {
            Some(object) => Err(DestroyError::Untold {
                device: device.to_owned(),
                key: object.name(),
            }),
            None => Ok(found),
        }
    }

    /// The objects, and the first private key that tells nothing and isn't the one that was named.
    fn look(&self, session: &Session) -> Result<(Vec<KeyObject>, Option<KeyObject>), Fault> {
        let (mut found, mut untold) = (Vec::new(), None);
        for object in object::find(session, ObjectClass::PRIVATE_KEY, None, None)? {
            if self.is_kept(&object) {
                continue;
            }
            match whose(session, &object, self.key)? {
                Whose::This => found.push(object),
                Whose::Another => {}
                Whose::Untold if names(self.uri, &object) => found.push(object),
                Whose::Untold => untold = untold.or(Some(object)),
            }
        }
        let public = object::find(session, ObjectClass::PUBLIC_KEY, None, None)?;
        found.extend(public.into_iter().filter(|object| {
            let told = object
                .key_type
                .and_then(|kind| object.parts.key_data(kind).ok());
            !self.is_kept(object) && told.is_some_and(|told| told == *self.key)
        }));
        Ok((found, untold))
    }

    fn is_kept(&self, object: &KeyObject) -> bool {
        !names(self.uri, object) && self.kept.iter().any(|kept| names(kept, object))
    }

    /// Refuses a place where another private key lies by now and this one nowhere.
    fn require_no_other(&self, desk: &Desk, doomed: &[KeyObject]) -> Result<(), DestroyError> {
        let device = desk.device();
        let named = desk.call(|session| {
            let (label, id) = (label(self.uri), self.uri.id.as_deref());
            object::find(session, ObjectClass::PRIVATE_KEY, label, id)
        });
        let named = named.map_err(|fault| fault.at(device))?;
        let is_doomed = |one: &KeyObject| doomed.iter().any(|other| other.handle == one.handle);
        let Some(other) = named.iter().find(|one| !is_doomed(one)) else {
            return Ok(());
        };
        if named.iter().any(is_doomed) {
            return Ok(());
        }
        let told = desk.call(|session| Ok(public_half(session, other, None, device)));
        let told = told.map_err(|fault| fault.at(device))?;
        Err(DestroyError::OtherKey {
            device: device.to_owned(),
            found: told.map_or_else(|_untold| other.name(), |told| fingerprint(&told)),
            wanted: fingerprint(self.key),
        })
    }

    /// What was done, in words: also what nobody would have looked for by label and id.
    fn gone(&self, doomed: &[KeyObject]) -> Gone {
        if doomed.is_empty() {
            return Gone::before("the token was there, and the key was not in it");
        }
        let mut elsewhere: Vec<String> = doomed
            .iter()
            .filter(|object| !names(self.uri, object))
            .map(KeyObject::name)
            .collect();
        elsewhere.dedup();
        let mut how = "its objects were removed".to_owned();
        if !elsewhere.is_empty() {
            how.push_str(", also what lay there as ");
            how.push_str(&elsewhere.join(", "));
        }
        Gone::now(how)
    }
}

/// Whether a locator means this object, as far as it says label and id.
fn names(uri: &Uri, object: &KeyObject) -> bool {
    label(uri).is_none_or(|label| label == object.label)
        && uri.id.as_ref().is_none_or(|id| *id == object.id)
}

fn label(uri: &Uri) -> Option<&[u8]> {
    uri.object.as_ref().map(Field::as_bytes)
}

fn fingerprint(key: &KeyData) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}
