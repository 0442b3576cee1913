//! What a run writes that meets no trouble.

use super::*;

/// What a run writes that meets no trouble, by the steps alone.
pub(in crate::ceremony) fn events(plan: &Plan) -> Vec<Event> {
    let mut events = vec![Event::Begin {
        plan: hex(&plan.sha256),
        purpose: plan.purpose.clone(),
        program: "punchmark 0.2.0".to_owned(),
        random: RANDOM.to_owned(),
    }];
    for step in steps(plan) {
        for ask in &step.asks {
            let answer = match &ask.wanted {
                Wanted::Text(text) | Wanted::Number(text) | Wanted::Paper(text) => text.clone(),
                Wanted::AnyOf(texts) => texts[0].clone(),
                Wanted::OrMissing(asked) => asked.text.clone(),
                Wanted::Time => plan.window.0.to_string(),
                Wanted::Rehearsal => crate::wire::words(&[5; 8]),
                Wanted::Secret { .. }
                | Wanted::Before { .. }
                | Wanted::Share(_)
                | Wanted::ShareAgain(_)
                | Wanted::Component(_)
                | Wanted::ComponentAgain(_) => String::new(),
            };
            let is_secret = matches!(
                ask.wanted,
                Wanted::Secret { .. }
                    | Wanted::Before { .. }
                    | Wanted::Share(_)
                    | Wanted::ShareAgain(_)
                    | Wanted::Component(_)
                    | Wanted::ComponentAgain(_)
            );
            let is_on_a_sheet = matches!(
                ask.wanted,
                Wanted::Secret { .. } | Wanted::Share(_) | Wanted::Component(_)
            );
            let (step, ask, by) = (step.name.clone(), ask.name.clone(), ask.who.clone());
            let printer = plan.printer.as_ref().filter(|_| is_on_a_sheet);
            events.extend(printer.map(|printer| Event::Printed {
                step: step.clone(),
                ask: ask.clone(),
                by: by.clone(),
                program: printer.program.clone(),
            }));
            events.push(if is_secret {
                Event::TypedBack { step, ask, by }
            } else {
                Event::Answer {
                    step,
                    ask,
                    by,
                    answer,
                }
            });
        }
        let made = Made {
            plan,
            step: &step.name,
        };
        events.extend(made.by(step.act));
        events.push(Event::Done {
            step: step.name.clone(),
        });
    }
    let (ledger, root) = ("l".to_owned(), hex(&[1; 32]));
    events.push(Event::End {
        ledger,
        size: 1,
        root,
    });
    events
}

/// The key as a fact of this name tells it.
fn key_line(name: &str) -> String {
    match name {
        LEDGER_KEY => format!("{KEY} ledger key"),
        name => format!("{KEY} {}", name.trim_start_matches("public key ")),
    }
}

struct Made<'a> {
    plan: &'a Plan,
    step: &'a str,
}

impl Made<'_> {
    fn fact(&self, name: &str, value: &str) -> Event {
        let (name, value) = (name.to_owned(), value.to_owned());
        Event::Fact {
            step: self.step.to_owned(),
            name,
            value,
        }
    }

    fn key(&self, device: &str, place: &KeyPlace, names: [&str; 2]) -> Vec<Event> {
        let device = self.plan.device(device).unwrap();
        let locator = crate::ceremony::key_place::key(device, place, &[7; 16]).unwrap();
        let key: ssh_key::PublicKey = KEY.parse().unwrap();
        let intent = Event::Intent {
            step: self.step.to_owned(),
            locator: locator.to_string(),
        };
        let print = fingerprint(key.key_data());
        vec![
            intent,
            self.fact(names[0], &key_line(names[0])),
            self.fact(names[1], &print),
        ]
    }

    /// Where a wrapped key goes.
    fn intent(&self, ca: &CaName) -> Event {
        let blob = self.plan.blob(ca).unwrap();
        let (device, place) = (
            self.plan.device(&blob.onto),
            KeyPlace::Label(blob.label.clone()),
        );
        let locator = crate::ceremony::key_place::key(device.unwrap(), &place, &[7; 16]).unwrap();
        Event::Intent {
            step: self.step.to_owned(),
            locator: locator.to_string(),
        }
    }

    fn files(&self, names: &[&str]) -> Vec<Event> {
        let file = |name: &&str| Event::File {
            step: self.step.to_owned(),
            name: (*name).to_owned(),
            sha256: hex(&[3; 32]),
        };
        names.iter().map(file).collect()
    }

    fn linted(&self, file: &str) -> Vec<Event> {
        let mut events = vec![self.fact(&lint_fact(file), "no finding")];
        events.extend(self.files(&[file]));
        events
    }

    fn by(&self, act: Act) -> Vec<Event> {
        let plan = self.plan;
        match act {
            Act::Nothing | Act::End => Vec::new(),
            Act::Ledger => {
                let before = plan.ledger.as_ref().unwrap();
                let ca = &before.cas[0];
                let print = ca.fingerprint.to_string();
                let made = made_to_find(plan);
                let made = made.map(|made| self.fact(MADE_TO_FIND, &made));
                let seen = vec![
                    self.fact(LEDGER_BEFORE, &head_in_words(&before.head)),
                    self.fact(
                        &format!("public key {}", ca.name),
                        &format!("{KEY} {}", ca.name),
                    ),
                    self.fact(&format!("fingerprint {}", ca.name), &print),
                    self.fact(LEDGER_KEY, &key_line(LEDGER_KEY)),
                    self.fact(LEDGER_KEY_PRINT, &print),
                ];
                seen.into_iter().chain(made).collect()
            }
            Act::Shares => vec![
                self.fact(SHARES, &in_words(plan.custody.as_ref().unwrap().quorum)),
                self.fact(SECRET_CHECK, "c"),
            ],
            Act::OpenAgain => {
                let quorum = plan.custody.as_ref().unwrap().quorum;
                let numbers: Vec<_> = (1..=quorum.shares()).map(|one| one.to_string()).collect();
                let (words, _) = typed_in_words(&numbers, quorum);
                vec![
                    self.fact(SHARES, &enough(&words, quorum)),
                    self.fact(SECRET_CHECK, "c"),
                ]
            }
            Act::Custody => vec![self.fact("opened by root", "generation 1, counter 1")],
            Act::Counters => vec![self.fact("opened by root", "generation 1, counter 2")],
            Act::Pins(number) => {
                let device = &plan.devices[number];
                let mut events = vec![self.fact(&secrets_fact(device), SECRETS_ARE_SET)];
                if let Hardware::Token(_) = device.hardware {
                    for kind in [SecretKind::SoPin, SecretKind::Pin] {
                        events.push(self.fact(&secret_fact(device, kind), SECRET_IS_SET));
                    }
                }
                events
            }
            Act::Clocks => {
                let now = plan.window.0;
                vec![self.fact(CLOCKS, &format!("{now}, {now}, {now}"))]
            }
            Act::Machine => {
                let module = &plan.modules[0];
                let name = format!("module {}", module.path.display());
                let printer = plan.printer.iter();
                let printer = printer.map(|one| self.fact(&printed_by(one), &hex(&one.sha256)));
                [
                    self.fact("program", &hex(&plan.program)),
                    self.fact(&name, &hex(&module.sha256)),
                ]
                .into_iter()
                .chain(printer)
                .collect()
            }
            Act::Devices => {
                let device = &plan.devices[0];
                let says = format!("{}, of x", device.words());
                vec![self.fact("device root", &says)]
            }
            Act::Rehearsal => vec![self.fact("rehearsal", &hex(&[5; 32]))],
            Act::Key(_) => {
                let ca = &plan.cas()[0];
                let names = [
                    format!("public key {}", ca.name),
                    format!("fingerprint {}", ca.name),
                ];
                let mut events = self.key("root", &ca.place, [&names[0], &names[1]]);
                if ca.copies.is_wrapped_by_components() {
                    events.push(self.fact(&blob_fact(&ca.name), "kept"));
                }
                events
            }
            Act::CanWrap => vec![self.fact(&can_wrap_fact(&plan.cas()[0]), "it does")],
            Act::Components => {
                let quorum = plan.components.as_ref().unwrap().custody.quorum;
                vec![
                    self.fact(COMPONENTS, &components_in_words(quorum)),
                    self.fact(COMPONENTS_CHECK, "c"),
                ]
            }
            Act::OpenComponents => {
                let quorum = plan.components.as_ref().unwrap().custody.quorum;
                let numbers: Vec<_> = (1..=quorum.shares()).map(|one| one.to_string()).collect();
                let (words, _) = components_typed(&numbers, quorum);
                vec![
                    self.fact(COMPONENTS, &one_wrapping_key(&words, quorum)),
                    self.fact(COMPONENTS_CHECK, "c"),
                ]
            }
            Act::Bring(_) => {
                let ca = &plan.ledger.as_ref().unwrap().cas[0].name;
                vec![self.intent(ca), self.fact(&brought_key_fact(ca), "token")]
            }
            Act::LedgerKey => {
                let names = ["public key of the ledger", "fingerprint of the ledger key"];
                self.key("root", &plan.ledger_key().unwrap().place, names)
            }
            Act::Copies => vec![self.fact(&copy_fact(0), "token")],
            Act::Retire(_) => {
                let ca = &plan.ledger.as_ref().unwrap().cas[0];
                vec![self.fact(&retired_fact(&ca.name), RETIRED)]
            }
            Act::StageMade => vec![self.fact(STAGE, STAGE_MADE)],
            Act::Lost => vec![self.fact(&copy_fact(0), "token")],
            Act::TestKey(_) => {
                let ca = &plan.ledger.as_ref().unwrap().cas[0].name;
                vec![
                    self.fact(&test_by_fact(ca), "token"),
                    self.fact(&test_fact(ca), "AAAA"),
                ]
            }
            Act::FirstDrill => {
                let due = plan.drill().unwrap().next_due.to_string();
                vec![self.fact(FIRST_DRILL, &due)]
            }
            Act::TryCopy(_) => {
                let ca = &plan.ledger.as_ref().unwrap().cas[0].name;
                let mut events = vec![
                    self.fact(&test_by_fact(ca), "token"),
                    self.fact(&test_fact(ca), "AAAA"),
                    self.fact(&tried_fact(ca), "it signed"),
                ];
                if plan.blob(ca).is_some() {
                    events.insert(0, self.intent(ca));
                }
                events
            }
            Act::TakePlace(_) => {
                let ca = &plan.ledger.as_ref().unwrap().cas[0].name;
                vec![
                    self.fact(&end_fact(0), "token"),
                    self.fact(&restored_fact(ca), "token"),
                ]
            }
            Act::TestEmergency(number) => self.linted(&emergency_test_file(number)),
            Act::Emergency(number) => {
                let mut events = vec![self.fact(&emergency_fact(number), "serial 1")];
                events.extend(self.files(&[&emergency_file(number)]));
                events
            }
            Act::StageTrusted => vec![
                self.fact(SERVERS, "all 1 trust both"),
                self.fact(STAGE, STAGE_TRUSTED),
            ],
            Act::ShutOut => {
                let old = &plan.old_ca().unwrap().name;
                vec![self.fact(&retired_fact(old), RETIRED)]
            }
            Act::Places => {
                let lost = 0..plan.copies_that_end().len();
                let mut events: Vec<_> = lost
                    .map(|number| self.fact(&end_fact(number), "a medium"))
                    .collect();
                events.push(self.fact(PLACES, "token (original)"));
                events
            }
            Act::EndCopy(number) => vec![self.fact(&end_fact(number), "token: gone")],
            Act::MediumIn => {
                let sign = plan.signing().unwrap();
                let hash = hex(&planned_hash(sign));
                let copied = sign.files().map(|(name, sha256)| Event::File {
                    step: self.step.to_owned(),
                    name: name.to_owned(),
                    sha256: hex(&sha256),
                });
                std::iter::once(self.fact("medium before", &hash))
                    .chain(copied)
                    .collect()
            }
            Act::ShowBundle(at) => {
                let bundle = plan.bundle(at).unwrap();
                let at = format!("decided at {}", bundle.file);
                let mut events = vec![self.fact(&at, "2026-12-01T08:00:00Z")];
                events.extend(self.files(&[&bundle.table()]));
                let decided = format!("{} certificates would be signed", bundle.items);
                events.push(self.fact(&format!("decided {}", bundle.file), &decided));
                events
            }
            Act::TestCertificate(at) => {
                let bundle = plan.bundle(at).unwrap();
                let mut events = vec![self.fact(&tested_fact(bundle), "item 1")];
                events.extend(self.linted(&bundle.test_certificate()));
                events
            }
            Act::SignBundle(at) => {
                let bundle = plan.bundle(at).unwrap();
                let mut events = vec![
                    self.fact(&format!("signed {}", bundle.file), "1"),
                    self.fact(&compared_fact(bundle), AS_TESTED),
                    self.fact(&read_back_fact(bundle), "is not on this machine"),
                ];
                events.extend(self.files(&[&bundle.answer()]));
                events
            }
            Act::MediumOut => {
                let hash = hex(&planned_hash(plan.signing().unwrap()));
                vec![self.fact("medium after", &hash)]
            }
            Act::List => {
                let goes = plan.ledger.iter();
                let goes = goes.map(|_| self.fact(LIST_GOES, list_goes(false)));
                goes.chain(self.files(&["revoked.krl.sig", "revoked.krl"]))
                    .collect()
            }
            Act::Lines => {
                let ca = &plan.cas()[0].name;
                let names = [format!("{ca}.pub"), format!("{ca}.sshd_config")];
                self.files(&[&names[0], &names[1], "ledger.pub", "key-card.html"])
            }
        }
    }
}
