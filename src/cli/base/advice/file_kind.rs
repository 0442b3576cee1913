//! The command that turns what a file is into what is wanted.

use crate::wire::FileKind;

/// How a public key in OpenSSH's form is made of such a file.
pub(crate) fn into_public_key(kind: FileKind) -> Option<String> {
    if let FileKind::Options(name) | FileKind::Name(name) | FileKind::Quoted(name) = kind {
        return Some(format!(
            "leave the key alone on its line: grep -o '{name} AAAA.*' FILE > KEY.pub"
        ));
    }
    let hint = match kind {
        FileKind::PrivateKey => {
            "name the public key; it is made by: ssh-keygen -y -f KEY > KEY.pub"
        }
        FileKind::Certificate => "name the key that the certificate is for, not the certificate",
        FileKind::Rfc4716 => "turn it into OpenSSH's: ssh-keygen -i -m RFC4716 -f FILE > KEY.pub",
        FileKind::PublicPem => "turn it into OpenSSH's: ssh-keygen -i -m PKCS8 -f FILE > KEY.pub",
        FileKind::RsaPem => "turn it into OpenSSH's: ssh-keygen -i -m PEM -f FILE > KEY.pub",
        FileKind::X509 => {
            "take the key out of it: openssl x509 -in FILE -noout -pubkey > KEY.pem, then \
             ssh-keygen -i -m PKCS8 -f KEY.pem > KEY.pub"
        }
        FileKind::X509Request => {
            "take the key out of it: openssl req -in FILE -noout -pubkey > KEY.pem, then \
             ssh-keygen -i -m PKCS8 -f KEY.pem > KEY.pub"
        }
        FileKind::X509Der => {
            "take the key out of it: openssl x509 -inform DER -in FILE -noout -pubkey > KEY.pem, \
             then ssh-keygen -i -m PKCS8 -f KEY.pem > KEY.pub"
        }
        FileKind::PublicDer => {
            "turn it into OpenSSH's: openssl pkey -pubin -inform DER -in FILE -pubout > KEY.pem, \
             then ssh-keygen -i -m PKCS8 -f KEY.pem > KEY.pub"
        }
        FileKind::UnknownType => "ask for a key of another type: ssh-keygen -t ed25519",
        FileKind::Wrapped(_) => "put it on one line: tr -d '\\r\\n' < FILE > KEY.pub",
        FileKind::Request => "give the request itself to `punchmark sign` or `punchmark show`",
        FileKind::Other => "a public key is one line of TYPE BASE64 COMMENT, as in id_ed25519.pub",
        kind => return into_text(kind).or_else(|| read_by(kind)),
    };
    Some(hint.to_owned())
}

/// How a certificate in OpenSSH's form is made of such a file.
pub(crate) fn into_certificate(kind: FileKind) -> Option<String> {
    let hint = match kind {
        FileKind::PublicKey | FileKind::PrivateKey => {
            "name the certificate of the key, which ends in -cert.pub"
        }
        FileKind::X509 | FileKind::X509Der => "certificates of SSH are of another kind than X.509",
        kind => return into_text(kind).or_else(|| read_by(kind)),
    };
    Some(hint.to_owned())
}

/// How a private key in OpenSSH's form is made of such a file.
pub(crate) fn into_private_key(kind: FileKind) -> Option<String> {
    match kind {
        FileKind::PublicKey | FileKind::Certificate => {
            Some("name the private key, whose file has no .pub behind its name".to_owned())
        }
        kind => into_text(kind),
    }
}

/// How such a file is made the text that is wanted.
pub(crate) fn into_text(kind: FileKind) -> Option<String> {
    let hint = match kind {
        FileKind::Empty | FileKind::CutShort(_) | FileKind::DamagedRequest => {
            "have it sent again, best as a file that is attached"
        }
        FileKind::Utf16 => "turn it into plain text: iconv -f UTF-16 -t UTF-8 FILE > NEW",
        FileKind::ByteOrderMark => "cut off the byte order mark: tail -c +4 FILE > NEW",
        FileKind::Gzip => "unpack it: gunzip FILE",
        _ => return None,
    };
    Some(hint.to_owned())
}

/// The command that reads such a file.
fn read_by(kind: FileKind) -> Option<String> {
    let hint = match kind {
        FileKind::Krl => "`punchmark krl show FILE` reads it",
        FileKind::Evidence => "`punchmark evidence verify FILE` reads it",
        FileKind::Ledger => "`punchmark ledger list --ledger FILE` reads it",
        FileKind::Head => "`punchmark ledger verify --against FILE` takes it",
        FileKind::Proof => "`punchmark ledger check-proof FILE --against HEAD` reads it",
        FileKind::Signature => "name the file that it signs, or the key that made it",
        _ => return None,
    };
    Some(hint.to_owned())
}
