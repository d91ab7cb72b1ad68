//! Metrics of numbers against numbers. Columns: truth, predictions, weights of rows, weights of
//! outputs. Options: the number of outputs, how they are averaged, and what the metric takes.

use halfback_metrics::{Multioutput, Outputs, Regression, interval_coverage, regression_summary};

use super::Outcome;
use super::classes::{choice, unknown};
use super::column::Call;
use super::numbers::Numbers;

pub(super) fn measure(metric: &str, call: &Call<'_>, out: &mut Numbers) -> Outcome<bool> {
    match metric {
        "regression_summary" => {
            let summary = regression_summary(call.scores(0)?, call.scores(1)?, call.weights(2))?;
            out.number(summary.mae).number(summary.rmse).number(summary.bias).metric(summary.r2);
        }
        "interval_coverage" => {
            let (truth, lower, upper) = (call.scores(0)?, call.scores(1)?, call.scores(2)?);
            let covered = interval_coverage(truth, lower, upper, call.number(0)?, call.weights(3))?;
            out.number(covered.coverage).number(covered.mean_width).number(covered.score);
        }
        "max_error" => {
            out.number(regression(call)?.max_error()?);
        }
        "tweedie_deviance" => {
            out.number(regression(call)?.tweedie_deviance(call.number(2)?)?);
        }
        "d2_tweedie" => {
            out.metric(regression(call)?.d2_tweedie(call.number(2)?)?);
        }
        _ => {
            let Some(outputs) = of_outputs(metric, call)? else { return Ok(false) };
            averaged(&outputs, call, out)?;
        }
    }
    Ok(true)
}

fn of_outputs(metric: &str, call: &Call<'_>) -> Outcome<Option<Outputs>> {
    let is_finite = || call.option(2) != Some(0.0);
    Ok(Some(match metric {
        "mean_absolute_error" => regression(call)?.mean_absolute_error(),
        "mean_squared_error" => regression(call)?.mean_squared_error(),
        "root_mean_squared_error" => regression(call)?.root_mean_squared_error(),
        "mean_squared_log_error" => regression(call)?.mean_squared_log_error()?,
        "root_mean_squared_log_error" => regression(call)?.root_mean_squared_log_error()?,
        "mean_absolute_percentage_error" => regression(call)?.mean_absolute_percentage_error(),
        "symmetric_percentage_error" => regression(call)?.symmetric_percentage_error(),
        "weighted_percentage_error" => regression(call)?.weighted_percentage_error(),
        "bias" => regression(call)?.bias(),
        "pinball_loss" => regression(call)?.pinball_loss(call.number(2)?)?,
        "median_absolute_error" => regression(call)?.median_absolute_error(),
        "r2" => regression(call)?.r2(is_finite()),
        "explained_variance" => regression(call)?.explained_variance(is_finite()),
        "d2_pinball" => regression(call)?.d2_pinball(call.number(2)?)?,
        "d2_absolute_error" => regression(call)?.d2_absolute_error()?,
        _ => return Ok(None),
    }))
}

fn averaged(outputs: &Outputs, call: &Call<'_>, out: &mut Numbers) -> Outcome<()> {
    let how = match choice(call, 1)? {
        0 => {
            out.metrics(&outputs.values);
            return Ok(());
        }
        1 => Multioutput::Uniform,
        2 => Multioutput::Variance,
        3 => Multioutput::Weights(call.doubles(3)?),
        _ => return Err(unknown()),
    };
    out.metric(outputs.average(how)?);
    Ok(())
}

fn regression<'a>(call: &Call<'a>) -> Outcome<Regression<'a>> {
    let (truth, predicted) = (call.table(0, 0, "y_true")?, call.table(1, 0, "y_pred")?);
    Ok(Regression::of(truth, predicted, call.weights(2))?)
}
