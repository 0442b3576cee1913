//! How long shares take to open their secret, for `scripts/bench`: `share_rate COUNT`.
//!
//! A secret of 128 bits, split for five people of whom three open it; prints the nanoseconds of each of
//! COUNT splits and combinations, two numbers a line. A combination reads the words of three shares first,
//! as they are typed.

use std::error::Error;
use std::io::{Write, stdout};
use std::time::Instant;

use punchmark::secret::share::{Quorum, Share, SharedSecret};

fn main() -> Result<(), Box<dyn Error>> {
    let count = std::env::args().nth(1).ok_or("usage: share_rate COUNT")?;
    let quorum = Quorum::new(3, 5)?;
    for _ in 0..count.parse::<u64>()? {
        let secret = SharedSecret::random()?;
        let start = Instant::now();
        let shares = secret.split(quorum)?;
        let split = start.elapsed().as_nanos();
        let words: Vec<_> = shares.iter().skip(2).map(Share::words).collect();
        let start = Instant::now();
        let typed: Result<Vec<_>, _> = words.iter().map(|words| Share::parse(words)).collect();
        let opened = SharedSecret::combine(&typed?)?;
        let combined = start.elapsed().as_nanos();
        if !opened.is_same(&secret) {
            return Err("the shares opened another secret".into());
        }
        writeln!(stdout(), "{split} {combined}")?;
    }
    Ok(())
}
