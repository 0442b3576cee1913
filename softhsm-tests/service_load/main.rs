//! Many clients of a server that runs, for `scripts/bench service`.
//!
//!     service_load serve PORT ROOT.pem CA.pub KEYS CLIENTS COUNT PID [RATE]
//!     service_load files CA.pub KEYS FOLDER COUNT
//!
//! `serve` opens a session for each client, as user1 and so on, whose keys lie in the folder KEYS; prepares
//! COUNT requests in all, and then asks for their certificates, each client one at a time over the connection
//! that it has: as fast as they come, or RATE a second. Prints how many there were, seconds, the median and
//! the 99th percentile of the waits in microseconds, microseconds of processor time of the process PID and of
//! this one, and the peak memory of PID in KiB. A wait at a rate begins when it was the request's turn.
//!
//! `files` writes as many requests of the same keys into files, answering no challenge, and prints their paths.

mod client;
mod connection;
mod process;

use std::collections::HashSet;
use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use ssh_key::PublicKey;

use client::{Client, User};
use connection::{Door, client_config};
use process::Usage;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [
            "serve",
            port,
            root,
            ca,
            keys,
            clients,
            count,
            pid,
            rate @ ..,
        ] => {
            let load = Load {
                door: Door::new(port.parse()?, client_config(Path::new(root))?),
                ca: PublicKey::read_openssh_file(Path::new(ca))?,
                clients: clients.parse()?,
                count: count.parse()?,
                rate: rate.first().map(|rate| rate.parse()).transpose()?,
            };
            load.run(Path::new(keys), pid.parse()?)
        }
        ["files", ca, keys, folder, count] => {
            let ca = PublicKey::read_openssh_file(Path::new(ca))?;
            files(&ca, Path::new(keys), Path::new(folder), count.parse()?)
        }
        _ => Err("usage: service_load serve|files …, see the source".into()),
    }
}

/// What is asked of a server.
struct Load {
    door: Door,
    ca: PublicKey,
    clients: usize,
    count: usize,
    /// Certificates a second; as many as come, without one.
    rate: Option<f64>,
}

/// What one client saw: how long each answer took, and the serials.
type Seen = Vec<(Duration, u64)>;

impl Load {
    fn run(&self, keys: &Path, pid: u32) -> Outcome<()> {
        let users = users(keys)?;
        let ready = Arc::new(Barrier::new(self.clients + 1));
        std::thread::scope(|scope| {
            let mut threads = Vec::with_capacity(self.clients);
            for number in 0..self.clients {
                let user = users.get(number % users.len());
                let user = user.ok_or("no user has a key in the folder")?;
                let ready = Arc::clone(&ready);
                threads.push(scope.spawn(move || self.client(user, number, &ready)));
            }
            ready.wait();
            let (before, begun) = (Usage::of(pid)?, Instant::now());
            let own = Usage::of(std::process::id())?;
            let mut seen = Vec::with_capacity(self.count);
            for thread in threads {
                seen.extend(thread.join().map_err(|_panic| "a client panicked")??);
            }
            let took = begun.elapsed();
            let used = Usage::of(pid)?.since(&before);
            let load = Usage::of(std::process::id())?.since(&own);
            report(&seen, took, (used, load), process::peak_kib(pid)?)
        })
    }

    /// Logs in and prepares its part, waits for the others, and asks.
    fn client(&self, user: &User, number: usize, ready: &Barrier) -> Outcome<Seen> {
        let prepared = self.prepared(user, number);
        // Whoever failed is waited for too.
        ready.wait();
        let (mut client, requests) = prepared?;
        let begun = Instant::now();
        let mut seen = Vec::with_capacity(requests.len());
        for (turn, request) in requests.iter().enumerate() {
            let from = self.turn(begun, turn * self.clients + number);
            let serial = client.certificate(request)?;
            seen.push((from.elapsed(), serial));
        }
        Ok(seen)
    }

    fn prepared<'a>(&self, user: &'a User, number: usize) -> Outcome<(Client<'a>, Vec<String>)> {
        let mut client = Client::log_in(self.door.clone(), user, number)?;
        let own = (number..self.count).step_by(self.clients);
        let requests = own.map(|_| client.request(&self.ca));
        let requests = requests.collect::<Outcome<_>>()?;
        Ok((client, requests))
    }

    /// Waits until it is this request's turn, and says when that was.
    fn turn(&self, begun: Instant, place: usize) -> Instant {
        let Some(rate) = self.rate else {
            return Instant::now();
        };
        let place = f64::from(u32::try_from(place).unwrap_or(u32::MAX));
        let turn = begun + Duration::from_secs_f64(place / rate);
        std::thread::sleep(turn.saturating_duration_since(Instant::now()));
        turn
    }
}

fn report(
    seen: &[(Duration, u64)],
    took: Duration,
    (server, load): (Duration, Duration),
    peak_kib: u64,
) -> Outcome<()> {
    let serials: HashSet<u64> = seen.iter().map(|(_, serial)| *serial).collect();
    if serials.len() != seen.len() {
        return Err("a serial came twice".into());
    }
    let mut waits: Vec<Duration> = seen.iter().map(|(wait, _)| *wait).collect();
    waits.sort_unstable();
    let at = |part: usize| {
        let place = (waits.len() * part).div_ceil(100).saturating_sub(1);
        waits.get(place).map_or(0, Duration::as_micros)
    };
    writeln!(
        std::io::stdout(),
        "{} {:.4} {} {} {} {} {peak_kib}",
        seen.len(),
        took.as_secs_f64(),
        at(50),
        at(99),
        server.as_micros(),
        load.as_micros(),
    )?;
    Ok(())
}

fn files(ca: &PublicKey, keys: &Path, folder: &Path, count: usize) -> Outcome<()> {
    let users = users(keys)?;
    let mut paths = std::io::BufWriter::new(std::io::stdout().lock());
    for (number, user) in (1..=count).zip(users.iter().cycle()) {
        let path = folder.join(format!("{number}.req"));
        std::fs::write(&path, user.request(ca, None)?)?;
        writeln!(paths, "{}", path.display())?;
    }
    Ok(paths.flush()?)
}

/// Everybody whose key lies in a folder: user1, user2 and so on.
fn users(folder: &Path) -> Outcome<Vec<User>> {
    let names = (1..).map(|number| format!("user{number}"));
    let there = names.take_while(|name| folder.join(name).exists());
    there.map(|name| User::read(folder, &name)).collect()
}
