//! Any bytes as what a directory service says, on a real connection: no panic, here or in `ldap3`, and what was asked
//! is answered or refused. The first byte says whether they answer a bind, a search or two questions at once.
#![no_main]

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{LazyLock, Mutex};

use libfuzzer_sys::fuzz_target;
use punchmark::server::directory::{Bounds, Settings, connect};
use tempfile::TempDir;

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, said)) = bytes.split_first() else {
        return;
    };
    let service = SERVICE.lock().expect("no panic came before");
    let answers = match kind % 3 {
        0 => vec![said.to_vec()],
        _ => vec![BOUND.to_vec(), said.to_vec()],
    };
    service.says.send(answers).expect("it listens");
    let Ok(mut directory) = connect(&service.settings) else {
        return;
    };
    if kind % 3 == 2 {
        if let Ok(found) = directory.read(&["cn=x", "cn=y"], &["uid"]) {
            assert_eq!(found.len(), 2);
        }
    } else if let Ok(found) = directory.search("cn=x", "(uid=anna)", &["uid"]) {
        // An entry has five bytes at least.
        assert!(found.len() <= said.len() / 5);
    }
});

/// A service on a socket, which says to the requests of one connection after the other what it is told to.
struct Service {
    settings: Settings,
    says: SyncSender<Vec<Vec<u8>>>,
    _folder: TempDir,
}

static SERVICE: LazyLock<Mutex<Service>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("ldapi");
    let listener = UnixListener::bind(&socket).expect("a socket");
    let (says, said) = sync_channel(0);
    std::thread::spawn(move || serve(&listener, &said));
    let text = format!("server = \"ldapi://{}\"\nsasl-external = true\n", socket.display());
    let mut settings = Settings::parse(&text, Path::new("/")).expect("settings");
    settings.bounds = Bounds::OF_A_LOGIN;
    Mutex::new(Service { settings, says, _folder: folder })
});

fn serve(listener: &UnixListener, said: &Receiver<Vec<Vec<u8>>>) {
    while let Ok(answers) = said.recv() {
        let (stream, _) = listener.accept().expect("a connection");
        answer(stream, &answers);
    }
}

/// Each request comes in one piece; whoever asks may go before all was said.
fn answer(mut stream: UnixStream, answers: &[Vec<u8>]) {
    let mut request = [0; 4096];
    for bytes in answers {
        let asked = stream.read(&mut request).unwrap_or(0);
        if asked == 0 || stream.write_all(bytes).is_err() {
            return;
        }
    }
    let _gone = stream.shutdown(std::net::Shutdown::Write);
    while stream.read(&mut request).is_ok_and(|length| length > 0) {}
}

/// The answer to a bind: success.
const BOUND: &[u8] = b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00";
