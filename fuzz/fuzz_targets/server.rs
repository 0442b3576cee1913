//! Any bytes as what sshd prints of its settings, as a file of authorized keys, and as another
//! server's report: no panic, nothing that is missing reads as harmless, and a line that is no key
//! is told by its number alone.
#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::server::fleet::Report;
use punchmark::server::keys_file::KeysFile;
use punchmark::server::sshd::{Settings, Version};

fuzz_target!(|bytes: &[u8]| {
    let lines = bytes.split(|byte| *byte == b'\n').count();
    let file = KeysFile::parse(bytes);
    assert!(file.entries.len() + file.unread.len() <= lines);
    for entry in &file.entries {
        let _ = (entry.is_authority(), entry.options.value("principals"), entry.options.unknown());
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(settings) = Settings::parse(text) {
        assert!(settings.all("pubkeyauthentication").next().is_some());
        assert!(settings.all("authenticationmethods").next().is_some());
        let _ = settings.lets_in_without_public_key();
    }
    let _ = Version::find(text);
    if let Ok(report) = Report::parse(text) {
        assert!(text.contains("punchmark-doctor"), "{report:?}");
    }
});
