//! Metrics of numbers.

use halfback_metrics::{Error, Metric, Multioutput, Outputs, Regression};

use crate::{Case, Given, check};

#[test]
fn regression() {
    check(include_str!("regression.json"), 1e-12, answer);
}

fn answer(case: &Case<'_>) -> Result<Given, Error> {
    let (truth, predicted) = (case.column(0).matrix(), case.column(1).matrix());
    let pair = Regression::of(truth, predicted, case.weight())?;
    let alpha = case.float("alpha").unwrap_or(0.5);
    let power = case.float("power").unwrap_or(0.0);
    let finite = case.param("force_finite") != false;
    let outputs = match case.case["fn"].as_str().unwrap() {
        "mean_absolute_error" => pair.mean_absolute_error(),
        "mean_squared_error" => pair.mean_squared_error(),
        "root_mean_squared_error" => pair.root_mean_squared_error(),
        "mean_squared_log_error" => pair.mean_squared_log_error()?,
        "root_mean_squared_log_error" => pair.root_mean_squared_log_error()?,
        "median_absolute_error" => pair.median_absolute_error(),
        "mean_absolute_percentage_error" => pair.mean_absolute_percentage_error(),
        "r2_score" => pair.r2(finite),
        "explained_variance_score" => pair.explained_variance(finite),
        "d2_absolute_error_score" => pair.d2_absolute_error()?,
        "mean_pinball_loss" => pair.pinball_loss(alpha)?,
        "d2_pinball_score" => pair.d2_pinball(alpha)?,
        "max_error" => return Ok(pair.max_error()?.into()),
        "mean_poisson_deviance" => return Ok(pair.poisson_deviance()?.into()),
        "mean_gamma_deviance" => return Ok(pair.gamma_deviance()?.into()),
        "mean_tweedie_deviance" => return Ok(pair.tweedie_deviance(power)?.into()),
        "d2_tweedie_score" => return Ok(pair.d2_tweedie(power)?.into()),
        name => panic!("no answer for {name}"),
    };
    together(case, &outputs)
}

fn together(case: &Case<'_>, outputs: &Outputs) -> Result<Given, Error> {
    let weights: Vec<f64>;
    let how = case.param("multioutput");
    let metric: Metric = match how.as_str() {
        Some("raw_values") => return Ok(Given::metrics(&outputs.values)),
        Some("variance_weighted") => outputs.average(Multioutput::Variance)?,
        None if how.is_array() => {
            weights = how.as_array().unwrap().iter().map(crate::number).collect();
            outputs.average(Multioutput::Weights(&weights))?
        }
        _ => outputs.average(Multioutput::Uniform)?,
    };
    Ok(metric.into())
}
