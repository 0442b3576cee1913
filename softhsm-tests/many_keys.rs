//! Public key files in any number, for `scripts/bench`: `many_keys FOLDER COUNT`.
//!
//! Writes `FOLDER/1.pub` and so on, each with an Ed25519 key of its own, which nobody has
//! the private half of afterwards; prints their paths, one a line.

use std::error::Error;
use std::io::{BufWriter, Write};
use std::path::Path;

use ssh_key::PublicKey;
use ssh_key::private::Ed25519Keypair;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, count] = arguments.as_slice() else {
        return Err("usage: many_keys FOLDER COUNT".into());
    };
    let count: u64 = count.parse()?;
    let mut paths = BufWriter::new(std::io::stdout().lock());
    for number in 1..=count {
        let file = Path::new(folder).join(format!("{number}.pub"));
        std::fs::write(&file, line(number)?)?;
        writeln!(paths, "{}", file.display())?;
    }
    Ok(paths.flush()?)
}

/// The same key for the same number, in every run.
fn line(number: u64) -> Result<String, ssh_key::Error> {
    let mut seed = [0; 32];
    let bytes = seed.iter_mut().zip(number.to_be_bytes());
    bytes.for_each(|(place, byte)| *place = byte);
    let key = Ed25519Keypair::from_seed(&seed).public;
    let mut key = PublicKey::from(key);
    key.set_comment(format!("key {number}"));
    Ok(format!("{}\n", key.to_openssh()?))
}
