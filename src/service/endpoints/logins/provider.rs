//! A login at an identity provider, for the program that begins it and gets the session in the end.

use axum::http::StatusCode;
use axum::response::Response;
use base64ct::{Base64UrlUnpadded, Encoding as _};

use super::{Opener, begun_in_words, no_login};
use crate::api::login::{LoginBegun, NewLogin, ProviderShown};
use crate::config::{LoginMethod, OidcConfig};
use crate::service::Service;
use crate::service::asked::Asked;
use crate::service::endpoints::json;
use crate::service::problem::{ProblemKind, Refused};
use crate::service::provider_logins::{At, NotYet, TypedCode, Wanted};

/// Begins one.
///
/// # Errors
/// [`Refused`].
pub(super) fn begun(
    service: &Service,
    asked: &Asked,
    (method, provider): (&LoginMethod, &OidcConfig),
    new: NewLogin,
) -> Result<Response, Refused> {
    let challenge = new.challenge.as_deref().and_then(sha256);
    let challenge = challenge.ok_or_else(|| unfit("`challenge` is no S256 of a verifier"))?;
    let (at, code) = at(&method.name.to_string(), provider, new)?;
    let wanted = Wanted {
        method: method.name.clone(),
        at,
        challenge,
        peer: asked.peer,
    };
    let begun = service.provider_logins.begin(wanted, service.now());
    let (login, expires) = begun.map_err(begun_in_words)?;
    let told = LoginBegun {
        open: Some(format!("{}/login/{login}", service.serve.url)),
        login,
        kind: method.kind.as_str().to_owned(),
        challenge: None,
        code,
        expires,
    };
    json(StatusCode::CREATED, &told)
}

/// Who logged in at the provider, for whoever has the verifier.
///
/// # Errors
/// [`Refused`].
pub(super) fn opener(service: &Service, asked: &Asked, id: &str) -> Result<Opener, Refused> {
    let ProviderShown { code, verifier } = asked.json()?;
    let shown = (verifier.expose(), code.as_ref().map(|code| code.expose()));
    let taken = service.provider_logins.take(id, shown, service.now());
    let logged_in = taken.map_err(|error| match error {
        NotYet::None => no_login(),
        NotYet::Pending => {
            let detail = "nobody logged in at the identity provider so far";
            Refused::new(ProblemKind::Pending, detail).retry_after(2)
        }
        NotYet::Refused(words) => Refused::new(ProblemKind::LoginRefused, words),
    })?;
    service.named(logged_in)
}

/// Where the person's browser is, and the code where one is typed.
fn at(method: &str, provider: &OidcConfig, new: NewLogin) -> Result<(At, Option<String>), Refused> {
    match (new.way.as_deref(), new.redirect, new.state, new.host) {
        (Some("browser"), Some(redirect), Some(state), None) => {
            if !is_listener(&redirect) {
                return Err(unfit(
                    "`redirect` is no http://127.0.0.1:PORT/ or http://[::1]:PORT/",
                ));
            }
            if sha256(&state).is_none() {
                return Err(unfit("`state` is not 32 random bytes in Base64 for URLs"));
            }
            Ok((At::Here { redirect, state }, None))
        }
        (Some("code"), None, None, Some(host)) => {
            if !provider.code {
                let detail = format!("the server lets nobody log in by {method} with a typed code");
                return Err(Refused::new(ProblemKind::CodeOff, detail));
            }
            if !is_host(&host) {
                return Err(unfit("`host` is no name of 1 to 64 printable characters"));
            }
            let code = TypedCode::new().map_err(|error| Refused::fault_of(error.to_string()))?;
            let shown = code.shown();
            Ok((At::Elsewhere { host, code }, Some(shown)))
        }
        _ => Err(unfit(
            "`way` is \"browser\", with `redirect` and `state`, or \"code\", with `host`",
        )),
    }
}

/// On the machine of the browser, and nowhere else (RFC 8252, 7.3).
fn is_listener(redirect: &str) -> bool {
    let behind = ["http://127.0.0.1:", "http://[::1]:"];
    let mut behind = behind
        .iter()
        .filter_map(|begin| redirect.strip_prefix(begin));
    let port = behind.next().and_then(|rest| rest.strip_suffix('/'));
    port.is_some_and(|port| {
        let number = port.parse::<u16>().ok().filter(|number| *number != 0);
        number.is_some_and(|number| number.to_string() == port)
    })
}

fn is_host(host: &str) -> bool {
    (1..=64).contains(&host.len()) && host.chars().all(crate::certificate::is_plain)
}

/// 32 bytes in unpadded Base64 for URLs.
fn sha256(text: &str) -> Option<[u8; 32]> {
    Base64UrlUnpadded::decode_vec(text).ok()?.try_into().ok()
}

fn unfit(detail: &str) -> Refused {
    Refused::new(ProblemKind::Unfit, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_sent_back_to_its_own_machine_alone() {
        for fits in ["http://127.0.0.1:1/", "http://[::1]:65535/"] {
            assert!(is_listener(fits), "{fits}");
        }
        for other in [
            "https://127.0.0.1:1/",
            "http://localhost:1/",
            "http://127.0.0.1/",
            "http://127.0.0.1:0/",
            "http://127.0.0.1:01/",
            "http://127.0.0.1:+1/",
            "http://127.0.0.1:65536/",
            "http://127.0.0.1:1",
            "http://127.0.0.1:1/x",
            "http://127.0.0.1:1@evil.example/",
            "http://127.0.0.1:1/?a=b",
            "http://[::1]:1/\r\nSet-Cookie: a=b",
        ] {
            assert!(!is_listener(other), "{other}");
        }
    }
}
