//! The whole story by an identity provider: `login` and a person at a real browser, `get`, a real ssh-agent, a
//! real sshd.

use serde_json::json;

use super::room::{Room, Running};
use crate::harness::idp::{Idp, SECRET};
use crate::harness::pty::{self, Pty};
use crate::harness::punchmark::BINARY;
use crate::harness::sshd::{Configuration, Sshd};
use crate::harness::webdriver::Browser;
use crate::harness::write;
use crate::login::User;

/// Peter, as the provider has him.
const PETER: &str = "248289761001";
/// Somebody whom no role names, and who is in no group.
const LOTTE: &str = "42";

/// A provider, and a server that believes it.
struct Place {
    room: Room,
    idp: Idp,
    server: Running,
}

impl Place {
    fn ready() -> Self {
        let room = Room::for_clients();
        let back = format!("https://{}/login/callback", host(&room));
        let accounts = json!({
            PETER: { "preferred_username": "peter", "groups": ["engineers", "oncall"] },
            LOTTE: { "preferred_username": "lotte", "groups": [] },
        });
        let idp = Idp::sending_to(&back, &["ES256"], &accounts);
        write(&room.folder().join("secret"), SECRET, 0o600);
        room.admin.configure(&config(&idp));
        let server = room.start();
        Self { room, idp, server }
    }

    /// Says that the provider means peter by its number.
    fn bind_peter(&self) {
        let bind = ["requester", "bind", "peter", "--issuer", &self.idp.issuer];
        let subject = ["--subject", PETER];
        let punchmark = &self.room.admin.punchmark;
        punchmark.run(&[&bind[..], &subject].concat()).ok();
    }

    /// Begins to log in at a terminal, of somebody who came from elsewhere if the browser isn't here.
    fn begin(&self, user: &User, browser: At) -> Pty {
        let mut command = user.browses(pty::command(BINARY));
        if let At::Elsewhere = browser {
            command.env("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22");
        }
        let roots = self.room.folder().join("root.pem");
        command.args(["login", "--method", "work", "--ca-file"]);
        command.arg(roots).arg(host(&self.room));
        Pty::start(command)
    }

    /// Ends the server; nothing of a login stands in its log or in the ledger, which is right.
    #[track_caller]
    fn end(self, secrets: &[&str]) {
        self.server.end();
        self.room.ledger_is_right();
        self.room.tells_nothing_of(&[&[SECRET], secrets].concat());
    }
}

enum At {
    Here,
    Elsewhere,
}

fn host(room: &Room) -> String {
    format!("127.0.0.1:{}", room.port)
}

/// The role of a group, which a code opens too; one for whoever sits at the browser's machine; and one that
/// spells peter out.
fn config(idp: &Idp) -> String {
    let role = |name: &str, lines: &str| {
        format!(
            "[role.{name}]\nca = \"users\"\n{lines}\nprincipals = [\"{{requester}}\"]\nstorage = \"mark\"\n\
             lifetime = {{ default = \"1h\", maximum = \"8h\" }}\n"
        )
    };
    let oncall = "groups = [\"work:oncall\"]\nlogin = { methods = [\"work\"], code = true }";
    let desk = "groups = [\"work:engineers\"]\nlogin = { methods = [\"work\"] }";
    format!(
        "[login.work]\nkind = \"oidc\"\nissuer = \"{}\"\nclient-id = \"ES256\"\nclient-secret-file = \"secret\"\n\
         groups = \"groups\"\ncode = true\nallow-http = true\n{}{}",
        idp.issuer,
        role("oncall", oncall),
        role("desk", desk),
    )
}

/// The page that the program had a browser open.
fn page(user: &User, terminal: &mut Pty) -> String {
    terminal.expect("in your browser");
    user.opened()
}

/// The page and the code that the program shows for a browser elsewhere.
fn page_and_code(terminal: &mut Pty) -> (String, String) {
    terminal.expect("open in a browser: ");
    let page = terminal.expect("\r\n");
    terminal.expect("and type ");
    let code = terminal.expect(" if the page asks for ");
    (page, code)
}

fn log_in_at_provider(browser: &Browser, page: &str, subject: &str) {
    browser.open(page);
    browser.type_into("subject", subject);
    browser.press_button();
}

/// Ends well, and says who it is.
#[track_caller]
fn logged_in(terminal: Pty) {
    let (said, code) = terminal.finish();
    assert_eq!(code, 0, "{said}");
    let words = "logged in as peter by work (engineers, oncall) until";
    assert!(said.contains(words), "{said}");
}

/// Ends with this.
#[track_caller]
fn refused(terminal: Pty, words: &str) -> String {
    let (said, code) = terminal.finish();
    assert_eq!(code, 3, "{said}");
    assert!(said.contains(words), "{said}");
    said
}

/// A certificate of this role lets in as peter_file and as nobody else.
fn is_let_in(place: &Place, user: &User, role: &str) {
    user.run(&["get", "--role", role])
        .ok()
        .says("peter_file for 1 hour, into the ssh-agent");
    let ca = place.room.admin.ca_file("users");
    let agent = user.agent.as_ref().unwrap().socket();
    let sshd = Sshd::start(&Configuration::users(&ca, &["peter_file"]));
    assert_eq!(sshd.login_by_agent(&agent).ok().stdout, "welcome\n");
    let sshd = Sshd::start(&Configuration::users(&ca, &["peter_physical"]));
    assert_eq!(sshd.login_by_agent(&agent).code, Some(255));
}

fn roles(user: &User) -> String {
    user.run(&["get", "--role", "none"]).exits(3).stderr
}

#[test]
fn a_person_logs_in_in_a_browser_gets_a_certificate_and_is_let_in() {
    let (place, user, browser) = (Place::ready(), User::new(), Browser::start());
    place.bind_peter();
    let mut terminal = place.begin(&user, At::Here);
    let page = page(&user, &mut terminal);
    log_in_at_provider(&browser, &page, PETER);
    browser.expect("You can close this page");
    logged_in(terminal);
    let offered = roles(&user);
    assert!(
        offered.contains("oncall") && offered.contains("desk"),
        "{offered}"
    );
    assert!(
        !offered.contains("engineer,"),
        "a role for enrolled keys: {offered}"
    );
    is_let_in(&place, &user, "oncall");
    is_let_in(&place, &user, "desk");
    user.run(&["login", "--end"]).ok();
    user.run(&["login", "--status"]).exits(1);
    assert_eq!(user.identities(), ["The agent has no identities."]);
    // The browser was sent back with a code, which counted once.
    let back = browser.place();
    let (_, code) = back.split_once("/?code=").expect(&back);
    let (code, _) = code.split_once('&').unwrap();
    browser.open(&page);
    browser.expect("Not logged in");
    place.end(&[code]);
}

#[test]
fn a_code_is_typed_on_the_page_that_says_who_asks() {
    let (place, user, browser) = (Place::ready(), User::new(), Browser::start());
    place.bind_peter();
    let mut terminal = place.begin(&user, At::Elsewhere);
    let (page, code) = page_and_code(&mut terminal);
    assert!(!page.contains(&code), "{page}");
    log_in_at_provider(&browser, &page, PETER);
    let asked = browser.expect("Is it you who asks?");
    let machine = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    for words in [machine.as_str(), "127.0.0.1", "peter"] {
        assert!(asked.contains(words), "{words} {asked}");
    }
    assert!(!asked.contains(&code), "{asked}");
    browser.type_into("code", "AAAA-AAAA");
    browser.press_button();
    browser.expect("You can try 4 times more");
    browser.type_into("code", &code.to_lowercase());
    browser.press_button();
    browser.expect("You can close this page");
    logged_in(terminal);
    // The other role wants the browser where the program is.
    user.run(&["get", "--role", "desk"])
        .exits(3)
        .says("no role desk");
    is_let_in(&place, &user, "oncall");
    user.run(&["login", "--end"]).ok();
    place.end(&[&code]);
}

#[test]
fn a_code_that_is_typed_wrong_five_times_opens_nothing() {
    let (place, user, browser) = (Place::ready(), User::new(), Browser::start());
    place.bind_peter();
    let mut terminal = place.begin(&user, At::Elsewhere);
    let (page, code) = page_and_code(&mut terminal);
    log_in_at_provider(&browser, &page, PETER);
    for left in (0..5).rev() {
        browser.type_into("code", "AAAA-AAAA");
        browser.press_button();
        let words = match left {
            0 => "Not logged in".to_owned(),
            1 => "try once more".to_owned(),
            left => format!("try {left} times more"),
        };
        browser.expect(&words);
    }
    refused(terminal, "the code was typed wrong five times");
    user.run(&["login", "--status"]).exits(1);
    place.end(&[&code]);
}

#[test]
fn whom_the_provider_refuses_and_whoever_has_no_right_to_a_name_gets_no_session() {
    let (place, user) = (Place::ready(), User::new());
    let mut terminal = place.begin(&user, At::Here);
    let browser = Browser::start();
    log_in_at_provider(&browser, &page(&user, &mut terminal), "nobody");
    browser.expect("You can close this page");
    refused(terminal, "access_denied");
    // A role spells peter out: an admin says first whom the provider means by that.
    let mut terminal = place.begin(&user, At::Here);
    log_in_at_provider(&browser, &page(&user, &mut terminal), PETER);
    browser.expect("You can close this page");
    let bind = format!(
        "punchmark requester bind peter --issuer '{}' --subject '{PETER}'",
        place.idp.issuer
    );
    refused(terminal, &bind);
    user.run(&["login", "--status"]).exits(1);
    // Whoever has a name that nothing hangs on is bound to it by the first login, and may do nothing yet.
    let browser = Browser::start();
    let mut terminal = place.begin(&user, At::Here);
    log_in_at_provider(&browser, &page(&user, &mut terminal), LOTTE);
    let (said, code) = terminal.finish();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("logged in as lotte by work until"), "{said}");
    user.run(&["get"]).exits(3).says("offers you no role");
    let bound = place.room.admin.punchmark.run(&["requester", "list"]).ok();
    assert!(bound.stdout.contains(LOTTE), "{bound}");
    place.end(&[]);
}
