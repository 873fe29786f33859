//! Prints what `cekura_gate::stats` makes of several hundred cases, a JSON object a line, for
//! `ci/check-statistics.py` to compute again with SciPy and statsmodels.

use cekura_gate::stats::strata::Stratum;
use cekura_gate::stats::{
    binomial, drop, normal, numbers, ranks, rate, sequential, strata, student, unequal,
};
use serde_json::{Value, json};

use crate::random::Random;

pub(crate) fn print() {
    let mut random = Random(2026);
    distributions();
    rates();
    further();
    designs();
    for _ in 0..60 {
        quantities(&mut random);
        baselines(&mut random);
        two_sides(&mut random);
    }
}

/// Infinite figures become null.
fn case(function: &str, arguments: Value, result: Value) {
    println!("{}", json!({ "function": function, "arguments": arguments, "result": result }));
}

fn distributions() {
    for tail in [0.000_1, 0.001, 0.005, 0.025, 0.05, 0.2, 0.5, 0.8, 0.975] {
        case("normal.upper_quantile", json!([tail]), json!(normal::upper_quantile(tail)));
        for freedom in [1, 2, 3, 4, 9, 10, 29, 100, 1_001, 9_999] {
            let t = student::upper_quantile(tail, freedom);
            case("student.upper_quantile", json!([tail, freedom]), json!(t));
        }
    }
    for n in [1, 3, 10, 97, 1_000, 100_000] {
        for p in [0.001, 0.2, 0.5, 0.9, 0.99] {
            let mean = n as f64 * p;
            for deviations in [-5.0, -2.0, 0.0, 1.0, 6.0] {
                let k = (mean + deviations * (mean * (1.0 - p)).sqrt()).round();
                let k = k.clamp(0.0, n as f64) as usize;
                let tails = [binomial::at_least(k, n, p), binomial::at_most(k, n, p)];
                case("binomial", json!([k, n, p]), json!(tails));
                case("unequal.at_least", json!([k, n, p]), json!(unequal::at_least(k, n, p)));
            }
        }
    }
}

fn designs() {
    for looks in [vec![30, 60, 90, 120], vec![3, 6, 9, 12], vec![1, 2, 5, 40], vec![50]] {
        for threshold in [0.5, 0.8, 0.9, 0.95] {
            for alpha in [0.01, 0.05, 0.2, 0.4] {
                let design = sequential::Design::new(threshold, alpha, &looks);
                let end = |end: Option<usize>| end.map_or(-1, usize::cast_signed);
                let ends: Vec<isize> = design
                    .looks()
                    .iter()
                    .flat_map(|look| [end(look.yes_from), end(look.no_from)])
                    .collect();
                case("design", json!([threshold, alpha, looks]), json!(ends));
            }
        }
    }
}

fn rates() {
    for n in [1, 2, 5, 10, 29, 30, 100, 317, 2_000, 10_000] {
        for part in [0.0, 0.1, 0.5, 0.77, 0.9, 0.99, 1.0] {
            let k = (part * n as f64).round() as usize;
            for confidence in [0.6, 0.8, 0.95, 0.999] {
                let arguments = json!([k, n, confidence]);
                case("wilson", arguments.clone(), json!(rate::wilson(k, n, confidence)));
                let exact = rate::clopper_pearson(k, n, confidence);
                case("clopper_pearson", arguments.clone(), json!(exact));
                let bounds = rate::bounds(k, n - k, 0, confidence);
                case("bounds", arguments, json!(bounds));
            }
        }
    }
}

fn further() {
    for threshold in [0.6, 0.8, 0.9, 0.95, 0.99] {
        for n in [1, 5, 10, 20, 50, 200] {
            for k in [n / 2, n - n / 5, n - n / 10, n - 1, n] {
                let further = rate::further_runs(k, n, threshold, 0.95);
                case("further_runs", json!([k, n, threshold, 0.95]), json!(further));
            }
        }
    }
}

fn quantities(random: &mut Random) {
    let n = 2 + random.below(120);
    let values: Vec<f64> = (0..n).map(|_| (7.0 + 0.6 * random.normal()).exp().round()).collect();
    let confidence = if n.is_multiple_of(2) { 0.95 } else { 0.9 };
    for q in [0.0, 0.1, 0.5, 0.9, 0.95, 1.0] {
        let bounds = numbers::quantile_bounds(&values, q, confidence);
        case("quantile_bounds", json!([values, q, confidence]), json!(bounds));
    }
    let bounds = numbers::mean_bounds(&values, confidence);
    case("mean_bounds", json!([values, confidence]), json!(bounds));
}

fn baselines(random: &mut Random) {
    let (count, runs) = (1 + random.below(8), 2 + random.below(30));
    for runs in [runs, 40 * runs] {
        let mut side = |rate: f64| {
            let all = 1 + random.below(runs);
            let yes = (0..all).filter(|_| random.fraction() < rate).count();
            (yes, all - yes)
        };
        let strata: Vec<Stratum> = (0..count)
            .map(|_| {
                let ((base_yes, base_no), (head_yes, head_no)) = (side(0.9), side(0.8));
                Stratum { base_yes, base_no, head_yes, head_no }
            })
            .collect();
        let rows: Vec<[usize; 4]> =
            strata.iter().map(|s| [s.base_yes, s.base_no, s.head_yes, s.head_no]).collect();
        let p = strata::cochran_mantel_haenszel(&strata);
        case("cochran_mantel_haenszel", json!(rows), json!(p));
        case("difference", json!(rows), json!(strata::difference(&strata)));
        if let Some(first) = strata.first() {
            let rows = rows.get(..1).unwrap_or_default();
            let bounds = drop::bounds(&[*first], 0.95);
            case("drop.bounds", json!([rows, 0.95]), json!(bounds));
        }
    }
}

fn two_sides(random: &mut Random) {
    // Small without ties, small with ties, large with ties.
    for (most, grain) in [(9, 1e-6), (6, 1.0), (300, 0.1)] {
        let count = 1 + random.below(3);
        let mut side = |shift: f64| {
            let n = (1 + random.below(most)).max(most / 3);
            let value = |random: &mut Random| ((random.normal() + shift) / grain).round() * grain;
            (0..n).map(|_| value(random)).collect::<Vec<f64>>()
        };
        let sides: Vec<(Vec<f64>, Vec<f64>)> = (0..count).map(|_| (side(0.4), side(0.0))).collect();
        if let Some((x, y)) = sides.first() {
            case("mann_whitney", json!([x, y]), json!(ranks::mann_whitney(x, y)));
        }
        let strata: Vec<(&[f64], &[f64])> =
            sides.iter().map(|(x, y)| (x.as_slice(), y.as_slice())).collect();
        case("van_elteren", json!(sides), json!(ranks::van_elteren(&strata)));
    }
}
