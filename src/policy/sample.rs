//! Requests that were decided, for the tests of what comes after policy.

use ssh_key::public::KeyData;

use super::{CaFacts, Decided, Role, Rules, Suffixes, decide};
use crate::certificate::{KeyId, Kind, OptionsAsked, Principals};
use crate::request::{Ask, Request, Requester, RoleName};

/// A request by the direct form: principal `peter`, for ever.
pub(crate) fn request(subject: KeyData) -> Request {
    Request {
        subject,
        ask: Ask {
            role: RoleName::operator(),
            kind: Kind::User,
            key_id: KeyId::parse("peter").ok(),
            principals: Principals::parse("peter", Kind::User).ok(),
            validity: None,
            validity_as_asked: "always:forever".to_owned(),
            options: OptionsAsked::default(),
            reason: None,
            serial: None,
        },
    }
}

/// The request, decided for a user CA with this key, without a config.
pub(crate) fn decided(request: &Request, ca: &KeyData) -> Decided {
    let rules = Rules {
        role: &Role::operator(),
        suffixes: &Suffixes::default(),
        ca: CaFacts {
            name: "users",
            public_key: ca,
            signs_users: true,
            signs_hosts: false,
            ca_keys: &[],
        },
    };
    decide(request, &Requester::operator(), &[], &rules, 0).unwrap()
}
