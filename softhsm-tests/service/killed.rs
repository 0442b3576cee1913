//! A server that is killed while many ask: what anybody got is in the ledger, no serial stands twice, and
//! each request that comes again gives one certificate.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use ssh_key::PrivateKey;

use super::client::Client;
use super::room::Room;
use crate::harness::keygen::ED25519;

const CLIENTS: usize = 20;

#[test]
fn killed_while_twenty_ask_it_loses_nothing_and_gives_nothing_twice() {
    let room = Room::ready();
    let keys: Vec<PrivateKey> = (0..CLIENTS)
        .map(|at| room.enrolled(&format!("user{at}")))
        .collect();
    let server = room.start();
    let asking: Vec<(Client, String)> = keys
        .iter()
        .enumerate()
        .map(|(at, key)| {
            let client = Client::logged_in(room.port, key);
            let name = format!("laptop{at}");
            room.admin.key(&name, ED25519);
            let asked = room.request_file(&name, &client.challenge(), &[]);
            (client, asked)
        })
        .collect();
    let asking: Vec<_> = asking.into_iter().map(Mutex::new).collect();
    let mut server = Some(server);
    let mut got: Vec<(usize, String)> = Vec::new();
    for wait in [0, 2, 5, 9, 14, 20, 30] {
        let running = server.take().unwrap_or_else(|| room.start());
        got.extend(ask_all(&asking, || {
            std::thread::sleep(Duration::from_millis(wait));
            running.kill();
        }));
    }
    let running = room.start();
    let last = ask_all(&asking, || ());
    running.end();
    assert_eq!(last.len(), CLIENTS, "each retry is answered");
    got.extend(last);

    // Whatever a client ever got is the one certificate of its request, and in the ledger.
    room.ledger_is_right();
    let ledger = room.admin.ledger();
    let issued: Vec<_> = ledger
        .iter()
        .filter(|entry| entry["state"] == "issued")
        .collect();
    assert_eq!(issued.len(), CLIENTS, "{issued:#?}");
    let serials: BTreeSet<_> = ledger
        .iter()
        .map(|entry| entry["serial"].as_u64())
        .collect();
    assert_eq!(serials.len(), ledger.len());
    let blob = |line: &str| line.split(' ').nth(1).unwrap().to_owned();
    let recorded: BTreeSet<_> = issued
        .iter()
        .map(|entry| blob(entry["certificate"].as_str().unwrap()))
        .collect();
    let mut of_client: Vec<BTreeSet<String>> = vec![BTreeSet::new(); CLIENTS];
    for (client, line) in got {
        assert!(recorded.contains(&blob(&line)), "{line}");
        of_client[client].insert(blob(&line));
    }
    assert!(of_client.iter().all(|certificates| certificates.len() == 1));
}

/// All ask at once, and something happens meanwhile; gives who got what.
fn ask_all(asking: &[Mutex<(Client, String)>], meanwhile: impl FnOnce()) -> Vec<(usize, String)> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = asking
            .iter()
            .map(|one| {
                scope.spawn(move || {
                    let one = one.lock().unwrap();
                    one.0.certificate(&one.1)
                })
            })
            .collect();
        meanwhile();
        let answers = threads.into_iter().map(|thread| thread.join().unwrap());
        answers
            .enumerate()
            .filter_map(|(at, answer)| {
                let answer = answer?;
                assert!(matches!(answer.status, 200 | 201 | 503), "{answer:?}");
                let line = answer.json()["certificate"].as_str()?.to_owned();
                Some((at, line))
            })
            .collect()
    })
}
