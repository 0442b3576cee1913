//! How long a signature's verification takes, by algorithm: `verify_rate COUNT`.
//!
//! Over 420 bytes, as many as a usual certificate has before its signature; prints the
//! nanoseconds of one on average over COUNT hundreds, an algorithm a line.

use std::error::Error;
use std::io::{Write, stdout};
use std::time::Instant;

use punchmark::wire::verify::verify_signature;
use ssh_key::private::{EcdsaKeypair, Ed25519Keypair};
use ssh_key::{EcdsaCurve, PrivateKey, Signature};

fn main() -> Result<(), Box<dyn Error>> {
    let count = std::env::args().nth(1).ok_or("usage: verify_rate COUNT")?;
    let count: u32 = count.parse()?;
    let mut rng = getrandom::rand_core::UnwrapErr(getrandom::SysRng);
    for (name, curve) in [
        ("p256", EcdsaCurve::NistP256),
        ("p384", EcdsaCurve::NistP384),
        ("p521", EcdsaCurve::NistP521),
    ] {
        let key = EcdsaKeypair::random(&mut rng, curve)?.into();
        tell(name, &key, count)?;
    }
    tell(
        "ed25519",
        &Ed25519Keypair::from_seed(&[7; 32]).into(),
        count,
    )
}

fn tell(name: &str, key: &PrivateKey, count: u32) -> Result<(), Box<dyn Error>> {
    let message = [0x5a; 420];
    let signature: Signature = signature::Signer::try_sign(key, &message)?;
    let ca = key.public_key().key_data();
    let started = Instant::now();
    for _ in 0..count.saturating_mul(100) {
        verify_signature(&message, &signature, ca)?;
    }
    let each = started.elapsed().as_nanos() / u128::from(count) / 100;
    writeln!(stdout(), "{name} {each}")?;
    Ok(())
}
