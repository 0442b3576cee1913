//! What whoever gets a certificate does with the file, in one line.

use std::path::Path;

use super::words::path;
use crate::attestation::ProofKind;
use crate::batch::Common;
use crate::certificate::Kind;

/// The line. Only of a key in a PIV slot by proof is it known that no private key file lies
/// anywhere: ssh finds it by a PKCS#11 module.
pub(super) fn then(certificate: &Path, says: &Common) -> String {
    let name = path(Path::new(certificate.file_name().unwrap_or_default()));
    if says.body.kind == Kind::Host {
        return format!("on the host, in sshd_config: HostCertificate /etc/ssh/{name}");
    }
    if says.proof == Some(ProofKind::Piv) {
        return format!(
            "for its user, in ~/.ssh/config: PKCS11Provider {}, CertificateFile ~/.ssh/{name}",
            ykcs11()
        );
    }
    let key = name.strip_suffix("-cert.pub").unwrap_or(&name);
    format!(
        "for its user, beside the private key: ~/.ssh/{name}, where ssh -i ~/.ssh/{key} finds it"
    )
}

/// Where Debian has Yubico's module, on the processor of this machine.
pub(in crate::cli) fn ykcs11() -> String {
    let processor = std::env::consts::ARCH;
    format!("/usr/lib/{processor}-linux-gnu/libykcs11.so")
}

#[cfg(test)]
mod tests {
    use ssh_key::private::Ed25519Keypair;
    use ssh_key::public::KeyData;

    use super::*;
    use crate::policy::sample;

    fn says(kind: Kind, proof: Option<ProofKind>) -> String {
        let key = KeyData::Ed25519(Ed25519Keypair::from_seed(&[9; 32]).public);
        let decided = sample::decided(&sample::request(key.clone()), &key);
        let mut body = decided.body().clone();
        body.kind = kind;
        then(Path::new("users/peter-cert.pub"), &Common { body, proof })
    }

    #[test]
    fn each_kind_of_key_has_its_own_line() {
        let of_file = says(Kind::User, None);
        assert!(of_file.contains("~/.ssh/peter-cert.pub, where ssh -i ~/.ssh/peter finds it"));
        let in_slot = says(Kind::User, Some(ProofKind::Piv));
        assert!(in_slot.contains("PKCS11Provider /usr/lib/"), "{in_slot}");
        assert!(in_slot.ends_with("CertificateFile ~/.ssh/peter-cert.pub"));
        // The key handle of a security key is a file, as any private key.
        assert_eq!(says(Kind::User, Some(ProofKind::Fido)), of_file);
        let of_host = says(Kind::Host, None);
        assert!(of_host.ends_with("HostCertificate /etc/ssh/peter-cert.pub"));
    }
}
