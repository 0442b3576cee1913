//! Sessions that end under a signer, and several at once.

use super::*;

#[test]
fn a_signer_heals_when_its_session_is_logged_out_or_its_module_ended() {
    with_tokens(
        "healing::a_signer_heals_when_its_session_is_logged_out_or_its_module_ended",
        |module| {
            let locator = key(module, "a");
            let made = generate(
                &locator,
                KeyAlgorithm::P256,
                &NewSlotKey::default(),
                &mut Answer::new(PIN),
            )
            .unwrap();
            let mut pins = Answer::new(PIN);
            let mut signer = open(&locator, RsaHash::Sha512, &mut pins).unwrap();
            let foreign = foreign(module);
            for slot in foreign.get_slots_with_token().unwrap() {
                let _logged_out = foreign
                    .open_ro_session(slot)
                    .map(|session| session.logout());
            }
            let signature = signer.sign(b"after a logout").unwrap();
            made.public_key
                .verify(b"after a logout", &signature)
                .unwrap();
            foreign.finalize().unwrap();
            let signature = signer.sign(b"after the end").unwrap();
            made.public_key
                .verify(b"after the end", &signature)
                .unwrap();
            assert_eq!(pins.1.load(Ordering::Relaxed), 1);
        },
    );
}

#[test]
fn a_restart_ends_the_sessions_of_all_signers_once_and_each_finds_its_key_again() {
    with_tokens(
        "healing::a_restart_ends_the_sessions_of_all_signers_once_and_each_finds_its_key_again",
        |module| {
            let keys = ["Root%20CA", "Other"].map(|token| p256(module, token));
            let mut signers = keys
                .each_ref()
                .map(|made| open(&made.locator, RsaHash::Sha512, &mut Answer::new(PIN)).unwrap());
            let owner = super::super::module::Module::of(&Uri::of_module(module.into())).unwrap();
            let first = owner.start();
            for _ in 0..20 {
                let before = owner.start();
                foreign(module).finalize().unwrap();
                signers[0].reopen().unwrap();
                // That the module was restarted is not held against the second's device.
                for signer in &mut signers {
                    sign_and_verify(signer.as_mut());
                }
                owner.restart(before).unwrap();
                assert_ne!(owner.start(), before);
            }
            for (signer, made) in signers.iter().zip(&keys) {
                assert_eq!(*signer.public_key(), made.public_key);
            }
            assert_ne!(owner.start(), first);
        },
    );
}

#[test]
fn a_restart_that_somebody_else_made_is_not_made_again() {
    with_tokens(
        "healing::a_restart_that_somebody_else_made_is_not_made_again",
        |module| {
            let made = p256(module, "Root%20CA");
            let mut signer = open(&made.locator, RsaHash::Sha512, &mut Answer::new(PIN)).unwrap();
            let owner = super::super::module::Module::of(&Uri::of_module(module.into())).unwrap();
            let failed = owner.start();
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| owner.restart(failed).unwrap());
                }
            });
            let now = owner.start();
            owner.restart(failed).unwrap();
            assert!(owner.start() == now && now != failed);
            sign_and_verify(signer.as_mut());
        },
    );
}

#[test]
fn a_module_has_one_owner_whatever_its_file_is_called() {
    with_tokens(
        "healing::a_module_has_one_owner_whatever_its_file_is_called",
        |module| {
            let folder = tempfile::tempdir().unwrap();
            let other = folder.path().join("other.so");
            std::os::unix::fs::symlink(module, &other).unwrap();
            let made = p256(module, "Root%20CA");
            let mut first = open(&made.locator, RsaHash::Sha512, &mut Answer::new(PIN)).unwrap();
            let locator = key(other.to_str().unwrap(), "a");
            let fault = open(&locator, RsaHash::Sha512, &mut Answer::new("000000"));
            assert!(matches!(
                fault.err(),
                Some(OpeningError::Login(LoginError::OtherPin { .. }))
            ));
            let mut second = open(&locator, RsaHash::Sha512, &mut Answer::new(PIN)).unwrap();
            sign_and_verify(second.as_mut());
            drop(second);
            sign_and_verify(first.as_mut());
        },
    );
}

#[test]
fn several_sessions_of_one_login_sign_at_once_and_the_last_one_logs_out() {
    with_tokens(
        "healing::several_sessions_of_one_login_sign_at_once_and_the_last_one_logs_out",
        |module| {
            let made = p256(module, "Root%20CA");
            let mut pins = Answer::new(PIN);
            let mut signers =
                open_sessions(&made.locator, None, RsaHash::Sha512, 4, &mut pins).unwrap();
            assert_eq!(signers.len(), 4);
            assert_eq!(pins.1.load(Ordering::Relaxed), 1);
            std::thread::scope(|scope| {
                for signer in &mut signers {
                    scope.spawn(|| (0..20).for_each(|_| sign_and_verify(signer.as_mut())));
                }
            });
            foreign(module).finalize().unwrap();
            std::thread::scope(|scope| {
                for signer in &mut signers {
                    scope.spawn(|| sign_and_verify(signer.as_mut()));
                }
            });
            let last = signers.pop();
            drop(signers);
            sign_and_verify(last.unwrap().as_mut());
            assert!(!is_logged_in(module));
        },
    );
}

#[test]
fn a_key_that_is_gone_ends_the_run() {
    with_tokens("healing::a_key_that_is_gone_ends_the_run", |module| {
        let locator = key(module, "a");
        generate(
            &locator,
            KeyAlgorithm::P256,
            &NewSlotKey::default(),
            &mut Answer::new(PIN),
        )
        .unwrap();
        let mut signer = open(&locator, RsaHash::Sha512, &mut Answer::new(PIN)).unwrap();
        remove_keys(module);
        let fault = signer.sign(b"message").unwrap_err();
        assert!(matches!(fault, SignerError::DeviceGone { .. }), "{fault}");
        assert!(fault.ends_the_run());
    });
}
