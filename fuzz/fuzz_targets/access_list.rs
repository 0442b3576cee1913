//! Any bytes as an access list and as a certificate that is shown: no panic, and whoever no line
//! names gets nothing; what is printed is one line that ends in a principal of the certificate.
#![no_main]

use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;
use punchmark::server::access::{
    Asking, Host, List, Moment, NoneKnown, Outcome, Presented, Query, decide,
};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = (Presented::from_base64(text), Host::parse(text));
    }
    if let Ok(presented) = Presented::from_blob(bytes) {
        let names: Vec<_> = presented.principals().iter().map(String::as_str).collect();
        ask(b"@suffixes _file\n* www,root *\n", &names);
    }
    ask(bytes, &["peter_file", "anna"]);
});

fn ask(text: &[u8], names: &[&str]) {
    let Ok(list) = List::parse(text) else { return };
    let Ok(host) = Host::parse("web1+production") else {
        return;
    };
    for user in ["root", "www"] {
        let Ok(query) = Query::new(names.iter().copied(), user, host.clone()) else {
            return;
        };
        let asking = Asking {
            certificate: None,
            query: &query,
            moment: &Moment {
                now: 1_795_665_600,
                refreshed: None.into(),
                zone: &|| TimeZone::UTC,
            },
            known: &NoneKnown,
        };
        let Ok(decision) = decide(list.header(), list.entries().iter().copied(), &asking) else {
            return;
        };
        if let Outcome::Line { printed, principal, .. } = decision.outcome {
            assert!(names.contains(&principal.as_str()));
            assert!(printed.ends_with(&principal) && !printed.contains(['\n', '\r', '#']));
        }
    }
}
