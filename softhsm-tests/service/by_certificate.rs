//! Logins by client certificates, which openssl made: who gets a session, and who doesn't.

mod changes;
mod program;
mod shown;

use serde_json::{Value, json};

use self::shown::Shown;
use super::client::Client;
use super::http::Answer;
use super::room::Room;
use super::tls::{FILES, certify};
use crate::harness::client_ca::{ClientCa, FOR_CLIENTS, Says};
use crate::harness::keygen::{self, ED25519};
use crate::harness::write;

const ROLES: &str = "
[role.floor]
ca         = \"users\"
requesters = [\"*\"]
principals = [\"{requester}\"]
storage    = \"mark\"
lifetime   = { default = \"1h\", maximum = \"8h\" }
login      = { methods = [\"corp\", \"mesh\"] }
";

/// The lines of a method by addresses of two domains.
fn by_address(ca: &ClientCa, more: &str) -> String {
    format!(
        "[login.corp]\nkind = \"tls\"\nclient-ca = \"{}\"\nrequester = \"email\"\n\
         domains = [\"example.org\", \"example.com\"]\n{more}\n",
        ca.path("ca.pem").display()
    )
}

fn by_id(ca: &ClientCa) -> String {
    format!(
        "[login.mesh]\nkind = \"tls\"\nclient-ca = \"{}\"\nrequester = \"spiffe\"\n\
         below = \"spiffe://example.org/people/\"\n",
        ca.path("ca.pem").display()
    )
}

/// A room whose server does TLS itself, and has these methods beside enrolled keys.
fn room(methods: &str) -> Room {
    with(Room::with_tls(FILES), methods)
}

fn with(mut room: Room, methods: &str) -> Room {
    certify(&room.folder());
    room.admin = room.admin.and_config(&format!("{ROLES}\n{methods}\n"));
    room
}

fn log_in(client: &Client, method: &str, shown: &Shown) -> Answer {
    let body = json!({ "method": method }).to_string();
    let begun = shown.ask(client, "POST", "/v1/logins", Some(&body)).is(201);
    let begun = begun.json();
    assert_eq!(
        (&begun["kind"], begun.get("challenge")),
        (&json!("tls"), None)
    );
    let path = format!("/v1/logins/{}/token", begun["login"].as_str().unwrap());
    shown.ask(client, "POST", &path, Some("{}"))
}

/// Somebody with a session, and what was said when it was opened.
#[track_caller]
fn logged_in(room: &Room, method: &str, shown: &Shown) -> (Client, Value) {
    let mut client = Client::new(room.port);
    let opened = log_in(&client, method, shown).is(200).json();
    client.token = Some(opened["token"].as_str().unwrap().to_owned());
    (client, opened)
}

fn requesters(room: &Room) -> String {
    let bound = room.admin.punchmark.run(&["requester", "list"]).ok();
    bound.stdout
}

#[test]
fn a_certificate_opens_a_session_that_goes_on_without_it_and_ends_with_it() {
    let ca = ClientCa::new("people");
    ca.certify(
        "anna",
        &Says::names(&["DNS:laptop.example.org", "email:kim@Example.org"]),
    );
    let soon = Says {
        hours: (-1, 1),
        ..Says::names(&["email:lea@example.org"])
    };
    ca.certify("lea", &soon);
    let room = room(&by_address(&ca, ""));
    room.admin.key("laptop", ED25519);
    let check = room.admin.punchmark.pinned(&["serve", "--check"]).ok();
    check.says("logins by corp are by client certificates of CN=people, who are bound with client-ca:sha256:");
    let server = room.start();
    let (kim, without) = (Shown::by(&room, &ca, "anna"), Shown::nothing(&room));
    let (client, opened) = logged_in(&room, "corp", &kim);
    assert_eq!(
        (&opened["requester"], &opened["groups"]),
        (&json!("kim"), &json!([]))
    );
    let told = without
        .ask(&client, "GET", "/v1/session", None)
        .is(200)
        .json();
    assert_eq!(told["method"], "corp");
    let roles = without
        .ask(&client, "GET", "/v1/roles", None)
        .is(200)
        .json();
    let roles: Vec<_> = roles["roles"].as_array().unwrap().iter().collect();
    assert_eq!((roles.len(), &roles[0]["role"]), (1, &json!("floor")));
    let made = without.ask(&client, "POST", "/v1/challenges", None).is(201);
    let made = made.json();
    let challenge = made["challenge"].as_str().unwrap();
    let asked = room.request_file("laptop", challenge, &["--role", "floor"]);
    let body = json!({ "request": asked }).to_string();
    let issued = without.ask(&client, "POST", "/v1/certificates", Some(&body));
    let issued = issued.is(201).json();
    let path = room.admin.punchmark.path("laptop-cert.pub");
    write(&path, issued["certificate"].as_str().unwrap(), 0o644);
    assert_eq!(keygen::read(&path).principals, ["kim_file"]);

    // One that is over in an hour opens no session of twelve; and by TLS 1.2 it is as by 1.3.
    let (_, short) = logged_in(&room, "corp", &Shown::by(&room, &ca, "lea").by_tls12());
    let lives = |opened: &Value| opened["until"].as_u64().unwrap();
    let less = lives(&opened) - lives(&short);
    assert!((10 * 3600..=11 * 3600 + 60).contains(&less), "{less}");

    server.end();
    let server = room.start();
    without.ask(&client, "GET", "/v1/session", None).is(200);
    let bound = requesters(&room);
    let line = bound.lines().find(|line| line.contains("kim@example.org"));
    let issuer = line.unwrap().split_whitespace();
    let issuer = issuer
        .clone()
        .find(|word| word.contains("client-ca:sha256:"));
    let of_kim = ["--issuer", issuer.unwrap(), "--subject", "kim@example.org"];
    let remove = [&["requester", "remove", "kim"][..], &of_kim].concat();
    room.admin.punchmark.run(&remove).ok();
    let over = without.ask(&client, "GET", "/v1/session", None);
    over.refuses(401, "no-session", "log in again");
    server.end();
    room.ledger_is_right();
    let log = room.log();
    assert!(
        log.contains("by a client certificate of kim@example.org"),
        "{log}"
    );
}

#[test]
fn what_is_shown_and_counts_for_nothing_is_told_in_words() {
    let (ca, other) = (ClientCa::new("people"), ClientCa::new("people"));
    let anna = &["email:anna@example.org"][..];
    let [basic, usage, clients] = *FOR_CLIENTS else {
        panic!("three lines")
    };
    let says = |names, more, hours| Says { names, more, hours };
    other.certify("others", &Says::names(anna));
    let good = Says::names(anna).hours;
    for (name, made) in [
        ("over", says(anna, FOR_CLIENTS, (-3, -1))),
        ("early", says(anna, FOR_CLIENTS, (1, 3))),
        (
            "servers",
            says(anna, &[basic, usage, "extendedKeyUsage = serverAuth"], good),
        ),
        ("anything", says(anna, &[basic, usage], good)),
        (
            "encrypts",
            says(anna, &[basic, "keyUsage = keyEncipherment", clients], good),
        ),
        (
            "authority",
            says(
                anna,
                &["basicConstraints = critical,CA:TRUE", clients],
                good,
            ),
        ),
        (
            "two",
            Says::names(&["email:anna@example.org", "email:erik@example.org"]),
        ),
        (
            "none",
            Says::names(&["DNS:example.org", "URI:spiffe://example.org/people/anna"]),
        ),
        ("elsewhere", Says::names(&["email:anna@example.net"])),
        ("alike", Says::names(&["email:anna@xn--exmple-cua.org"])),
        ("suffix", Says::names(&["email:ole_file@example.org"])),
        ("comma", Says::names(&["email:anna,erik@example.org"])),
        ("operator", Says::names(&["email:operator@example.org"])),
        ("itself", Says::names(anna)),
    ] {
        ca.certify(name, &made);
    }
    ca.certify_itself("itself");
    let room = room(&by_address(&ca, ""));
    let key = room.enrolled("peter");
    let server = room.start();
    let client = Client::new(room.port);
    let nothing = log_in(&client, "corp", &Shown::nothing(&room));
    nothing.refuses(401, "login", "no client certificate was shown in TLS");
    let of_other = Shown::by(&room, &other, "others");
    let by = |name: &str| Shown::by(&room, &ca, name);
    for (shown, words) in [
        (of_other, "not by the client CA of this login method"),
        (by("itself"), "not by the client CA of this login method"),
        (by("over"), "the client certificate is over"),
        (by("early"), "not valid yet"),
        (by("servers"), "has to name clientAuth"),
        (by("anything"), "has to name clientAuth"),
        (by("encrypts"), "has to name digitalSignature"),
        (by("authority"), "a CA's own"),
        (by("ca"), "a CA's own"),
        (
            by("two"),
            "has 2 alternative names of the kind `e-mail address`",
        ),
        (by("none"), "no e-mail address"),
        (by("elsewhere"), "of no domain that the server takes"),
        (by("alike"), "of no domain that the server takes"),
        (by("suffix"), "which the CA alone adds"),
        (by("comma"), "is no name for a requester"),
        (by("operator"), "`operator` is nobody's name"),
    ] {
        log_in(&client, "corp", &shown).refuses(403, "login-refused", words);
        // Whatever it is, it keeps nobody from what wants none, by TLS 1.2 and 1.3.
        for shown in [shown.by_tls12(), shown] {
            shown.ask(&client, "GET", "/v1/server", None).is(200);
        }
    }
    // An enrolled key counts beside a certificate that doesn't.
    let shown = by("over");
    let begun = json!({ "method": "keys" }).to_string();
    let begun = shown
        .ask(&client, "POST", "/v1/logins", Some(&begun))
        .is(201)
        .json();
    let path = format!("/v1/logins/{}/token", begun["login"].as_str().unwrap());
    let signature = json!({ "signature": client.signature(&begun, &key) }).to_string();
    let opened = shown.ask(&client, "POST", &path, Some(&signature)).is(200);
    assert_eq!(opened.json()["requester"], "peter");
    server.end();
    assert!(!requesters(&room).contains("example"), "nobody is bound");
    room.ledger_is_right();
    assert!(!room.log().contains("panicked"), "{}", room.log());
}

#[test]
fn a_name_is_of_one_person_and_a_method_has_a_ca_of_its_own() {
    let (people, mesh) = (ClientCa::new("people"), ClientCa::new("mesh"));
    for (name, address) in [
        ("anna", "email:anna@example.org"),
        ("mia", "email:mia@example.org"),
        ("mia2", "email:mia@example.com"),
        ("upper", "email:MIA@example.org"),
        ("peter", "email:peter@example.org"),
    ] {
        people.certify(name, &Says::names(&[address]));
    }
    mesh.certify(
        "mia",
        &Says::names(&["URI:spiffe://example.org/people/mia"]),
    );
    mesh.certify(
        "lea",
        &Says::names(&["URI:spiffe://example.org/people/lea"]),
    );
    mesh.certify("far", &Says::names(&["URI:spiffe://example.org/lea"]));
    let methods = by_address(&people, "same-as = [\"mesh\"]") + &by_id(&mesh);
    let room = room(&methods);
    room.enrolled("peter");
    let server = room.start();
    let client = Client::new(room.port);
    let refused = |ca: &ClientCa, name: &str, method: &str, words: &str| {
        let shown = Shown::by(&room, ca, name);
        log_in(&client, method, &shown).refuses(403, "login-refused", words);
    };
    let (_, mia) = logged_in(&room, "corp", &Shown::by(&room, &people, "mia"));
    assert_eq!(mia["requester"], "mia");
    refused(&people, "mia2", "corp", "bound to somebody else");
    refused(&people, "upper", "corp", "in case only");
    refused(&people, "peter", "corp", "that of an enrolled key");
    // A role spells it out.
    refused(
        &people,
        "anna",
        "corp",
        "punchmark requester bind anna --issuer 'client-ca:sha256:",
    );
    let (_, lea) = logged_in(&room, "mesh", &Shown::by(&room, &mesh, "lea"));
    assert_eq!(lea["requester"], "lea");
    refused(&mesh, "far", "mesh", "not directly below");
    people.certify("lea", &Says::names(&["email:lea@example.org"]));
    let (_, same) = logged_in(&room, "corp", &Shown::by(&room, &people, "lea"));
    assert_eq!(
        (&same["requester"], &same["method"]),
        (&json!("lea"), &json!("corp"))
    );
    // `corp` says that names of `mesh` are the same people's, and `mesh` says nothing.
    refused(&mesh, "mia", "mesh", "bound to somebody else");
    // What the one CA signed is nothing at the method of the other.
    refused(&people, "mia", "mesh", "no URI");
    refused(&mesh, "lea", "corp", "no e-mail address");
    people.certify(
        "both",
        &Says::names(&["URI:spiffe://example.org/people/lea"]),
    );
    refused(&people, "both", "mesh", "not by the client CA");
    let log = room.log();
    let issuer = log
        .split_whitespace()
        .find(|word| word.starts_with("client-ca:sha256:"));
    let bind = [
        "requester",
        "bind",
        "anna",
        "--subject",
        "anna@example.org",
        "--issuer",
    ];
    let bind = [&bind[..], &[issuer.unwrap()]].concat();
    room.admin.punchmark.run(&bind).ok();
    let (_, anna) = logged_in(&room, "corp", &Shown::by(&room, &people, "anna"));
    assert_eq!(anna["requester"], "anna");
    server.end();
    room.ledger_is_right();
}
