//! Validities as ssh-keygen reads them, and where we differ on purpose.

use jiff::tz::TimeZone;

use super::super::{Validity, ValidityError};

/// 2026-11-22 10:00:30 UTC
const NOW: u64 = 1_795_341_630;

fn parse(spec: &str) -> Result<(u64, u64), ValidityError> {
    let zone = || TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    Validity::parse(spec, NOW, &zone).map(|v| (v.valid_after(), v.valid_before()))
}

fn end(spec: &str) -> Result<u64, ValidityError> {
    parse(&format!("always:{spec}")).map(|(_, end)| end)
}

#[test]
fn a_lone_relative_time_begins_at_the_minute_before() {
    assert_eq!(parse("+1w"), Ok((NOW - 90, NOW + 604_800)));
    let zone = || TimeZone::UTC;
    for (now, after) in [(0, 0), (58, 0), (119, 60), (178, 60), (179, 120)] {
        assert_eq!(
            Validity::parse("+1h", now, &zone).unwrap().valid_after(),
            after
        );
    }
}

#[test]
fn reads_every_unit_in_both_cases_and_compounds() {
    for (spec, length) in [
        ("+10", 10),
        ("+10s", 10),
        ("+1m30", 90),
        ("+1H", 3_600),
        ("+1D", 86_400),
        ("+1w2d3h4m5s", 788_645),
        ("+4M1h", 3_840),
        ("+2147483647", 2_147_483_647),
    ] {
        assert_eq!(end(spec), Ok(NOW + length), "{spec}");
    }
    assert_eq!(parse("-5m:-1m"), Ok((NOW - 300, NOW - 60)));
}

#[test]
fn refuses_relative_times_that_are_not_one() {
    for spec in [
        "+",
        "-",
        "+s",
        "+1x",
        "+1 h",
        "++1h",
        "+-1h",
        "+1.5h",
        "+2147483648",
        "+99999999999999999999w",
        "+é",
    ] {
        assert_eq!(end(spec), Err(ValidityError::Relative(spec.to_owned())));
    }
}

#[test]
fn reads_dates_in_the_zone_and_in_utc() {
    for (spec, seconds) in [
        ("20261122", 1_795_302_000),
        ("202611221100", 1_795_341_600),
        ("20261122110030", NOW),
        ("20261122Z", 1_795_305_600),
        ("202611221000z", 1_795_341_600),
        ("20261122100030utc", NOW),
        ("20260701", 1_782_856_800),
        ("0x6b0", 0x6b0),
        ("0xFFFFFFFFFFFFFFFE", u64::MAX - 1),
        ("forever", u64::MAX),
    ] {
        assert_eq!(end(spec), Ok(seconds), "{spec}");
    }
}

#[test]
fn refuses_times_that_the_calendar_or_the_clocks_skip() {
    for spec in [
        "20260230",
        "20261301",
        "20260000",
        "202601012400",
        "20260101236060",
        "20250229Z",
        "202603290230",
    ] {
        assert_eq!(end(spec), Err(ValidityError::NoSuchTime(spec.to_owned())));
    }
}

#[test]
fn takes_the_earlier_of_a_local_time_that_comes_twice() {
    assert_eq!(end("202610250230"), end("202610250030Z"));
}

#[test]
fn refuses_what_is_no_date() {
    for spec in [
        "2026",
        "2026112",
        "2026112210",
        "2026-1-1",
        "always",
        "Forever",
        "Z",
        "2026112é",
        " 2026112",
    ] {
        let found = end(spec).unwrap_err();
        assert!(
            matches!(found, ValidityError::Date(_) | ValidityError::Relative(_)),
            "{found}"
        );
    }
    for spec in ["0x", "0xg", "0x-1", "0x+1", "0x10000000000000000"] {
        assert_eq!(end(spec), Err(ValidityError::Hexadecimal(spec.to_owned())));
    }
}

#[test]
fn reads_dates_as_they_are_printed_in_utc() {
    for (spec, seconds) in [
        ("2026-11-22", 1_795_305_600),
        ("2026-11-22 10:00", 1_795_341_600),
        ("2026-11-22 10:00:30", NOW),
        ("2026-11-22 10:00:30 UTC", NOW),
        ("2026-11-22T10:00:30Z", NOW),
        ("2026-11-22Z", 1_795_305_600),
    ] {
        assert_eq!(end(spec), Ok(seconds), "{spec}");
    }
    assert_eq!(
        parse("2026-11-22 09:55:2026-11-22 10:00:30"),
        Ok((NOW - 330, NOW))
    );
    assert_eq!(
        parse("2026-11-21:20261123Z"),
        Ok((1_795_219_200, 1_795_392_000))
    );
    let printed = Validity::new(NOW - 330, NOW + 7).unwrap().to_string();
    let (ends, _length) = printed.split_once(" (").unwrap();
    let (from, to) = ends.split_once(" to ").unwrap();
    assert_eq!(parse(&format!("{from}:{to}")), Ok((NOW - 330, NOW + 7)));
}

#[test]
fn a_lone_printed_date_is_the_end_of_what_begins_at_the_minute_before() {
    assert_eq!(parse("2026-12-01"), Ok((NOW - 90, 1_796_083_200)));
    assert_eq!(parse("2026-12-01 09:55"), Ok((NOW - 90, 1_796_118_900)));
    assert_eq!(parse("2026-11-01"), Err(ValidityError::EndsBeforeItBegins));
}

#[test]
fn refuses_printed_dates_that_are_none() {
    for spec in ["2026-02-30", "2026-11-22 24:00", "2026-13-01 09:55"] {
        assert_eq!(end(spec), Err(ValidityError::NoSuchTime(spec.to_owned())));
    }
    for spec in [
        "2026-11-22 9:55",
        "2026-11-22  09:55",
        "2026-11-22 09",
        "26-11-22",
        "2026-11-22 09:55:3",
        "2026-11-22 UTC UTC",
    ] {
        let refused = end(spec).unwrap_err();
        let is_form = matches!(&refused, ValidityError::Form(text) | ValidityError::Date(text) if text.ends_with(spec));
        assert!(is_form, "{spec} {refused}");
    }
}

/// Every text of one to three colons between parts that ends are made of.
#[test]
fn no_text_splits_in_two_ways() {
    const PARTS: [&str; 14] = [
        "",
        "always",
        "forever",
        "+1h",
        "-30",
        "30",
        "09",
        "0x30",
        "20261122",
        "2026-11-22",
        "2026-11-22 09",
        "2026-11-22 10",
        "55 UTC",
        "2026-11-22Z",
    ];
    let mut texts: Vec<String> = PARTS.map(str::to_owned).to_vec();
    for _ in 0..3 {
        let longer = texts.iter().flat_map(|text| {
            let part = PARTS.iter();
            part.map(move |part| format!("{text}:{part}"))
        });
        texts = longer.collect();
        let readings = |text: &String| super::whole_splits(text).count();
        let two = texts.iter().find(|text| readings(text) > 1);
        assert_eq!(two, None);
    }
}

#[test]
fn refuses_what_is_no_interval() {
    for spec in [
        "",
        ":",
        "always:",
        ":forever",
        "forever",
        "-1h",
        "20261122",
        "always:+1h:",
    ] {
        assert_eq!(parse(spec), Err(ValidityError::Form(spec.to_owned())));
    }
    let long = "+".to_owned() + &"1".repeat(256);
    assert_eq!(parse(&long), Err(ValidityError::TooLong { limit: 256 }));
}

#[test]
fn refuses_times_before_1970_and_past_the_end() {
    assert_eq!(
        end("19691231Z"),
        Err(ValidityError::Before1970("19691231Z".to_owned()))
    );
    let zone = || TimeZone::UTC;
    assert_eq!(
        Validity::parse("-11:forever", 10, &zone),
        Err(ValidityError::Before1970("-11".to_owned()))
    );
    assert_eq!(
        Validity::parse("always:+2", u64::MAX - 1, &zone),
        Err(ValidityError::TooFar("+2".to_owned()))
    );
}

#[test]
fn refuses_an_interval_that_ends_before_or_when_it_begins() {
    for spec in ["20261123:20261122", "+1h:+1h", "+1h:-1h", "0x10:0xf"] {
        assert_eq!(parse(spec), Err(ValidityError::EndsBeforeItBegins));
    }
}
