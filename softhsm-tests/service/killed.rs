//! A server that is killed while many ask: what anybody got is in the ledger, no serial stands twice, and
//! each request that comes again gives one certificate.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use punchmark::request::{RequestFile, challenge_from_hex, random_id};
use ssh_key::PrivateKey;

use super::client::Client;
use super::room::{Room, Running};

const CLIENTS: usize = 50;

#[test]
fn killed_while_fifty_ask_it_loses_nothing_and_gives_nothing_twice() {
    let mut crowd = Crowd::logged_in();
    crowd.make_requests();
    for wait in [0, 2, 5, 9, 14, 20, 30, 50, 80] {
        let server = crowd.server();
        crowd.ask(|| {
            std::thread::sleep(Duration::from_millis(wait));
            server.kill();
        });
    }
    crowd.all_are_answered();
    crowd.ends_well(1);
}

/// Many people, each with a session and a request, and all that they ever got.
struct Crowd {
    room: Room,
    asking: Vec<Mutex<Asking>>,
    server: Option<Running>,
    got: Vec<(usize, String)>,
}

struct Asking {
    client: Client,
    key: PrivateKey,
    /// A request of their key, by whose form they make others.
    pattern: RequestFile,
    request: String,
}

impl Crowd {
    fn logged_in() -> Self {
        let room = Room::ready();
        let keys: Vec<PrivateKey> = (0..CLIENTS)
            .map(|at| room.enrolled(&format!("user{at}")))
            .collect();
        let server = room.start();
        let asking = keys.into_iter().enumerate().map(|(at, key)| {
            let client = Client::logged_in(room.port, &key);
            let pattern = room.request_file(&format!("user{at}"), &"00".repeat(32), &[]);
            Mutex::new(Asking {
                client,
                key,
                pattern: RequestFile::from_text(&pattern).unwrap(),
                request: String::new(),
            })
        });
        let asking = asking.collect();
        Self {
            room,
            asking,
            server: Some(server),
            got: Vec::new(),
        }
    }

    /// The server that runs, or else another one.
    fn server(&mut self) -> Running {
        let server = self.server.take();
        server.unwrap_or_else(|| self.room.start())
    }

    /// Everybody makes a new request, with a challenge of the server that runs.
    fn make_requests(&mut self) {
        for one in &mut self.asking {
            one.get_mut().unwrap().make_request();
        }
    }

    /// All ask at once, and something happens meanwhile; says how many got a certificate.
    fn ask(&mut self, meanwhile: impl FnOnce()) -> usize {
        let lines: Vec<Option<String>> = std::thread::scope(|scope| {
            let threads: Vec<_> = self
                .asking
                .iter()
                .map(|one| scope.spawn(move || one.lock().unwrap().ask()))
                .collect();
            meanwhile();
            let lines = threads.into_iter().map(|thread| thread.join().unwrap());
            lines.collect()
        });
        let before = self.got.len();
        let lines = lines.into_iter().enumerate();
        self.got
            .extend(lines.filter_map(|(client, line)| Some((client, line?))));
        self.got.len() - before
    }

    /// A server that nobody kills answers everybody's request, whatever became of it before.
    fn all_are_answered(&mut self) {
        let server = self.server();
        assert_eq!(self.ask(|| ()), CLIENTS);
        self.server = Some(server);
    }

    /// Whatever anybody ever got is the one certificate of a request, and in the ledger.
    fn ends_well(mut self, rounds: usize) {
        self.server().end();
        self.room.ledger_is_right();
        let ledger = self.room.admin.ledger();
        let serials: BTreeSet<_> = ledger
            .iter()
            .map(|entry| entry["serial"].as_u64())
            .collect();
        assert_eq!(serials.len(), ledger.len(), "a serial stands twice");
        let blob = |line: &str| line.split(' ').nth(1).unwrap().to_owned();
        let issued = ledger.iter().filter(|entry| entry["state"] == "issued");
        let recorded: BTreeSet<_> = issued
            .map(|entry| blob(entry["certificate"].as_str().unwrap()))
            .collect();
        assert_eq!(recorded.len(), CLIENTS * rounds);
        let mut of_client: Vec<BTreeSet<String>> = vec![BTreeSet::new(); CLIENTS];
        for (client, line) in &self.got {
            assert!(recorded.contains(&blob(line)), "{line}");
            of_client[*client].insert(blob(line));
        }
        assert!(of_client.iter().all(|got| got.len() == rounds));
    }
}

impl Asking {
    fn make_request(&mut self) {
        let mut content = self.pattern.content().clone();
        content.id = random_id().unwrap();
        content.challenge = challenge_from_hex(&self.client.challenge());
        let bytes = content.to_bytes().unwrap();
        let signature = self
            .key
            .sign(RequestFile::NAMESPACE, RequestFile::HASH, &bytes);
        let file = RequestFile::new(content, signature.unwrap()).unwrap();
        self.request = file.to_text().unwrap();
    }

    /// The certificate, if the server lived so long.
    fn ask(&self) -> Option<String> {
        let answer = self.client.certificate(&self.request)?;
        assert!(matches!(answer.status, 200 | 201 | 503), "{answer:?}");
        Some(answer.json()["certificate"].as_str()?.to_owned())
    }
}
