//! Evidence as bytes and as text.

use super::*;
use crate::wire::FileKind;

fn piv() -> Evidence {
    let intermediates = vec![b"one".to_vec(), b"two".to_vec()];
    Evidence::Piv(PivEvidence::new(b"leaf".to_vec(), b"f9".to_vec(), intermediates).unwrap())
}

fn fido() -> Evidence {
    Evidence::Fido(FidoEvidence::new(b"attestation".to_vec(), b"challenge".to_vec()).unwrap())
}

#[test]
fn what_is_written_is_read_back_and_hashed_the_same() {
    for evidence in [piv(), fido()] {
        let bytes = evidence.to_bytes();
        assert_eq!(Evidence::from_bytes(&bytes), Ok(evidence.clone()));
        assert_eq!(Evidence::from_text(&evidence.to_text()), Ok(evidence));
    }
    assert_ne!(piv().sha256(), fido().sha256());
}

/// The bytes are what a ledger keeps for years.
#[test]
fn the_form_of_version_1_stays() {
    let text = "-----BEGIN PUNCHMARK EVIDENCE-----\n\
        AAAAFXB1bmNobWFyay1ldmlkZW5jZS12MQAAAANwaXYAAAAEbGVhZgAAAAJmOQAA\n\
        AA4AAAADb25lAAAAA3R3bw==\n\
        -----END PUNCHMARK EVIDENCE-----\n";
    assert_eq!(piv().to_text(), text);
}

#[test]
fn what_is_cut_or_longer_or_of_another_version_is_refused() {
    for evidence in [piv(), fido()] {
        let bytes = evidence.to_bytes();
        for length in 0..bytes.len() {
            let cut = Evidence::from_bytes(&bytes[..length]);
            assert!(
                matches!(cut, Err(EvidenceFormError::Form(_))),
                "{length}: {cut:?}"
            );
        }
        let longer = [&bytes[..], &[0]].concat();
        let behind = EvidenceFormError::Form("there is something behind it");
        assert_eq!(Evidence::from_bytes(&longer), Err(behind));
        let mut newer = bytes.clone();
        newer[24] = b'2';
        let other = EvidenceFormError::Form("it begins otherwise");
        assert_eq!(Evidence::from_bytes(&newer), Err(other));
    }
    let mut unknown = piv().to_bytes();
    unknown[29] = b'x';
    let kind = EvidenceFormError::Kind("xiv".to_owned());
    assert_eq!(Evidence::from_bytes(&unknown), Err(kind));
}

#[test]
fn limits_are_held_in_and_out() {
    let too_large = |bytes, what, limit| EvidenceFormError::TooLarge { what, bytes, limit };
    let large = vec![0; 8193];
    let fault = too_large(8193, "certificate", 8192);
    assert_eq!(
        PivEvidence::new(large.clone(), vec![], vec![]),
        Err(fault.clone())
    );
    assert_eq!(PivEvidence::new(vec![], vec![], vec![large]), Err(fault));
    let many = vec![vec![]; 5];
    let fault = EvidenceFormError::TooMany(5);
    assert_eq!(PivEvidence::new(vec![], vec![], many), Err(fault));
    let fault = too_large(1025, "challenge", 1024);
    assert_eq!(FidoEvidence::new(vec![1], vec![1; 1025]), Err(fault));
    let fault = too_large(16385, "attestation", 16384);
    assert_eq!(FidoEvidence::new(vec![1; 16385], vec![1]), Err(fault));
    let fault = EvidenceFormError::Form("the challenge is empty");
    assert_eq!(FidoEvidence::new(vec![1], vec![]), Err(fault));
    let fault = too_large(65537, "evidence", 65536);
    assert_eq!(Evidence::from_bytes(&[0; 65537]), Err(fault));
}

#[test]
fn two_certificates_as_pem_are_a_cards_evidence_and_one_is_none() {
    let pem = |content: &[u8]| armour::armoured("CERTIFICATE", content);
    let text = [pem(b"leaf"), pem(b"f9"), pem(b"one"), pem(b"two")].concat();
    assert_eq!(Evidence::from_text(&text), Ok(piv()));
    assert_eq!(
        Evidence::from_text(&pem(b"leaf")),
        Err(EvidenceFormError::OneCertificate)
    );
    assert_eq!(
        Evidence::from_text("Hello"),
        Err(ArmourError::Missing {
            label: "CERTIFICATE",
            kind: FileKind::Other
        }
        .into())
    );
    let two = piv().to_text() + &fido().to_text();
    assert_eq!(
        Evidence::from_text(&two),
        Err(EvidenceFormError::Several(2))
    );
}
