//! File systems that keep what was synced, and lock for the whole of one machine.

/// The name of a file system that a ledger should not be written on; none if it is one of
/// those that are known to do what a ledger needs.
///
/// A lock on a network file system may hold on one machine alone, and a sync may end in
/// another machine's memory; what FUSE does is known to its program only.
pub(super) fn doubtful(kind: impl TryInto<u64>) -> Option<String> {
    // A kind that is no positive number is none that is known.
    let kind = kind.try_into().unwrap_or_default();
    if GOOD.contains(&kind) {
        return None;
    }
    let known = DOUBTFUL.iter().find(|(number, _)| *number == kind);
    Some(match known {
        Some((_, name)) => (*name).to_owned(),
        None => format!("0x{kind:x}"),
    })
}

/// Local ones, by `f_type` of statfs(2).
const GOOD: [u64; 18] = [
    0xef53,      // ext2, ext3, ext4
    0x5846_5342, // xfs
    0x9123_683e, // btrfs
    0xca45_1a4e, // bcachefs
    0x2fc1_2fc1, // zfs
    0xf2f5_2010, // f2fs
    0x3153_464a, // jfs
    0x5265_4973, // reiserfs
    0x3434,      // nilfs
    0x2405_1905, // ubifs
    0x0102_1994, // tmpfs
    0x8584_58f6, // ramfs
    0x794c_7630, // overlayfs, which a container has
    0x4d44,      // vfat, of a stick that goes to a machine without a network
    0x2011_bab0, // exfat
    0x7366_746e, // ntfs3
    0xf15f,      // ecryptfs
    0x4244,      // hfs
];

/// Those that have a name in the config.
const DOUBTFUL: [(u64, &str); 12] = [
    (0x6969, "nfs"),
    (0x517b, "smb"),
    (0xff53_4d42, "cifs"),
    (0xfe53_4d42, "smb2"),
    (0x6573_5546, "fuse"),
    (0x0102_1997, "9p"),
    (0x00c3_6400, "ceph"),
    (0x5346_414f, "afs"),
    (0x6b41_4653, "kafs"),
    (0x0116_1970, "gfs2"),
    (0x7461_636f, "ocfs2"),
    (0x0bd0_0bd0, "lustre"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_local_ones_and_names_the_others() {
        assert_eq!(doubtful(0xef53_i64), None);
        assert_eq!(doubtful(0x9123_683e_i64), None);
        assert_eq!(doubtful(0x6969_i64), Some("nfs".into()));
        assert_eq!(doubtful(0x6573_5546_u64), Some("fuse".into()));
        assert_eq!(doubtful(0xabcd_i64), Some("0xabcd".into()));
        assert_eq!(doubtful(-1_i64), Some("0x0".into()));
    }
}
