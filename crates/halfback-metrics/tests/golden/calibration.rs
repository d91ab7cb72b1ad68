//! Calibration, held against scikit-learn, numpy and statsmodels.

use halfback_metrics::{Bins, Error, Labels, recalibration, reliability, spiegelhalter};

use crate::{Case, Given, check};

/// statsmodels stops its iteration by the deviance, which is flat at the solution.
const TOLERANCE: f64 = 1e-9;

#[test]
fn calibration() {
    check(include_str!("calibration.json"), TOLERANCE, |case| {
        case.column(0).with_labels(|truth| answer(case, truth))
    });
}

fn answer(case: &Case<'_>, truth: Labels<'_>) -> Result<Given, Error> {
    let (scores, weight) = (case.column(1).scores(), case.weight());
    let bins = || {
        let count = case.param("n_bins").as_u64().or(case.param("bins").as_u64()).unwrap();
        let count = count as usize;
        let uniform = case.param("strategy") == "uniform";
        let bins = if uniform { Bins::Uniform(count) } else { Bins::Quantile(count) };
        reliability(truth, scores, weight, None, bins)
    };
    Ok(match case.case["fn"].as_str().unwrap() {
        "calibration_curve" => {
            let bins = bins()?.bins;
            let observed = bins.iter().map(|bin| bin.observed);
            Given::numbers(observed.chain(bins.iter().map(|bin| bin.predicted)).collect())
        }
        "distances" => {
            let table = bins()?;
            Given::numbers(vec![
                table.expected_error(),
                table.maximum_error(),
                table.adaptive_error(),
            ])
        }
        "recalibration" => {
            let fit = recalibration(truth, scores, weight, None)?;
            Given::metrics(&[fit.slope, fit.intercept, fit.in_the_large])
        }
        _ => {
            let test = spiegelhalter(truth, scores, weight, None)?;
            Given::metrics(&[test.z, test.p_value])
        }
    })
}
