//! Who vouches for emulated cards: a root of this crate's own, and the key in slot f9.

use thiserror::Error;

use super::{
    apdu::Status,
    crypto::{Algorithm, PrivateKey},
    model::Model,
    tlv,
    x509::{self, Contents, Extension},
};

/// Makes cards, and vouches for the attestation key in each: the root of its own chain.
///
/// Cards up to firmware 5.7.3 hang directly under the root; later ones have two certificates
/// between, in the order of Yubico's own: attestation intermediate, then PIV attestation.
pub struct Manufacturer {
    root: Authority,
    intermediate: Authority,
    piv: Authority,
    attestation_algorithm: Algorithm,
}

/// A certificate of the manufacturer's, or of a card's attestation key, that can't be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a key or certificate of the virtual manufacturer can't be made (status {0:#06x})")]
pub struct ManufacturerError(u16);

/// The attestation key of a card and its certificate: what slot f9 holds.
pub(crate) struct Attestation {
    pub(crate) key: PrivateKey,
    pub(crate) certificate: Vec<u8>,
}

struct Authority {
    name: &'static str,
    key: PrivateKey,
    certificate: Vec<u8>,
}

impl Manufacturer {
    /// A manufacturer with fresh keys, whose cards attest with P-256.
    ///
    /// # Errors
    ///
    /// When a key or a certificate can't be made.
    pub fn new() -> Result<Self, ManufacturerError> {
        let root = Authority::root()?;
        let intermediate = root.authority(INTERMEDIATE, 2)?;
        let piv = intermediate.authority(PIV, 1)?;
        Ok(Self {
            root,
            intermediate,
            piv,
            attestation_algorithm: Algorithm::P256,
        })
    }

    /// Lets the cards that are made from now on attest with RSA of 2048 bits, as real ones up to
    /// firmware 5.7.3 do; each then takes a moment to make.
    #[must_use]
    pub fn attesting_with_rsa(mut self) -> Self {
        self.attestation_algorithm = Algorithm::Rsa2048;
        self
    }

    /// The certificates above a card's own attestation certificate, root first, in DER.
    #[must_use]
    pub fn chain(&self, model: &Model) -> Vec<Vec<u8>> {
        let long = model.firmware.has_long_attestation_chain();
        let authorities: &[&Authority] = if long {
            &[&self.root, &self.intermediate, &self.piv]
        } else {
            &[&self.root]
        };
        let certificates = authorities.iter().map(|one| one.certificate.clone());
        certificates.collect()
    }

    pub(crate) fn attestation(&self, model: &Model) -> Result<Attestation, ManufacturerError> {
        let issuer = if model.firmware.has_long_attestation_chain() {
            &self.piv
        } else {
            &self.root
        };
        let key = PrivateKey::generate(self.attestation_algorithm)?;
        let basic_constraints = if model.firmware.has_basic_constraints() {
            vec![Extension::authority(0)]
        } else {
            Vec::new()
        };
        let certificate = issuer.issue(CARD, &key, basic_constraints)?;
        Ok(Attestation { key, certificate })
    }
}

impl Attestation {
    /// The data object of slot f9's certificate.
    pub(crate) fn object(&self) -> Vec<u8> {
        [
            tlv::write(&[0x70], &self.certificate),
            tlv::write(&[0x71], &[0]),
            tlv::write(&[0xfe], &[]),
        ]
        .concat()
    }
}

impl Authority {
    fn root() -> Result<Self, ManufacturerError> {
        let key = PrivateKey::generate(Algorithm::P256)?;
        let unsigned = Self {
            name: ROOT,
            key: key.clone(),
            certificate: Vec::new(),
        };
        let certificate = unsigned.issue(ROOT, &key, authority(3))?;
        Ok(Self {
            certificate,
            ..unsigned
        })
    }

    fn authority(&self, name: &'static str, path_length: u8) -> Result<Self, ManufacturerError> {
        let key = PrivateKey::generate(Algorithm::P256)?;
        let certificate = self.issue(name, &key, authority(path_length))?;
        Ok(Self {
            name,
            key,
            certificate,
        })
    }

    fn issue(
        &self,
        subject: &str,
        key: &PrivateKey,
        extensions: Vec<Extension>,
    ) -> Result<Vec<u8>, ManufacturerError> {
        let contents = Contents {
            subject,
            issuer: self.name,
            public_key_info: key.public_key_info()?,
            extensions,
        };
        Ok(x509::issue(&contents, &self.key)?)
    }
}

impl From<Status> for ManufacturerError {
    fn from(status: Status) -> Self {
        Self(status.0)
    }
}

/// What a certificate above a card's own says of its key. (A card's own has no key usage.)
fn authority(path_length: u8) -> Vec<Extension> {
    vec![
        Extension::authority(path_length),
        Extension::certificate_signing(),
    ]
}

/// The subject of every card's attestation certificate, and so the issuer of what it attests.
pub(crate) const CARD: &str = "Yubico PIV Attestation";
const ROOT: &str = "Virtual YubiKey Root, for tests only";
const INTERMEDIATE: &str = "Virtual YubiKey Attestation Intermediate, for tests only";
const PIV: &str = "Virtual YubiKey PIV Attestation, for tests only";

#[cfg(test)]
mod tests {
    use super::*;

    fn issued_by(name: &str, firmware: &str) -> bool {
        let manufacturer = Manufacturer::new().unwrap();
        let model = Model {
            firmware: firmware.parse().unwrap(),
            serial: 1,
        };
        let attestation = manufacturer.attestation(&model).unwrap();
        let mut parts = attestation.certificate.windows(name.len());
        parts.any(|part| part == name.as_bytes())
    }

    #[test]
    fn a_card_hangs_under_the_root_before_5_7_4_and_two_deeper_from_then_on() {
        assert!(issued_by(ROOT, "4.3.7"));
        assert!(issued_by(ROOT, "5.7.3"));
        assert!(issued_by(PIV, "5.7.4"));
        assert!(!issued_by(ROOT, "5.7.4"));
    }
}
