//! Programs that log in by a token of the platform that they run on: what they get, and who gets nothing.

use serde_json::{Value, json};

use super::client::Client;
use super::http::{Answer, request, send};
use super::room::{Room, URL};
use crate::harness::idp::Idp;
use crate::harness::keygen::{self, ED25519};
use crate::harness::platform::{BEARER, Platform};
use crate::harness::process::{Ran, bounded, run, wait_until};
use crate::harness::punchmark::BINARY;
use crate::harness::sshd::{Configuration, Sshd};
use crate::harness::write;
use crate::login::User;

/// What each token begins with: `{"alg":`.
const TOKEN: &str = "eyJhbGciOi";
const FORCED: &str = "/bin/echo deployed";

/// Roles of programs: two for the job that deploys, of which one is for another address; and one for another job.
fn roles() -> String {
    let role = |name: &str, requester: &str, address: &str| {
        format!(
            "[role.{name}]\nca = \"users\"\nautomation = true\nrequesters = [\"{requester}\"]\n\
             principals = [\"{{requester}}\"]\nstorage = \"mark\"\nlifetime = {{ default = \"10m\" }}\n\
             login = {{ methods = [\"ci\"] }}\ncritical-options = {{ forced = {{ source-address = \
             \"{address}\", force-command = \"{FORCED}\" }} }}\n"
        )
    };
    [
        role("deploy", "deploy-web", "127.0.0.1/32"),
        role("far", "deploy-web", "192.0.2.1/32"),
        role("nightly", "nightly", "127.0.0.1/32"),
    ]
    .concat()
}

/// A room whose server takes tokens of this issuer, for the jobs that `is` lists.
fn with_programs(mut room: Room, issuer: &str, is: &str) -> Room {
    let method = format!(
        "{}\n[login.ci]\nkind = \"jwt\"\nissuer = \"{issuer}\"\nallow-http = true\n{is}\n",
        roles()
    );
    room.admin = room.admin.and_config(&method);
    room
}

const WEB: &str = "[[login.ci.is]]\nrequester = \"deploy-web\"\nclaims = { repository_id = \"74\", ref = \
    \"refs/heads/main\", environment = \"production\" }\n[[login.ci.is]]\nrequester = \"nightly\"\nclaims = { \
    repository_id = \"75\", ref = \"refs/heads/main\" }";

fn job() -> Value {
    json!({
        "sub": "repo:web/site:environment:production", "repository_id": "74", "ref": "refs/heads/main",
        "environment": "production",
    })
}

/// The same with something else in it.
fn other_job(change: &Value) -> Value {
    let mut job = job();
    for (name, value) in change.as_object().unwrap() {
        job[name] = value.clone();
    }
    job
}

/// Gets a certificate on a machine that knows nothing yet, in this environment.
fn get(user: &User, room: &Room, environment: &[(&str, String)], more: &[&str]) -> Ran {
    let roots = room.folder().join("root.pem");
    let mut command = user.prepare(bounded(BINARY));
    let environment = environment.iter().map(|(name, value)| (name, value));
    command.envs(environment);
    command.args([
        "get",
        "--ci",
        "--server",
        &format!("127.0.0.1:{}", room.port),
    ]);
    command.arg("--ca-file").arg(roots).args(more);
    run(&mut command)
}

fn on_empty_machine() -> User {
    let mut user = User::new();
    user.agent = None;
    user
}

#[test]
fn a_job_gets_a_certificate_and_is_let_in_from_its_address_for_its_command_alone() {
    let platform = Platform::start();
    let room = with_programs(Room::for_clients(), &platform.issuer, WEB);
    let check = room.admin.punchmark.pinned(&["serve", "--check"]).ok();
    check.says(&format!(
        "logins by ci are of programs, by the keys at {}/keys",
        platform.issuer
    ));
    let (user, server) = (on_empty_machine(), room.start());
    let environment = platform.runs(job());
    let ca = room.admin.ca_file("users");
    let pin = run(bounded("ssh-keygen").arg("-lf").arg(&ca)).ok().stdout;
    let pin = pin.split(' ').nth(1).unwrap().to_owned();
    get(
        &user,
        &room,
        &environment,
        &["--role", "deploy", "--ca-fingerprint", &pin],
    )
    .ok()
    .says("logged in as deploy-web by ci until")
    .says("deploy-web_file for 10 minutes");
    let sshd = Sshd::start(&Configuration::users(&ca, &["deploy-web_file"]));
    let deploy = user.path(".ssh/punchmark/deploy");
    assert_eq!(sshd.login(&deploy).ok().stdout, "deployed\n");
    // Another role is for another address, and one for others is not offered.
    get(&user, &room, &environment, &["--role", "far"]).ok();
    sshd.login(&user.path(".ssh/punchmark/far")).exits(255);
    for role in ["nightly", "engineer", "boss"] {
        let refused = get(&user, &room, &environment, &["--role", role]).exits(1);
        refused.says(&format!("offers you no role {role}; it has: deploy, far"));
    }
    // A second certificate in the same session costs no token.
    assert_eq!(platform.times_asked("/job"), 1);
    // Where the certificate lasts, nothing is asked at all.
    let nothing = get(
        &user,
        &room,
        &[],
        &["--role", "deploy", "--if-needed", "1m"],
    )
    .ok();
    assert_eq!(nothing.stderr, "");
    let other = get(
        &on_empty_machine(),
        &room,
        &environment,
        &["--ca-fingerprint", "SHA256:AAAA"],
    );
    other
        .exits(1)
        .says("no CA with a key that --ca-fingerprint names");
    assert_eq!(platform.times_asked("/job"), 1);
    server.end();
    room.admin.assert_issued(2);
    room.ledger_is_right();
    let exported = room.admin.punchmark.run(&["ledger", "export"]).ok();
    let sessions = std::fs::read_to_string(room.folder().join("punchmark.sessions")).unwrap();
    for text in [&room.log(), &exported.stdout, &sessions] {
        assert!(!text.contains(BEARER) && !text.contains(TOKEN), "{text}");
    }
    assert!(
        room.log()
            .contains("by a token about repo:web/site:environment:production")
    );
}

#[test]
fn a_pull_request_of_a_fork_and_whoever_else_is_not_listed_gets_nothing() {
    let platform = Platform::start();
    let room = with_programs(Room::for_clients(), &platform.issuer, WEB);
    let server = room.start();
    for change in [
        json!({ "ref": "refs/pull/7/merge", "sub": "repo:web/site:pull_request" }),
        json!({ "repository_id": "740" }),
        json!({ "environment": "Production" }),
    ] {
        let environment = platform.runs(other_job(&change));
        let refused = get(
            &on_empty_machine(),
            &room,
            &environment,
            &["--role", "deploy"],
        );
        refused
            .exits(3)
            .says("no program of the server's config has all that the token says");
    }
    // Most forks get no token at all, and are told what a job wants.
    let user = on_empty_machine();
    let of_fork = [("GITHUB_ACTIONS", "true".to_owned())];
    get(&user, &room, &of_fork, &["--role", "deploy"])
        .exits(1)
        .says("no token shows which program this is")
        .says("permissions: id-token: write");
    let of_gitlab = [("GITLAB_CI", "true".to_owned())];
    get(&user, &room, &of_gitlab, &["--token-variable", "ID"])
        .exits(1)
        .says("variable ID is not set")
        .says(&format!(
            "id_tokens: {{ ID: {{ aud: https://127.0.0.1:{} }} }}",
            room.port
        ));
    let broken = platform.runs(job());
    let broken = [
        &broken[..2],
        &[("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "other".to_owned())],
    ]
    .concat();
    get(&user, &room, &broken, &[])
        .exits(1)
        .says("answered with status 401");
    for url in [
        "http://192.0.2.1/job?a=b",
        "https://user@example.org/",
        "file:///etc/passwd",
    ] {
        let elsewhere = [
            ("ACTIONS_ID_TOKEN_REQUEST_URL", url.to_owned()),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", BEARER.to_owned()),
        ];
        let refused = get(&user, &room, &elsewhere, &[]).exits(1);
        refused.says("ACTIONS_ID_TOKEN_REQUEST_URL");
    }
    for (text, words) in [
        ("", "no JSON Web Token"),
        ("secret-of-ours", "no JSON Web Token"),
    ] {
        write(&user.path("token"), text, 0o600);
        let file = user.path("token");
        let refused = get(&user, &room, &[], &["--token-file", file.to_str().unwrap()]).exits(1);
        assert!(!refused.stderr.contains("secret-of-ours"), "{refused}");
        refused.says(words);
    }
    server.end();
    room.admin.assert_issued(0);
    room.ledger_is_right();
}

/// Begins a login and shows a token.
fn show(room: &Room, client: &Client, token: &str) -> Answer {
    let method = json!({ "method": "ci" }).to_string();
    let begun = send(
        room.port,
        &request(("POST", "/v1/logins"), &[], Some(&method)),
    );
    let begun = begun.unwrap().is(201);
    client.learn(&begun);
    let begun = begun.json();
    assert_eq!(begun["kind"], "jwt");
    let path = format!("/v1/logins/{}/token", begun["login"].as_str().unwrap());
    let body = json!({ "token": token }).to_string();
    client.ask("POST", &path, Some(&body)).unwrap()
}

fn with_session(mut client: Client, opened: &Answer) -> Client {
    client.token = Some(opened.json()["token"].as_str().unwrap().to_owned());
    client
}

fn for_us(job: &Value) -> Value {
    let mut claims = job.clone();
    claims["aud"] = json!(URL);
    claims
}

#[test]
fn a_token_belongs_to_the_key_that_showed_it_first_and_to_this_file_of_sessions() {
    let platform = Platform::start();
    let room = with_programs(Room::ready(), &platform.issuer, WEB);
    let server = room.start();
    let token = platform.token(&for_us(&job()), 300);
    let (first, thief) = (Client::new(room.port), Client::new(room.port));
    show(&room, &first, &token).is(200);
    show(&room, &thief, &token).refuses(403, "login-refused", "another session key before");
    show(&room, &first, &token).is(200);
    server.end();
    let server = room.start();
    show(&room, &first, &token).is(200);
    show(&room, &thief, &token).refuses(403, "login-refused", "another session key before");
    server.kill();
    // Whoever takes the file away gets no second try with an old token.
    std::fs::remove_file(room.folder().join("punchmark.sessions")).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let server = room.start();
    for client in [&first, &thief] {
        show(&room, client, &token).refuses(403, "login-refused", "older than what this server");
    }
    let newer = platform.token(&for_us(&job()), 300);
    show(&room, &thief, &newer).is(200);
    server.end();
    room.ledger_is_right();
}

#[test]
fn a_programs_session_is_short_and_opens_what_is_for_programs() {
    let platform = Platform::start();
    let mut room =
        with_programs(Room::ready(), &platform.issuer, WEB).serves("admins = [\"deploy-web\"]");
    let open = "[role.open]\nca = \"users\"\nrequesters = [\"*\"]\nprincipals = [\"{requester}\"]\n\
        storage = \"mark\"\nlifetime = { default = \"1h\" }\nlogin = { methods = [\"ci\", \"keys\"] }\n";
    room.admin = room.admin.and_config(open);
    let lint = room.admin.punchmark.run(&["role", "lint"]).exits(1);
    let odd = "role open: programs log in by [login.ci]";
    assert!(lint.stdout.contains(odd), "{lint}");
    let peter = room.enrolled("peter");
    let server = room.start();
    let shown = show(
        &room,
        &Client::new(room.port),
        &platform.token(&for_us(&job()), 300),
    )
    .is(200);
    let now = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap()
        .as_secs();
    let until = shown.json()["until"].as_u64().unwrap();
    assert!((now + 500..=now + 600).contains(&until), "{until}");
    let names = |client: &Client| {
        let roles = client.ask("GET", "/v1/roles", None).unwrap().is(200).json();
        let roles = roles["roles"].as_array().unwrap().clone();
        let names = roles
            .iter()
            .map(|role| role["role"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    let client = Client::new(room.port);
    let token = platform.token(&for_us(&job()), 300);
    let opened = show(&room, &client, &token).is(200);
    let client = with_session(client, &opened);
    assert_eq!(names(&client), ["deploy", "far"]);
    assert_eq!(
        names(&Client::logged_in(room.port, &peter)),
        ["engineer", "open"]
    );
    room.admin.key("laptop", ED25519);
    let asked = room.request_file("laptop", &client.challenge(), &["--role", "open"]);
    let refused = client.certificate(&asked).unwrap();
    refused.refuses(
        403,
        "refused",
        "reaches roles with `automation = true` alone",
    );
    // By name an admin, and by a program's login none.
    let revoke = json!({ "requesters": ["peter"], "reason": "left" }).to_string();
    let revoke = client.ask("POST", "/v1/revocations", Some(&revoke));
    revoke.unwrap().is(403);
    let all = client.ask("GET", "/v1/certificates?requester=peter", None);
    all.unwrap().refuses(403, "refused", "auditors and admins");
    assert_eq!(
        names(&Client::logged_in(room.port, &peter)),
        ["engineer", "open"]
    );
    // An admin ends all that the program has.
    let bar = [
        "revoke",
        "--requester",
        "deploy-web",
        "--reason",
        "stolen",
        "--yes",
    ];
    room.admin.punchmark.run(&bar).ok();
    let over = client.ask("GET", "/v1/session", None).unwrap();
    over.refuses(401, "no-session", "log in again");
    let token = platform.token(&for_us(&job()), 300);
    show(&room, &Client::new(room.port), &token).is(401);
    server.end();
    room.ledger_is_right();
}

#[test]
fn a_token_that_does_not_count_is_refused_in_words_and_opens_nothing() {
    let platform = Platform::start();
    let room = with_programs(Room::ready(), &platform.issuer, WEB);
    let server = room.start();
    let client = Client::new(room.port);
    let claims = for_us(&job());
    let with = |change: Value| {
        let mut claims = claims.clone();
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        platform.token(&claims, 300)
    };
    let good = platform.token(&claims, 300);
    let none = format!("eyJhbGciOiJub25lIn0.{}.", good.split('.').nth(1).unwrap());
    for (token, words) in [
        (platform.token(&claims, -61), "over since"),
        (with(json!({ "nbf": 4_000_000_000_u64 })), "counts from"),
        (
            with(json!({ "aud": "https://other.example.org" })),
            "for https://other.example.org",
        ),
        (with(json!({ "aud": [URL, "other"] })), "alone is taken"),
        (with(json!({ "iss": "https://evil.example" })), "is by"),
        (platform.token(&claims, 86_401), "at most 86400 s are taken"),
        (with(json!({ "sub": ["a"] })), "claim `sub`"),
        (none, "for another algorithm than the token's"),
        (good[..good.len() - 2].to_owned(), "signature"),
        ("a.b".to_owned(), "three parts"),
        ("a".repeat(20_000), "are the most"),
    ] {
        show(&room, &client, &token).refuses(403, "login-refused", words);
    }
    // A key that came behind is asked for, and not at each token that names one.
    let asked = platform.times_asked("/keys");
    platform.changes_its_key("second");
    for _each in 0..3 {
        show(&room, &client, &platform.token(&claims, 300)).refuses(
            403,
            "login-refused",
            "no key second",
        );
    }
    assert_eq!((asked, platform.times_asked("/keys")), (1, 1));
    server.end();
    let server = room.start();
    show(&room, &client, &platform.token(&claims, 300)).is(200);
    show(&room, &client, &good).refuses(403, "login-refused", "no key first");
    server.end();
    assert!(!room.log().contains(TOKEN), "{}", room.log());
    room.ledger_is_right();
}

#[test]
fn a_program_that_the_config_lists_no_more_has_no_session() {
    let platform = Platform::start();
    let room = with_programs(Room::ready(), &platform.issuer, WEB);
    let server = room.start();
    let client = Client::new(room.port);
    let opened = show(&room, &client, &platform.token(&for_us(&job()), 300)).is(200);
    let client = with_session(client, &opened);
    let session = || client.ask("GET", "/v1/session", None).unwrap();
    session().is(200);
    let reloaded = |times: usize| {
        server.hang_up();
        wait_until("the config is read again", || {
            room.log().matches("the config was read again").count() == times
        });
    };
    room.edit("repository_id = \"75\"", "repository_id = \"76\"");
    reloaded(1);
    session().is(200);
    room.edit("environment = \"production\"", "environment = \"staging\"");
    reloaded(2);
    session().refuses(401, "no-session", "log in again");
    show(
        &room,
        &Client::new(room.port),
        &platform.token(&for_us(&job()), 300),
    )
    .is(403);
    server.end();
    room.ledger_is_right();
}

#[test]
fn a_platform_that_is_away_is_for_now_and_ends_a_check() {
    // Nobody listens there.
    let issuer = format!("http://127.0.0.1:{}", super::room::free_port());
    let room = with_programs(Room::ready(), &issuer, WEB);
    room.admin
        .punchmark
        .pinned(&["serve", "--check"])
        .exits(1)
        .says("[login.ci]");
    let platform = Platform::start();
    let server = room.start();
    let client = Client::new(room.port);
    let answer = show(&room, &client, &platform.token(&for_us(&job()), 300));
    assert_eq!(answer.header("retry-after"), Some("10"));
    answer.refuses(503, "busy", "the platform's keys can't be asked for now");
    assert!(room.log().contains(&issuer), "{}", room.log());
    server.end();
    room.ledger_is_right();
}

#[test]
fn a_client_of_a_real_provider_logs_in_by_its_access_token() {
    let idp = Idp::of_programs();
    let is = "[[login.ci.is]]\nrequester = \"deploy-web\"\nclaims = { sub = \"deployer\" }";
    let room = with_programs(Room::for_clients(), &idp.issuer, is);
    let (user, server) = (on_empty_machine(), room.start());
    let url = format!("https://127.0.0.1:{}", room.port);
    let token = idp.program_token(&url);
    write(&user.path("token"), format!("{token}\n"), 0o600);
    let file = user.path("token").to_str().unwrap().to_owned();
    let got = get(
        &user,
        &room,
        &[],
        &["--role", "deploy", "--token-file", &file],
    )
    .ok();
    got.says("deploy-web_file for 10 minutes");
    let certificate = user.path(".ssh/punchmark/deploy-cert.pub");
    assert_eq!(keygen::read(&certificate).principals, ["deploy-web_file"]);
    // The same token on the same machine, as a pod has it; on another one it is somebody else's.
    std::fs::remove_file(
        user.path(".local/state/punchmark/servers")
            .join(format!("127.0.0.1_{}", room.port))
            .join("session.json"),
    )
    .unwrap();
    get(
        &user,
        &room,
        &[],
        &["--role", "deploy", "--token-file", &file],
    )
    .ok();
    let thief = on_empty_machine();
    get(
        &thief,
        &room,
        &[],
        &["--role", "deploy", "--token-file", &file],
    )
    .exits(3)
    .says("shown with another session key before");
    // In a variable, and for somebody else.
    let variable = [("PUNCHMARK_ID_TOKEN", idp.program_token(&url))];
    get(&thief, &room, &variable, &["--role", "deploy"]).ok();
    let other = [("WRONG", idp.program_token("https://other.example.org"))];
    get(
        &on_empty_machine(),
        &room,
        &other,
        &["--token-variable", "WRONG"],
    )
    .exits(3)
    .says("the token is for https://other.example.org");
    server.end();
    room.ledger_is_right();
    assert!(!room.log().contains(&token));
}
