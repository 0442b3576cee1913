//! What a certificate has to say, so that it names somebody, and what of it names nobody.

use proptest::prelude::*;

use super::*;

const ISSUER: &str = "client-ca:sha256:00";
/// Within 2026 and 2027, in which certificates of these tests count.
const NOW: u64 = 1_795_400_000;

fn emails() -> CertificateNames {
    let domains = ["Example.org", "example.com"].map(str::to_owned);
    CertificateNames::email(&domains).unwrap()
}

fn ids() -> CertificateNames {
    CertificateNames::spiffe("spiffe://example.org/people/").unwrap()
}

fn person(der: &[u8], names: &CertificateNames) -> Result<Person, CertificateError> {
    let expected = Expected {
        issuer: ISSUER,
        names,
        now: NOW,
    };
    Person::of(der, &expected)
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
    let header = match (high, low) {
        (0, low @ ..0x80) => vec![tag, low],
        (0, low) => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    [&header, content].concat()
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

fn extension(oid: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical {
        tlv(1, &[0xff])
    } else {
        Vec::new()
    };
    sequence(&[tlv(6, oid), critical, tlv(4, value)])
}

fn of_clients() -> Vec<u8> {
    purposes(&[CLIENTS])
}

fn purposes(oids: &[&[u8]]) -> Vec<u8> {
    let oids: Vec<_> = oids.iter().map(|oid| tlv(6, oid)).collect();
    extension(&[0x55, 0x1d, 0x25], false, &sequence(&oids))
}

fn names(names: &[(u8, &str)]) -> Vec<u8> {
    let names: Vec<_> = names
        .iter()
        .map(|(tag, text)| tlv(0x80 | tag, text.as_bytes()))
        .collect();
    extension(&[0x55, 0x1d, 0x11], false, &sequence(&names))
}

/// Key usage: one byte of bits.
fn usage(bits: u8) -> Vec<u8> {
    let unused = u8::try_from(bits.trailing_zeros()).unwrap();
    extension(&[0x55, 0x1d, 0x0f], true, &tlv(3, &[unused, bits]))
}

fn basic(is_ca: bool) -> Vec<u8> {
    let ca = if is_ca { tlv(1, &[0xff]) } else { Vec::new() };
    extension(&[0x55, 0x1d, 0x13], true, &sequence(&[ca]))
}

/// A certificate that nobody signed: who did is not looked at here.
fn certificate(validity: [&[u8]; 2], extensions: &[Vec<u8>]) -> Vec<u8> {
    let algorithm = sequence(&[tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2])]);
    let name = sequence(&[tlv(
        0x31,
        &sequence(&[tlv(6, &[0x55, 4, 3]), tlv(0x0c, b"any")]),
    )]);
    let key = sequence(&[
        sequence(&[
            tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1]),
            tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]),
        ]),
        tlv(3, &[0, 4, 1, 2]),
    ]);
    let inner = sequence(&[
        tlv(0xa0, &tlv(2, &[2])),
        tlv(2, &[1]),
        algorithm.clone(),
        name.clone(),
        sequence(&validity.map(|time| tlv(0x17, time))),
        name,
        key,
        tlv(0xa3, &sequence(extensions)),
    ]);
    sequence(&[inner, algorithm, tlv(3, &[0, 0])])
}

fn with(extensions: &[Vec<u8>]) -> Vec<u8> {
    certificate([b"260101000000Z", b"271231235959Z"], extensions)
}

fn of_address(address: &str) -> Vec<u8> {
    with(&[of_clients(), names(&[(EMAIL, address)])])
}

#[test]
fn a_certificate_for_clients_names_its_person_by_an_address_or_an_id() {
    let der = with(&[
        basic(false),
        usage(0x80),
        purposes(&[SERVERS, CLIENTS]),
        names(&[(DNS, "laptop.example.org"), (EMAIL, "anna@EXAMPLE.org")]),
    ]);
    let anna = person(&der, &emails()).unwrap();
    assert_eq!(anna.name().as_str(), "anna");
    assert_eq!(anna.subject().issuer, ISSUER);
    assert_eq!(anna.subject().subject, "anna@example.org");
    // The second behind the last one in which it counts.
    assert_eq!(anna.over_at(), 1_830_297_600);
    let login = anna.login(&"corp".parse().unwrap(), Allowed::Bound, NOW);
    assert_eq!(
        (login.kind(), login.authenticated_at()),
        (LoginKind::Tls, Some(NOW))
    );
    let id = "spiffe://example.org/people/anna";
    let der = with(&[of_clients(), names(&[(URI, id), (EMAIL, "a@b")])]);
    let anna = person(&der, &ids()).unwrap();
    assert_eq!(
        (anna.name().as_str(), anna.subject().subject.as_str()),
        ("anna", id)
    );
}

#[test]
fn what_is_not_for_clients_or_not_for_now_names_nobody() {
    let anna = || names(&[(EMAIL, "anna@example.org")]);
    let any_purpose: &[u8] = &[0x55, 0x1d, 0x25, 0];
    let unknown = extension(&[0x55, 0x1d, 0x63], true, &[5, 0]);
    let refused = |extensions: &[Vec<u8>]| person(&with(extensions), &emails()).unwrap_err();
    for (extensions, expected) in [
        (vec![anna()], CertificateError::NotForClients),
        (
            vec![anna(), purposes(&[SERVERS])],
            CertificateError::NotForClients,
        ),
        (
            vec![anna(), purposes(&[any_purpose])],
            CertificateError::NotForClients,
        ),
        (
            vec![anna(), of_clients(), basic(true)],
            CertificateError::Authority,
        ),
        (
            vec![anna(), of_clients(), usage(0x84)],
            CertificateError::Authority,
        ),
        (
            vec![anna(), of_clients(), usage(0x82)],
            CertificateError::Authority,
        ),
        (
            vec![anna(), of_clients(), usage(0x20)],
            CertificateError::NotForSigning,
        ),
        (
            vec![anna(), of_clients(), of_clients()],
            CertificateError::Twice("2.5.29.37".to_owned()),
        ),
        (
            vec![anna(), of_clients(), anna()],
            CertificateError::Twice("2.5.29.17".to_owned()),
        ),
        (
            vec![anna(), of_clients(), unknown],
            CertificateError::Critical("2.5.29.99".to_owned()),
        ),
    ] {
        assert_eq!(refused(&extensions), expected);
    }
    let at = |validity| {
        let der = certificate(validity, &[anna(), of_clients()]);
        person(&der, &emails()).unwrap_err()
    };
    // One second too late, and too early.
    assert_eq!(
        at([b"260101000000Z", b"261123021319Z"]),
        CertificateError::Over
    );
    assert_eq!(
        at([b"261123021321Z", b"271231235959Z"]),
        CertificateError::Early
    );
    let long = person(&vec![0x30; LARGEST + 1], &emails()).unwrap_err();
    assert_eq!(long, CertificateError::TooLarge(LARGEST + 1));
    let mut more = of_address("anna@example.org");
    more.push(0);
    for der in [&more[..], b"", b"0\0"] {
        let refused = person(der, &emails()).unwrap_err();
        assert!(matches!(refused, CertificateError::Form(_)), "{refused}");
    }
}

#[test]
fn one_name_of_the_kind_is_taken_and_no_second() {
    let of = |all: &[(u8, &str)], by: &CertificateNames| {
        person(&with(&[of_clients(), names(all)]), by).unwrap_err()
    };
    let two = [(EMAIL, "anna@example.org"), (EMAIL, "erik@example.org")];
    let several = |kind| CertificateError::Name(NameError::Several { kind, count: 2 });
    assert_eq!(of(&two, &emails()), several("e-mail address"));
    let one = "spiffe://example.org/people/anna";
    assert_eq!(
        of(&[(URI, one), (URI, "https://a")], &ids()),
        several("URI")
    );
    let none = |kind| CertificateError::Name(NameError::None(kind));
    assert_eq!(of(&[(URI, one)], &emails()), none("e-mail address"));
    assert_eq!(of(&two[..1], &ids()), none("URI"));
    let nothing = person(&with(&[of_clients()]), &emails()).unwrap_err();
    assert_eq!(nothing, none("e-mail address"));
}

#[test]
fn an_address_counts_in_a_domain_that_is_listed_and_with_a_name_that_can_be() {
    for address in [
        "anna@elsewhere.org",
        "anna@mail.example.org",
        "anna@example.org.",
        "anna@example.org.evil.example",
        "anna@evil.example@example.org",
        "anna@xn--exmple-cua.org",
        "anna@",
        "anna",
        "",
    ] {
        let refused = person(&of_address(address), &emails()).unwrap_err();
        let expected = CertificateError::Name(NameError::Domain(address.to_owned()));
        assert_eq!(refused, expected);
    }
    for address in [
        "@example.org",
        "anna,erik@example.org",
        "\"anna\"@example.org",
        "anna erik@example.org",
        "an*@example.org",
        "-anna@example.org",
        "anna\n@example.org",
    ] {
        let refused = person(&of_address(address), &emails()).unwrap_err();
        let is_no_name = matches!(refused, CertificateError::Name(NameError::Requester { .. }));
        assert!(is_no_name, "{address:?} {refused}");
    }
    // An address has no letters but ASCII's (RFC 5280, 4.2.1.6), and so none that look like them.
    for alike in ["\u{430}nna@example.org", "anna@ex\u{430}mple.org"] {
        let refused = person(&of_address(alike), &emails()).unwrap_err();
        assert!(matches!(refused, CertificateError::Form(_)), "{refused}");
    }
    let long = format!("{}@example.org", "a".repeat(250));
    let refused = person(&of_address(&long), &emails()).unwrap_err();
    let kind = "e-mail address";
    assert_eq!(refused, CertificateError::Name(NameError::TooLong { kind }));
}

#[test]
fn an_id_counts_directly_below_what_is_listed() {
    for id in [
        "spiffe://example.org/people/",
        "spiffe://example.org/people/anna/erik",
        "spiffe://example.org/people/..",
        "spiffe://example.org/people/anna?a=b",
        "spiffe://example.org/people/anna#a",
        "spiffe://example.org/people/%61nna",
        "spiffe://example.org/people//anna",
        "spiffe://example.org/peoples/anna",
        "spiffe://example.org/anna",
        "spiffe://example.org.evil.example/people/anna",
        "spiffe://evil@example.org/people/anna",
        "SPIFFE://example.org/people/anna",
        "spiffe://EXAMPLE.org/people/anna",
        "https://example.org/people/anna",
    ] {
        let der = with(&[of_clients(), names(&[(URI, id)])]);
        let refused = person(&der, &ids()).unwrap_err();
        let expected = CertificateError::Name(NameError::Elsewhere(id.to_owned()));
        assert_eq!(refused, expected);
    }
}

#[test]
fn a_client_ca_is_a_ca_and_known_by_its_key() {
    let signs = ClientCa::of(&with(&[basic(true), usage(0x06)])).unwrap();
    assert_eq!(signs.subject(), "CN=any");
    assert_eq!(signs.issuer().len(), "client-ca:sha256:".len() + 64);
    let renewed = certificate([b"270101000000Z", b"281231235959Z"], &[basic(true)]);
    let renewed = ClientCa::of(&renewed).unwrap();
    assert_eq!(renewed.issuer(), signs.issuer());
    assert!(signs.counts(NOW) && !renewed.counts(NOW));
    for none in [
        vec![],
        vec![basic(false)],
        vec![basic(true), usage(0x80)],
        vec![of_clients()],
    ] {
        assert_eq!(ClientCa::of(&with(&none)), Err(ClientCaError::NoCa));
    }
    let refused = ClientCa::of(b"0").unwrap_err();
    assert!(matches!(refused, ClientCaError::Form(_)), "{refused}");
}

proptest! {
    #[test]
    fn whatever_the_names_are_one_address_is_one_name(text in "[a-zA-Z@.+-]{0,12}(@example.org)?") {
        if let Ok(found) = person(&of_address(&text), &emails()) {
            let (name, domain) = text.split_once('@').unwrap();
            prop_assert_eq!(found.name().as_str(), name);
            prop_assert!(domain.eq_ignore_ascii_case("example.org"));
        }
    }

    #[test]
    fn no_byte_of_a_certificate_makes_it_somebody_elses(place in 0_usize..400, byte: u8) {
        let mut der = of_address("anna@example.org");
        let place = place % der.len();
        der[place] = byte;
        if let Ok(found) = person(&der, &emails()) {
            let text = format!("{}@example.org", found.name());
            prop_assert!(der.windows(text.len()).any(|part| part.eq_ignore_ascii_case(text.as_bytes())));
        }
    }
}

const CLIENTS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];
const SERVERS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
const EMAIL: u8 = 1;
const DNS: u8 = 2;
const URI: u8 = 6;
