//! Requests that were decided, for the tests of what comes after policy.

use ssh_key::public::KeyData;

use super::{CaFacts, Decided, Role, Rules, Suffixes, decide};
use crate::attestation::Proof;
use crate::certificate::{KeyId, Kind, OptionsAsked, Principals};
use crate::request::{Ask, KnownBy, Request, Requester, RequesterName, RoleName};

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

/// The request of a role, decided by a config that reserves `_physical` for proved keys and
/// `_file` for the others.
pub(crate) fn marked(request: &Request, ca: &KeyData, proof: Option<Proof>) -> Decided {
    let suffixes: Suffixes = toml::from_str(SUFFIXES).unwrap();
    let mut request = request.clone();
    request.ask.key_id = None;
    request.ask.validity_as_asked = String::new();
    let peter: RequesterName = "peter".parse().unwrap();
    let rules = Rules {
        role: &Role::new(
            "engineer".parse().unwrap(),
            toml::from_str(ENGINEER).unwrap(),
            &suffixes,
        )
        .unwrap(),
        suffixes: &suffixes,
        ca: CaFacts {
            name: "users",
            public_key: ca,
            signs_users: true,
            signs_hosts: false,
            ca_keys: &[],
        },
    };
    let requester = Requester::known(peter, KnownBy::Vouch);
    let proofs: Vec<_> = proof.into_iter().collect();
    decide(&request, &requester, &proofs, &rules, 1_795_400_000).unwrap()
}

const SUFFIXES: &str = r#"
physical = { suffix = "_physical", proof = ["piv", "fido"], touch = "cached", pin = "once" }
file     = { suffix = "_file" }
"#;

const ENGINEER: &str = r#"
ca         = "users"
requesters = ["peter"]
principals = ["{requester}"]
storage    = "mark"
lifetime   = { default = "8h", maximum = "24h" }
"#;
