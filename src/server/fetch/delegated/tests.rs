//! Lists by delegated keys, as a server judges them.

use ssh_key::private::Ed25519Keypair;

use super::super::judge::judge;
use super::super::{Fetched, Leads, Mark};
use super::*;
use crate::krl::rollover::tests::{LEDGER, blob, hash as hash_of, rollover};
use crate::krl::tests_of_bases::{base, list};
use crate::krl::tests_of_delegations::delegation;
use crate::krl::{KRL_NAMESPACE, Krl};
use crate::ledger::key::LedgerKey;

const NOW: u64 = 1_795_000_000;
const UNTIL: u64 = NOW + 100;
const LEDGER_KEY: u8 = 1;
const MIRROR: u8 = 2;

fn public(seed: u8) -> KeyData {
    KeyData::Ed25519(Ed25519Keypair::from_seed(&[seed; 32]).public)
}

fn sign(seed: u8, namespace: &str, bytes: &[u8]) -> ListSignature {
    let pair = Ed25519Keypair::from_seed(&[seed; 32]);
    let mut key = LedgerKey::from_keypair(pair, &[]).unwrap();
    let text = key.sign_list(namespace, bytes).unwrap();
    ListSignature::read(text.as_bytes()).unwrap()
}

/// What lies beside a list, and what the server goes by.
struct Case {
    delegation: Delegation,
    rollovers: Option<Rollovers>,
    base: ListBase,
    base_by: u8,
    mark: Option<Mark>,
    now: u64,
}

impl Case {
    fn good() -> Self {
        Self {
            delegation: delegation(LEDGER_KEY, 3, MIRROR, UNTIL),
            rollovers: None,
            base: base(9),
            base_by: LEDGER_KEY,
            mark: None,
            now: NOW,
        }
    }

    fn expected(&self) -> Expected {
        Expected {
            signers: vec![public(LEDGER_KEY)],
            name: None,
            mark: self.mark.clone(),
            now: self.now,
            revoked: Vec::new(),
            accept_version: None,
            base: None,
        }
    }

    fn take(&self, list: &Krl) -> Result<Fetched<Krl>, Refusal> {
        let base = self.base.to_bytes().unwrap();
        let leads = Leads::Delegated(Box::new(Delegated {
            delegation: self.delegation.clone(),
            rollovers: self.rollovers.clone(),
            signature: sign(self.base_by, BASE_NAMESPACE, &base),
            base,
        }));
        let bytes = list.to_bytes().unwrap();
        let signature = sign(MIRROR, KRL_NAMESPACE, &bytes);
        judge(&bytes, None, &signature, &leads, &self.expected())
    }

    /// A list by the ledger key itself.
    fn direct(&self, list: &Krl) -> Result<Fetched<Krl>, Refusal> {
        let bytes = list.to_bytes().unwrap();
        let signature = sign(LEDGER_KEY, KRL_NAMESPACE, &bytes);
        judge(&bytes, None, &signature, &Leads::None, &self.expected())
    }
}

fn plain(version: u64) -> Krl {
    list(9, version, |_| ())
}

#[test]
fn a_list_within_its_base_is_taken_and_what_let_it_is_kept() {
    let fetched = Case::good().take(&plain(5)).unwrap();
    let seen = DelegationSeen {
        number: 3,
        until: UNTIL,
        key: hash_of(MIRROR),
    };
    assert_eq!(fetched.mark.delegated, Some(seen));
    let beside = fetched.beside.unwrap();
    assert_eq!(ListBase::from_bytes(&beside.base), Ok(base(9)));
    assert!(beside.delegation.contains("number 3\n"));
}

#[test]
fn a_list_that_lacks_something_or_says_what_only_the_ledger_may_is_refused() {
    let mut case = Case::good();
    let lacking = list(9, 5, |list| list.revoke_sha256([8; 32]));
    case.base = ListBase::new(base(9).head().clone(), Vec::new(), lacking);
    let refused = case.take(&plain(6)).unwrap_err();
    assert!(matches!(refused, Refusal::OutsideBase(_)), "{refused}");
    let refused = Case::good().take(&list(10, 5, |_| ())).unwrap_err();
    assert!(matches!(refused, Refusal::OutsideBase(_)), "{refused}");
}

#[test]
fn a_base_by_another_key_than_the_one_that_delegated_holds_nothing() {
    for base_by in [MIRROR, 7] {
        let refused = Case {
            base_by,
            ..Case::good()
        }
        .take(&plain(5))
        .unwrap_err();
        assert!(matches!(refused, Refusal::BaseSignature(_)), "{refused}");
    }
}

#[test]
fn a_delegation_that_is_over_earlier_another_or_of_another_ledger_lets_nobody_sign() {
    let mut case = Case::good();
    case.now = UNTIL;
    case.take(&plain(5)).unwrap();
    case.now = UNTIL + 1;
    assert_eq!(
        case.take(&plain(5)).unwrap_err(),
        Refusal::DelegationOver(UNTIL)
    );
    let mut case = Case::good();
    case.mark = Some(case.take(&plain(5)).unwrap().mark);
    case.take(&plain(6)).unwrap();
    for (number, key, until) in [(2, MIRROR, UNTIL), (3, MIRROR, UNTIL + 1)] {
        case.delegation = delegation(LEDGER_KEY, number, key, until);
        let refused = case.take(&plain(6)).unwrap_err();
        assert_eq!(refused, Refusal::OlderDelegation { number, seen: 3 });
    }
    case.delegation = delegation(LEDGER_KEY, 4, MIRROR, UNTIL + 1);
    case.take(&plain(6)).unwrap();
    let mut statement = case.delegation.statement().clone();
    statement.ledger.push('0');
    let word = crate::krl::tests_of_delegations::word_of(LEDGER_KEY, &statement);
    case.delegation = Delegation::new(statement, blob(LEDGER_KEY), word).unwrap();
    let refused = case.take(&plain(6)).unwrap_err();
    let other = Refusal::DelegationOfOtherLedger(format!("{LEDGER}0"));
    assert_eq!(refused, other);
}

#[test]
fn a_stranger_delegates_nothing_and_who_took_over_from_the_ledger_key_does() {
    let mut case = Case::good();
    case.delegation = delegation(7, 3, MIRROR, UNTIL);
    case.base_by = 7;
    let refused = case.take(&plain(5)).unwrap_err();
    assert!(matches!(refused, Refusal::Signature(_)), "{refused}");
    case.rollovers = Some(Rollovers::of(vec![rollover(LEDGER_KEY, 7)]).unwrap());
    let fetched = case.take(&plain(5)).unwrap();
    assert_eq!(fetched.mark.signers.followed.len(), 1);
    assert!(fetched.followed.is_some());
}

#[test]
fn who_was_revoked_neither_delegates_nor_signs() {
    for key in [LEDGER_KEY, MIRROR] {
        let list = list(9, 5, |list| list.revoke_sha256(hash_of(key)));
        let refused = Case::good().take(&list).unwrap_err();
        assert!(matches!(refused, Refusal::RevokedSigner(_)), "{refused}");
    }
}

#[test]
fn while_lists_are_delegated_the_ledger_key_signs_none_but_one_that_ends_that() {
    let mut case = Case::good();
    case.direct(&plain(4)).unwrap();
    case.mark = Some(case.take(&plain(5)).unwrap().mark);
    assert_eq!(
        case.direct(&plain(6)).unwrap_err(),
        Refusal::Delegated(UNTIL)
    );
    let ends = list(9, 6, |list| list.revoke_sha256(hash_of(MIRROR)));
    case.direct(&ends).unwrap();
    case.now = UNTIL + 1;
    case.direct(&plain(6)).unwrap();
}

#[test]
fn nothing_goes_back_behind_what_was_seen_here() {
    let mut case = Case::good();
    case.mark = Some(case.take(&plain(5)).unwrap().mark);
    let older = case.take(&plain(4)).unwrap_err();
    assert!(matches!(older, Refusal::Older { .. }), "{older}");
    case.base = base(8);
    let refused = case.take(&list(8, 6, |_| ())).unwrap_err();
    assert!(matches!(refused, Refusal::OlderHead { .. }), "{refused}");
}
