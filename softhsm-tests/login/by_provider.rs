//! `login` by a method of kind `oidc`: in a browser here, and by a code that is typed in one elsewhere.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use super::User;
use super::stub::{CODE, Stub};
use crate::harness::process::{Ran, bounded, run, wait_until};
use crate::harness::pty::{self, Pty};
use crate::harness::punchmark::BINARY;
use crate::harness::write;

/// A browser that notes the page, and shows nobody anything.
fn with_browser(user: &User, mut command: Command) -> Command {
    let (browser, page) = (user.path("browser"), page(user));
    let script = format!(
        "#!/bin/sh\necho \"$1\" >'{0}.new' && mv '{0}.new' '{0}'\n",
        page.display()
    );
    write(&browser, script, 0o755);
    command.env("BROWSER", browser);
    command
}

/// A server that has a provider.
fn offering() -> Stub {
    let stub = Stub::start();
    stub.state.lock().unwrap().provider.offered = true;
    stub
}

fn page(user: &User) -> PathBuf {
    user.path("page")
}

fn arguments(stub: &Stub) -> Vec<String> {
    let roots = stub.file("roots.pem").display().to_string();
    [
        "login",
        "--method",
        "work",
        "--ca-file",
        &roots,
        &stub.address(),
    ]
    .map(str::to_owned)
    .into()
}

/// Begins to log in at a terminal, with a browser here.
fn begin(stub: &Stub, user: &User) -> Pty {
    let mut command = with_browser(user, user.prepare(pty::command(BINARY)));
    command.args(arguments(stub));
    Pty::start(command)
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
    wait_until("the browser has the page", || page(&user).exists());
    let opened = std::fs::read_to_string(page(&user)).unwrap();
    assert_eq!(
        opened.trim(),
        format!("https://{}/login/login-2", stub.address())
    );
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
    let mut command = with_browser(&user, user.prepare(pty::command(BINARY)));
    command.env("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22");
    command.args(arguments(&stub));
    let mut terminal = Pty::start(command);
    terminal.expect(&format!(
        "open in a browser: https://{}/login/login-2",
        stub.address()
    ));
    terminal.expect("type ABCD-EFGH");
    let asked = "POST /v1/logins/login-2/token 400";
    wait_until("it asked in vain", || {
        stub.state
            .lock()
            .unwrap()
            .asked
            .iter()
            .any(|line| line == asked)
    });
    stub.state.lock().unwrap().provider.typed = true;
    let (said, code) = terminal.finish();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("logged in as peter by work"), "{said}");
    assert!(!page(&user).exists());
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
        assert!(!page(&user).exists(), "{elsewhere}");
    }
}

#[test]
fn without_a_terminal_no_browser_opens_and_nothing_waits() {
    let (stub, user) = (offering(), User::new());
    for more in [&[][..], &["--code"]] {
        let begun = Instant::now();
        let mut command = with_browser(&user, user.prepare(bounded(BINARY)));
        let ran: Ran = run(command.args(arguments(&stub)).args(more)).exits(1);
        assert!(begun.elapsed() < Duration::from_secs(10), "{ran}");
        let ran = ran.says("wants a browser and somebody at a terminal");
        assert!(!ran.stderr.contains("logged in"), "{ran}");
        assert!(!page(&user).exists());
        assert!(stub.state.lock().unwrap().provider.asked.is_null());
    }
}
