//! Any bytes as a certificate: no panic, and what was read is what was given.
#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::certificate::alarm::alarms;
use punchmark::wire::RawCertificate;

fuzz_target!(|blob: &[u8]| {
    if let Ok(certificate) = RawCertificate::from_blob(blob) {
        assert_eq!(certificate.blob(), blob);
        assert!(blob.starts_with(certificate.signed()));
        assert!(blob.ends_with(certificate.signature()));
        for alarm in alarms(&certificate, 0, &[]) {
            assert!(!alarm.to_string().contains(char::is_control));
        }
    }
});
