//! Whether one version can take another's place, told by their signatures.

use halfback_store::error::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::version::ModelVersion;
use crate::access::need::Needs;
use crate::command::{Query, Snapshot};
use crate::securable::VersionRef;
use crate::signature::{self, Compatibility, Signature};

/// Tells whether callers of one version can call another instead; see
/// [`compatible`](crate::compatible) for the rules. A version without a signature promises nothing,
/// so nothing is compatible with it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompareSignatures {
    /// The version that is called now.
    pub old: VersionRef,
    /// The version that would be called instead.
    pub new: VersionRef,
}

impl Query for CompareSignatures {
    const NAME: &'static str = "compare_signatures";
    type Output = Compatibility;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::Sight("both are found by their models' names"))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Compatibility> {
        let mut reasons = Vec::new();
        let mut signature = |reference: &VersionRef| -> Result<Option<Signature>> {
            let (_, id) = snapshot.version_ref(reference)?;
            let ModelVersion { uri, signature, .. } = snapshot.version(id)?;
            if signature.is_none() {
                reasons.push(format!("`{uri}` has no signature"));
            }
            signature.as_ref().map(Signature::parse).transpose()
        };
        let (old, new) = (signature(&self.old)?, signature(&self.new)?);
        Ok(match (old, new) {
            (Some(old), Some(new)) => signature::compatible(&old, &new),
            _ => Compatibility { compatible: false, reasons },
        })
    }
}
