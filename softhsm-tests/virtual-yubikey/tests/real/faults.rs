//! What a client sees when something goes wrong with the card.

use std::{
    env, fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use virtual_yubikey::{
    card::Finger,
    fault::{Fault, Moment, Plan, Pull},
};
use yubikey::{
    Error, MgmKey, PinPolicy, Serial, TouchPolicy, YubiKey,
    piv::{self, AlgorithmId, SlotId},
};

use crate::common::{cards, folder, is_client, run_client};

/// Runs a test against a card with one fault.
fn with_fault(moment: Moment, fault: Fault) {
    let (pcscd, _) = cards(&[("5.7.1", 1)]);
    pcscd
        .link(0)
        .unwrap()
        .set_plan(Plan::default().and(moment, fault));
    run_client(&pcscd);
}

/// A card with a key in 9a that wants no PIN.
fn ready(touch: TouchPolicy) -> YubiKey {
    let mut card = YubiKey::open().unwrap();
    card.authenticate(&MgmKey::get_default(&card).unwrap())
        .unwrap();
    let slot = SlotId::Authentication;
    piv::generate(
        &mut card,
        slot,
        AlgorithmId::EccP256,
        PinPolicy::Never,
        touch,
    )
    .unwrap();
    card
}

fn sign(card: &mut YubiKey) -> Result<(), Error> {
    piv::sign_data(card, &[7; 32], AlgorithmId::EccP256, SlotId::Authentication).map(drop)
}

/// Signs until it works again, on new handles, for at most ten seconds.
fn signs_again() -> bool {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(10) {
        if YubiKey::open().is_ok_and(|mut card| sign(&mut card).is_ok()) {
            return true;
        }
        thread::sleep(Duration::from_millis(50));
    }
    false
}

const OUT: Option<Duration> = Some(Duration::from_millis(900));

#[test]
fn a_card_that_is_pulled_before_a_signature_comes_back() {
    if !is_client() {
        let fault = Fault::Pull(Pull::Before, OUT);
        return with_fault(Moment::Signature(2), fault);
    }
    let mut card = ready(TouchPolicy::Never);
    sign(&mut card).unwrap();
    sign(&mut card).unwrap_err();
    assert!(signs_again());
}

#[test]
fn a_card_that_is_pulled_while_it_signs_loses_its_answer() {
    if !is_client() {
        let fault = Fault::Pull(Pull::During, OUT);
        return with_fault(Moment::Signature(1), fault);
    }
    let mut card = ready(TouchPolicy::Never);
    sign(&mut card).unwrap_err();
    assert!(signs_again());
}

#[test]
fn a_card_that_is_pulled_after_it_signed_has_signed() {
    if !is_client() {
        let fault = Fault::Pull(Pull::After, OUT);
        return with_fault(Moment::Signature(1), fault);
    }
    let mut card = ready(TouchPolicy::Never);
    sign(&mut card).unwrap();
    sign(&mut card).unwrap_err();
    assert!(signs_again());
}

#[test]
fn one_card_of_two_is_pulled_and_put_back() {
    if !is_client() {
        let (pcscd, _) = cards(&[("5.7.1", 1), ("5.4.3", 2)]);
        let link = pcscd.link(0).unwrap();
        return thread::scope(|scope| {
            scope.spawn(|| {
                link.pull();
                thread::sleep(Duration::from_secs(2));
                link.put_back();
            });
            run_client(&pcscd);
        });
    }
    let is_there = |serial| YubiKey::open_by_serial(Serial(serial)).is_ok();
    let start = Instant::now();
    while is_there(1) && start.elapsed() < Duration::from_secs(10) {
        thread::sleep(Duration::from_millis(50));
    }
    assert!(!is_there(1) && is_there(2));
    while !is_there(1) && start.elapsed() < Duration::from_secs(10) {
        thread::sleep(Duration::from_millis(50));
    }
    assert!(is_there(1) && is_there(2));
}

#[test]
fn a_wrong_status_is_an_error_once() {
    if !is_client() {
        let fault = Fault::Status(0x6f00);
        return with_fault(Moment::Signature(1), fault);
    }
    let mut card = ready(TouchPolicy::Never);
    assert_eq!(sign(&mut card), Err(Error::GenericError));
    assert_eq!(sign(&mut card), Ok(()));
}

#[test]
fn an_answer_that_is_cut_is_an_error() {
    if !is_client() {
        return with_fault(Moment::Signature(1), Fault::Cut(20));
    }
    let mut card = ready(TouchPolicy::Never);
    assert_eq!(sign(&mut card), Err(Error::GenericError));
}

#[test]
fn nonsense_is_an_error() {
    if !is_client() {
        let fault = Fault::Nonsense(b"\x7c\x04\x83\x02ab\x90\x00".to_vec());
        return with_fault(Moment::Signature(1), fault);
    }
    let mut card = ready(TouchPolicy::Never);
    assert_eq!(sign(&mut card), Err(Error::ParseError));
}

#[test]
fn a_card_that_never_answers_blocks_until_it_is_pulled() {
    if !is_client() {
        let (pcscd, _) = cards(&[("5.7.1", 1)]);
        let link = pcscd.link(0).unwrap();
        link.set_plan(Plan::default().and(Moment::Signature(1), Fault::Silence));
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_secs(3));
                link.pull();
            });
            run_client(&pcscd);
        });
        return;
    }
    let mut card = ready(TouchPolicy::Never);
    let start = Instant::now();
    sign(&mut card).unwrap_err();
    assert!(start.elapsed() > Duration::from_secs(1));
}

#[test]
fn nobody_touches() {
    if !is_client() {
        let (pcscd, _) = cards(&[("5.7.1", 1)]);
        let link = pcscd.link(0).unwrap();
        link.set_finger(Finger::Absent);
        link.set_touch_timeout(Duration::from_millis(500));
        return run_client(&pcscd);
    }
    let mut card = ready(TouchPolicy::Always);
    let start = Instant::now();
    assert_eq!(sign(&mut card), Err(Error::AuthenticationError));
    assert!(start.elapsed() >= Duration::from_millis(500));
}

#[test]
fn a_touch_is_awaited_and_a_signature_takes_its_time() {
    if !is_client() {
        let (pcscd, _) = cards(&[("5.7.1", 1)]);
        let link = pcscd.link(0).unwrap();
        link.set_finger(Finger::After(Duration::from_millis(300)));
        link.set_signature_time(Duration::from_millis(200));
        return run_client(&pcscd);
    }
    let mut card = ready(TouchPolicy::Cached);
    for least in [500, 200] {
        let start = Instant::now();
        sign(&mut card).unwrap();
        assert!(start.elapsed() >= Duration::from_millis(least));
    }
}

#[test]
fn a_daemon_that_was_killed_comes_back_with_its_card() {
    if !is_client() {
        let (mut pcscd, _) = cards(&[("5.7.1", 1)]);
        run_client(&pcscd);
        pcscd.kill();
        let (_, socket) = pcscd.environment();
        pcscd.resume().unwrap();
        assert_eq!(pcscd.environment().1, socket);
        return run_client(&pcscd);
    }
    YubiKey::open().unwrap();
}

#[test]
fn a_card_tells_which_commands_it_was_sent() {
    if !is_client() {
        let (pcscd, _) = cards(&[("5.7.1", 1)]);
        run_client(&pcscd);
        let headers = pcscd.link(0).unwrap().take_headers();
        let verified = headers.iter().filter(|header| header[1] == 0x20).count();
        assert_eq!(verified, 1);
        return;
    }
    YubiKey::open().unwrap().verify_pin(b"123456").unwrap();
}

#[test]
fn nothing_is_left_behind() {
    if is_client() {
        return;
    }
    let (pcscd, _) = cards(&[("5.7.1", 1)]);
    let place = folder(&pcscd);
    assert!(place.starts_with(env::temp_dir()) && place.exists());
    drop(pcscd);
    assert!(!place.exists());
}

#[test]
fn nothing_is_left_behind_by_a_process_that_ends_without_cleaning_up() {
    if is_client() {
        let (pcscd, _) = cards(&[("5.7.1", 1)]);
        let note = Path::new(&env::var_os("PCSCLITE_CSOCK_NAME").unwrap()).with_file_name("note");
        fs::write(note, folder(&pcscd).to_str().unwrap()).unwrap();
        return std::mem::forget(pcscd);
    }
    let (pcscd, _) = cards(&[("5.7.1", 1)]);
    run_client(&pcscd);
    let left = PathBuf::from(fs::read_to_string(folder(&pcscd).join("run/note")).unwrap());
    let start = Instant::now();
    while left.exists() && start.elapsed() < Duration::from_secs(5) {
        thread::sleep(Duration::from_millis(20));
    }
    assert!(!left.exists(), "{left:?}");
}
