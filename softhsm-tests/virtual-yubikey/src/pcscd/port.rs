//! Free ports for vpcd, which takes two in a row for each reader.

use std::net::{Ipv4Addr, TcpListener};

use super::PcscdError;

/// The first ports of `count` free pairs.
///
/// They may be taken by another process before vpcd comes; the daemon is then never ready.
pub(super) fn pairs(count: usize) -> Result<Vec<u16>, PcscdError> {
    let mut held = Vec::new();
    for _ in 0..ATTEMPTS {
        if held.len() == count {
            break;
        }
        held.extend(pair());
    }
    if held.len() == count {
        Ok(held.iter().map(|(port, _)| *port).collect())
    } else {
        Err(PcscdError::NoPort)
    }
}

/// A random pair, held by its listeners; below the range that the kernel gives to clients.
fn pair() -> Option<(u16, [TcpListener; 2])> {
    let mut random = [0; 2];
    getrandom::fill(&mut random).ok()?;
    let port = LOWEST + u16::from_be_bytes(random) % (HIGHEST - LOWEST);
    let hold = |port| TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).ok();
    Some((port, [hold(port)?, hold(port + 1)?]))
}

const LOWEST: u16 = 20_000;
const HIGHEST: u16 = 32_000;
const ATTEMPTS: usize = 1000;
