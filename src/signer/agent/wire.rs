//! The agent's messages: a type, then fields (draft-miller-ssh-agent, 4 and 5).

use ssh_encoding::Encode;
use ssh_key::{Algorithm, HashAlg, Signature};

use super::AgentFault;
use crate::wire::{Cursor, WireError};

/// A key in an agent's list, as it came: nothing in it is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The public key or certificate in SSH's wire form.
    pub blob: Vec<u8>,
    /// What the agent calls it.
    pub comment: Vec<u8>,
}

/// The request for the list of keys.
pub(super) fn request_identities() -> Vec<u8> {
    vec![REQUEST_IDENTITIES]
}

/// The request for one signature; an RSA key's hash is asked for by a flag.
pub(super) fn request_signature(
    blob: &[u8],
    message: &[u8],
    algorithm: &Algorithm,
) -> Result<Vec<u8>, ssh_encoding::Error> {
    let flags = match algorithm {
        Algorithm::Rsa {
            hash: Some(HashAlg::Sha256),
        } => RSA_SHA2_256,
        Algorithm::Rsa { .. } => RSA_SHA2_512,
        _ => 0,
    };
    let mut request = vec![SIGN_REQUEST];
    blob.encode(&mut request)?;
    message.encode(&mut request)?;
    flags.encode(&mut request)?;
    Ok(request)
}

/// A certificate to be added with its Ed25519 key, and for how many seconds
/// (draft-miller-ssh-agent, 3.2 and 3.2.7.1; PROTOCOL.certkeys).
#[cfg(feature = "login")]
pub(super) fn request_addition(
    (algorithm, certificate): (&str, &[u8]),
    pair: &ssh_key::private::Ed25519Keypair,
    comment: &str,
    seconds: u32,
) -> zeroize::Zeroizing<Vec<u8>> {
    use crate::wire::put_string;
    // With room for all of it, so that no piece of the key stays behind where it grows.
    let room = certificate.len() + comment.len() + algorithm.len() + 256;
    let mut request = zeroize::Zeroizing::new(Vec::with_capacity(room));
    request.push(ADD_CONSTRAINED);
    put_string(&mut request, algorithm.as_bytes());
    put_string(&mut request, certificate);
    put_string(&mut request, &pair.public.0);
    put_string(&mut request, &*zeroize::Zeroizing::new(pair.to_bytes()));
    put_string(&mut request, comment.as_bytes());
    request.push(CONSTRAIN_LIFETIME);
    request.extend_from_slice(&seconds.to_be_bytes());
    request
}

/// The request to forget a key or certificate.
#[cfg(feature = "login")]
pub(super) fn request_removal(blob: &[u8]) -> Vec<u8> {
    let mut request = vec![REMOVE];
    crate::wire::put_string(&mut request, blob);
    request
}

/// Reads the answer to what is done or not.
#[cfg(feature = "login")]
pub(super) fn read_success(answer: &[u8]) -> Result<(), AgentFault> {
    body(answer, SUCCESS)?.finish().map_err(malformed)
}

/// Reads the answer to a request for the list.
///
/// # Errors
/// [`AgentFault`] unless it is such an answer, to the last byte.
pub fn read_identities(answer: &[u8]) -> Result<Vec<Identity>, AgentFault> {
    let mut rest = body(answer, IDENTITIES_ANSWER)?;
    let count = rest.u32().map_err(malformed)?;
    let mut identities = Vec::new();
    for _ in 0..count {
        identities.push(Identity {
            blob: rest.string().map_err(malformed)?.to_vec(),
            comment: rest.string().map_err(malformed)?.to_vec(),
        });
    }
    rest.finish().map_err(malformed)?;
    Ok(identities)
}

/// Reads the answer to a request for a signature.
///
/// # Errors
/// [`AgentFault`] unless it is such an answer, to the last byte.
pub fn read_signature(answer: &[u8]) -> Result<Signature, AgentFault> {
    let mut rest = body(answer, SIGN_RESPONSE)?;
    let blob = rest.string().map_err(malformed)?;
    let signature = Signature::try_from(blob).map_err(|_| AgentFault::Malformed)?;
    rest.finish().map_err(malformed)?;
    Ok(signature)
}

fn body(answer: &[u8], wanted: u8) -> Result<Cursor<'_>, AgentFault> {
    match answer.split_first() {
        Some((kind, rest)) if *kind == wanted => Ok(Cursor::new(rest)),
        Some((&FAILURE, [])) => Err(AgentFault::Refused),
        _ => Err(AgentFault::Malformed),
    }
}

fn malformed(_: WireError) -> AgentFault {
    AgentFault::Malformed
}

const FAILURE: u8 = 5;
#[cfg(feature = "login")]
const SUCCESS: u8 = 6;
#[cfg(feature = "login")]
const REMOVE: u8 = 18;
#[cfg(feature = "login")]
const ADD_CONSTRAINED: u8 = 25;
#[cfg(feature = "login")]
const CONSTRAIN_LIFETIME: u8 = 1;
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;
const RSA_SHA2_256: u32 = 2;
const RSA_SHA2_512: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_to_its_last_byte_and_no_further() {
        let answer = b"\x0c\0\0\0\x01\0\0\0\x02ab\0\0\0\x01c";
        let identities = read_identities(answer).unwrap();
        assert_eq!(identities.len(), 1);
        assert_eq!(identities[0].blob, b"ab");
        assert_eq!(identities[0].comment, b"c");
        for length in 0..answer.len() {
            let fault = read_identities(&answer[..length]).unwrap_err();
            assert!(matches!(fault, AgentFault::Malformed), "{length}");
        }
        let longer = [&answer[..], &[0]].concat();
        assert!(matches!(
            read_identities(&longer),
            Err(AgentFault::Malformed)
        ));
    }

    #[test]
    fn a_count_without_keys_takes_no_memory() {
        let fault = read_identities(b"\x0c\xff\xff\xff\xff").unwrap_err();
        assert!(matches!(fault, AgentFault::Malformed));
        let fault = read_identities(b"\x0c\0\0\0\x01\xff\xff\xff\xff").unwrap_err();
        assert!(matches!(fault, AgentFault::Malformed));
    }

    #[test]
    fn a_refusal_is_told_from_nonsense() {
        assert!(matches!(read_signature(&[5]), Err(AgentFault::Refused)));
        for nonsense in [&[][..], &[5, 0], &[6], &[14], b"\x0e\0\0\0\0"] {
            let fault = read_signature(nonsense).unwrap_err();
            assert!(matches!(fault, AgentFault::Malformed), "{nonsense:?}");
        }
    }

    #[test]
    fn the_hash_of_an_rsa_signature_is_asked_for_by_a_flag() {
        let flag = |hash| {
            let algorithm = Algorithm::Rsa { hash: Some(hash) };
            let request = request_signature(b"k", b"m", &algorithm).unwrap();
            request.last().copied()
        };
        assert_eq!(flag(HashAlg::Sha256), Some(2));
        assert_eq!(flag(HashAlg::Sha512), Some(4));
        let request = request_signature(b"k", b"m", &Algorithm::Ed25519).unwrap();
        assert_eq!(request, b"\x0d\0\0\0\x01k\0\0\0\x01m\0\0\0\0");
    }
}
