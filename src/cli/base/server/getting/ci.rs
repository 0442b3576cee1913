//! A program that gets a certificate: it logs in by a token of the platform that it runs on, and asks nobody.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::api::Secret;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Failure};
use crate::cli::base::server::{
    Opened, ServerArgument, Unvisited, Visit, logged_in, new_key, plain,
};
use crate::cli::base::terminal::say;
use crate::client::{
    RoleOffered, ServerAddress, ServerFolder, TokenPlace, Trusted, log_in_as_program, roles,
};
use crate::config;
use crate::login::LoginKind;
use crate::login::dpop::SessionKey;

/// How a program logs in.
#[derive(Debug, Default, Args)]
pub(crate) struct Ci {
    /// Log in as a program, by a token of the platform that it runs on: no browser, no question
    #[arg(long)]
    pub(super) ci: bool,

    /// The file with the token, which a pod or a workload has [default: GitHub Actions is asked for one, else
    /// the variable]
    #[arg(long, value_name = "FILE", requires = "ci")]
    token_file: Option<PathBuf>,

    /// The environment's variable with the token, as GitLab sets one [default: PUNCHMARK_ID_TOKEN]
    #[arg(
        long,
        value_name = "NAME",
        requires = "ci",
        conflicts_with = "token_file"
    )]
    token_variable: Option<String>,

    /// Whom the token is for, if the server's config names somebody else than its own URL
    #[arg(long, value_name = "AUDIENCE", requires = "ci")]
    audience: Option<String>,

    /// The server's login method, where several are for programs
    #[arg(long, value_name = "NAME", requires = "ci")]
    method: Option<String>,

    /// Know the server's TLS by the certificates of this PEM file alone, from now on
    #[arg(long, value_name = "FILE", requires = "ci")]
    ca_file: Option<PathBuf>,

    /// Send the token to nobody but a server that has a CA with this key, and take certificates by it alone
    #[arg(long, value_name = "SHA256:…", requires = "ci")]
    ca_fingerprint: Vec<String>,
}

impl Ci {
    /// The server's folder; a program starts on an empty machine, and names the server each time.
    pub(super) fn folder(&self, server: &ServerArgument) -> Result<ServerFolder, Failure> {
        if server.server.is_none() && ServerFolder::all().is_empty() {
            return Err(Failure::usage("which server? name it with --server HOST"));
        }
        server.folder()
    }

    /// What is known of the server: nothing, at the first contact.
    pub(super) fn trusted(
        &self,
        known: Option<Trusted>,
        server: Option<&ServerAddress>,
    ) -> Result<Trusted, Failure> {
        let roots = self.ca_file.as_deref().map(read_roots).transpose()?;
        match (known, server) {
            (Some(known), _) => Ok(Trusted {
                roots: roots.or(known.roots),
                ..known
            }),
            (None, Some(server)) => Ok(Trusted::new(server.clone(), roots)),
            (None, None) => Err(Failure::usage("which server? name it with --server HOST")),
        }
    }

    /// A session, and the roles that it may ask for: the kept one, or a new one.
    pub(super) fn session(
        &self,
        visit: &mut Visit,
        context: &Context,
    ) -> Result<(Opened, Vec<RoleOffered>), Unvisited> {
        self.is_known(visit)?;
        let method = self.method(visit)?;
        let lasts = |opened: &Opened| {
            opened.kept.session.method == method && !opened.kept.is_over(config::now() + MARGIN)
        };
        if let Some(opened) = Opened::kept(visit)?.filter(lasts) {
            match roles(&mut visit.exchange, &opened.kept, &opened.key) {
                Err(error) if error.is_logged_out() => {}
                offered => return Ok((opened, offered.map_err(super::down_or_failed)?)),
            }
        }
        let opened = self.log_in(visit, &method)?;
        if context.talks() {
            say(&logged_in(&opened.kept));
        }
        let offered = roles(&mut visit.exchange, &opened.kept, &opened.key);
        Ok((opened, offered.map_err(super::down_or_failed)?))
    }

    /// Whether a CA of the server is one that was named.
    pub(super) fn takes(&self, ca: &str, trusted: &Trusted) -> bool {
        let key = trusted.cas.get(ca);
        self.ca_fingerprint.is_empty() || key.is_some_and(|key| self.ca_fingerprint.contains(key))
    }

    /// Before it is shown anything.
    fn is_known(&self, visit: &Visit) -> Result<(), Failure> {
        let trusted = &visit.trusted;
        if trusted.cas.keys().any(|ca| self.takes(ca, trusted)) {
            return Ok(());
        }
        let keys: Vec<_> = trusted.cas.values().map(String::as_str).collect();
        Err(Failure::new(format!(
            "{} has no CA with a key that --ca-fingerprint names; its keys are {}",
            trusted.server,
            keys.join(", ")
        ))
        .hint("compare with `punchmark ca show` at the CA, and not with the server"))
    }

    /// The login method that is named, or the only one for programs.
    fn method(&self, visit: &Visit) -> Result<String, Failure> {
        let server = &visit.trusted.server;
        let logins = visit.about.logins.iter();
        let logins = logins.filter(|method| method.kind == LoginKind::Jwt.as_str());
        let names: Vec<_> = logins.map(|method| &method.name).collect();
        match (&self.method, names.as_slice()) {
            (Some(name), names) if names.contains(&name) => Ok(name.clone()),
            (Some(name), _) => Err(Failure::usage(format!(
                "{server} has no login method {name} for programs"
            ))),
            (None, [only]) => Ok((*only).clone()),
            (None, []) => Err(Failure::new(format!(
                "programs don't log in at {server}: its config has no [login.NAME] of kind \"jwt\""
            ))),
            (None, several) => {
                let names: Vec<_> = several.iter().map(|name| plain(name)).collect();
                Err(Failure::usage(format!(
                    "which login method? name one with --method: {}",
                    names.join(", ")
                )))
            }
        }
    }

    fn log_in(&self, visit: &mut Visit, method: &str) -> Result<Opened, Failure> {
        let url = visit.trusted.server.url();
        let token = self.token(self.audience.as_deref().unwrap_or(&url))?;
        let key = key(visit)?;
        let kept = log_in_as_program(&mut visit.exchange, method, &key, &token)?;
        visit.folder.keep_session(&visit.lock, &kept)?;
        Ok(Opened { kept, key })
    }

    /// The token of this program for an audience, wherever the platform has it.
    fn token(&self, audience: &str) -> Result<Secret, Failure> {
        if let Some(file) = &self.token_file {
            let text = config::read_limited(file, TOKEN_MAX).in_file(file)?;
            return one_token(text, &file.display().to_string());
        }
        if let Some(name) = &self.token_variable {
            let text = variable(name).ok_or_else(|| {
                Failure::new(format!(
                    "the environment's variable {name} is not set, or empty"
                ))
                .hint(way_out(audience, name))
            })?;
            return one_token(text, name);
        }
        if let (Some(url), Some(bearer)) = (variable(GITHUB_URL), variable(GITHUB_TOKEN)) {
            let place = TokenPlace::new(&url, Secret::new(bearer));
            let place = place.at(GITHUB_URL)?;
            let token = place.token(audience).at("GitHub Actions")?;
            return one_token(token.expose().to_owned(), "what GitHub Actions gives");
        }
        match variable(VARIABLE) {
            Some(text) => one_token(text, VARIABLE),
            None => Err(Failure::new(format!(
                "no token shows which program this is: neither --token-file nor --token-variable names one, and \
                 neither {GITHUB_URL} with {GITHUB_TOKEN} nor {VARIABLE} is set"
            ))
            .hint(way_out(audience, VARIABLE))),
        }
    }
}

/// The key that this program logs in with each time, which is kept before a token is shown with it: a platform may
/// give the same token for an hour, and that belongs to the key that it was shown with.
fn key(visit: &Visit) -> Result<SessionKey, Failure> {
    if let Some(key) = visit.folder.program_key()? {
        return Ok(key);
    }
    let key = new_key()?;
    visit.folder.keep_program_key(&visit.lock, &key)?;
    Ok(key)
}

/// What stands there, if that could be a token; it is repeated nowhere.
fn one_token(text: String, place: &str) -> Result<Secret, Failure> {
    let whole = Secret::new(text);
    let token = whole.expose().trim();
    let is_token = token.bytes().all(|byte| byte.is_ascii_graphic());
    if token.is_empty() || !is_token || token.split('.').count() != 3 {
        return Err(Failure::new(format!(
            "{place}: that is no JSON Web Token, which is three parts of Base64 with dots between"
        )));
    }
    Ok(Secret::new(token.to_owned()))
}

/// What the platform that this seems to be wants, so that there is a token.
fn way_out(audience: &str, name: &str) -> String {
    let is_set = |name| variable(name).is_some();
    if is_set("GITHUB_ACTIONS") {
        "the job wants `permissions: id-token: write`; one of a pull request from a fork gets no token".to_owned()
    } else if is_set("GITLAB_CI") {
        format!("in the job: id_tokens: {{ {name}: {{ aud: {audience} }} }}")
    } else if is_set("KUBERNETES_SERVICE_HOST") {
        format!(
            "mount a projected serviceAccountToken with audience {audience}, and name its file with --token-file"
        )
    } else {
        "docs/programs.md says where GitHub, GitLab, Kubernetes and SPIFFE have one".to_owned()
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn read_roots(file: &Path) -> Result<String, Failure> {
    config::read_limited(file, ROOTS_MAX).in_file(file)
}

/// In seconds, that a kept session still lasts: shorter than that, another is opened.
const MARGIN: u64 = 30;
const GITHUB_URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
const GITHUB_TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
const VARIABLE: &str = "PUNCHMARK_ID_TOKEN";
/// In bytes.
const TOKEN_MAX: u64 = 16 * 1024;
const ROOTS_MAX: u64 = 1024 * 1024;
