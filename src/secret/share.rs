//! A secret that k of n people hold together: shares in SLIP-39's format.
//!
//! The secret is split by Shamir's scheme over GF(256), each share is twenty words of a list whose
//! words differ in their first four letters, and a checksum finds up to three words that were
//! written down wrong. The format is SLIP-0039's, "Shamir's Secret-Sharing for Mnemonic Codes", with
//! one group and an empty passphrase, so that other programs can put the shares together where this
//! one is lost. Sets of several groups, as others make them, are read too.
//!
//! Fewer than k shares tell nothing of the secret. But two shares of an old set give the old secret
//! for good: who leaves is answered by a new secret, never by a new split of the old one.

mod cipher;
mod field;
mod mnemonic;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use field::{Point, interpolate};
pub use mnemonic::{MnemonicError, Share, is_share_word};

/// How many people get a share, and how many of them open the secret together.
///
/// At least two open it, and one may be missing: where all are needed, one lost sheet of paper is
/// the end of it. Every set of shares that can open the secret is tried when it is made, so that
/// there are at most 2,000 of those sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quorum {
    threshold: u8,
    shares: u8,
}

/// Why a number of shares and of those that open the secret is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuorumError {
    /// One share alone would be the secret.
    #[error("{0} of {1}: at least two shares must be needed, or each of them is the secret")]
    Alone(u8, u8),
    /// No share may be lost.
    #[error("{0} of {1}: one share more than are needed must be there, or a lost one ends it")]
    NoneToSpare(u8, u8),
    /// More than SLIP-39 can number.
    #[error("{0} of {1}: there are at most {SHARES_MAX} shares")]
    TooMany(u8, u8),
    /// More sets of shares than can be tried.
    #[error("{0} of {1}: that is {2} sets of shares to try, and at most {SETS_MAX} are tried")]
    TooManySets(u8, u8, u32),
}

impl Quorum {
    /// `threshold` of `shares` people.
    ///
    /// # Errors
    /// [`QuorumError`], if one share would do, none may be lost, or there are too many.
    pub fn new(threshold: u8, shares: u8) -> Result<Self, QuorumError> {
        if threshold < 2 {
            return Err(QuorumError::Alone(threshold, shares));
        }
        if threshold >= shares {
            return Err(QuorumError::NoneToSpare(threshold, shares));
        }
        if shares > SHARES_MAX {
            return Err(QuorumError::TooMany(threshold, shares));
        }
        let sets = (0..u32::from(threshold)).fold(1, |sets, taken| {
            sets * (u32::from(shares) - taken) / (taken + 1)
        });
        if sets > SETS_MAX {
            return Err(QuorumError::TooManySets(threshold, shares, sets));
        }
        Ok(Self { threshold, shares })
    }

    /// How many shares open the secret.
    #[must_use]
    pub fn threshold(self) -> u8 {
        self.threshold
    }

    /// How many shares there are.
    #[must_use]
    pub fn shares(self) -> u8 {
        self.shares
    }

    /// Every set of as many shares as open the secret, as their places from 0.
    pub fn sets(self) -> impl Iterator<Item = Vec<usize>> {
        let all = 0..1_u32 << self.shares;
        let enough = move |set: &u32| set.count_ones() == u32::from(self.threshold);
        all.filter(enough).map(move |set| {
            let within = move |place: &usize| set >> *place & 1 == 1;
            (0..usize::from(self.shares)).filter(within).collect()
        })
    }
}

/// A secret that shares open: as many bytes as SLIP-39 takes, an even number of at least 16.
///
/// It is wiped from memory when dropped, and `Debug` tells nothing of it.
pub struct SharedSecret(Zeroizing<Vec<u8>>);

impl SharedSecret {
    /// A secret of 128 random bits of the system.
    ///
    /// # Errors
    /// If the system gives no random numbers.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new(vec![0; SECRET_LEN]);
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// The secret itself, to derive from and for nothing else.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Whether it is the same; takes equally long for each.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    /// Shares of which as many as the quorum says open the secret, in the order of their numbers.
    ///
    /// Every set of them that should open it is tried before they are given out.
    ///
    /// # Errors
    /// [`SplitError`], and no share is known to anybody then.
    pub fn split(&self, quorum: Quorum) -> Result<Vec<Share>, SplitError> {
        let mut identifier = [0; 2];
        getrandom::fill(&mut identifier)?;
        // Fifteen bits, which are equal in all shares of a set and tell it from other sets.
        let identifier = u16::from_be_bytes(identifier) & 0x7fff;
        let encrypted = cipher::encrypt(&self.0, &[], ITERATION_EXPONENT, &[]);
        let shares: Vec<Share> = points(&encrypted, quorum)?
            .into_iter()
            .map(|point| Share::of_only_group(identifier, ITERATION_EXPONENT, quorum, point))
            .collect();
        for set in quorum.sets() {
            let chosen = set.iter().filter_map(|place| shares.get(*place));
            let opened = Self::combine(chosen)?;
            if !bool::from(opened.0.ct_eq(&self.0)) {
                return Err(SplitError::Unlike);
            }
        }
        Ok(shares)
    }

    /// The secret that these shares open: exactly as many as are needed, in any order.
    ///
    /// # Errors
    /// [`CombineError`], which never tells what a share holds.
    pub fn combine<'a>(shares: impl IntoIterator<Item = &'a Share>) -> Result<Self, CombineError> {
        let mut groups: BTreeMap<u8, Vec<&Share>> = BTreeMap::new();
        let mut first: Option<&Share> = None;
        for share in shares {
            if !share.is_of_set(first.get_or_insert(share)) {
                return Err(CombineError::OtherSet);
            }
            groups.entry(share.group()).or_default().push(share);
        }
        let first = first.ok_or(CombineError::None)?;
        as_many_as(groups.len(), first.group_threshold())?;
        let mut points = Vec::new();
        for (group, members) in groups {
            let value = recover(&members)?;
            points.push(Point { x: group, value });
        }
        let encrypted = recover_points(first.group_threshold(), &points)?;
        let exponent = first.iteration_exponent();
        let secret = cipher::decrypt(&encrypted, &[], exponent, &first.salt());
        Ok(Self(secret))
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret(..)")
    }
}

/// Why a secret was not split.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SplitError {
    /// The system gives no random numbers.
    #[error("no random numbers")]
    Random(#[from] getrandom::Error),
    /// A set of the new shares can't be put together.
    #[error("a set of the new shares does not open the secret")]
    Combine(#[from] CombineError),
    /// A set of the new shares gives something else.
    #[error("a set of the new shares opens another secret")]
    Unlike,
}

/// Why shares open nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CombineError {
    /// There is no share.
    #[error("no share")]
    None,
    /// A share was made in another split than the first one.
    #[error("the shares are not of one set: their first two words differ, or how many are needed")]
    OtherSet,
    /// A share stands twice, or two shares claim one number.
    #[error("one share stands twice")]
    Twice,
    /// Fewer or more shares than open the secret.
    #[error("{given} shares, {needed} are needed")]
    Number {
        /// How many were given.
        given: usize,
        /// How many open the secret.
        needed: u8,
    },
    /// Shares whose values differ in length.
    #[error("the shares differ in length")]
    Length,
    /// The secret does not fit the digest that was split with it.
    #[error("the shares do not fit each other: one of them is not what was given out")]
    Digest,
}

/// The points of a polynomial whose value at 255 is the secret.
///
/// SLIP-0039, "Generating the shares": all but two of the needed points are random, one is the
/// digest of the secret, one the secret; the others follow from them.
fn points(secret: &[u8], quorum: Quorum) -> Result<Vec<Point>, getrandom::Error> {
    let mut base = Vec::new();
    for x in 0..quorum.threshold - 2 {
        let mut value = Zeroizing::new(vec![0; secret.len()]);
        getrandom::fill(&mut value)?;
        base.push(Point { x, value });
    }
    let random = base.len();
    let mut salted = Zeroizing::new(vec![0; secret.len()]);
    if let Some((digest_of, salt)) = salted.split_at_mut_checked(DIGEST_LEN) {
        getrandom::fill(salt)?;
        digest_of.copy_from_slice(&digest(salt, secret));
    }
    base.push(Point {
        x: DIGEST_X,
        value: salted,
    });
    base.push(Point {
        x: SECRET_X,
        value: Zeroizing::new(secret.to_vec()),
    });
    let mut points: Vec<Point> = base.iter().take(random).cloned().collect();
    for x in quorum.threshold - 2..quorum.shares {
        let value = interpolate(&base, x);
        points.push(Point { x, value });
    }
    Ok(points)
}

fn recover(members: &[&Share]) -> Result<Zeroizing<Vec<u8>>, CombineError> {
    let needed = members.first().map_or(0, |share| share.threshold());
    if members.iter().any(|share| share.threshold() != needed) {
        return Err(CombineError::OtherSet);
    }
    let points: Vec<Point> = members.iter().map(|share| share.point().clone()).collect();
    recover_points(needed, &points)
}

/// The value at 255, held against its digest at 254 (SLIP-0039, "Combining the shares").
fn recover_points(needed: u8, points: &[Point]) -> Result<Zeroizing<Vec<u8>>, CombineError> {
    let twice = |point: &Point| points.iter().filter(|other| other.x == point.x).count() > 1;
    if points.iter().any(twice) {
        return Err(CombineError::Twice);
    }
    as_many_as(points.len(), needed)?;
    let first = points.first().ok_or(CombineError::None)?;
    if points
        .iter()
        .any(|point| point.value.len() != first.value.len())
    {
        return Err(CombineError::Length);
    }
    if needed == 1 {
        return Ok(first.value.clone());
    }
    let secret = interpolate(points, SECRET_X);
    let salted = interpolate(points, DIGEST_X);
    match salted.split_at_checked(DIGEST_LEN) {
        Some((said, salt)) if bool::from(digest(salt, &secret).ct_eq(said)) => Ok(secret),
        _ => Err(CombineError::Digest),
    }
}

fn as_many_as(given: usize, needed: u8) -> Result<(), CombineError> {
    if given == usize::from(needed) {
        Ok(())
    } else {
        Err(CombineError::Number { given, needed })
    }
}

/// The first four bytes of an HMAC, by which shares that don't fit each other are found.
fn digest(salt: &[u8], secret: &[u8]) -> [u8; DIGEST_LEN] {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(salt)
        .unwrap_or_else(|_| unreachable!("HMAC takes keys of every length (RFC 2104, 2)"));
    mac.update(secret);
    let whole: [u8; 32] = mac.finalize().into_bytes().into();
    let [a, b, c, d, ..] = whole;
    [a, b, c, d]
}

/// Bytes of a secret of ours: 128 bits, which make shares of twenty words.
const SECRET_LEN: usize = 16;
/// As many as four bits can number.
const SHARES_MAX: u8 = 16;
const SETS_MAX: u32 = 2000;
/// 10,000 rounds in all, SLIP-39's fewest: with an empty passphrase they guard nothing.
const ITERATION_EXPONENT: u8 = 0;
const DIGEST_LEN: usize = 4;
const DIGEST_X: u8 = 254;
const SECRET_X: u8 = 255;
