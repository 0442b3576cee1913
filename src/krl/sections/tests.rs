//! Sections of a KRL, read and written, as ssh-keygen does and by its limits.

use proptest::prelude::*;

use super::*;

fn range(first: u64, last: u64) -> SerialRange {
    SerialRange::new(first, last).unwrap()
}

fn bytes(section: &Section) -> u64 {
    match section {
        Section::Range(_) => RANGE,
        Section::Bitmap(ranges) => {
            BITMAP + bits(ranges[0].first(), ranges[ranges.len() - 1].last()) / 8
        }
    }
}

/// The serials of the list, and the other sections.
fn smallest(ranges: &[SerialRange]) -> (Vec<u64>, Vec<Section>) {
    let serials: Serials = ranges.iter().copied().collect();
    let plan = Plan::smallest(&serials);
    let (list, sections): (Vec<_>, Vec<_>) = (plan.list().collect(), plan.sections().collect());
    let mut total: u64 = sections.iter().map(bytes).sum();
    if !list.is_empty() {
        total += LIST_HEADER + LISTED * u64::try_from(list.len()).unwrap();
    }
    assert_eq!(plan.bytes(), total);
    assert_eq!(plan.listed(), u64::try_from(list.len()).unwrap());
    (list, sections)
}

fn total(ranges: &[SerialRange]) -> u64 {
    let serials: Serials = ranges.iter().copied().collect();
    Plan::smallest(&serials).bytes()
}

/// The bytes of the best choice, by trying every one.
fn tried(ranges: &[SerialRange], listed: bool) -> u64 {
    let Some((last, before)) = ranges.split_last() else {
        return if listed { LIST_HEADER } else { 0 };
    };
    let in_list = (last.last() - last.first() + 1) * LISTED + tried(before, true);
    let alone = RANGE + tried(before, listed);
    let bitmaps = (0..ranges.len()).filter_map(|start| {
        let bits = bits(ranges[start].first(), last.last());
        (bits <= MPINT_BITS_MAX).then(|| BITMAP + bits / 8 + tried(&ranges[..start], listed))
    });
    bitmaps.chain([in_list, alone]).min().unwrap()
}

#[test]
fn one_serial_is_a_list_and_three_in_a_row_a_bitmap() {
    assert_eq!(smallest(&[range(7, 7)]), (vec![7], vec![]));
    let row = [range(7, 9)];
    assert_eq!(
        smallest(&row),
        (vec![], vec![Section::Bitmap(row.to_vec())])
    );
    let long = [range(7, u64::MAX)];
    assert_eq!(smallest(&long), (vec![], vec![Section::Range(long[0])]));
}

#[test]
fn scattered_serials_share_one_list() {
    let ranges = [range(5, 5), range(10_000, 90_000), range(500_000, 500_000)];
    assert_eq!(
        smallest(&ranges),
        (
            vec![5, 500_000],
            vec![Section::Range(range(10_000, 90_000))]
        )
    );
}

#[test]
fn no_bitmap_is_longer_than_openssh_reads() {
    let ranges: Vec<_> = (0..100_000).map(|n| range(1 + 2 * n, 1 + 2 * n)).collect();
    let (list, sections) = smallest(&ranges);
    assert!(list.is_empty());
    assert_eq!(sections.len(), 200_000_usize.div_ceil(16_384));
    for section in sections {
        let Section::Bitmap(ranges) = section else {
            panic!("{section:?} is no bitmap")
        };
        let (first, last) = (ranges[0].first(), ranges[ranges.len() - 1].last());
        assert!(last - first < 16_384);
    }
}

#[test]
fn the_longest_bitmap_is_used_to_its_last_bit_and_no_further() {
    let dots_and = |last: u64| -> Vec<SerialRange> {
        let dots = (1..16_384).step_by(2).map(|serial| range(serial, serial));
        let serials: Serials = dots.chain([range(last, last)]).collect();
        serials.ranges().collect()
    };
    let longest = dots_and(16_384);
    assert_eq!(smallest(&longest), (vec![], vec![Section::Bitmap(longest)]));
    let longer = dots_and(16_385);
    let dots = longer.split_last().unwrap().1.to_vec();
    assert_eq!(
        smallest(&longer),
        (vec![16_385], vec![Section::Bitmap(dots)])
    );
}

proptest! {
    #[test]
    fn no_choice_of_sections_takes_fewer_bytes(
        ranges in prop::collection::vec(
            (
                prop_oneof![2_u64..9, 2_u64..200, 2_u64..9_000, 2_u64..1 << 40],
                prop_oneof![Just(0_u64), 0_u64..4, 0_u64..300],
            ),
            0..7,
        ),
    ) {
        let mut last = 0;
        let ranges: Vec<_> = ranges
            .into_iter()
            .map(|(gap, more)| {
                let first = last + gap;
                last = first + more;
                range(first, last)
            })
            .collect();
        prop_assert_eq!(total(&ranges), tried(&ranges, false));
    }
}
