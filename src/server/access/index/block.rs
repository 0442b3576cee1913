//! Blocks with a checksum, and numbers in them.

use flate2::Crc;

/// The bytes of a block.
pub(super) const BLOCK_BYTES: usize = 4_096;
/// The bytes of a block before its checksum.
pub(super) const PAYLOAD_BYTES: usize = BLOCK_BYTES - 4;

/// Closes a payload, which is filled up with zeros.
pub(super) fn seal(payload: &[u8], out: &mut Vec<u8>) {
    let mut block = payload.to_vec();
    block.resize(PAYLOAD_BYTES, 0);
    let sum = checksum(&block);
    out.extend_from_slice(&block);
    out.extend_from_slice(&sum.to_be_bytes());
}

/// The payload of a block, if its checksum is right.
pub(super) fn unseal(block: &[u8]) -> Option<&[u8]> {
    let (payload, sum) = block.split_at_checked(PAYLOAD_BYTES)?;
    (sum == checksum(payload).to_be_bytes()).then_some(payload)
}

/// Puts items of one size into blocks, none across two.
pub(super) fn pack<const N: usize>(items: impl IntoIterator<Item = [u8; N]>, out: &mut Vec<u8>) {
    let mut payload = Vec::with_capacity(PAYLOAD_BYTES);
    for item in items {
        if payload.len().saturating_add(N) > PAYLOAD_BYTES {
            seal(&payload, out);
            payload.clear();
        }
        payload.extend_from_slice(&item);
    }
    if !payload.is_empty() {
        seal(&payload, out);
    }
}

/// How many items of this size are in a block.
pub(super) const fn per_block(item: u64) -> u64 {
    PAYLOAD_BYTES_U64 / item
}

/// How many blocks so many items take.
pub(super) fn blocks_of(items: u64, item: u64) -> u64 {
    items.div_ceil(per_block(item))
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

pub(super) const BLOCK_BYTES_U64: u64 = 4_096;
const PAYLOAD_BYTES_U64: u64 = 4_092;
