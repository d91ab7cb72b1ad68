//! Distributions, intervals and tests, held against scipy and statsmodels.

use halfback_metrics::distribution::{
    beta_cdf, beta_quantile, normal_cdf, normal_quantile, student_quantile, student_two_sided,
};
use halfback_metrics::{
    Adjustment, Alternative, Design, Difference, Error, Interval, McNemar, Question, adjust,
    clopper_pearson, delong, delong_paired, miettinen_nurminen, newcombe, power_of_means,
    power_of_proportions, two_proportions, welch, wilson,
};

use crate::{Case, Given, check};

#[test]
fn statistics() {
    // Quantiles are of functions that scipy itself gives to about 1e-12.
    check(include_str!("statistics.json"), 1e-10, answer);
}

fn answer(case: &Case<'_>) -> Result<Given, Error> {
    let get = |name: &str| case.float(name).unwrap();
    Ok(match case.case["fn"].as_str().unwrap() {
        "normal_cdf" => normal_cdf(get("x")).into(),
        "normal_quantile" => normal_quantile(get("q")).into(),
        "beta_cdf" => beta_cdf(get("x"), get("a"), get("b")).into(),
        "beta_quantile" => beta_quantile(get("q"), get("a"), get("b")).into(),
        "student" => student_two_sided(get("t"), get("df")).into(),
        "student_quantile" => student_quantile(get("q"), get("df")).into(),
        "delong" => areas(case)?,
        "welch" => {
            let test = welch(case.column(0).floats(), case.column(1).floats())?;
            let interval = test.interval(0.9)?;
            let p = test.p_value().value;
            Given::numbers(vec![p, test.freedom, interval.lower, interval.upper])
        }
        "welch_claims" => {
            let means = welch(case.column(0).floats(), case.column(1).floats())?;
            claims(&Difference::Means(means), get("margin"))?
        }
        "multipletests" => {
            let how = match case.param("method").as_str().unwrap() {
                "holm" => Adjustment::Holm,
                "fdr_bh" => Adjustment::BenjaminiHochberg,
                _ => Adjustment::BenjaminiYekutieli,
            };
            Given::numbers(adjust(case.column(0).floats(), how)?)
        }
        _ => counts(case)?,
    })
}

fn counts(case: &Case<'_>) -> Result<Given, Error> {
    let get = |name: &str| case.float(name).unwrap();
    let whole = |name: &str| case.param(name).as_u64().unwrap();
    let design = || Design { alpha: get("alpha"), ratio: get("ratio") };
    let bounds = |interval: Interval| Given::numbers(vec![interval.lower, interval.upper]);
    let pair = || McNemar { first_only: whole("b"), second_only: whole("c"), rows: 10_000 };
    Ok(match case.case["fn"].as_str().unwrap() {
        "proportion_confint" => {
            let wanted = if case.param("method") == "beta" { clopper_pearson } else { wilson };
            bounds(wanted(whole("count"), whole("nobs"), 1.0 - get("alpha"))?)
        }
        "newcombe" | "miettinen_nurminen" => {
            let simple = case.case["fn"] == "newcombe";
            let wanted = if simple { newcombe } else { miettinen_nurminen };
            let first = (whole("count1"), whole("nobs1"));
            bounds(wanted(first, (whole("count2"), whole("nobs2")), 0.95)?)
        }
        "proportion_claims" => {
            let first = (whole("count1"), whole("nobs1"));
            let shares = two_proportions(first, (whole("count2"), whole("nobs2")))?;
            claims(&Difference::Proportions(shares), get("margin"))?
        }
        "mcnemar" => pair().exact().into(),
        "mcnemar_mid" => pair().mid_p().into(),
        "power_means" => power_of_means(get("d"), whole("n"), design())?.into(),
        "power_proportions" => {
            power_of_proportions(get("p1"), get("p2"), whole("n"), design())?.into()
        }
        name => panic!("no answer for {name}"),
    })
}

/// The p-values of superiority, non-inferiority and equivalence, both ways round.
fn claims(difference: &Difference, margin: f64) -> Result<Given, Error> {
    use Alternative::{Equivalence, NonInferiority, Superiority};
    let p_value = |alternative| {
        let question = Question { alternative, margin, level: 0.95, higher_is_better: true };
        let found = question.judge_one(difference)?.p_value;
        let turned = Question { higher_is_better: false, ..question };
        assert_eq!(turned.judge_one(&difference.negated())?.p_value, found);
        Ok(found.unwrap())
    };
    let found: Result<_, Error> =
        [Superiority, NonInferiority, Equivalence].into_iter().map(p_value).collect();
    Ok(Given::numbers(found?))
}

fn areas(case: &Case<'_>) -> Result<Given, Error> {
    let several = case.case["columns"].as_array().unwrap().len() == 3;
    case.column(0).with_labels(|truth| {
        if !several {
            let one = delong(truth, case.column(1).scores())?;
            return Ok(Given::numbers(vec![one.area, one.variance, one.variance]));
        }
        let two = delong_paired(truth, case.column(1).scores(), case.column(2).scores())?;
        let (a, b) = (two.first, two.second);
        let covariance = (a.variance + b.variance - two.variance) / 2.0;
        Ok(Given::numbers(vec![a.area, b.area, a.variance, b.variance, covariance]))
    })
}
