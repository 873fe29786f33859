//! Which unit is assumed, when it is doubted, and the scale of ratings.

use crate::checks::units::*;

fn spec(check: &str) -> CheckSpec {
    CheckSpec::plain(check.parse().unwrap())
}

fn unit(name: &str) -> Option<Unit> {
    assumed([name], None, None).unit
}

fn compared(name: &str, check: &str, values: &[f64]) -> Result<Unit, String> {
    unit_of_values([name], &spec(check), None, values)
}

#[test]
fn a_word_of_the_name_goes_before_the_rule() {
    for (name, expected) in [
        ("Latency (s)", Unit::Seconds),
        ("latency_sec", Unit::Seconds),
        ("Latency in seconds", Unit::Seconds),
        ("Latency (ms)", Unit::Milliseconds),
        ("Latency", Unit::Milliseconds),
        ("Response time ms", Unit::Milliseconds),
        ("Response time", Unit::Seconds),
        ("Problems", Unit::Seconds),
        ("Items", Unit::Seconds),
        ("Hold time (min)", Unit::Minutes),
    ] {
        assert_eq!(unit(name), Some(expected), "{name}");
    }
}

#[test]
fn the_suite_goes_before_the_name_and_the_name_before_the_slug_and_the_description() {
    let of = |names: &[&'static str], suite, text| {
        assumed(names.to_vec(), suite, described(text).as_ref())
    };
    let suite = of(&["Latency (s)"], Some(MetricUnit::Milliseconds), "in seconds");
    assert_eq!((suite.unit, suite.why), (Some(Unit::Milliseconds), Why::Suite));
    let name = of(&["Wait (s)", "wait_ms"], None, "in minutes");
    assert_eq!(name.unit, Some(Unit::Seconds));
    let slug = of(&["Wait", "wait_ms_12"], None, "in minutes");
    assert_eq!(slug.unit, Some(Unit::Milliseconds));
    let of_account = of(&["Wait", "wait_12"], None, "How long, in minutes.");
    assert_eq!(of_account.unit, Some(Unit::Minutes));
    assert_eq!(of_account.why, Why::Description("minutes".to_owned()));
    let rule = of(&["Wait", "latency_12"], None, "Pauses longer than 3 seconds");
    assert_eq!((rule.unit, rule.why), (Some(Unit::Milliseconds), Why::Latency));
}

#[test]
fn what_is_assumed_is_said_with_its_reason() {
    assert_eq!(
        assumed(["Latency (s)"], None, None).note(),
        "values taken as s (`Latency (s)` says `s`)"
    );
    assert_eq!(
        assumed(["Latency"], None, None).note(),
        "values taken as ms (the usual unit of a latency; `unit` says another)"
    );
}

#[test]
fn values_that_cannot_be_in_the_assumed_unit_are_doubted() {
    for (name, check, values, probably) in [
        ("Latency (s)", "p95 <= 2s", &[1310.0, 1100.0, 900.0][..], "ms"),
        ("Latency", "p95 <= 2s", &[2.3, 1.9, 9.5], "s"),
        ("Latency", "p95 <= 2s", &[9.5], "s"),
        ("Response time", "p95 <= 100s", &[90000.0, 99000.0], "ms"),
        ("Hold time (ms)", "p90 <= 20s", &[12.0, 14.0], "s"),
        ("Hold time", "p90 <= 2m", &[9000.0, 12000.0], "ms"),
        ("Hold time (min)", "p90 <= 2m", &[400.0, 500.0], "ms"),
        ("Latency (min)", "p95 <= 50s", &[40.0, 45.0], "s"),
        ("Latency (s)", "p95 <= 2s", &[0.02, 0.03], "m"),
        ("Latency (s)", "p95 <= 2s", &[61.0], "ms"),
        ("Latency", "p95 <= 2s", &[59.0], "s"),
    ] {
        let error = compared(name, check, values).unwrap_err();
        assert!(error.contains(&format!("unit: {probably}")), "{name}: {error}");
        assert!(error.contains("cannot be in"), "{error}");
        let settled = CheckSpec { unit: Some(MetricUnit::Seconds), ..spec(check) };
        assert_eq!(unit_of_values([name], &settled, None, values), Ok(Unit::Seconds));
    }
}

#[test]
fn values_that_can_be_in_the_assumed_unit_are_not() {
    for (name, check, values) in [
        ("Latency", "p95 <= 2s", &[900.0, 2310.0, 9500.0][..]),
        ("Latency (s)", "p95 <= 2s", &[0.9, 2.3, 9.5]),
        ("Latency", "p95 <= 2s", &[0.0, 0.0]),
        ("Latency", "max <= 1ms", &[900.0]),
        ("Latency", "p95 <= 2s", &[900.0, 2.0, 901.0]),
        ("Hold time", "p90 <= 20s", &[0.0, 12.0, 300.0]),
        ("Hold time", "p90 <= 20s", &[0.01]),
        ("Call length (s)", "p95 <= 20m", &[700.0]),
        ("Latency", "p95 <= 2s", &[]),
        ("Latency", "sum <= 1h", &[900.0]),
    ] {
        let check = check.replace("1h", "60m");
        assert!(compared(name, &check, values).is_ok(), "{name} {values:?}");
    }
    assert_eq!(compared("Latency", "p95 <= 2", &[2.3]), Ok(Unit::None));
}

#[test]
fn values_that_fail_in_either_unit_are_not_doubted() {
    for (name, check, values) in [
        ("Latency (s)", "p95 <= 2s", &[2310.0, 2100.0, 1900.0][..]),
        ("Latency", "p95 <= 2s", &[70_000.0, 80_000.0]),
        ("Latency", "mean < 2s", &[70_000.0]),
        ("Hold time (ms)", "p90 <= 20s", &[4_000_000.0]),
    ] {
        assert!(compared(name, check, values).is_ok(), "{name} {values:?}");
    }
    // One run of many is fast enough: only in one of the units is that a pass.
    assert!(compared("Latency", "min <= 2s", &[1500.0, 70_000.0, 70_000.0]).is_err());
}

#[test]
fn no_number_is_a_latency_in_two_units() {
    for value in [1e-3, 0.04, 0.06, 0.5, 49.0, 55.0, 59.9, 60.1, 900.0, 59_999.0, 61_000.0] {
        let check = "p95 <= 100000m".parse().unwrap();
        let units = [Unit::Milliseconds, Unit::Seconds];
        let possible = units.iter().filter(|unit| doubt(**unit, true, &check, &[value]).is_none());
        assert!(possible.count() <= 1, "{value}");
    }
}

#[test]
fn values_that_are_no_times_are_not_compared_with_one() {
    let error = compared("Words per minute", "mean <= 3m", &[120.0]).unwrap_err();
    assert!(error.contains("`Words per minute` says `per minute`"), "{error}");
}

#[test]
fn a_description_decides_where_the_name_says_nothing_and_against_it_nothing_is_decided() {
    let said = |name: &'static str, check: &str, text: &str| {
        unit_of_values([name], &spec(check), described(text).as_ref(), &[2.0])
    };
    assert_eq!(said("Latency", "p95 <= 3s", "Seconds until the first word"), Ok(Unit::Seconds));
    assert_eq!(said("Wait", "p95 <= 3s", "How long the caller waits"), Ok(Unit::Seconds));
    assert_eq!(said("Wait (s)", "p95 <= 3s", "Wait in seconds"), Ok(Unit::Seconds));
    let error = said("Wait (s)", "p95 <= 3s", "Wait in milliseconds").unwrap_err();
    assert!(error.contains("`Wait (s)` says `s`"), "{error}");
    assert!(error.contains("description of the metric says `milliseconds`"), "{error}");
    assert!(error.contains("unit: ms"), "{error}");
    assert_eq!(said("Wait (s)", "p95 <= 3", "Wait in milliseconds"), Ok(Unit::None));
    let settled = CheckSpec { unit: Some(MetricUnit::Seconds), ..spec("p95 <= 3s") };
    let of_account = described("Wait in milliseconds");
    assert_eq!(against_description(["Wait (s)"], &settled, of_account.as_ref()), None);
}

#[test]
fn a_lower_bound_of_a_rating_is_on_the_scale_of_its_values() {
    let other = |check: &str, values: &[f64]| other_scale(&check.parse().unwrap(), values);
    assert!(other("mean >= 4", &[62.0, 4.0]).unwrap().contains("`mean >= 80`"));
    assert!(other(">= 4", &[62.0]).is_some());
    for (check, values) in [
        ("mean >= 4", &[4.5, 5.0][..]),
        ("mean >= 80", &[62.0]),
        ("min >= 1", &[62.0]),
        ("mean <= 3", &[62.0]),
        ("sum >= 4", &[62.0]),
    ] {
        assert_eq!(other(check, values), None, "{check}");
    }
}

#[test]
fn a_rating_without_a_value_could_be_on_the_wider_scale() {
    assert_eq!(rating_scale(None), (0.0, 100.0));
    assert_eq!(rating_scale(Some(5.0)), (0.0, 5.0));
}

#[test]
fn a_scale_that_the_bound_or_a_value_tells_is_said() {
    let note = |check: &str, values: &[f64]| scale_note(&check.parse().unwrap(), values);
    let plain = Some("ratings taken as 0 to 100".to_owned());
    assert_eq!(note("mean >= 80", &[82.0]), plain);
    assert_eq!(note("mean <= 3", &[82.0]), plain);
    let low = note("mean >= 80", &[4.5]).unwrap();
    assert!(low.ends_with("though none is above 5"), "{low}");
    assert_eq!(note("mean >= 4", &[4.5]), None);
    assert_eq!(note("sum >= 40", &[4.5]), None);
}

#[test]
fn a_plan_says_what_will_be_assumed() {
    assert!(planned("Latency (s)", &spec("p95 <= 2s"), None).unwrap().contains("taken as s"));
    assert!(
        planned("502", &spec("p95 <= 2s"), None).unwrap().contains("that the metric's name says")
    );
    assert_eq!(planned("Latency", &spec("p95 <= 2"), None), None);
    assert_eq!(planned("Latency", &spec(">= 90%"), None), None);
}

#[test]
fn values_are_doubted_just_beyond_what_is_possible_and_not_at_it() {
    for (name, check, value, doubted) in [
        ("Latency", "max <= 2s", 60.0, false),
        ("Latency", "max <= 2s", 59.9, true),
        ("Latency (s)", "max <= 90s", 60.0, false),
        ("Latency (s)", "max <= 50s", 60.1, true),
        ("Hold time", "max <= 50m", 3600.0, false),
        ("Hold time", "max <= 50m", 3600.1, true),
        ("Hold time", "max <= 6s", 600.0, false),
        ("Hold time", "max <= 5s", 600.0, false),
        ("Hold time", "max <= 5s", 600.1, true),
        ("Hold time", "max <= 6s", 600.1, true),
        ("Hold time", "max <= 7s", 700.0, false),
        ("Hold time (ms)", "max <= 8s", 40.0, false),
        ("Hold time (ms)", "max <= 8s", 39.9, true),
        ("Hold time (ms)", "max <= 60s", 50.0, false),
        ("Hold time (ms)", "max <= 60s", 49.9, true),
        ("Hold time (ms)", "sum <= 60s", 12.0, false),
        ("Hold time", "min >= 0s", 700.0, false),
    ] {
        let seen = compared(name, check, &[value]);
        assert_eq!(seen.is_err(), doubted, "{name} {check} {value}: {seen:?}");
    }
}

#[test]
fn a_time_that_is_too_long_in_ms_is_probably_in_s() {
    let error = compared("Latency", "min <= 2s", &[1500.0, 70_000.0, 70_000.0]).unwrap_err();
    assert!(error.contains("if they are in s, say so"), "{error}");
}

#[test]
fn a_bound_of_a_latency_is_nonsense_just_beyond_its_limits_and_not_at_them() {
    let fix = |check: &str| nonsense_of_latency(&check.parse().unwrap()).map(|(_, fix)| fix);
    for check in ["p95 <= 0s", "p95 >= 0s", "p49 >= 2s", "min >= 2s", "p95 <= 10m", "sum <= 11m"] {
        assert_eq!(fix(check), None, "{check}");
    }
    for (check, expected) in [
        ("p95 <= -1s", "write for example `p95 <= 2500ms`"),
        ("p50 >= 2s", "write `p50 <= 2s`"),
        ("p95 <= 11m", "write for example `11s`"),
        ("p95 <= 601s", "write for example `601ms`"),
    ] {
        assert_eq!(fix(check).as_deref(), Some(expected), "{check}");
    }
}

#[test]
fn a_bound_of_a_calls_length_is_nonsense_just_beyond_its_limits_and_not_at_them() {
    let wrong = |check: &str| nonsense_of_duration(&check.parse().unwrap()).map(|(wrong, _)| wrong);
    for check in ["p95 <= 0s", "p95 < 0s", "p95 <= 1s", "p95 < 1000ms", "p95 >= 0.5s", "p95 != 0s"]
    {
        assert_eq!(wrong(check), None, "{check}");
    }
    for (check, expected) in [
        ("p95 <= -1s", "`p95 <= -1s` is a negative time"),
        ("p95 >= -1s", "`p95 >= -1s` is a negative time"),
        ("p95 <= 999ms", "`p95 <= 999ms` allows no call of even one second"),
        ("p95 < 0.01s", "`p95 < 0.01s` allows no call of even one second"),
        ("p95 == 1s", "`p95 == 1s` accepts only one exact length of a call"),
        ("p95 != 1s", "`p95 != 1s` allows every length of a call except one"),
    ] {
        assert_eq!(wrong(check).as_deref(), Some(expected), "{check}");
    }
}

#[test]
fn one_exact_time_of_the_agent_is_no_bound() {
    let of = |check: &str| nonsense_of_agent_latency(&check.parse().unwrap());
    for (check, expected) in [
        ("p95 == 2s", "`p95 == 2s` accepts only one exact time"),
        ("p95 != 2s", "`p95 != 2s` allows every time except one"),
    ] {
        let (wrong, fix) = of(check).unwrap();
        assert_eq!(wrong, expected);
        assert_eq!(fix, "write a bound, for example `p95 <= 2s`");
    }
    assert_eq!(of("p95 <= 2s"), None);
}

#[test]
fn a_unit_in_a_name_contradicts_a_share_alone() {
    for (check, expected) in [("p95 <= 2s", false), ("p95 <= 2", false), (">= 90%", true)] {
        assert_eq!(contradicted("Hold time (s)", &spec(check)).is_some(), expected, "{check}");
    }
}

#[test]
fn a_scale_of_ratings_is_told_only_where_something_is_above_five() {
    let of = |check: &str, values: &[f64]| {
        let check: Check = check.parse().unwrap();
        (other_scale(&check, values).is_some(), scale_note(&check, values).is_some())
    };
    for (check, value, expected) in [
        ("mean >= 4", 60.0, (true, true)),
        ("p50 >= 4", 60.0, (true, true)),
        ("p99 >= 4", 60.0, (false, true)),
        ("max >= 4", 60.0, (false, true)),
        ("mean >= 5", 60.0, (true, true)),
        ("mean >= 0", 60.0, (false, true)),
        ("mean >= 5", 5.0, (false, false)),
        ("mean >= 6", 5.0, (false, true)),
        ("sum >= 6", 60.0, (false, false)),
    ] {
        assert_eq!(of(check, &[value]), expected, "{check} {value}");
    }
}
