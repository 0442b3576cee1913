//! The content of a certificate, with what a forger may want otherwise.

use super::*;

/// A certificate's content, with what a forger may want otherwise.
#[derive(Clone)]
pub(in crate::ledger::replay::tests) struct Content {
    pub(in crate::ledger::replay::tests) subject: u8,
    pub(in crate::ledger::replay::tests) serial: u64,
    pub(in crate::ledger::replay::tests) kind: u32,
    pub(in crate::ledger::replay::tests) principals: Vec<&'static str>,
    pub(in crate::ledger::replay::tests) ca: u8,
    pub(in crate::ledger::replay::tests) key_id: &'static str,
    /// First and last second.
    pub(in crate::ledger::replay::tests) valid: (u64, u64),
}

impl Content {
    pub(in crate::ledger::replay::tests) fn of(subject: u8, serial: u64) -> Self {
        Self {
            subject,
            serial,
            kind: 1,
            principals: vec!["peter"],
            ca: USERS,
            key_id: "peter",
            valid: (0, u64::MAX),
        }
    }

    /// PROTOCOL.certkeys, without the signature.
    pub(in crate::ledger::replay::tests) fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let string = |out: &mut Vec<u8>, bytes: &[u8]| bytes.encode(out).unwrap();
        string(&mut out, b"ssh-ed25519-cert-v01@openssh.com");
        string(&mut out, &[7; 32]);
        let public = key(self.subject).public_key().key_data().clone();
        string(&mut out, &public.ed25519().unwrap().0);
        self.serial.encode(&mut out).unwrap();
        self.kind.encode(&mut out).unwrap();
        string(&mut out, self.key_id.as_bytes());
        let mut principals = Vec::new();
        for principal in &self.principals {
            string(&mut principals, principal.as_bytes());
        }
        string(&mut out, &principals);
        self.valid.0.encode(&mut out).unwrap();
        self.valid.1.encode(&mut out).unwrap();
        for _critical_extensions_reserved in 0..3 {
            string(&mut out, b"");
        }
        string(&mut out, &blob(self.ca));
        out
    }
}
