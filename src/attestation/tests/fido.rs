//! A security key in software, which attests as CTAP2 and CTAP1 have it, and hostilely.

mod software;

use sha2::{Digest as _, Sha256};

use super::super::chain::ChainError;
use super::pki::{Authority, Contents, Key, authority, extension, no_authority, tlv};
use super::*;

/// What a security key says of a new credential, each part to be changed.
#[derive(Clone)]
struct Credential {
    key: Key,
    application: String,
    flags: u8,
    aaguid: [u8; 16],
    cose: Vec<u8>,
    extensions: Vec<u8>,
}

impl Credential {
    fn new() -> Self {
        let key = Key::new(4);
        Self {
            cose: es256(&key),
            key,
            application: "ssh:".to_owned(),
            flags: PRESENT | CREDENTIAL,
            aaguid: MODEL,
            extensions: Vec::new(),
        }
    }

    /// WebAuthn, 6.1.
    fn data(&self) -> Vec<u8> {
        [
            &Sha256::digest(&self.application)[..],
            &[self.flags, 0, 0, 0, 1],
            &self.aaguid,
            &[0, 16],
            ID,
            &self.cose,
            &self.extensions,
        ]
        .concat()
    }

    fn packed(&self) -> Vec<u8> {
        [&self.data()[..], &Sha256::digest(CHALLENGE)].concat()
    }

    fn u2f(&self) -> Vec<u8> {
        let application = Sha256::digest(&self.application);
        let challenge = Sha256::digest(CHALLENGE);
        [&[0], &application[..], &challenge, ID, &self.key.point()].concat()
    }

    /// As ssh-keygen writes it, signed by the batch's key.
    fn evidence(&self) -> Evidence {
        self.evidence_of(&batch(), &Key::new(2).sign(&self.packed()))
    }

    fn evidence_of(&self, certificate: &[u8], signature: &[u8]) -> Evidence {
        file(V01, certificate, signature, &byte_string(&self.data()))
    }

    fn verify(&self, evidence: &Evidence) -> Result<Proof, EvidenceError> {
        evidence.verify(&self.key.sk(&self.application), &roots())
    }

    fn fault(&self, evidence: &Evidence) -> FidoError {
        fido_fault(self.verify(evidence))
    }
}

fn fido_fault(verified: Result<Proof, EvidenceError>) -> FidoError {
    match verified {
        Err(EvidenceError::Fido(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

fn es256(key: &Key) -> Vec<u8> {
    let point = key.point();
    let (x, y) = (&point[1..33], &point[33..]);
    [
        &[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32][..],
        x,
        &[0x22, 0x58, 32],
        y,
    ]
    .concat()
}

/// The certificate of a batch of security keys.
fn batch() -> Vec<u8> {
    batch_with(&[model(&MODEL), firmware(), no_authority()])
}

fn batch_with(extensions: &[Vec<u8>]) -> Vec<u8> {
    Authority::root("FIDO Root", 1)
        .issue("Batch", 2, extensions)
        .der
}

fn model(aaguid: &[u8]) -> Vec<u8> {
    extension(
        &[0x2b, 6, 1, 4, 1, 0x82, 0xe5, 0x1c, 1, 1, 4],
        false,
        &tlv(4, aaguid),
    )
}

fn firmware() -> Vec<u8> {
    extension(
        &[0x2b, 6, 1, 4, 1, 0x82, 0xc4, 0x0a, 13, 1],
        false,
        &tlv(4, &[5, 7, 4]),
    )
}

fn roots() -> Roots {
    Roots::from_pem(&[], &[&Authority::root("FIDO Root", 1).pem()]).unwrap()
}

/// PROTOCOL.u2f, "ssh-sk-attest-v01".
fn file(magic: &[u8], certificate: &[u8], signature: &[u8], data: &[u8]) -> Evidence {
    let mut bytes = Vec::new();
    for part in [magic, certificate, signature, data] {
        bytes.extend(u32::try_from(part.len()).unwrap().to_be_bytes());
        bytes.extend(part);
    }
    bytes.extend([0; 8]);
    evidence(bytes)
}

fn evidence(file: Vec<u8>) -> Evidence {
    Evidence::Fido(FidoEvidence::new(file, CHALLENGE.to_vec()).unwrap())
}

fn byte_string(bytes: &[u8]) -> Vec<u8> {
    [&[0x58, u8::try_from(bytes.len()).unwrap()], bytes].concat()
}

const V01: &[u8] = b"ssh-sk-attest-v01";
const CHALLENGE: &[u8] = b"a challenge of some length";
const MODEL: [u8; 16] = *b"model of the key";
const ID: &[u8; 16] = b"credential's id.";
const PRESENT: u8 = 1;
const VERIFIED: u8 = 4;
const CREDENTIAL: u8 = 0x40;
const EXTENSIONS: u8 = 0x80;

#[test]
fn a_security_key_proves_its_key_and_tells_its_model() {
    let mut credential = Credential::new();
    credential.flags |= VERIFIED;
    let evidence = credential.evidence();
    let proof = credential.verify(&evidence).unwrap();
    assert_eq!(proof.key(), &credential.key.sk("ssh:"));
    assert_eq!(proof.kind(), ProofKind::Fido);
    let told = Facts {
        aaguid: Some("6d6f6465-6c20-6f66-2074-6865206b6579".to_owned()),
        user_verified: Some(true),
        firmware: Some(Firmware(5, 7, 4)),
        root: Some("CN=FIDO Root".to_owned()),
        private_root: true,
        family: proof.facts().family,
        evidence: evidence.sha256(),
        ..Facts::default()
    };
    assert_eq!(proof.facts(), &told);
    assert_eq!(evidence.claimed_key(), Ok(credential.key.sk("ssh:")));
}

#[test]
fn extensions_are_passed_over_and_must_be_announced() {
    let mut credential = Credential::new();
    credential.flags |= EXTENSIONS;
    credential.extensions = b"\xa1\x6bcredProtect\x02".to_vec();
    assert!(credential.verify(&credential.evidence()).is_ok());
    credential.flags ^= EXTENSIONS;
    let fault = credential.fault(&credential.evidence());
    assert_eq!(fault, FidoError::Data("there is something behind it"));
}

/// What such a key says of flags and model is libfido2's addition, and not signed.
#[test]
fn a_u2f_key_proves_its_key_and_nothing_of_flags_or_model() {
    let mut credential = Credential::new();
    credential.aaguid = [0; 16];
    credential.flags |= VERIFIED;
    let signature = Key::new(2).sign(&credential.u2f());
    let evidence = credential.evidence_of(&batch(), &signature);
    let facts = credential.verify(&evidence).unwrap().facts().clone();
    assert_eq!((facts.user_verified, facts.aaguid), (None, None));
    // With a model it could pass for another.
    credential.aaguid = MODEL;
    let evidence = credential.evidence_of(&batch(), &signature);
    let fault = credential.fault(&evidence);
    assert_eq!(fault, FidoError::Signature("CN=Batch".to_owned()));
}

#[test]
fn no_changed_byte_is_believed() {
    let credential = Credential::new();
    let key = credential.key.sk("ssh:");
    let (good, roots) = (credential.evidence(), roots());
    let Evidence::Fido(good) = good else {
        unreachable!()
    };
    for bit in [0x01, 0x80] {
        for index in 0..good.attestation.len() {
            let mut changed = good.clone();
            changed.attestation[index] ^= bit;
            assert!(
                Evidence::Fido(changed).verify(&key, &roots).is_err(),
                "{index}"
            );
        }
        for index in 0..good.challenge.len() {
            let mut changed = good.clone();
            changed.challenge[index] ^= bit;
            assert!(
                Evidence::Fido(changed).verify(&key, &roots).is_err(),
                "{index}"
            );
        }
    }
    for length in 0..good.attestation.len() {
        let mut cut = good.clone();
        cut.attestation.truncate(length);
        assert!(
            Evidence::Fido(cut).verify(&key, &roots).is_err(),
            "{length}"
        );
    }
}

#[test]
fn what_is_reserved_or_behind_it_is_refused() {
    let credential = Credential::new();
    let Evidence::Fido(good) = credential.evidence() else {
        unreachable!()
    };
    let length = good.attestation.len();
    let mut flags = good.attestation.clone();
    flags[length - 5] = 1;
    let longer = [&good.attestation[..], &[0]].concat();
    for changed in [flags, longer] {
        let fault = credential.fault(&evidence(changed));
        assert_eq!(fault, FidoError::File("there is more in it than is known"));
    }
    let data = [byte_string(&credential.data()), vec![0]].concat();
    let signature = Key::new(2).sign(&credential.packed());
    let fault = credential.fault(&file(V01, &batch(), &signature, &data));
    let behind = FidoError::File("there is something behind the authenticator data");
    assert_eq!(fault, behind);
}

#[test]
fn it_is_about_one_key_of_one_application() {
    let credential = Credential::new();
    let evidence = credential.evidence();
    let fault = |key: KeyData| fido_fault(evidence.verify(&key, &roots()));
    assert_eq!(fault(Key::new(9).sk("ssh:")), FidoError::OtherKey);
    assert_eq!(
        fault(credential.key.sk("ssh:prod")),
        FidoError::OtherApplication("ssh:prod".to_owned())
    );
    assert_eq!(
        fault(credential.key.ssh()),
        FidoError::NoSecurityKey("ecdsa-sha2-nistp256".to_owned())
    );
}

/// A credential that a web site made, or could ask for.
#[test]
fn an_application_of_a_web_site_is_refused() {
    let mut credential = Credential::new();
    for application in ["example.org", "", "SSH:", " ssh:"] {
        credential.application = application.to_owned();
        let fault = credential.fault(&credential.evidence());
        assert_eq!(fault, FidoError::Application(application.to_owned()));
    }
    credential.application = "ssh:prod".to_owned();
    assert!(credential.verify(&credential.evidence()).is_ok());
}

#[test]
fn flags_that_make_it_worthless_are_refused() {
    let mut credential = Credential::new();
    for (flags, fault) in [
        (CREDENTIAL, FidoError::NobodyPresent),
        (PRESENT, FidoError::Data("there is no credential in it")),
        (PRESENT | CREDENTIAL | 0x08, FidoError::Backup),
        (PRESENT | CREDENTIAL | 0x18, FidoError::Backup),
        (PRESENT | CREDENTIAL | 0x10, FidoError::Backup),
        (
            PRESENT | CREDENTIAL | 0x20,
            FidoError::Data("a reserved flag is set"),
        ),
    ] {
        credential.flags = flags;
        assert_eq!(credential.fault(&credential.evidence()), fault);
    }
}

#[test]
fn the_certificate_is_of_the_model_that_speaks() {
    let credential = Credential::new();
    let signature = Key::new(2).sign(&credential.packed());
    let fault =
        |certificate: &[u8]| credential.fault(&credential.evidence_of(certificate, &signature));
    assert_eq!(fault(&batch_with(&[])), FidoError::OtherModel);
    assert_eq!(
        fault(&batch_with(&[model(&[0; 16])])),
        FidoError::OtherModel
    );
    let form = fault(&batch_with(&[extension(
        &[0x2b, 6, 1, 4, 1, 0x82, 0xe5, 0x1c, 1, 1, 4],
        false,
        &MODEL,
    )]));
    assert!(
        matches!(form, FidoError::Chain(ChainError::Extension { .. })),
        "{form}"
    );
    let authority = fault(&batch_with(&[model(&MODEL), authority(None)]));
    assert!(
        matches!(authority, FidoError::Chain(ChainError::Authority(_))),
        "{authority}"
    );
}

#[test]
fn keys_of_other_types_and_forms_are_refused() {
    let good = es256(&Key::new(4));
    let replaced = |at: usize, byte: u8| {
        let mut cose = good.clone();
        cose[at] = byte;
        cose
    };
    let neither = FidoError::Data("its key is neither ES256 nor Ed25519");
    let twice = FidoError::Data("a member of its key is unknown or twice there");
    let cases = [
        (replaced(2, 1), neither.clone()),
        (replaced(4, 0x27), neither.clone()),
        (replaced(6, 2), neither),
        (replaced(3, 1), twice.clone()),
        (replaced(3, 4), twice),
        (
            replaced(0, 0xa6),
            FidoError::Data("its key has more members than any"),
        ),
    ];
    for (cose, fault) in cases {
        let mut credential = Credential::new();
        credential.cose = cose;
        assert_eq!(credential.fault(&credential.evidence()), fault);
    }
}

#[test]
fn an_ed25519_key_is_proved_too() {
    let x = [7; 32];
    let mut credential = Credential::new();
    credential.cose = [&[0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 32][..], &x].concat();
    let evidence = credential.evidence();
    let key = evidence.claimed_key().unwrap();
    assert!(matches!(&key, KeyData::SkEd25519(sk) if *sk.public_key().as_ref() == x));
    let proof = evidence.verify(&key, &roots()).unwrap();
    assert_eq!(proof.key(), &key);
}
