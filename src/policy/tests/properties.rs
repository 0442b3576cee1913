//! What holds for every request, role and proof.

use std::collections::BTreeSet;

use super::*;

/// A role made of a choice in each field.
#[derive(Clone, Debug)]
struct Terms {
    requesters: Vec<&'static str>,
    principals: Vec<&'static str>,
    storage: Option<&'static str>,
    proof: Option<&'static str>,
    maximum: u64,
    forced: Vec<&'static str>,
    default: Vec<&'static str>,
    allowed: Vec<&'static str>,
    critical_forced: Vec<&'static str>,
    critical_allowed: Vec<&'static str>,
}

impl Terms {
    fn role(&self) -> Role {
        let quoted = |words: &[&str]| format!("{words:?}");
        let storage = self.storage.map(|s| format!("storage = {s:?}\n"));
        let proof = self
            .proof
            .map(|touch| format!("proof = {{ touch = {touch:?} }}\n"));
        role(&format!(
            "ca = \"users\"\nrequesters = {}\nprincipals = {}\n{}{}\
             lifetime = {{ maximum = \"{}s\", back-date = \"1m\" }}\n\
             extensions = {{ forced = {}, default = {}, allowed = {} }}\n\
             critical-options = {{ forced = {}, allowed = {} }}\n",
            quoted(&self.requesters),
            quoted(&self.principals),
            storage.unwrap_or_default(),
            proof.unwrap_or_default(),
            self.maximum,
            quoted(&self.forced),
            quoted(&self.default),
            quoted(&self.allowed),
            quoted(&self.critical_forced),
            quoted(&self.critical_allowed),
        ))
    }

    /// These permissions with one less.
    fn narrowed(&self, field: usize, index: usize) -> Self {
        fn without(list: &mut Vec<&'static str>, index: usize) {
            if !list.is_empty() {
                list.remove(index % list.len());
            }
        }
        let mut less = self.clone();
        match field {
            0 => without(&mut less.requesters, index),
            1 => without(&mut less.principals, index),
            2 => less.storage = None,
            3 => less.proof = Some("always"),
            4 => less.maximum /= 2,
            5 => without(&mut less.default, index),
            6 => without(&mut less.allowed, index),
            7 => without(&mut less.critical_allowed, index),
            8 => less.storage = less.storage.map(|_| "require"),
            // What was allowed before: else to force it would also let it be asked for.
            _ if less.critical_allowed.contains(&"source-address=*") => {
                less.critical_forced.retain(|forced| *forced != NETWORK);
                less.critical_forced.push(NETWORK);
            }
            _ => {}
        }
        less
    }
}

const NETWORK: &str = "source-address=10.0.0.0/8";
const FLAGS: [&str; 4] = [
    "permit-pty",
    "permit-user-rc",
    "permit-agent-forwarding",
    "permit-port-forwarding",
];

fn some<T: Clone + std::fmt::Debug + 'static>(of: &'static [T]) -> impl Strategy<Value = Vec<T>> {
    proptest::sample::subsequence(of, 0..=of.len())
}

fn terms() -> impl Strategy<Value = Terms> {
    let lists = (
        some(&["peter", "e*", "*@x.org"]),
        some(&["{requester}", "dev-*", "web", "d?v*"]),
        some(&FLAGS),
        some(&FLAGS),
        some(&FLAGS),
        some(&[NETWORK, "verify-required"]),
        some(&["force-command=*", "force-command=ls", "source-address=*"]),
    );
    let storage = proptest::option::weighted(
        0.9,
        proptest::sample::select(vec!["mark", "require", "ignore"]),
    );
    let proof = proptest::option::weighted(
        0.3,
        proptest::sample::select(vec!["never", "cached", "always"]),
    );
    (lists, storage, proof, 0_u64..200_000).prop_map(|(lists, storage, proof, maximum)| Terms {
        requesters: lists.0,
        principals: lists.1,
        storage,
        proof,
        maximum,
        forced: lists.2,
        default: lists.3,
        allowed: lists.4,
        critical_forced: lists.5,
        critical_allowed: lists.6,
    })
}

fn asks() -> impl Strategy<Value = Ask> {
    let names = &[
        "peter",
        "erik",
        "dev-1",
        "web",
        "root",
        "web_file",
        "dev-2_physical",
    ];
    let principals =
        proptest::option::weighted(0.9, proptest::sample::subsequence(names.to_vec(), 1..=2));
    let validity = proptest::sample::select(vec!["+1h", "+1d", "-30s:+2h", "+1h:+1d", "-1h:+1h"]);
    let options = some(&[
        "clear",
        "no-pty",
        "permit-pty",
        "permit-port-forwarding",
        "force-command=ls",
        "source-address=10.0.0.0/8",
        "no-touch-required",
    ]);
    (principals, validity, options).prop_map(|(principals, validity, options)| Ask {
        principals: principals.map(|list| Principals::parse(&list.join(","), Kind::User).unwrap()),
        options: with_options(&options).options,
        ..with_validity(validity)
    })
}

fn proofs() -> impl Strategy<Value = Vec<Proof>> {
    let touch = proptest::option::of(proptest::sample::select(vec![
        TouchPolicy::Never,
        TouchPolicy::Cached,
        TouchPolicy::Always,
    ]));
    let pin = proptest::option::of(proptest::sample::select(vec![
        PinPolicy::Never,
        PinPolicy::Once,
        PinPolicy::Always,
    ]));
    let kind = proptest::sample::select(vec![
        ProofKind::Piv,
        ProofKind::Fido,
        ProofKind::Witnessed,
        ProofKind::Sk,
    ]);
    let used = proptest::option::of(any::<(bool, bool, bool)>());
    let proof = (kind, touch, pin, used).prop_map(|(kind, touch, pin, used)| {
        let facts = Facts {
            touch,
            pin,
            user_verified: used.map(|(made_so, ..)| made_so),
            used: used.map(|(_, present, verified)| Shown { present, verified }),
            ..Facts::default()
        };
        Proof::for_tests(ed25519(), kind, facts)
    });
    proptest::collection::vec(proof, 0..3)
}

fn requesters() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["peter", "erik", "a@x.org", "mallory", "e_file"])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_forced_option_is_ever_lost(
        terms in terms(), ask in asks(), who in requesters(), proofs in proofs(),
    ) {
        if let Ok(decided) = judge(&terms.role(), ask, who, &proofs) {
            let options = &decided.body().options;
            for flag in &terms.forced {
                prop_assert_eq!(options.extensions().get(*flag).map(String::as_str), Some(""));
            }
            for forced in &terms.critical_forced {
                let (name, value) = forced.split_once('=').unwrap_or((forced, ""));
                prop_assert_eq!(options.critical().get(name).map(String::as_str), Some(value));
            }
        }
    }

    #[test]
    fn no_reserved_suffix_stands_without_its_proof(
        terms in terms(), ask in asks(), who in requesters(), proofs in proofs(),
    ) {
        let suffixes = suffixes();
        for role in [terms.role(), Role::operator()] {
            let ask = Ask { key_id: role.name().is_operator().then(|| KeyId::parse("x").unwrap()), ..ask.clone() };
            let Ok(decided) = judge(&role, ask, who, &proofs) else { continue };
            let earned: BTreeSet<_> = proofs
                .iter()
                .filter_map(|proof| suffixes.proved_by(proof))
                .map(|class| class.suffix().as_str())
                .chain(["_file"])
                .collect();
            let ends: BTreeSet<_> = decided
                .body()
                .principals
                .iter()
                .map(|principal| suffixes.reserved_end(principal.as_str()).map(|s| s.as_str()))
                .collect();
            prop_assert_eq!(ends.len(), 1, "one suffix for all, or none");
            for end in ends.into_iter().flatten() {
                prop_assert!(earned.contains(end), "{}", end);
            }
        }
    }

    #[test]
    fn a_security_key_that_counts_as_physical_wants_touch_and_pin_at_every_login(
        terms in terms(), ask in asks(), who in requesters(), lax in 0_usize..4,
        used in proptest::option::of(any::<(bool, bool, bool)>()),
    ) {
        let mut terms = terms;
        let lists = [&mut terms.forced, &mut terms.default, &mut terms.allowed];
        if let Some(list) = lists.into_iter().nth(lax) {
            list.push("no-touch-required");
        }
        let facts = Facts {
            user_verified: used.map(|(made_so, ..)| made_so),
            ..shown(used.is_some_and(|used| used.1), used.is_some_and(|used| used.2))
        };
        let Ok(decided) = judge_key(sk_ed25519(), &terms.role(), ask, who, &[fido(facts)]) else {
            return Ok(());
        };
        if decided.suffix() == Some("_physical") {
            let options = &decided.body().options;
            prop_assert!(matches!(used, Some((_, true, true))), "{:?}", used);
            prop_assert!(options.critical().contains_key("verify-required"));
            prop_assert!(!options.extensions().contains_key("no-touch-required"));
        }
    }

    #[test]
    fn no_principal_stands_outside_of_the_role(
        terms in terms(), ask in asks(), who in requesters(), proofs in proofs(),
    ) {
        let (role, suffixes) = (terms.role(), suffixes());
        if let Ok(decided) = judge(&role, ask, who, &proofs) {
            let requester = by(who);
            let role::Permit::Only(patterns) = role.principals() else { panic!() };
            for principal in decided.body().principals.iter() {
                let text = principal.as_str();
                let suffix = suffixes.reserved_end(text).map_or("", |s| s.as_str());
                let base = text.strip_suffix(suffix).unwrap();
                let base = crate::certificate::Principal::parse(base, Kind::User).unwrap();
                prop_assert!(patterns.iter().any(|pattern| pattern.matches(&base, &requester)));
            }
        }
    }

    #[test]
    fn no_lifetime_goes_beyond_the_maximum(
        terms in terms(), ask in asks(), who in requesters(), seconds in any::<u64>(), long in any::<bool>(),
    ) {
        let interval = crate::certificate::Validity::always();
        let ask = if long { Ask { validity: Some(ValidityAsked::Length { seconds, interval }), ..ask } } else { ask };
        if let Ok(decided) = judge(&terms.role(), ask, who, &[]) {
            let validity = decided.body().validity;
            prop_assert!(validity.valid_before() <= NOW + terms.maximum);
            prop_assert!(validity.valid_before() > NOW);
            prop_assert!(validity.valid_after() >= NOW - 60);
        }
    }

    #[test]
    fn a_permission_less_never_permits_more(
        terms in terms(), ask in asks(), who in requesters(), proofs in proofs(),
        field in 0_usize..10, index in any::<usize>(),
    ) {
        let narrow = judge(&terms.narrowed(field, index).role(), ask.clone(), who, &proofs);
        let Ok(narrow) = narrow else { return Ok(()) };
        let wide = judge(&terms.role(), ask, who, &proofs);
        prop_assert!(wide.is_ok(), "{:?} is allowed by less, and refused by more", narrow);
        let (narrow, wide) = (narrow.body().clone(), wide.unwrap().body().clone());
        // To require what was ignored adds a suffix, which is another name, and proved.
        if terms.storage != Some("ignore") || field != 8 {
            prop_assert_eq!(narrow.principals, wide.principals);
        }
        prop_assert!(narrow.validity.valid_before() <= wide.validity.valid_before());
        prop_assert!(narrow.options.extensions().keys().all(|name| wide.options.extensions().contains_key(name)));
        prop_assert!(wide.options.critical().keys().all(|name| narrow.options.critical().contains_key(name)));
    }
}
