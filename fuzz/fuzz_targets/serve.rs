//! What a server is told: its config, and what comes as a request for a certificate.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use punchmark::api::issue::RequestShown;
use punchmark::config::Config;
use punchmark::login::jws::strict;
use punchmark::request::RequestFile;

fuzz_target!(|text: &str| {
    if let Ok(config) = Config::of_text(Path::new("/etc/punchmark/punchmark.toml"), text)
        && let Ok(serve) = config.serve()
    {
        assert!(!serve.listen.is_empty() && !serve.logins.is_empty());
        assert!(serve.url.as_str().contains(serve.url.host()));
        assert!(serve.idle <= serve.longest);
    }
    if let Ok(shown) = strict::<RequestShown>(text.as_bytes()) {
        let _any = RequestFile::from_text(&shown.request);
    }
});
