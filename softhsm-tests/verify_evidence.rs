//! How long evidence takes to verify, for `scripts/bench`:
//! `verify_evidence EVIDENCE ROOTS COUNT`.
//!
//! Reads the text of evidence and of private roots, verifies COUNT times from the bytes on, as
//! a request would, and prints the microseconds of each, one a line.

use std::error::Error;
use std::io::{BufWriter, Write};
use std::time::Instant;

use punchmark::attestation::{Evidence, Roots};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [evidence, roots, count] = arguments.as_slice() else {
        return Err("usage: verify_evidence EVIDENCE ROOTS COUNT".into());
    };
    let roots = std::fs::read_to_string(roots)?;
    let roots = Roots::from_pem(&[], &[&roots])?;
    let evidence = Evidence::from_text(&std::fs::read_to_string(evidence)?)?;
    let (key, bytes) = (evidence.claimed_key()?, evidence.to_bytes());
    let mut times = BufWriter::new(std::io::stdout().lock());
    for _ in 0..count.parse::<u64>()? {
        let start = Instant::now();
        Evidence::from_bytes(&bytes)?.verify(&key, &roots)?;
        writeln!(times, "{}", start.elapsed().as_micros())?;
    }
    Ok(times.flush()?)
}
