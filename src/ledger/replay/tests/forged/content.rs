//! An entry whose content is not that of its kind and place.

use super::*;

#[test]
fn a_content_that_is_not_that_of_its_entry() {
    assert_named(&[
        (
            |history| {
                history.reserve_with(Content::of(10, 9), |reserved| reserved.serial = 1);
            },
            "broken 4: its content has another serial",
        ),
        (
            |history| {
                let other = Content {
                    ca: HOSTS,
                    ..Content::of(10, 1)
                };
                history.reserve_with(other, |reserved| reserved.ca = 1);
            },
            "broken 4: its content has another CA",
        ),
        (
            |history| {
                let user = Content {
                    ca: HOSTS,
                    ..Content::of(10, 1)
                };
                history.certificate_of(user);
            },
            "broken 4: the CA signs no user certificates",
        ),
        (
            |history| {
                let host = Content {
                    kind: 2,
                    ..Content::of(10, 1)
                };
                history.certificate_of(host);
            },
            "broken 4: the CA signs no host certificates",
        ),
        (
            |history| {
                let anybody = Content {
                    principals: Vec::new(),
                    ..Content::of(10, 1)
                };
                history.certificate_of(anybody);
            },
            "broken 4: its content names no principals: no principal was named",
        ),
        (
            |history| {
                history.reserve_with(Content::of(10, 1), |reserved| {
                    reserved.to_be_signed.pop();
                });
            },
            "broken 4: its content is none of a certificate",
        ),
        (
            |history| {
                history.reserve_with(Content::of(10, 1), |reserved| reserved.ca = 3);
            },
            "broken 4: it refers to entry 3, which is not what it should be",
        ),
        (
            |history| {
                history.push(Event::CeremonyHeld(ceremony("music")));
            },
            "broken 4: the ceremony has other words than its transcript has",
        ),
        (
            |history| {
                let words = crate::wire::words(&[2; 32]);
                history.push(Event::CeremonyHeld(ceremony(&words)));
                history.push(Event::CeremonyHeld(ceremony(&words)));
            },
            "broken 5: the ceremony has a transcript that an earlier one has",
        ),
        (
            |history| {
                history.push(Event::SecretsDerived(secrets(1, 1)));
                history.push(Event::SecretsDerived(secrets(3, 1)));
            },
            "broken 5: of the secrets of a device it says what can't be: \
             a generation is left out",
        ),
        (
            |history| {
                history.push(Event::SecretsDerived(secrets(1, 2)));
            },
            "broken 4: of the secrets of a device it says what can't be: \
             its generation and counter don't follow those of before",
        ),
        (
            |history| {
                history.push(Event::CopySeen(copy(1, Became::Made)));
                history.push(Event::CopySeen(copy(1, Became::Destroyed)));
                history.push(Event::CopySeen(copy(1, Became::Missing)));
            },
            "broken 6: of a copy of the CA's key it says what can't be: \
             it was destroyed, and cannot be missing",
        ),
        (
            |history| {
                history.push(Event::CopySeen(copy(1, Became::Destroyed)));
                history.push(Event::CopyTried(tried(1, 0)));
            },
            "broken 5: of a copy of the CA's key it says what can't be: it was destroyed before",
        ),
        (
            |history| {
                history.push(Event::CopyTried(tried(1, 1)));
            },
            "broken 4: of a copy of the CA's key it says what can't be: \
             the next drill is due before this entry",
        ),
        (
            |history| {
                history.push(Event::CopyTried(tried(3, 0)));
            },
            "broken 4: it refers to entry 3, which is not what it should be",
        ),
        (
            |history| {
                history.push(Event::CaRetired(retired(1)));
                history.push(Event::CaRetired(retired(1)));
            },
            "broken 5: its CA was retired before",
        ),
        (
            |history| {
                let new = history.ca("users2", 9, Purpose::User);
                history.push(Event::StageReached(reached(new, Stage::Made)));
                history.push(Event::CaRetired(retired(1)));
                history.push(Event::StageReached(reached(new, Stage::Trusted)));
            },
            "odd 6: its CA ends before the one that takes its place is trusted: \
             nobody gets in by either",
        ),
        (
            |history| {
                history.push(Event::CaRetired(retired(3)));
            },
            "broken 4: it refers to entry 3, which is not what it should be",
        ),
        (
            |history| {
                history.push(Event::StageReached(reached(2, Stage::Made)));
            },
            "broken 4: a CA can't have taken the place of another so far: \
             the two CAs sign different kinds of certificates",
        ),
        (
            |history| {
                let new = history.ca("users2", 9, Purpose::User);
                history.push(Event::StageReached(reached(new, Stage::Trusted)));
            },
            "broken 5: a CA can't have taken the place of another so far: \
             the stage is not the next one",
        ),
        (
            |history| {
                let new = history.ca("users2", 9, Purpose::User);
                for stage in [Stage::Made, Stage::Trusted, Stage::Switched, Stage::Ended] {
                    history.push(Event::StageReached(reached(new, stage)));
                }
            },
            "broken 8: a CA can't have taken the place of another so far: \
             the old CA is not retired",
        ),
        (
            |history| {
                history.push(Event::CopySeen(copy(3, Became::Made)));
            },
            "broken 4: it refers to entry 3, which is not what it should be",
        ),
        (
            |history| {
                history.push(Event::NotBound(NotBound {
                    ca: 3,
                    device: String::new(),
                    reason: String::new(),
                    keyboard: String::new(),
                }));
            },
            "broken 4: it refers to entry 3, which is not what it should be",
        ),
    ]);
}

fn ceremony(words: &str) -> CeremonyHeld {
    CeremonyHeld {
        plan: [1; 32],
        transcript: [2; 32],
        words: words.to_owned(),
        keyboard: String::new(),
    }
}

fn copy(ca: u64, became: Became) -> CopySeen {
    CopySeen {
        ca,
        kind: CopyKind::Imported,
        became,
        device: "yubikey:serial=12345679;slot-id=9c".to_owned(),
        holder: String::new(),
        word: "lost".to_owned(),
        keyboard: String::new(),
    }
}

fn tried(ca: u64, next_due: u64) -> CopyTried {
    CopyTried {
        ca,
        device: copy(ca, Became::Made).device,
        holder: String::new(),
        tried_for: TriedFor::Restore,
        result: TrialResult::Proved,
        word: String::new(),
        next_due,
        plan: [1; 32],
        keyboard: String::new(),
    }
}

fn secrets(generation: u8, counter: u32) -> SecretsDerived {
    SecretsDerived {
        device: "yubikey:serial=12345679".to_owned(),
        serial: "12345679".to_owned(),
        generation: generation.into(),
        counter,
        check: [generation; 32],
        set: SecretsSet::Done,
        keyboard: String::new(),
    }
}

fn retired(ca: u64) -> CaRetired {
    CaRetired {
        ca,
        reason: String::new(),
        keyboard: String::new(),
    }
}

fn reached(new: u64, stage: Stage) -> StageReached {
    StageReached {
        old: 1,
        new,
        stage,
        word: String::new(),
        keyboard: String::new(),
    }
}
