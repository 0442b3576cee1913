//! Programs that log in by a token of the platform that they run on: what they get, and who gets nothing.

mod token;

use serde_json::{Value, json};

use super::room::Room;
use crate::harness::idp::Idp;
use crate::harness::keygen;
use crate::harness::platform::{BEARER, Platform};
use crate::harness::process::{Ran, bounded, run};
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
    let got = get(
        &user,
        &room,
        &environment,
        &["--role", "deploy", "--ca-fingerprint", &pin],
    )
    .ok()
    .says("logged in as deploy-web by ci until")
    .says("deploy-web_file for 10 minutes");
    // Nobody has an agent there.
    assert!(!got.stderr.contains("ssh-agent"), "{got}");
    let sshd = Sshd::start(&Configuration::users(&ca, &["deploy-web_file"]));
    let deploy = user.path(".ssh/punchmark/deploy");
    assert_eq!(sshd.login(&deploy).ok().stdout, "deployed\n");
    // Another role is for another address, and one for others is not offered.
    get(&user, &room, &environment, &["--role", "far"]).ok();
    sshd.login(&user.path(".ssh/punchmark/far")).exits(255);
    for role in ["nightly", "engineer", "boss"] {
        let refused = get(&user, &room, &environment, &["--role", role]).exits(3);
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
    room.tells_nothing_of(&[BEARER, TOKEN]);
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
