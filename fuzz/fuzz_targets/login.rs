//! What comes with a login: tokens, proofs, keys, answers and bodies of any text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::api::login::{KeyShown, NewLogin, PasswordShown, TokenShown};
use punchmark::login::dpop::{Expected, Proof};
use punchmark::login::jws::{Jwk, Jws, strict};
use punchmark::login::jwt::{Expected as OfProgram, ProgramToken};
use punchmark::login::key::KeyAnswer;
use punchmark::login::oidc::{Expected as Wanted, ExpectedLogout, IdToken, KeySet, LogoutToken};
use punchmark::login::password::Users;

fuzz_target!(|text: &str| {
    let expected = Expected {
        method: "GET",
        url: "https://ca/v1/session",
        token: None,
        key: None,
    };
    let _refused = Proof::check(text, &expected, |_nonce| true);
    if let Ok(jws) = Jws::parse(text, 8192) {
        let _any = jws.header::<serde_json::Value>();
    }
    if let Ok(key) = strict::<Jwk>(text.as_bytes()) {
        let shown = key.thumbprint().to_string();
        assert_eq!(shown.parse(), Ok(key.thumbprint()));
    }
    if let Ok(users) = Users::parse(text) {
        assert!(Users::parse(&users.to_text()).is_ok_and(|again| again == users));
    }
    let (keys, token) = text.split_once('\n').unwrap_or((text, text));
    if let Ok(keys) = KeySet::parse(keys.as_bytes()) {
        let wanted = Wanted {
            issuer: "https://id",
            client_id: "punchmark",
            nonce: "n",
            max_age: None,
            now: 1_795_400_000,
        };
        let _refused = IdToken::check(token, &keys, &wanted);
        let wanted = ExpectedLogout {
            issuer: "https://id",
            client_id: "punchmark",
            now: 1_795_400_000,
        };
        if let Ok(token) = LogoutToken::check(token, &keys, &wanted) {
            assert!(token.counts_until() > wanted.now && !token.id().is_empty());
        }
        let wanted = OfProgram {
            issuer: "https://id",
            audience: "https://ca",
            now: 1_795_400_000,
        };
        if let Ok(program) = ProgramToken::check(token, &keys, &wanted) {
            assert!(program.issued() <= 1_795_400_060 && program.over_at() > 1_795_400_000);
        }
    }
    let _any = KeyAnswer::parse(text);
    let _any = strict::<NewLogin>(text.as_bytes());
    let _any = strict::<KeyShown>(text.as_bytes());
    let _any = strict::<PasswordShown>(text.as_bytes());
    let _any = strict::<TokenShown>(text.as_bytes());
});
