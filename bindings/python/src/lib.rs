//! The native half of the Python package `halfback`: handles, the hot read and errors.
//!
//! It holds conversion only, and hands the package's script on to the command line. Requests come
//! as JSON in UTF-8 bytes, and answers become objects of the classes that the facade in
//! `python/halfback` names, so this crate knows no command and no record.

mod backup;
mod bundle;
mod cli;
mod errors;
mod evaluation;
mod forks;
mod handle;
mod metrics;
mod mlflow;
mod object;
mod proof;
mod record;
mod resolver;
mod signing;
mod transfer;

use pyo3::prelude::*;

/// The native half of `halfback`; import `halfback` instead.
#[pymodule]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::backup::{backup, copy_version, restore};
    #[pymodule_export]
    use crate::bundle::{
        bundle, bundle_download, bundle_history, bundle_verify, is_executable, open_bundle, submit,
    };
    #[pymodule_export]
    use crate::cli::run_cli;
    #[pymodule_export]
    use crate::evaluation::{compare, evaluate, picture};
    #[pymodule_export]
    use crate::handle::{Handle, Stamp, compatible};
    #[pymodule_export]
    use crate::metrics::{
        MetricState, metrics_accuracy, metrics_adjust, metrics_agreement, metrics_auc,
        metrics_average_precision, metrics_best_threshold, metrics_bootstrap,
        metrics_bootstrap_roc_auc, metrics_by_group, metrics_calibration, metrics_confusion,
        metrics_cost, metrics_coverage, metrics_curve, metrics_delong, metrics_delong_paired,
        metrics_fairness, metrics_gain, metrics_groups, metrics_hamming, metrics_judge,
        metrics_kappa, metrics_likelihood, metrics_loss, metrics_mcnemar, metrics_multilabel,
        metrics_power, metrics_proportion, metrics_proportions, metrics_ranked, metrics_regression,
        metrics_relevant, metrics_reliability, metrics_report, metrics_roc_auc, metrics_rows,
        metrics_scores, metrics_share, metrics_single, metrics_summary, metrics_threads,
        metrics_top_k, metrics_two_proportions, metrics_welch,
    };
    #[pymodule_export]
    use crate::mlflow::{export, import_mlflow};
    #[pymodule_export]
    use crate::proof::{
        checkpoint, export_log, generate_log_key, log_head, log_key, verify_consistency,
        verify_inclusion,
    };
    #[pymodule_export]
    use crate::resolver::Resolver;
    #[pymodule_export]
    use crate::signing::{generate_model_key, model_key, sign_statement, signing_message};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        halfback::interrupt::ask(crate::errors::interrupted);
        crate::forks::settle_before(module)?;
        // Set and not added: it is for a test, and `__all__` need not name it.
        #[cfg(debug_assertions)]
        module.setattr("_panic", wrap_pyfunction!(crate::errors::panic, module)?)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
