//! Any lines as the arguments of `-O`: no panic, and what was taken is taken again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::certificate::{Kind, Options};

fuzz_target!(|text: &str| {
    let args: Vec<String> = text.lines().map(str::to_owned).collect();
    for kind in [Kind::User, Kind::Host] {
        if let Ok(options) = Options::parse(kind, &args) {
            let again = Options::new(options.critical().clone(), options.extensions().clone());
            assert_eq!(again, Ok(options));
        }
    }
});
