//! What policy refuses.

use super::*;

/// What a certificate is by itself, the content tells; what a role allows, its rules alone.
#[test]
fn what_policy_refuses() {
    hold(rows!(Refusal:
        WrongKind => Found(
            |history| {
                history.reserve(Content { ca: HOSTS, ..Content::of(10, 1) });
            },
            "broken 5: the CA signs no user certificates",
        ),
        SubjectIsCa => Found(
            |history| {
                history.certificate(USERS);
            },
            "broken 5: its subject is the key of a CA",
        ),
        Subject => Found(
            |history| {
                history.reserve_with(Content::of(10, 1), |reserved| {
                    let key = &blob(10)[19..];
                    let at = reserved.to_be_signed.windows(32).position(|part| part == key);
                    let at = at.unwrap();
                    reserved.to_be_signed[at..at + 32].copy_from_slice(&weak()[19..]);
                });
            },
            "broken 5: its subject's key is not fit for it: the private half of the key is no secret: its point is of small order",
        ),
        NobodysName => Found(
            |history| {
                history.reserve_with(Content::of(10, 1), |reserved| {
                    reserved.requester = "operator".to_owned();
                });
            },
            "broken 5: requester \"operator\" is whoever holds the token, and has nothing",
        ),
        RequesterSuffix => Found(
            |history| {
                history.suffixes(&[("_file", "", 0)]);
                history.reserve_with(Content::of(10, 1), |reserved| {
                    reserved.requester = "peter_file".to_owned();
                });
            },
            "broken 6: requester \"peter_file\" ends in the reserved \"_file\"",
        ),
        ReservedSuffix => Found(
            |history| {
                history.suffixes(&[("_physical", r#"{"kinds":["piv"]}"#, 0)]);
                let principals = vec!["peter_physical"];
                history.reserve(Content { principals, ..Content::of(10, 1) });
            },
            "broken 6: principal \"peter_physical\" ends in the reserved \"_physical\", and nothing was proved",
        ),
        Wildcard => Found(
            |history| {
                history.reserve(Content { principals: vec!["*"], ..Content::of(10, 1) });
            },
            "broken 5: its content names no principals: principal * has a wildcard, which only a host certificate may have",
        ),
        PrincipalForm => Found(
            |history| {
                history.reserve(Content { principals: vec!["a", "a"], ..Content::of(10, 1) });
            },
            "broken 5: its content names no principals: principal a is named twice",
        ),
        ProofOfOtherKey => Found(
            |history| {
                let evidence = history.evidence(11, "witnessed", "{}");
                history.reserve_with(Content::of(10, 1), |reserved| {
                    reserved.proof = "witnessed".to_owned();
                    reserved.grounds.as_mut().unwrap().evidence = Some(evidence);
                });
            },
            "broken 6: its evidence is about another key",
        ),
        Proof | NoClass | FirmwareFault => Found(
            |history| {
                history.suffixes(&[("_physical", r#"{"kinds":["piv"],"touch":"always"}"#, 0)]);
                let evidence = history.evidence(10, "piv", r#"{"touch":"never"}"#);
                let principals = vec!["peter_physical"];
                let content = Content { principals, ..Content::of(10, 1) };
                history.reserve_with(content, |reserved| {
                    reserved.proof = "piv".to_owned();
                    reserved.grounds.as_mut().unwrap().evidence = Some(evidence);
                });
            },
            "broken 7: principal \"peter_physical\" ends in the reserved \"_physical\", and more is asked of the key",
        ),
        Over => Found(
            |history| {
                let valid = (1, NOW);
                history.reserve(Content { valid, ..Content::of(10, 1) });
            },
            "odd 5: it was over 5 s before",
        ),
        Validity => Found(
            |history| {
                let valid = (NOW, NOW);
                history.reserve(Content { valid, ..Content::of(10, 1) });
            },
            "broken 5: it is valid from 1795400000 to 1795400000, which is never",
        ),
        KeyId => Found(
            |history| {
                history.reserve(Content { key_id: "", ..Content::of(10, 1) });
            },
            "broken 5: its content has no key ID: key ID is empty",
        ),
        DirectOff | OtherCa | Requester | Login | LoginOfProgram | LoginUnnamed | LoginCode | LoginAge | LoginAmr | LoginAcr | KeyType | PrincipalNotNamed | Principal | NoStorage
            | NoProof | Unbelieved | NoLifetime | LifetimeNotNamed | Lifetime | BackDate
            | OptionForced | OptionNotAllowed | NoTouch | Options | Automation | NoReason
            | KeyIdNotAllowed | KeyIdNotNamed => Untold(
            "what a role allows stands in the text of its rules, and nothing is decided anew: \
             `ledger verify` says so"
        ),
    ));
}
