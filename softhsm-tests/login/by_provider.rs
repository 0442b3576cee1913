//! `login` by a method of kind `oidc`: in a browser here, and by a code that is typed in one elsewhere.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::User;
use super::stub::{CODE, Stub, Wrong};
use crate::harness::process::{Ran, bounded, run, wait_until};
use crate::harness::pty::{self, Pty};
use crate::harness::punchmark::BINARY;
use crate::harness::write;

/// A server that has a provider.
fn offering() -> Stub {
    let stub = Stub::start();
    stub.state.lock().unwrap().provider.offered = true;
    stub
}

fn arguments(stub: &Stub) -> Vec<String> {
    let all = ["login", "--method", "work", "--ca-file"].map(str::to_owned);
    let roots = stub.file("roots.pem").display().to_string();
    [&all[..], &[roots, stub.address()]].concat()
}

/// A command at a terminal, with a browser here.
fn at_terminal(user: &User, arguments: &[String]) -> Pty {
    let mut command = user.browses(pty::command(BINARY));
    command.args(arguments);
    Pty::start(command)
}

/// Begins to log in.
fn begin(stub: &Stub, user: &User) -> Pty {
    at_terminal(user, &arguments(stub))
}

/// Begins to log in at a terminal that somebody has from elsewhere.
fn begin_from_elsewhere(stub: &Stub, user: &User) -> Pty {
    let mut command = user.browses(pty::command(BINARY));
    command.env("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22");
    command.args(arguments(stub));
    Pty::start(command)
}

/// Ends a login well, as the browser does.
fn finish(stub: &Stub, mut terminal: Pty) -> String {
    terminal.expect("in your browser");
    come_back(stub, &format!("code={CODE}&state={}", state(stub)));
    let (said, code) = terminal.finish();
    assert_eq!(code, 0, "{said}");
    said
}

fn has_asked(stub: &Stub, line: &str) -> bool {
    let state = stub.state.lock().unwrap();
    state.asked.iter().any(|asked| asked == line)
}

/// Loses the session, as whoever empties the folder does.
fn forget(user: &User) {
    let servers = user.path(".local/state/punchmark/servers");
    let folder = servers.read_dir().unwrap().next().unwrap().unwrap();
    std::fs::remove_file(folder.path().join("session.json")).unwrap();
}

/// What the browser is answered when it comes back to this place with that query.
fn come_back(stub: &Stub, query: &str) -> String {
    let redirect = stub.state.lock().unwrap().provider.asked["redirect"].clone();
    let host = redirect.as_str().unwrap().strip_prefix("http://").unwrap();
    let host = host.strip_suffix('/').unwrap();
    assert!(host.starts_with("127.0.0.1:"), "{host}");
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET /?{query} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn state(stub: &Stub) -> String {
    let state = stub.state.lock().unwrap();
    state.provider.asked["state"].as_str().unwrap().to_owned()
}

#[test]
fn a_browser_here_opens_the_page_and_comes_back_with_a_code() {
    let (stub, user) = (offering(), User::new());
    let mut terminal = begin(&stub, &user);
    let shown = format!(
        "opened https://{}/login/login-2 in your browser",
        stub.address()
    );
    terminal.expect(&shown);
    let own = format!("https://{}/login/login-2", stub.address());
    assert_eq!(user.opened(), own);
    // Another page that leads here ends nothing.
    let stranger = come_back(&stub, &format!("code={CODE}&state=of-another"));
    assert!(stranger.starts_with("HTTP/1.1 400 "), "{stranger}");
    let done = come_back(&stub, &format!("code={CODE}&state={}", state(&stub)));
    assert!(done.starts_with("HTTP/1.1 200 "), "{done}");
    assert!(done.contains("You can close this page"), "{done}");
    let (said, code) = terminal.finish();
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("logged in as peter by work (engineers, oncall) until"),
        "{said}"
    );
    assert!(!said.contains(CODE), "{said}");
    user.run(&["get"]).ok().says("peter_file for 1 hour");
    let status = user.run(&["login", "--status"]).ok();
    assert!(status.stdout.starts_with("peter by work at"), "{status}");
    user.run(&["login", "--end"]).ok();
    user.run(&["login", "--status"]).exits(1);
}

#[test]
fn a_code_is_typed_elsewhere_where_no_browser_is_here() {
    let (stub, user) = (offering(), User::new());
    let mut terminal = begin_from_elsewhere(&stub, &user);
    terminal.expect(&format!(
        "open in a browser: https://{}/login/login-2",
        stub.address()
    ));
    terminal.expect("type ABCD-EFGH");
    wait_until("it asked in vain", || has_asked(&stub, PENDING));
    // A server that is busy for a moment costs nobody the way to the other browser.
    stub.state.lock().unwrap().provider.busy = 2;
    stub.state.lock().unwrap().provider.typed = true;
    let (said, code) = terminal.finish();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("logged in as peter by work"), "{said}");
    assert!(!user.page().exists());
    let asked = stub.state.lock().unwrap().provider.asked.clone();
    assert_eq!(asked["way"], "code");
    assert!(
        asked["host"].as_str().is_some_and(|host| !host.is_empty()),
        "{asked}"
    );
}

#[test]
fn why_the_provider_let_nobody_in_is_told() {
    let (stub, user) = (offering(), User::new());
    stub.state.lock().unwrap().provider.refusal = Some("work knows nobody of that name");
    let mut terminal = begin(&stub, &user);
    terminal.expect("in your browser");
    come_back(
        &stub,
        &format!("error=login-refused&state={}", state(&stub)),
    );
    let (said, code) = terminal.finish();
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("work knows nobody of that name"), "{said}");
    user.run(&["login", "--status"]).exits(1);
}

#[test]
fn a_code_that_is_wrong_opens_nothing() {
    let (stub, user) = (offering(), User::new());
    let mut terminal = begin(&stub, &user);
    terminal.expect("in your browser");
    come_back(&stub, &format!("code=of-another&state={}", state(&stub)));
    let (said, code) = terminal.finish();
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("the login opened nothing"), "{said}");
    assert!(
        said.contains("begin again with `punchmark login`"),
        "{said}"
    );
    assert!(!said.contains("enrolled"), "{said}");
    // Typed wrong too often, where somebody types it.
    let mut terminal = begin_from_elsewhere(&stub, &user);
    terminal.expect("type ABCD-EFGH");
    wait_until("it asked in vain", || has_asked(&stub, PENDING));
    stub.state.lock().unwrap().provider.refusal = Some("the code was typed wrong five times");
    let (said, code) = terminal.finish();
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("typed wrong five times"), "{said}");
    user.run(&["login", "--status"]).exits(1);
}

#[test]
fn a_server_without_codes_sends_its_users_to_where_a_browser_is() {
    let (stub, user) = (offering(), User::new());
    stub.state.lock().unwrap().provider.without_codes = true;
    let (said, code) = begin_from_elsewhere(&stub, &user).finish();
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("codes are off for method work"), "{said}");
    assert!(said.contains("log in where a browser is"), "{said}");
}

#[test]
fn control_c_ends_the_login_and_not_the_browser() {
    let (stub, user) = (offering(), User::new());
    let mut command = user.browses(pty::command(BINARY));
    let (browser, alive) = (user.path("browser"), user.path("alive"));
    // It stays until it is told, so that no slow machine has it done before.
    let (go, told) = (user.path("go"), alive.display());
    let waits = format!("while [ ! -e '{}' ]; do sleep 0.1; done", go.display());
    let script = format!("#!/bin/sh\n{waits}\necho >'{told}'\n");
    write(&browser, script, 0o755);
    command.args(arguments(&stub));
    let mut terminal = Pty::start(command);
    terminal.expect("in your browser");
    terminal.press_control('c');
    terminal.gone();
    write(&go, "", 0o600);
    let redirect = stub.state.lock().unwrap().provider.asked["redirect"].clone();
    let listener = redirect.as_str().unwrap().trim_start_matches("http://");
    assert!(TcpStream::connect(listener.trim_end_matches('/')).is_err());
    wait_until("the browser goes on", || alive.exists());
    user.run(&["login", "--status"]).exits(1);
    // Nobody holds anything that the next login needs.
    finish(&stub, begin(&stub, &user));
    user.run(&["get"]).ok();
}

#[test]
fn get_logs_in_again_where_somebody_is_at_a_terminal() {
    let (stub, user) = (offering(), User::new());
    finish(&stub, begin(&stub, &user));
    // The session is unknown here, and then there.
    let here = || forget(&user);
    let there = || stub.be(Wrong::Forgot);
    let both: [&dyn Fn(); 2] = [&here, &there];
    for lose in both {
        lose();
        let terminal = at_terminal(&user, &["get".to_owned()]);
        let said = finish(&stub, terminal);
        assert!(said.contains("logged in as peter by work"), "{said}");
        assert!(said.contains("peter_file for 1 hour"), "{said}");
    }
    assert_eq!(user.identities().len(), 1);
}

#[test]
fn one_of_several_methods_is_named_or_is_the_one_that_fits() {
    let (stub, user) = (offering(), User::new());
    let run = |more: &[&str]| {
        let roots = stub.file("roots.pem").display().to_string();
        let address = stub.address();
        let all = [&["login", "--ca-file", &roots], more, &[&address]].concat();
        user.run(&all)
    };
    run(&[]).exits(2).says("name one with --method: keys, work");
    run(&["--code"])
        .exits(1)
        .says("a login by work wants somebody");
    run(&["--method", "work"])
        .exits(1)
        .says("a login by work wants somebody");
    run(&["--method", "keys", "--code"])
        .exits(2)
        .says("nobody logs in by method keys with --code");
    run(&["--method", "none"])
        .exits(2)
        .says("no login method none");
    let identity = stub.file("peter").display().to_string();
    run(&["--identity", &identity, "--code"]).exits(2);
    run(&["--identity", &identity]).ok();
    finish(&stub, begin(&stub, &user));
    // The last one is the next one.
    finish(&stub, at_terminal(&user, &["login".to_owned()]));
}

#[test]
fn without_a_terminal_no_browser_opens_and_nothing_waits() {
    let (stub, user) = (offering(), User::new());
    let address = stub.address();
    let why = format!(
        "a login by work wants somebody at a terminal; at one: punchmark login {address}\n"
    );
    let words = format!("punchmark: nobody is logged in at {address}: {why}");
    let apart = |arguments: &[&str]| -> Ran {
        let begun = Instant::now();
        let mut command = user.browses(bounded(BINARY));
        let ran = run(command.args(arguments));
        // Whoever waited would wait for minutes; a busy machine takes its time to start a program.
        assert!(begun.elapsed() < Duration::from_secs(5), "{ran}");
        ran
    };
    let log_in = arguments(&stub);
    let log_in: Vec<_> = log_in.iter().map(String::as_str).collect();
    for more in [&[][..], &["--code"]] {
        let ran = apart(&[&log_in, more].concat()).exits(1);
        assert!(ran.stderr.ends_with(&format!("punchmark: {why}")), "{ran}");
        assert!(!user.page().exists());
        assert!(stub.state.lock().unwrap().provider.asked.is_null());
    }
    finish(&stub, begin(&stub, &user));
    apart(&["-q", "get"]).ok();
    // A session that is over there, and then one that is known to be over here.
    stub.be(Wrong::Forgot);
    std::fs::remove_file(user.page()).unwrap();
    assert_eq!(apart(&["-q", "get"]).exits(1).stderr, words);
    forget(&user);
    stub.count("");
    assert_eq!(apart(&["-q", "get"]).exits(1).stderr, words);
    assert_eq!(stub.count(""), 0);
    // A certificate that still lives lets ssh in meanwhile.
    apart(&["-q", "get", "--if-needed", "2h"])
        .ok()
        .says("wants somebody at a terminal")
        .says("the certificate that is there still counts");
    assert!(!user.page().exists());
}

#[test]
fn a_browser_is_led_to_the_page_of_the_login_and_nowhere_else() {
    let (stub, user) = (offering(), User::new());
    for elsewhere in [
        "https://evil.example.org/login/login-2",
        "file:///etc/passwd",
        "--version",
    ] {
        stub.state.lock().unwrap().provider.page = Some(elsewhere.to_owned());
        let (said, code) = begin(&stub, &user).finish();
        assert_eq!(code, 1, "{said}");
        assert!(
            said.contains("a page of the login that is not its own"),
            "{said}"
        );
        assert!(!user.page().exists(), "{elsewhere}");
    }
}

const PENDING: &str = "POST /v1/logins/login-2/token 400";
