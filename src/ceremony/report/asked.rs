//! What auditors ask of a key ceremony, by edition and clause, and where it is found.
//!
//! The texts were read in the editions that [`sources`] names; what they ask is told in our words. An
//! edition that changes a clause changes a row here.

/// One thing that is asked.
pub(super) struct Asked {
    /// The text and its clause.
    pub(super) clause: &'static str,
    /// What it asks.
    pub(super) asks: &'static str,
    /// Where that is.
    pub(super) found: Found,
}

/// Where an answer is.
pub(super) enum Found {
    /// In the files.
    Here(&'static str),
    /// Nowhere but with people, who fill it in.
    ByHand(&'static str),
    /// Partly in the files.
    Both(&'static str, &'static str),
}

/// The editions.
pub(super) fn sources() -> [&'static str; 4] {
    [
        "BR: CA/Browser Forum, Baseline Requirements for the Issuance and Management of \
         Publicly-Trusted TLS Server Certificates, version 2.2.6, 31 March 2026",
        "WebTrust: CPA Canada, WebTrust Principles and Criteria for Certification Authorities, version \
         2.2.1, 1 November 2020",
        "ETSI: EN 319 411-1 V1.5.1 (2025-04), clause 6.5.1",
        "ISO: ISO/IEC 27001:2022, Annex A, with the guidance of ISO/IEC 27002:2022",
    ]
}

/// What they ask.
pub(super) fn asked() -> &'static [Asked] {
    &ASKED
}

const fn here(clause: &'static str, asks: &'static str, place: &'static str) -> Asked {
    Asked {
        clause,
        asks,
        found: Found::Here(place),
    }
}

const fn by_hand(clause: &'static str, asks: &'static str, what: &'static str) -> Asked {
    Asked {
        clause,
        asks,
        found: Found::ByHand(what),
    }
}

const fn both(
    clause: &'static str,
    asks: &'static str,
    place: &'static str,
    what: &'static str,
) -> Asked {
    Asked {
        clause,
        asks,
        found: Found::Both(place, what),
    }
}

const ASKED: [Asked; 35] = [
    here(
        "BR 6.1.1.1, script",
        "keys are made by a script that was prepared before",
        "the plan, whose SHA-256 and words stand above; \"What happened\" has its steps in its order, which `ceremony verify` checks",
    ),
    by_hand(
        "BR 6.1.1.1, witness",
        "a qualified auditor looked on, or all of it is on video",
        "the auditor's name, or where the video is kept",
    ),
    by_hand(
        "BR 6.1.1.1, opinion",
        "for a root, the auditor's report on how it was held",
        "where the report is",
    ),
    both(
        "BR 6.1.1.1, room",
        "a physically secured environment, as the CA's own rules describe it",
        "\"Room\" above, as the plan has it",
        "the room, its locks, who was let in and out and when",
    ),
    here(
        "BR 6.1.1.1, people",
        "several people in trusted roles, of whom none holds all that is needed",
        "\"Who took part\"; in \"What happened\" the witness types the words before each key is made, and never leads that step",
    ),
    both(
        "BR 6.1.1.1, module",
        "the keys are made in a cryptographic module of the kind that the CA's rules name",
        "\"Devices and keys\", and what a card attested among \"What was made\"",
        "the module's certificate, by its number",
    ),
    here(
        "BR 6.1.1.1, log",
        "what was done is logged",
        "transcript.jsonl, each line chained to the one before; the ledger, punchmark.ledger",
    ),
    by_hand(
        "BR 6.1.1.1, controls",
        "it was done as the CA's policy and practice statement say",
        "the statement and its version",
    ),
    both(
        "BR 5.2.2",
        "a private key is backed up, stored and recovered by two trusted people at least, in a secured place",
        "numbers of bags under \"Devices and keys\"; copies of a key are entries of the ledger, which `ca show` tells",
        "where the bags lie, and who opens it together",
    ),
    here(
        "WebTrust 4.1",
        "keys are made by procedure, in a module, under the control of several people",
        "as for BR 6.1.1.1; where randomness comes from stands in the first line of the transcript",
    ),
    both(
        "WebTrust 4.2",
        "keys and their copies stay secret and whole, where they are stored and when they are restored",
        "`copies` of each CA in the plan; entries of copies in the ledger",
        "seals of the bags, looked at on this day",
    ),
    both(
        "WebTrust 4.3",
        "public keys reach those who rely on them unchanged",
        "the public key files and the signed list under \"What was made\"; fingerprints above",
        "who carried them out, and to whom",
    ),
    here(
        "WebTrust 4.4",
        "a CA key is used for what it was made for, in places foreseen",
        "the CA's purpose, an entry of the ledger; a CA key signs certificates and nothing else, the ledger key the rest",
    ),
    here(
        "WebTrust 4.5",
        "archived keys stay secret and don't come back into use",
        "none is archived: what stays is the public half, in the ledger",
    ),
    both(
        "WebTrust 4.6",
        "a key and all its copies are destroyed at their end, and that is recorded",
        "the copies that the ledger knows, and the entries that end them",
        "what was destroyed outside of this machine, if anything",
    ),
    by_hand(
        "WebTrust 4.7",
        "there is a plan for the day on which a key is compromised",
        "where it lies, and when it was tried last",
    ),
    both(
        "WebTrust 4.8",
        "modules are what was bought, were not tampered with, and are accounted for to their end",
        "serial numbers, firmware and bags under \"Devices and keys\"",
        "delivery and first look; seals of the maker",
    ),
    both(
        "WebTrust 4.9",
        "keys in escrow, if there are any, stay secret",
        "\"Devices and keys\" has each copy, a wrapped key and its components too; what is not there was given to nobody",
        "who keeps a wrapped key, and who its components, where",
    ),
    both(
        "WebTrust 4.10",
        "keys that are carried elsewhere stay secret and whole on the way",
        "the bag that each device came in and the one that it left in",
        "who carried it, from where to where, and when",
    ),
    by_hand(
        "ETSI GEN-6.5.1-03",
        "a secured environment, and people in trusted roles",
        "the room; who appointed these people, and when",
    ),
    here(
        "ETSI GEN-6.5.1-04",
        "two people at least control the making of a key",
        "in \"What happened\", the steps `key`: one leads, another types the words",
    ),
    here(
        "ETSI GEN-6.5.1-05",
        "no more people than are needed may do it",
        "\"Who took part\", all of them, as the plan has them",
    ),
    here(
        "ETSI GEN-6.5.1-06, -07",
        "algorithm and length are fit for it",
        "\"Devices and keys\"",
    ),
    here(
        "ETSI GEN-6.5.1-11",
        "there is a documented procedure",
        "the plan and its paper (`ceremony script`)",
    ),
    here(
        "ETSI GEN-6.5.1-12 a, b",
        "the procedure names the roles, and what each does in which phase",
        "\"Who took part\", and the column \"Who\" of the paper, step by step",
    ),
    by_hand(
        "ETSI GEN-6.5.1-12 c",
        "responsibilities during and after the ceremony",
        "who keeps what from now on, and until when",
    ),
    here(
        "ETSI GEN-6.5.1-12 d",
        "which evidence is collected",
        "\"What was made\", the transcript, the signed head, the filled-in paper",
    ),
    here(
        "ETSI GEN-6.5.1-13",
        "a report shows that it went by the procedure, with date, keys and devices",
        "this page, with the answer of `ceremony verify`",
    ),
    by_hand(
        "ETSI GEN-6.5.1-14",
        "the report is signed by who is responsible for the ceremony and, for a root, by a witness independent of the management",
        "both signatures, with names and functions",
    ),
    here(
        "ETSI DIS-6.5.1-16",
        "whoever relies on a public key can see that it is whole and whose it is",
        "public key files among \"What was made\", fingerprints on the key card, the entry in the ledger",
    ),
    both(
        "ISO A.8.24, rules",
        "rules for keys from their making to their end are set and followed",
        "the plan; kinds of ceremonies in the documents of the program",
        "the organisation's rule, and its version",
    ),
    here(
        "ISO A.8.24, log",
        "what is done with keys is logged and can be audited",
        "transcript and ledger; docs/audit.md for the auditor",
    ),
    by_hand(
        "ISO A.8.24, lost keys",
        "keys can be recovered or replaced, and that was tried",
        "date of the last drill",
    ),
    both(
        "ISO A.7.14",
        "what held secrets is cleared before it is thrown away or used for something else",
        "\"Sheets of secrets\" at the top, where a printer had some; else they were written by hand",
        "memory and disk of the printer, and the spool: cleared how, by whom, or kept where",
    ),
    by_hand(
        "ISO A.5.33",
        "records are kept safe for as long as they are wanted",
        "where this paper and the files lie, and until when",
    ),
];
