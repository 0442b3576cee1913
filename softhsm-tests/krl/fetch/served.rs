//! A list that comes from a server.

use super::*;

/// The same by https: `/k` and `/k.sig` are the files of `source`.
fn served() -> (Folder, Server) {
    let folder = ready();
    let server = Server::start(&folder);
    serve(&folder, &server);
    (folder, server)
}

fn serve(folder: &Folder, server: &Server) {
    server.answer("/k", Answer::File(folder.read("source")));
    server.answer("/k.sig", Answer::File(folder.read("source.sig")));
}

fn fetch_url(folder: &Folder, url: &str) -> Ran {
    fetch(folder, url, &["--ca-file", "roots.pem", "--timeout", "2s"])
}

#[test]
fn a_list_comes_by_https_and_an_unchanged_one_costs_its_signature_alone() {
    let (folder, server) = served();
    let url = server.url("/k");
    line(&fetch_url(&folder, &url), 0, "OK: ", ": replaced");
    assert_eq!(folder.read("revoked.krl"), folder.read("source"));
    assert_eq!(server.asked(), ["/k.sig", "/k"]);
    line(&fetch_url(&folder, &url), 0, "OK: ", ": unchanged");
    assert_eq!(server.asked(), ["/k.sig"]);
}

#[test]
fn a_pair_that_is_being_replaced_is_asked_for_again() {
    let (folder, server) = served();
    let url = server.url("/k");
    let old = folder.read("source.sig");
    publish(&folder, "source", 11, "users", 21);
    serve(&folder, &server);
    server.answer("/k.sig", Answer::Then(1, old, folder.read("source.sig")));
    line(
        &fetch_url(&folder, &url),
        0,
        "OK: revoked.krl: version 11",
        ": replaced",
    );
}

#[test]
fn whatever_a_server_does_the_list_that_is_there_stays() {
    let (folder, server) = served();
    let url = server.url("/k");
    fetch_url(&folder, &url).ok();
    let installed = folder.read("revoked.krl");
    publish(&folder, "source", 11, "users", 21);
    serve(&folder, &server);
    let new = folder.read("source");
    for (answer, words) in [
        (Answer::Status(404), "status 404"),
        (Answer::Status(500), "status 500"),
        (Answer::Status(204), "status 204"),
        (Answer::Cut(new.clone()), "/k: "),
        (Answer::Cut(new[..9].to_vec()), "/k: "),
        (Answer::Garbage, "/k: "),
        (Answer::Drip, "took longer than 2 s"),
        (Answer::Announce(1 << 40), "/k: "),
        (
            Answer::Redirect("http://127.0.0.1:1/k".to_owned()),
            "not https",
        ),
        (Answer::Redirect(url.clone()), "/k: "),
        (Answer::Redirect("file:///etc/passwd".to_owned()), "/k: "),
    ] {
        server.answer("/k", answer);
        let ran = fetch_url(&folder, &url);
        line(&ran, 1, "WARNING: revoked.krl: version 10", "");
        assert!(ran.stdout.contains(words), "{words:?} {ran}");
        assert_eq!(folder.read("revoked.krl"), installed);
    }
    serve(&folder, &server);
    line(
        &fetch_url(&folder, &url),
        0,
        "OK: revoked.krl: version 11",
        ": replaced",
    );
}

#[test]
fn a_body_without_end_is_read_up_to_the_limit() {
    let (folder, server) = served();
    server.answer("/k.sig", Answer::Endless);
    let ran = fetch_url(&folder, &server.url("/k"));
    line(&ran, 2, "CRITICAL: ", "more than 65536 bytes");
    serve(&folder, &server);
    server.answer("/k", Answer::Endless);
    let long = ["--ca-file", "roots.pem", "--timeout", "1m"];
    let ran = fetch(&folder, &server.url("/k"), &long);
    line(&ran, 2, "CRITICAL: ", "more than 134217728 bytes");
    assert!(!folder.path().join("revoked.krl").exists());
}

#[test]
fn a_redirect_to_another_https_url_is_followed() {
    let (folder, server) = served();
    server.answer("/new.sig", Answer::Redirect(server.url("/k.sig")));
    server.answer("/new", Answer::Redirect("/k".to_owned()));
    line(
        &fetch_url(&folder, &server.url("/new")),
        0,
        "OK: ",
        ": replaced",
    );
}

#[test]
fn a_server_that_nobody_vouches_for_is_not_listened_to() {
    let (folder, server) = served();
    let url = server.url("/k");
    line(&fetch(&folder, &url, &[]), 2, "CRITICAL: ", "");
    assert_eq!(server.asked(), Vec::<String>::new());
    let name = url.replace("127.0.0.1", "localhost");
    line(&fetch_url(&folder, &name), 2, "CRITICAL: ", "");
    assert_eq!(server.asked(), Vec::<String>::new());
    folder.write("empty.pem", "");
    let ran = fetch(&folder, &url, &["--ca-file", "empty.pem"]).exits(3);
    assert!(ran.stdout.starts_with("UNKNOWN: no certificates"), "{ran}");
}

#[test]
fn a_url_that_is_not_https_or_holds_a_password_is_refused_and_not_repeated() {
    let folder = ready();
    for url in [
        "http://ca/k",
        "https://anna:hunter2@ca/k",
        "ftp://ca/k",
        "https://ca/k?x",
    ] {
        let ran = fetch(&folder, url, &[]).exits(3).says("a URL");
        assert!(!ran.stderr.contains("hunter2"), "{ran}");
    }
}
