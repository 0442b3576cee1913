//! The few pages that a browser shows while somebody logs in. They need no script and nothing of any network, and
//! no other page can put them into a frame.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64ct::{Base64, Encoding as _};
use sha2::{Digest as _, Sha256};

use super::provider_logins::Shown;
use crate::certificate::explain::utc;
use crate::output::page::escaped;

/// Asks for the code, and says who would be let in by it.
pub(super) fn code(id: &str, shown: &Shown, wrong: Option<u32>) -> Response {
    let Shown {
        name, host, peer, ..
    } = shown;
    let wrong = wrong.map(|left| match left {
        1 => "<p class=\"wrong\">That is not the code. You can try once more.</p>\n".to_owned(),
        left => {
            format!("<p class=\"wrong\">That is not the code. You can try {left} times more.</p>\n")
        }
    });
    let body = format!(
        "<h1>Is it you who asks?</h1>\n{}\
         <p>At <b>{}</b>, a program on a machine that calls itself <b>{}</b>, at the address <b>{}</b>, asked to be \
         logged in as <b>{}</b>.</p>\n\
         <p>If you started it yourself, type the code that it shows there. If somebody sent you here or tells you a code, \
         close this page: whoever has the code typed gets into all that you may get into.</p>\n\
         <form method=\"post\" action=\"/login/{}/code\" autocomplete=\"off\">\n\
         <label for=\"code\">Code</label>\n\
         <input id=\"code\" name=\"code\" required autofocus maxlength=\"16\" spellcheck=\"false\" autocapitalize=\"characters\">\n\
         <button>Log in</button>\n</form>\n",
        wrong.unwrap_or_default(),
        escaped(&utc(shown.begun)),
        escaped(host),
        escaped(&peer.to_string()),
        escaped(name),
        escaped(id),
    );
    page(StatusCode::OK, "Log in", &body)
}

/// The code was right.
pub(super) fn done() -> Response {
    let body =
        "<h1>Logged in</h1>\n<p>The program goes on by itself. You can close this page.</p>\n";
    page(StatusCode::OK, "Logged in", body)
}

/// There is nothing to be done here.
pub(super) fn nothing(status: StatusCode, words: &str) -> Response {
    let body = format!(
        "<h1>Not logged in</h1>\n<p>{}</p>\n<p>To begin anew: <code>punchmark login</code></p>\n",
        escaped(words)
    );
    page(status, "Not logged in", &body)
}

fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title} · Punchmark</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    );
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    let style = Base64::encode_string(&Sha256::digest(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        (header::X_FRAME_OPTIONS, "DENY"),
        // A form says whose page it stood on to our own server alone.
        (header::REFERRER_POLICY, "same-origin"),
        (OPENER_POLICY, "same-origin"),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    response
}

/// No page that opened this one reaches into it.
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const STYLE: &str = "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:3rem auto;padding:0 1rem;color:#222;background:#fff}\
h1{font-size:1.5rem}label{display:block}input{font:1.5rem monospace;width:11em;text-transform:uppercase;letter-spacing:.1em}\
button{font:1.1rem system-ui,sans-serif;padding:.4rem 1rem}.wrong{color:#a00;font-weight:bold}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_is_text_on_a_page() {
        let shown = Shown {
            name: "peter".to_owned(),
            host: "<script>alert(1)</script>\"'&".to_owned(),
            peer: [192, 0, 2, 7].into(),
            begun: 0,
        };
        let response = code("id", &shown, Some(1));
        let policy = response.headers()["content-security-policy"]
            .to_str()
            .unwrap();
        assert!(
            policy.starts_with("default-src 'none'; style-src 'sha256-"),
            "{policy}"
        );
        let body = body(response);
        assert!(!body.contains("<script>"), "{body}");
        assert!(
            body.contains("&lt;script&gt;") && body.contains("once more"),
            "{body}"
        );
        let words = body_of_nothing("<b>no</b>");
        assert!(words.contains("&lt;b&gt;no"), "{words}");
    }

    fn body_of_nothing(words: &str) -> String {
        body(nothing(StatusCode::NOT_FOUND, words))
    }

    fn body(response: Response) -> String {
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 16);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        String::from_utf8(runtime.block_on(bytes).unwrap().to_vec()).unwrap()
    }
}
