//! The program for a machine without a network has nothing that could use one.

use std::fs;
use std::path::Path;

use crate::harness::admin::Admin;
use crate::harness::keygen::ED25519;
use crate::harness::process::{Ran, bounded, run};
use crate::harness::punchmark::BINARY;
use crate::harness::shipped;
use crate::harness::token::Token;

/// Runs the program, and gives each call that makes a socket beside what it printed.
fn traced(admin: &Admin, program: &Path, arguments: &[&str]) -> (Ran, Vec<String>) {
    let trace = admin.punchmark.path("trace");
    let mut strace = admin.punchmark.prepare(bounded("strace"));
    strace.args(["-f", "-qq", "-e", "trace=socket,socketpair", "-o"]);
    strace.arg(&trace).arg(program).args(["--pin-file", "pin"]);
    let ran = run(strace.args(arguments));
    let trace = fs::read_to_string(trace).unwrap();
    let calls = trace.lines().filter(|line| line.contains("socket"));
    (ran, calls.map(str::to_owned).collect())
}

#[test]
fn the_program_for_a_ceremony_knows_no_names_of_hosts_and_opens_no_socket_that_leaves_the_machine()
{
    let program = shipped::set("ceremony", None);
    let names = run(bounded("nm").args(["-D", "--undefined-only"]).arg(&program)).ok();
    let names = names.stdout;
    assert!(
        names.contains("openat") || names.contains("open64"),
        "{names}"
    );
    for resolver in ["getaddrinfo", "gethostbyname", "res_query", "res_search"] {
        assert!(!names.contains(resolver), "it imports {resolver}");
    }

    let admin = Admin::new(Token::softhsm());
    admin.key("peter", ED25519);
    let key = admin.token.locator("users");
    let ceremony: [&[&str]; 4] = [
        &["init", "users", "--algorithm", "p256", "--key", &key],
        &[
            "sign",
            "-s",
            "users",
            "-I",
            "peter",
            "-n",
            "peter",
            "peter.pub",
        ],
        &["krl", "--ca", "users", "--unsigned", "--out", "revoked.krl"],
        &["ledger", "verify", "--signatures"],
    ];
    for arguments in ceremony {
        let (ran, sockets) = traced(&admin, &program, arguments);
        ran.ok();
        let leaves = |call: &&String| !call.contains("(AF_UNIX,");
        let leaving: Vec<_> = sockets.iter().filter(leaves).collect();
        assert!(leaving.is_empty(), "{arguments:?}: {leaving:?}");
    }

    // What is looked for is seen where it is.
    let list = "https://127.0.0.1:9/list";
    let fetch = [
        "krl",
        "fetch",
        list,
        "--out",
        "list",
        "--signer",
        "peter.pub",
    ];
    let (_failed, sockets) = traced(&admin, BINARY.as_ref(), &fetch);
    assert!(
        sockets.iter().any(|call| call.contains("AF_INET")),
        "{sockets:?}"
    );
}
