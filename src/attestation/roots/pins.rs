//! The makers' certificates that are known, by their SHA-256.
//!
//! Source: the files at developers.yubico.com/PKI, and for the PIV root's older form the one
//! that stood there before September 2018.

use super::{Purpose, Role};

/// A certificate that the program knows.
pub(super) struct Pin {
    pub(super) name: &'static str,
    /// The hash of the certificate in DER, in capital hexadecimal.
    pub(super) sha256: &'static str,
    pub(super) role: Role,
    pub(super) serves: &'static [Purpose],
}

const fn pin(
    name: &'static str,
    sha256: &'static str,
    role: Role,
    serves: &'static [Purpose],
) -> Pin {
    Pin {
        name,
        sha256,
        role,
        serves,
    }
}

const PIV: &[Purpose] = &[Purpose::Piv];
const FIDO: &[Purpose] = &[Purpose::Fido];
const BOTH: &[Purpose] = &[Purpose::Piv, Purpose::Fido];
/// The purposes of a certificate for applets that no SSH key lives in.
const NONE: &[Purpose] = &[];

pub(super) const PINS: [Pin; 20] = [
    pin(
        "Yubico PIV Root CA Serial 263751",
        "63ECE914E54DD87915F34033C85AF4C0696BA1512F8ADD66CED738331207B546",
        Role::Root,
        PIV,
    ),
    pin(
        "Yubico PIV Root CA Serial 263751 (before 2018-09)",
        "7E996A28E3055223733C9AEC897900EDA9B746E3E15D419556AC6A1179879A50",
        Role::Root,
        PIV,
    ),
    pin(
        "Yubico U2F Root CA Serial 457200631",
        "0FA1386F80EB8713263AE5C1D84DEB455BDF08AEA50AB05503CEFEE82B092D42",
        Role::Root,
        BOTH,
    ),
    pin(
        "Yubico FIDO Root CA Serial 450203556",
        "35F1A54B353BFB711E6D42ADBEB76C0E9DEAD095018E6A94783BA2192FD6FAAD",
        Role::Root,
        FIDO,
    ),
    pin(
        "Yubico Attestation Root 1",
        "62760C6A6EF91679F454C8902B80FD009825B3F25DA90F1FBACE2EC6586CD5A8",
        Role::TopRoot,
        BOTH,
    ),
    pin(
        "Yubico Attestation Intermediate A 1",
        "4698A1D3389C3EC60016C216250F1D0439922832D65142327436376DC2942B55",
        Role::Upper,
        BOTH,
    ),
    pin(
        "Yubico Attestation Intermediate B 1",
        "D4CC3F456FDAF4E7812A21AAB1DFE9D8E27D24E2FD2D6F21C9940109F0DAA754",
        Role::Upper,
        BOTH,
    ),
    pin(
        "Yubico PIV Attestation A 1",
        "6DE693F05376F5D8CA29069261E1C8626C75D503BD2EDBFD75354CAD1F722870",
        Role::Lower,
        PIV,
    ),
    pin(
        "Yubico PIV Attestation B 1",
        "2D55B7998F4E42569D6D8FA382B6DC77D1DACF07358B19701163892922B17052",
        Role::Lower,
        PIV,
    ),
    pin(
        "Yubico PIV Attestation B2 1",
        "0C90B7D184A36EDF50A35F9BE935F0C5689BFDCFE5BDD073366CAFB49061A440",
        Role::Lower,
        PIV,
    ),
    pin(
        "Yubico FIDO Attestation A 1",
        "4EBABC9CBC964F722C985F3784D057E9EF5DCF454DCB4F767FCCCA58CF16A4E8",
        Role::Lower,
        FIDO,
    ),
    pin(
        "Yubico FIDO Attestation B 1",
        "4EADDA86FF62CFF987E111A07910D8554DE42F71D5D6DA7744610E09012DD319",
        Role::Lower,
        FIDO,
    ),
    pin(
        "Yubico FIDO Attestation B2 1",
        "3C6FE819ADBD80AFE75DC90AF7BBA34C95B2B7AC64384816E033F63B7C93848B",
        Role::Lower,
        FIDO,
    ),
    pin(
        "Yubico OPGP Attestation A 1",
        "A53831D9649AB86BB1132E0A8A65EDA9F7506D2B1495F76B3321960CC454C054",
        Role::Lower,
        NONE,
    ),
    pin(
        "Yubico OPGP Attestation B 1",
        "5DECB182E9357D4A835ACF988E1EA29713737EE08BCE0F0BA79DA8F295DD0E9F",
        Role::Lower,
        NONE,
    ),
    pin(
        "Yubico OPGP Attestation B2 1",
        "8AF24190CBD923F3A1750BD5023DFAF540CF3A5B240F000D129ABF8A90A552FC",
        Role::Lower,
        NONE,
    ),
    pin(
        "Yubico SD Attestation A 1",
        "D408B28425DECDEA936644F74BA460A4E953B92A86B3E3356EB36D9CC16C368D",
        Role::Lower,
        NONE,
    ),
    pin(
        "Yubico SD Attestation B 1",
        "8F30BDF4AC57ED7975EF7C74AE8D6C0512E678D695001B7CC781B534A0DB5DFE",
        Role::Lower,
        NONE,
    ),
    pin(
        "Yubico SD Attestation B2 1",
        "976CA92B73699B8961F4F8DC2FBB41F199DB8768E6B29CDA83EA3C873C8F40A5",
        Role::Lower,
        NONE,
    ),
    pin(
        "YubiHSM Attestation B2 1",
        "77D88E6363149AD6BA58A2CA1B8B407206EC57E7537C16CEFBBC5EDC39EFB8E1",
        Role::Lower,
        NONE,
    ),
];
