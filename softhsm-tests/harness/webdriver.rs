//! Somebody at a browser: Chromium without a window, which chromedriver leads (WebDriver, over plain HTTP).

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ureq::Agent;

use super::process::detached;

/// A browser with a profile of its own; gone on drop.
pub(crate) struct Browser {
    driver: Child,
    agent: Agent,
    /// The URL of its one window.
    session: String,
}

impl Browser {
    /// Starts one, which takes whatever TLS certificate is shown to it.
    pub(crate) fn start() -> Self {
        let mut command = detached("chromedriver");
        command.arg("--port=0").stdout(Stdio::piped());
        let mut driver = command.stderr(Stdio::null()).spawn().unwrap();
        let out = BufReader::new(driver.stdout.take().unwrap());
        let mut lines = out.lines().map(Result::unwrap);
        let port = lines.find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        let port = port.expect("chromedriver starts");
        let config = Agent::config_builder().http_status_as_error(false);
        let mut browser = Self {
            driver,
            agent: config.build().into(),
            session: format!("http://127.0.0.1:{port}/session"),
        };
        let options =
            json!({ "acceptInsecureCerts": true, "goog:chromeOptions": { "args": ARGUMENTS } });
        let begun = browser.post("", &json!({ "capabilities": { "alwaysMatch": options } }));
        let id = begun["sessionId"].as_str().expect("a browser starts");
        browser.session = format!("{}/{id}", browser.session);
        browser
    }

    /// Goes to a page.
    pub(crate) fn open(&self, url: &str) {
        self.post("/url", &json!({ "url": url }));
    }

    /// Types a text into the field of this name.
    pub(crate) fn type_into(&self, field: &str, text: &str) {
        let field = self.element(&format!("[name={field}]"));
        self.post(&format!("/element/{field}/value"), &json!({ "text": text }));
    }

    /// Presses the page's button.
    pub(crate) fn press_button(&self) {
        let button = self.element("button");
        self.post(&format!("/element/{button}/click"), &json!({}));
    }

    /// Waits until the page says this; gives all of it.
    #[track_caller]
    pub(crate) fn expect(&self, words: &str) -> String {
        let begun = Instant::now();
        loop {
            let text = self.text();
            if text.contains(words) {
                return text;
            }
            let is_late = begun.elapsed() > PATIENCE;
            assert!(!is_late, "{words:?} is not on {}: {text}", self.place());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Where it is.
    pub(crate) fn place(&self) -> String {
        self.get("/url").as_str().unwrap_or_default().to_owned()
    }

    /// What the page says; nothing while the next one comes.
    fn text(&self) -> String {
        let found = self.post("/element", &json!({ "using": CSS, "value": "body" }));
        let Some(body) = found[ELEMENT].as_str() else {
            return String::new();
        };
        let text = self.get(&format!("/element/{body}/text"));
        text.as_str().unwrap_or_default().to_owned()
    }

    #[track_caller]
    fn element(&self, selector: &str) -> String {
        let begun = Instant::now();
        loop {
            let found = self.post("/element", &json!({ "using": CSS, "value": selector }));
            if let Some(element) = found[ELEMENT].as_str() {
                return element.to_owned();
            }
            let is_late = begun.elapsed() > PATIENCE;
            assert!(
                !is_late,
                "no {selector} on {}: {}",
                self.place(),
                self.text()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn get(&self, path: &str) -> Value {
        let answer = self.agent.get(format!("{}{path}", self.session)).call();
        value(&answer.unwrap().body_mut().read_to_string().unwrap())
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let ask = self.agent.post(format!("{}{path}", self.session));
        let answer = ask.send(body.to_string());
        value(&answer.unwrap().body_mut().read_to_string().unwrap())
    }
}

/// What was asked for, or what is wrong.
fn value(answer: &str) -> Value {
    serde_json::from_str::<Value>(answer).unwrap()["value"].take()
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Without this, Chromium outlives its driver.
        let _ended = self.agent.delete(&self.session).call();
        let _killed = self.driver.kill();
        let _waited = self.driver.wait();
    }
}

const ARGUMENTS: [&str; 6] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
];
const CSS: &str = "css selector";
/// The member that names an element (WebDriver, 12.1).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
const PATIENCE: Duration = Duration::from_secs(30);
