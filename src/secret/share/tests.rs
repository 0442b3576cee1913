use super::*;

fn opened(words: &[&str]) -> Result<SharedSecret, String> {
    let shares = words.iter().map(|words| Share::parse(words));
    let shares = shares.collect::<Result<Vec<_>, _>>();
    let shares = shares.map_err(|error| error.to_string())?;
    SharedSecret::combine(&shares).map_err(|error| error.to_string())
}

/// The vectors that SLIP-0039 names; all have the passphrase TREZOR.
#[test]
fn the_published_vectors_hold() {
    let vectors: Vec<(String, Vec<String>, String)> =
        serde_json::from_str(include_str!("vectors.json")).unwrap();
    assert_eq!(vectors.len(), 45);
    for (what, words, secret) in vectors {
        let shares = words.iter().map(|words| Share::parse(words));
        let shares = shares.collect::<Result<Vec<_>, _>>();
        let opened = shares
            .map_err(|error| error.to_string())
            .and_then(|shares| {
                let opened = SharedSecret::combine(&shares).map_err(|error| error.to_string())?;
                let first = &shares[0];
                let (exponent, salt) = (first.iteration_exponent(), first.salt());
                let split = cipher::encrypt(opened.expose(), &[], exponent, &salt);
                Ok(cipher::decrypt(&split, b"TREZOR", exponent, &salt))
            });
        match opened {
            Ok(found) => assert_eq!(base16ct::lower::encode_string(&found), secret, "{what}"),
            Err(error) => assert_eq!(secret, "", "{what}: {error}"),
        }
    }
}

#[test]
fn any_two_of_three_open_what_was_split() {
    let secret = SharedSecret::random().unwrap();
    let quorum = Quorum::new(2, 3).unwrap();
    let shares = secret.split(quorum).unwrap();
    let words: Vec<_> = shares.iter().map(|share| share.words()).collect();
    assert!(words.iter().all(|words| words.split(' ').count() == 20));
    for set in [[0, 1], [1, 2], [2, 0]] {
        let chosen = set.map(|place: usize| words[place].as_str());
        assert_eq!(opened(&chosen).unwrap().expose(), secret.expose());
    }
    let refused = |words: &[&str]| opened(words).unwrap_err();
    assert_eq!(refused(&[&words[0]]), "1 shares, 2 are needed");
    assert_eq!(refused(&[&words[0], &words[0]]), "one share stands twice");
    assert_eq!(
        refused(&[&words[0], &words[1], &words[2]]),
        "3 shares, 2 are needed"
    );
}

#[test]
fn shares_of_two_splits_open_nothing() {
    let secret = SharedSecret::random().unwrap();
    let quorum = Quorum::new(2, 3).unwrap();
    let (one, other) = (secret.split(quorum).unwrap(), secret.split(quorum).unwrap());
    let mixed = SharedSecret::combine([&one[0], &other[1]]).unwrap_err();
    // One of 32,768 pairs of splits has one identifier; the digest finds that.
    assert!(matches!(
        mixed,
        CombineError::OtherSet | CombineError::Digest
    ));
}

#[test]
fn a_word_that_was_copied_wrong_is_found() {
    let secret = SharedSecret::random().unwrap();
    let shares = secret.split(Quorum::new(3, 5).unwrap()).unwrap();
    let words = shares[3].words();
    assert!(Share::parse(&words.to_uppercase()).is_ok());
    let words: Vec<&str> = words.split(' ').collect();
    for place in 0..words.len() {
        let mut changed = words.clone();
        changed[place] = if words[place] == "academic" {
            "zero"
        } else {
            "academic"
        };
        assert_eq!(
            Share::parse(&changed.join(" ")).unwrap_err(),
            MnemonicError::Checksum
        );
        changed[place] = "acade";
        assert_eq!(
            Share::parse(&changed.join(" ")).unwrap_err(),
            MnemonicError::Unknown(place + 1)
        );
    }
    assert_eq!(
        Share::parse(&words[1..].join(" ")).unwrap_err(),
        MnemonicError::Words(19)
    );
    assert_eq!(
        Share::parse(&words.repeat(3).join(" ")).unwrap_err(),
        MnemonicError::Words(60)
    );
}

#[test]
fn nothing_of_a_share_stands_in_debug() {
    let secret = SharedSecret::random().unwrap();
    let shares = secret.split(Quorum::new(2, 3).unwrap()).unwrap();
    assert_eq!(
        format!("{secret:?} {:?}", shares[2]),
        "SharedSecret(..) Share 3(..)"
    );
}

#[test]
fn a_quorum_spares_one_and_needs_two() {
    let fault = |threshold, shares| Quorum::new(threshold, shares).unwrap_err();
    assert_eq!(fault(1, 3), QuorumError::Alone(1, 3));
    assert_eq!(fault(3, 3), QuorumError::NoneToSpare(3, 3));
    assert_eq!(fault(2, 17), QuorumError::TooMany(2, 17));
    assert_eq!(fault(8, 16), QuorumError::TooManySets(8, 16, 12_870));
    assert_eq!(Quorum::new(5, 13).unwrap().sets().count(), 1287);
    let sets: Vec<_> = Quorum::new(2, 3).unwrap().sets().collect();
    assert_eq!(sets, [[0, 1], [0, 2], [1, 2]]);
}

#[test]
fn the_list_is_sorted_and_told_apart_by_four_letters() {
    let words: Vec<&str> = include_str!("words.txt").lines().collect();
    assert_eq!(words.len(), 1024);
    assert!(words.windows(2).all(|pair| pair[0][..4] < pair[1][..4]));
}
