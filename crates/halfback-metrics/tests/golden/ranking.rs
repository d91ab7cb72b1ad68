//! Metrics of rankings.

use halfback_metrics::{
    Dcg, Error, coverage_error, dcg, label_ranking_average_precision, label_ranking_loss, ndcg,
};

use crate::{Case, Given, check};

#[test]
fn ranking() {
    check(include_str!("ranking.json"), 1e-12, answer);
}

fn answer(case: &Case<'_>) -> Result<Given, Error> {
    let (truth, scores, weight) = (case.column(0), case.column(1).matrix(), case.weight());
    let options = Dcg {
        k: case.param("k").as_u64().map(|k| k as usize),
        log_base: case.float("log_base").unwrap_or(2.0),
        ignore_ties: case.param("ignore_ties") == true,
    };
    Ok(match case.case["fn"].as_str().unwrap() {
        "dcg_score" => dcg(truth.matrix(), scores, weight, options)?.into(),
        "ndcg_score" => ndcg(truth.matrix(), scores, weight, options)?.into(),
        "coverage_error" => coverage_error(truth.bools(), scores, weight)?.into(),
        "label_ranking_loss" => label_ranking_loss(truth.bools(), scores, weight)?.into(),
        "label_ranking_average_precision_score" => {
            label_ranking_average_precision(truth.bools(), scores, weight)?.into()
        }
        name => panic!("no answer for {name}"),
    })
}
