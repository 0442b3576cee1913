//! Which facts a step tells of: one of another name says nothing that anybody held against anything.

use crate::ceremony::conduct::{
    LEDGER_KEY_NAME, MEDIUM_AFTER, MEDIUM_BEFORE, SECRET_CHECK, SHARES, SIGNATURE_OF_LIST,
    attestation_of, compared_fact, copy_fact as copy_in_device, decided_fact, in_memory_fact,
    read_back_fact, signed_fact, tested_fact,
};
use crate::ceremony::facts::{
    CLOCKS, COMPONENTS, COMPONENTS_CHECK, ENROLMENT, FIRST_DRILL, LEDGER_BEFORE, LEDGER_KEY,
    LEDGER_KEY_PRINT, LEFT_OUT, LIST_GOES, MADE_TO_FIND, PLACES, REVOCATION, SERVERS, STAGE,
    attested_fact, begins_fact, blob_fact, brought_fact, brought_key_fact, can_wrap_fact,
    copy_fact, decided_at_fact, device_fact, emergency_fact, end_fact, item_refused, made_to_find,
    number_behind, opened_by_fact, printed_by, retired_fact, secret_fact, secrets_fact,
    touches_fact,
};
use crate::ceremony::plan::{
    Ca, CaBefore, End, KeyPlace, Pins, Plan, PlannedBundle, emergency_file, emergency_test_file,
};
use crate::ceremony::public_files::{LIST_FILE, public_file_names};
use crate::ceremony::steps::Act;
use crate::ceremony::test_certificate::lint_fact;
use crate::ceremony::test_signature::{restored_fact, test_by_fact, test_fact, tried_fact};
use crate::config::CaName;
use crate::secret::SecretKind;

use super::REHEARSAL;

/// Whether a step that does this tells of a fact of this name.
pub(super) fn tells_of(plan: &Plan, act: Act, name: &str) -> bool {
    let is_one_of = |names: &[String]| names.iter().any(|one| one == name);
    match act {
        Act::Nothing | Act::End | Act::Lines => false,
        Act::List => name == LIST_GOES && plan.ledger.is_some(),
        Act::Clocks => name == CLOCKS,
        Act::Rehearsal => name == REHEARSAL,
        Act::Machine => is_one_of(&of_machine(plan)),
        Act::Devices => plan.devices.iter().any(|one| device_fact(one) == name),
        Act::Ledger => is_one_of(&of_ledger(plan)),
        Act::Shares | Act::OpenAgain => [SHARES, SECRET_CHECK].contains(&name),
        Act::Pins(number) => is_one_of(&of_pins(plan, number)),
        Act::Key(number) => plan
            .cas()
            .get(number)
            .is_some_and(|ca| is_one_of(&of_key(ca))),
        Act::LedgerKey => is_one_of(&[
            LEDGER_KEY.to_owned(),
            LEDGER_KEY_PRINT.to_owned(),
            attested_fact(LEDGER_KEY_NAME),
        ]),
        Act::Custody | Act::Counters => {
            let mut devices = plan.devices.iter();
            devices.any(|one| one.pins == Pins::Shares && opened_by_fact(one) == name)
        }
        Act::MediumIn => name == MEDIUM_BEFORE,
        Act::MediumOut => name == MEDIUM_AFTER,
        Act::ShowBundle(at) => plan.bundle(at).is_some_and(|one| is_of_show(one, name)),
        Act::TestCertificate(at) => plan.bundle(at).is_some_and(|one| {
            tested_fact(one) == name || lint_fact(&one.test_certificate()) == name
        }),
        Act::TestEmergency(number) => lint_fact(&emergency_test_file(number)) == name,
        Act::SignBundle(at) => plan.bundle(at).is_some_and(|one| is_of_signing(one, name)),
        Act::Copies | Act::Lost => {
            (0..plan.copies_that_end().len()).any(|at| copy_fact(at) == name)
        }
        Act::EndCopy(number) => {
            let copy = plan.copies_that_end().get(number);
            let is_file = copy.is_some_and(|copy| matches!(copy.end, End::Overwritten { .. }));
            end_fact(number) == name || (is_file && begins_fact(number) == name)
        }
        Act::Retire(number) => is_of(plan, number, &retired_fact, name),
        Act::StageMade => name == STAGE,
        Act::StageTrusted => [STAGE, SERVERS].contains(&name),
        Act::ShutOut => plan
            .old_ca()
            .is_some_and(|old| retired_fact(&old.name) == name),
        Act::Places => {
            name == PLACES || (0..plan.copies_that_end().len()).any(|at| end_fact(at) == name)
        }
        Act::TestKey(number) => is_of_test(plan, number, name),
        Act::TryCopy(number) => {
            is_of_test(plan, number, name) || is_of(plan, number, &tried_fact, name)
        }
        Act::TakePlace(number) => is_of_place(plan, number, name),
        Act::FirstDrill => name == FIRST_DRILL,
        Act::Emergency(number) => emergency_fact(number) == name,
        Act::CanWrap => plan.wrapped().any(|ca| can_wrap_fact(ca) == name),
        Act::Components | Act::OpenComponents => [COMPONENTS, COMPONENTS_CHECK].contains(&name),
        Act::Bring(number) => is_of(plan, number, &brought_key_fact, name),
    }
}

/// Whether a step that does this writes a file of this name.
pub(super) fn writes(plan: &Plan, act: Act, name: &str) -> bool {
    let is_one_of = |names: &[String]| names.iter().any(|one| one == name);
    match act {
        Act::List => name == LIST_FILE || name == SIGNATURE_OF_LIST,
        Act::Lines => is_one_of(&public_file_names(plan)),
        Act::Key(number) => {
            let ca = plan.cas().get(number);
            ca.is_some_and(|ca| is_on_card(&ca.place) && name == attestation_of(ca.name.as_str()))
        }
        Act::LedgerKey => {
            let key = plan.ledger_key();
            key.is_some_and(|key| is_on_card(&key.place)) && name == attestation_of(LEDGER_KEY_NAME)
        }
        Act::MediumIn => {
            let mut bundles = plan.signing().into_iter().flat_map(|sign| &sign.bundles);
            bundles.any(|bundle| bundle.file == name)
        }
        Act::ShowBundle(at) => plan.bundle(at).is_some_and(|one| one.table() == name),
        Act::TestCertificate(at) => plan
            .bundle(at)
            .is_some_and(|one| one.test_certificate() == name),
        Act::SignBundle(at) => plan
            .bundle(at)
            .is_some_and(|one| one.test_certificate() == name || one.answer() == name),
        Act::TestEmergency(number) => emergency_test_file(number) == name,
        Act::Emergency(number) => emergency_file(number) == name,
        _ => false,
    }
}

fn is_on_card(place: &KeyPlace) -> bool {
    matches!(place, KeyPlace::Slot { .. })
}

fn of_machine(plan: &Plan) -> Vec<String> {
    let modules = plan.modules.iter();
    let modules = modules.map(|module| format!("module {}", module.path.display()));
    let roots = plan.roots.iter();
    let roots = roots.map(|root| format!("roots {}", root.path.display()));
    let printer = plan.printer.iter().map(printed_by);
    let program = std::iter::once("program".to_owned());
    program.chain(printer).chain(modules).chain(roots).collect()
}

fn of_ledger(plan: &Plan) -> Vec<String> {
    let own = [LEDGER_BEFORE, LEDGER_KEY, LEDGER_KEY_PRINT].map(str::to_owned);
    let own = own
        .into_iter()
        .chain(made_to_find(plan).map(|_| MADE_TO_FIND.to_owned()));
    let cas = plan.ledger.iter().flat_map(|ledger| &ledger.cas);
    own.chain(cas.flat_map(|ca| public(&ca.name))).collect()
}

fn public(ca: &CaName) -> [String; 2] {
    [format!("public key {ca}"), format!("fingerprint {ca}")]
}

fn of_key(ca: &Ca) -> Vec<String> {
    let copies = ca.copies.devices().iter();
    let copies = copies.map(|device| copy_in_device(ca, device));
    let own = [
        in_memory_fact(ca),
        blob_fact(&ca.name),
        attested_fact(ca.name.as_str()),
    ];
    public(&ca.name)
        .into_iter()
        .chain(own)
        .chain(copies)
        .collect()
}

fn of_pins(plan: &Plan, number: usize) -> Vec<String> {
    let device = plan.devices.get(number).into_iter();
    let names = device.flat_map(|device| {
        let kinds = [SecretKind::Pin, SecretKind::SoPin];
        let secrets = kinds.map(|kind| secret_fact(device, kind));
        std::iter::once(secrets_fact(device)).chain(secrets)
    });
    names.collect()
}

fn is_of_show(bundle: &PlannedBundle, name: &str) -> bool {
    let is_brought = |kind: &&str| number_behind(&brought_fact(kind, bundle, 0), name).is_some();
    decided_fact(bundle) == name
        || decided_at_fact(bundle) == name
        || item_refused(bundle, name).is_some()
        || [ENROLMENT, REVOCATION, LEFT_OUT].iter().any(is_brought)
}

fn is_of_signing(bundle: &PlannedBundle, name: &str) -> bool {
    let own = [
        touches_fact(bundle),
        tested_fact(bundle),
        lint_fact(&bundle.test_certificate()),
        compared_fact(bundle),
        read_back_fact(bundle),
        signed_fact(bundle),
    ];
    own.iter().any(|one| one == name) || item_refused(bundle, name).is_some()
}

fn is_of(plan: &Plan, number: usize, fact: &dyn Fn(&CaName) -> String, name: &str) -> bool {
    before(plan, number).is_some_and(|ca| fact(&ca.name) == name)
}

fn is_of_test(plan: &Plan, number: usize, name: &str) -> bool {
    is_of(plan, number, &test_by_fact, name) || is_of(plan, number, &test_fact, name)
}

/// What is lost of this CA, and that it is restored.
fn is_of_place(plan: &Plan, number: usize, name: &str) -> bool {
    let Some(ca) = before(plan, number) else {
        return false;
    };
    let mut lost = (0..).zip(plan.copies_that_end());
    restored_fact(&ca.name) == name
        || lost.any(|(at, lost)| lost.ca == ca.name && end_fact(at) == name)
}

fn before(plan: &Plan, number: usize) -> Option<&CaBefore> {
    let mut cas = plan.ledger.iter().flat_map(|ledger| &ledger.cas);
    cas.nth(number)
}
