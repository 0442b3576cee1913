//! Whether the role is for whoever asks, as they are known.

use super::Case;
use crate::policy::Refusal;
use crate::policy::role::Permit;
use crate::request::{KnownBy, Requester};

impl Case<'_> {
    pub(super) fn check_requester(&mut self) {
        let name = self.requester.name();
        if !self.rules.role.is_on() {
            self.refuse(Refusal::DirectOff);
        }
        // Who is nobody by name owns no key, and can't be barred: under this name anybody's key
        // would be certified to nobody.
        let is_nobody = *name == *Requester::operator().name();
        let by_token = self.requester.known_by() == KnownBy::Token;
        if is_nobody && !(by_token && self.rules.role.name().is_operator()) {
            self.refuse(Refusal::NobodysName);
        }
        if let Some(suffix) = self.rules.suffixes.reserved_end(name.as_str()) {
            self.refuse(Refusal::RequesterSuffix {
                requester: name.to_string(),
                suffix: suffix.to_string(),
            });
        }
        if !self.rules.role.is_for(self.requester) {
            let allowed = match self.rules.role.askers() {
                Permit::Only(askers) => askers,
                Permit::Anything | Permit::Nothing => Vec::new(),
            };
            self.refuse(Refusal::Requester {
                requester: name.to_string(),
                allowed,
            });
        }
    }

    pub(super) fn check_login(&mut self) {
        if let Some(login) = self.requester.login() {
            let reasons = self.rules.role.shut_to(login, self.now);
            self.refusals.extend(reasons);
        }
    }
}
