//! What an admin may try, at random.

use super::*;

/// Something that an admin may try; the rules refuse some of it.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    Reserve {
        requester: &'static str,
        subject: u8,
        serial: Option<u64>,
        becomes: Option<bool>,
    },
    /// Peter's key 9, by a role that marks names; with what a card says of it, or without.
    Marked(Option<TouchPolicy>),
    Write(Writing),
    RevokeKey(u8),
    RevokeSerials(u64, u64),
    Bar(&'static str),
    Resume(u64),
    Roll(u8, u8),
    Retire,
    Abandon,
}

/// What one entry says, which is written as it is.
#[derive(Clone, Debug)]
pub(super) enum Writing {
    Enrol(&'static str, Credential),
    Unenrol(&'static str, Credential),
    Name(&'static str),
    Ca(&'static str, u8),
    LedgerKey(u8, u8),
    EndLedgerKey(u8, u64),
    Head(u8, bool),
    Krl(u64, Option<u8>),
    Challenge(u8),
    Suffixes(Vec<SuffixSet>),
    Clock(u64),
    /// What became of one of two copies of the CA's key.
    Copy(bool, Became),
    /// What a trial of one of them came to.
    Tried(bool, TriedFor, TrialResult),
    /// What opens one of two devices: generation, counter, and whether it opened with it.
    Secrets(bool, u32, u32, SecretsSet),
    /// The CA with this key takes the place of the first.
    Stage(u8, Stage),
}

fn requester() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("peter"), Just("erik"), Just("operator")]
}

/// Of the seeds, 1 is the CA's; few, so that deeds meet.
fn seed() -> impl Strategy<Value = u8> {
    1_u8..7
}

fn credential() -> impl Strategy<Value = Credential> {
    let family_card = |serial| CardId {
        family: "yubico".to_owned(),
        serial,
    };
    prop_oneof![
        3 => seed().prop_map(|seed| Credential::Key(blob(seed))),
        1 => (7_u64..9).prop_map(Credential::Card),
        1 => (7_u64..9).prop_map(move |serial| Credential::FamilyCard(family_card(serial))),
    ]
}

fn suffixes() -> impl Strategy<Value = Vec<SuffixSet>> {
    let proofs = ["null", r#"{"kinds":["piv"],"touch":"cached"}"#, "{}"];
    let class = (
        prop::sample::select(&["_physical", "_file", "_my_file"][..]),
        prop::sample::select(proofs.to_vec()),
        0_u8..2,
    );
    let class = class.prop_map(|(suffix, proof, ended)| SuffixSet {
        class: "class".to_owned(),
        suffix: suffix.to_owned(),
        proof: proof.to_owned(),
        ended,
    });
    prop::collection::vec(class, 0..3)
}

fn writing() -> impl Strategy<Value = Writing> {
    prop_oneof![
        3 => (requester(), credential()).prop_map(|(name, key)| Writing::Enrol(name, key)),
        2 => (requester(), credential()).prop_map(|(name, key)| Writing::Unenrol(name, key)),
        1 => requester().prop_map(Writing::Name),
        1 => (prop::sample::select(&["users", "hosts"][..]), seed())
            .prop_map(|(name, seed)| Writing::Ca(name, seed)),
        3 => (seed(), 1_u8..4).prop_map(|(seed, purposes)| Writing::LedgerKey(seed, purposes)),
        1 => (seed(), 0_u64..9).prop_map(|(seed, size)| Writing::EndLedgerKey(seed, size)),
        2 => (seed(), any::<bool>()).prop_map(|(seed, true_root)| Writing::Head(seed, true_root)),
        2 => (1_u64..9, prop::option::of(seed()))
            .prop_map(|(version, signer)| Writing::Krl(version, signer)),
        1 => (0_u8..3).prop_map(Writing::Challenge),
        1 => suffixes().prop_map(Writing::Suffixes),
        1 => (0_u64..2).prop_map(|off| Writing::Clock(NOW - off)),
        2 => (any::<bool>(), prop::sample::select(&FATES[..]))
            .prop_map(|(first, became)| Writing::Copy(first, became)),
        1 => (any::<bool>(), prop::sample::select(&TRIALS[..]))
            .prop_map(|(first, (tried_for, result))| Writing::Tried(first, tried_for, result)),
        3 => (any::<bool>(), 1_u32..3, 1_u32..3, prop::sample::select(&SETS[..]))
            .prop_map(|(first, generation, counter, set)| {
                Writing::Secrets(first, generation, counter, set)
            }),
        2 => (seed(), prop::sample::select(&Stage::ALL[..3]))
            .prop_map(|(new, stage)| Writing::Stage(new, stage)),
    ]
}

pub(super) fn deed() -> impl Strategy<Value = Deed> {
    let reserve = (
        requester(),
        seed(),
        prop::option::of(1_u64..30),
        prop::option::of(any::<bool>()),
    );
    let reserve = reserve.prop_map(|(requester, subject, serial, becomes)| Deed::Reserve {
        requester,
        subject,
        serial,
        becomes,
    });
    let touch = prop::sample::select(&[TouchPolicy::Never, TouchPolicy::Cached][..]);
    prop_oneof![
        8 => reserve,
        2 => prop::option::of(touch).prop_map(|touch| {
            // The class of the role's own config wants a touch.
            Deed::Marked(touch.filter(|touch| *touch == TouchPolicy::Cached))
        }),
        9 => writing().prop_map(Deed::Write),
        1 => (3_u8..7).prop_map(Deed::RevokeKey),
        1 => (1_u64..30, 0_u64..3).prop_map(|(first, more)| Deed::RevokeSerials(first, first + more)),
        1 => requester().prop_map(Deed::Bar),
        1 => (1_u64..40).prop_map(Deed::Resume),
        1 => (seed(), seed()).prop_map(|(old, new)| Deed::Roll(old, new)),
        1 => Just(Deed::Retire),
        1 => Just(Deed::Abandon),
    ]
}

const FATES: [Became; 3] = [Became::Made, Became::Destroyed, Became::Missing];
const TRIALS: [(TriedFor, TrialResult); 3] = [
    (TriedFor::Restore, TrialResult::Proved),
    (TriedFor::Restore, TrialResult::Failed),
    (TriedFor::Drill, TrialResult::Failed),
];
const SETS: [SecretsSet; 2] = [SecretsSet::AboutToBe, SecretsSet::Done];
