//! States of metrics: foreign bytes are refused, or are those of a state that can be used.

use halfback_metrics::{Batch, Finished, Labels, Scores, Spec, State};

/// The bytes of a state.
pub fn states(data: &[u8]) {
    let mut state = match State::from_bytes(data) {
        Ok(state) => state,
        Err(error) => return assert_eq!(error.argument(), "bytes"),
    };
    assert_eq!(state.to_bytes(), data);
    finish(&state);
    let copy = state.clone();
    let _ = state.merge(&copy);
    update(&mut state);
    finish(&state);
    let bytes = state.to_bytes();
    assert_eq!(State::from_bytes(&bytes).unwrap().to_bytes(), bytes);
}

fn finish(state: &State) {
    if let Ok(Finished::Quantiles(found)) = state.finish() {
        assert!(found.min() <= found.max());
        for q in [0.0, 0.3, 0.5, 1.0] {
            let quantile = found.quantile(q).unwrap();
            assert!((found.min()..=found.max()).contains(&quantile.value), "{quantile:?}");
            assert!(quantile.error >= 0.0, "{quantile:?}");
        }
    }
}

/// Sees rows that every kind takes, but for classes that are texts.
fn update(state: &mut State) {
    let (truth, numbers) = ([true, false, true], [0.0, 0.25, 1.0]);
    let (y_true, numbers) = (Labels::Bool(&truth), Scores::F64(&numbers));
    let _ = state.update(match state.spec() {
        Spec::Classification => Batch::Classes { y_true, y_pred: y_true },
        Spec::Scores { .. } => Batch::Scores { y_true, y_score: numbers, pos_label: None },
        Spec::Regression => Batch::Numbers { y_true: numbers, y_pred: numbers },
        Spec::Quantiles { .. } => Batch::Values { values: numbers },
    });
}

/// Every kind, of a few rows.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let specs = [
        Spec::Classification,
        Spec::Regression,
        Spec::Scores { probabilities: false, buckets: None },
        Spec::Scores { probabilities: true, buckets: None },
        Spec::Scores { probabilities: true, buckets: Some(2) },
        Spec::Scores { probabilities: false, buckets: Some(2) },
        Spec::Quantiles { buckets: None },
        Spec::Quantiles { buckets: Some(2) },
    ];
    let state = |spec| {
        let mut state = State::new(spec).unwrap();
        let empty = state.to_bytes();
        update(&mut state);
        [empty, state.to_bytes()]
    };
    let texts = ["a", "b", "b"];
    let (y_true, y_pred) = (Labels::Text(&texts), Labels::Text(&texts));
    let mut of_texts = State::new(Spec::Classification).unwrap();
    of_texts.update(Batch::Classes { y_true, y_pred }).unwrap();
    specs.into_iter().flat_map(state).chain([of_texts.to_bytes()]).collect()
}
