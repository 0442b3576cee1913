//! Shares of a secret, both ways against SLIP-39's own implementation.

use std::process::Command;

use punchmark::secret::share::{Quorum, Share, SharedSecret};

use crate::harness::module::target_folder;

#[test]
fn our_shares_are_opened_by_others() {
    let secret = SharedSecret::random().unwrap();
    for (threshold, shares) in [(2, 3), (3, 5), (5, 7)] {
        let quorum = Quorum::new(threshold, shares).unwrap();
        let split = secret.split(quorum).unwrap();
        // The last of them, so that also those that follow from others are tried.
        let last = split.iter().rev().take(usize::from(threshold));
        let words: Vec<String> = last.map(|share| share.words().to_string()).collect();
        let opened = python(&format!(
            "print(shamir_mnemonic.combine_mnemonics({words:?}).hex())"
        ));
        assert_eq!(opened, base16ct::lower::encode_string(secret.expose()));
    }
}

#[test]
fn shares_of_others_are_opened_by_us() {
    let splits = [
        (16, "1, [(3, 5)]"),
        (32, "1, [(2, 3)]"),
        (16, "2, [(2, 3), (3, 5)]"),
    ];
    for ((bytes, split), extendable) in splits.into_iter().zip(["True", "False", "True"]) {
        let said = python(&format!(
            r"
import secrets
secret = secrets.token_bytes({bytes})
needed, groups = {split}
made = shamir_mnemonic.generate_mnemonics(
    needed, groups, secret, iteration_exponent=1, extendable={extendable})
print(secret.hex())
for shares, (threshold, _) in zip(made, groups):
    print(*shares[-threshold:], sep='\n')"
        ));
        let mut lines = said.lines();
        let secret = lines.next().unwrap();
        let shares: Vec<Share> = lines.map(|words| Share::parse(words).unwrap()).collect();
        let opened = SharedSecret::combine(&shares).unwrap();
        assert_eq!(base16ct::lower::encode_string(opened.expose()), secret);
    }
}

fn python(code: &str) -> String {
    let interpreter = target_folder().join("ykman/bin/python");
    let output = Command::new(interpreter)
        .args(["-c", &format!("import shamir_mnemonic\n{code}")])
        .output()
        .expect("the Python that scripts/setup made");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
