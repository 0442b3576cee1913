//! Any bytes as a client certificate, and as that of a client CA: no panic, and whoever is named stands in the bytes, in a
//! domain or below an id that is listed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::login::tls::{CertificateNames, ClientCa, Expected, Person};

const BELOW: &str = "spiffe://example.org/people/";

fuzz_target!(|bytes: &[u8]| {
    let domains = ["example.org".to_owned()];
    let emails = CertificateNames::email(&domains).unwrap();
    let ids = CertificateNames::spiffe(BELOW).unwrap();
    for names in [emails, ids] {
        let expected = Expected {
            issuer: "client-ca:sha256:00",
            names: &names,
            now: 1_795_400_000,
        };
        let Ok(person) = Person::of(bytes, &expected) else {
            continue;
        };
        let (name, subject) = (person.name().as_str(), &person.subject().subject);
        assert!(*subject == format!("{name}@example.org") || *subject == format!("{BELOW}{name}"));
        let mut parts = bytes.windows(subject.len());
        assert!(parts.any(|part| part.eq_ignore_ascii_case(subject.as_bytes())));
        assert!(person.over_at() > expected.now);
    }
    if let Ok(ca) = ClientCa::of(bytes) {
        assert_eq!(ca.issuer().len(), "client-ca:sha256:".len() + 64);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _any = (CertificateNames::spiffe(text), CertificateNames::email(&[text.to_owned()]));
    }
});
