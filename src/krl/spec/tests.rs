use super::super::tests::{self as vectors, certificate, key, text};
use super::super::{Header, KeyError, Krl, WireError};
use super::*;
use crate::wire::verify::SignatureError;

/// What a specification revokes, as `show` prints it below the header.
fn read(text: &str, ca: &Ca) -> Result<String, SpecError> {
    let mut revocations = Revocations::default();
    revoke(text.as_bytes(), ca, &mut revocations)?;
    let mut shown = String::new();
    let krl = Krl::new(Header::default(), revocations);
    krl.show("then", &mut shown).unwrap();
    Ok(shown
        .lines()
        .skip(3)
        .map(|line| format!("{line}\n"))
        .collect())
}

fn fault(text: &str) -> Fault {
    read(text, &Ca::Any).unwrap_err().fault
}

fn line(name: &str) -> String {
    text(&format!("{name}.pub")).trim_end().to_owned()
}

fn revocations(gather: impl FnOnce(&mut Revocations)) -> Result<Revocations, SpecError> {
    let mut revocations = Revocations::default();
    gather(&mut revocations);
    Ok(revocations)
}

fn gathered(text: &str) -> Result<Revocations, SpecError> {
    let mut revocations = Revocations::default();
    revoke(text.as_bytes(), &Ca::Unnamed, &mut revocations).map(|()| revocations)
}

#[test]
fn every_specification_gives_the_krl_that_ssh_keygen_made_of_it() {
    for (name, ca) in vectors::KRLS {
        if name == "several" {
            continue;
        }
        let ca = match ca {
            None => Ca::Unnamed,
            Some("none") => Ca::Any,
            Some(ca) => Ca::Key(key(ca)),
        };
        let spec = vectors::file(&format!("{name}.spec"));
        let theirs = vectors::krl(name);
        let mut revocations = Revocations::default();
        revoke(&spec, &ca, &mut revocations).unwrap();
        assert_eq!(
            Krl::new(theirs.header().clone(), revocations),
            theirs,
            "{name}"
        );
    }
}

#[test]
fn keywords_have_any_case_and_blanks_around_their_value() {
    assert_eq!(
        read(
            " \tSERIAL:\t 7 \t# seven\n\n#\n  Serial:9\nId:  a  b\t",
            &Ca::Any
        ),
        Ok("\n# Wildcard CA\nserial: 7\nserial: 9\nid: a  b\n".into())
    );
}

#[test]
fn a_comment_ends_a_key_id_and_a_key_id_may_be_empty() {
    assert_eq!(
        read("id: a#b\nid: # none", &Ca::Any),
        Ok("\n# Wildcard CA\nid: \nid: a\n".into())
    );
}

#[test]
fn serials_and_key_ids_need_a_ca() {
    for text in ["serial: 7", "id: peter"] {
        assert_eq!(
            read(text, &Ca::Unnamed),
            Err(SpecError {
                line: 1,
                fault: Fault::CaMissing
            })
        );
    }
}

#[test]
fn an_error_names_its_line() {
    assert_eq!(
        read("serial: 1\n\nserial: x\nserial: y", &Ca::Any),
        Err(SpecError {
            line: 3,
            fault: Fault::Serial(SerialError::Malformed)
        })
    );
}

#[test]
fn a_keyword_takes_the_key_out_of_a_certificate() {
    let user = key("user");
    let cert = line("serial-7-cert");
    let expected = revocations(|list| {
        list.revoke_key(&user);
        list.revoke_sha1(user.sha1());
        list.revoke_sha256(user.sha256());
    });
    assert_eq!(
        gathered(&format!("Key:{cert}\nsha1: {cert}\nSHA256:\t{cert}")),
        expected
    );
}

#[test]
fn a_certificate_is_revoked_under_its_own_ca() {
    let expected = revocations(|list| {
        list.revoke(&Subject::Certificate(certificate("serial-7")));
        list.revoke(&Subject::Certificate(certificate("serial-0")));
    });
    let text = format!("{}\n{}\n", line("serial-7-cert"), line("serial-0-cert"));
    assert_eq!(gathered(&text), expected);
}

#[test]
fn windows_line_ends_spoil_a_key_id_and_a_serial_but_no_key() {
    assert_eq!(
        read("id: peter\r\n", &Ca::Any),
        Ok("\n# Wildcard CA\nid: peter\\015\n".into())
    );
    assert_eq!(
        fault("serial: 7\r\n"),
        Fault::Serial(SerialError::Malformed)
    );
    let user = line("user");
    let (bare, _comment) = user.rsplit_once(' ').unwrap();
    let expected = revocations(|list| list.revoke_key(&key("user")));
    assert_eq!(gathered(&format!("{bare}\r\n")), expected);
}

#[test]
fn a_hash_is_one_that_ssh_keygen_prints() {
    let base64 = Base64::encode_string(&key("user").sha256());
    let expected = revocations(|list| list.revoke_sha256(key("user").sha256()));
    assert_eq!(gathered(&format!("hash: SHA256:{base64}")), expected);
    let unpadded = base64.trim_end_matches('=');
    assert_eq!(gathered(&format!("HASH:SHA256:{unpadded}")), expected);
    assert_eq!(
        fault(&format!("hash: sha256:{unpadded}")),
        Fault::HashAlgorithm
    );
    assert_eq!(fault("hash: MD5:00:11"), Fault::HashAlgorithm);
    assert_eq!(fault("hash: SHA256:AAAA"), Fault::HashLength { bytes: 3 });
    assert_eq!(fault("hash: SHA256:A*"), Fault::Base64);
}

#[test]
fn what_is_no_key_is_refused() {
    let (user, forged) = (line("user"), {
        // The serial's last byte, in base64.
        let blob = vectors::blob("serial-7-cert");
        let mut blob = blob.clone();
        blob[4 + 32 + 4 + 32 + 4 + 32 + 7] = 8;
        Base64::encode_string(&blob)
    });
    let base64 = user.split(' ').nth(1).unwrap();
    assert_eq!(fault("peter"), Fault::NoKey);
    assert_eq!(fault("ssh-ed25519"), Fault::NoKey);
    assert_eq!(fault(&format!("cert-authority {base64}")), Fault::NoKey);
    assert_eq!(fault(&format!("ssh-ed25519 {base64}=")), Fault::Base64);
    assert_eq!(
        fault("ssh-ed25519 AAAA"),
        Fault::Key(CertificateError::Wire(WireError::Short))
    );
    assert_eq!(
        fault(&format!("ssh-rsa {base64}")),
        Fault::OtherAlgorithm {
            said: "ssh-rsa",
            found: "ssh-ed25519"
        }
    );
    assert_eq!(
        fault(&format!("ssh-ed25519-cert-v01@openssh.com {forged}")),
        Fault::Key(SignatureError::Mismatch.into())
    );
    assert_eq!(
        fault("key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAAA=="),
        Fault::Key(CertificateError::Key(KeyError::Ed25519Length { bytes: 0 }))
    );
}
