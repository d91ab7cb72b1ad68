package dev.halfback;

import dev.halfback.commands.RecordComparison;
import dev.halfback.commands.RecordEvaluation;
import dev.halfback.commands.SetSigningKeys;
import dev.halfback.commands.SignVersion;
import java.util.List;

/**
 * Every command that keeps evidence of a version: what it was measured to be, and who signed it.
 */
public sealed interface EvidenceWrites extends CommandExecutor permits Writes {
  /**
   * Keeps what was measured of a version elsewhere; {@link Registry#evaluate} measures here.
   *
   * @param version the URI of the version
   * @param measurement what was measured
   * @return the evaluation
   */
  default Evaluation recordEvaluation(String version, Measurement measurement) {
    return recordEvaluation(
        RecordEvaluation.of(
            Arguments.given(version, "version"), Arguments.given(measurement, "measurement")));
  }

  /**
   * Keeps what was measured of a version elsewhere; {@link Registry#evaluate} measures here.
   *
   * @param command what to do, with every option
   * @return the evaluation
   */
  default Evaluation recordEvaluation(RecordEvaluation command) {
    return (Evaluation) execute(Arguments.given(command, "command"));
  }

  /**
   * Keeps how two versions compare, measured elsewhere; {@link Registry#compare} measures here.
   *
   * @param candidate the URI of the version that is to be judged
   * @param baseline the URI of the version that it is held against
   * @param measurement what was measured
   * @return the comparison
   */
  default Comparison recordComparison(
      String candidate, String baseline, PairedMeasurement measurement) {
    return recordComparison(
        RecordComparison.of(
            Arguments.given(candidate, "candidate"),
            Arguments.given(baseline, "baseline"),
            Arguments.given(measurement, "measurement")));
  }

  /**
   * Keeps how two versions compare, measured elsewhere; {@link Registry#compare} measures here.
   *
   * @param command what to do, with every option
   * @return the comparison
   */
  default Comparison recordComparison(RecordComparison command) {
    return (Comparison) execute(Arguments.given(command, "command"));
  }

  /**
   * Keeps a signature over a version's files that was made elsewhere, once it is verified.
   *
   * @param version the URI of the version
   * @param bundle the signature: a Sigstore bundle, as the tool {@code model_signing} writes it
   * @param publicKey the public key that it verifies with, as PEM
   * @return the signature
   */
  default VersionSignature signVersion(String version, String bundle, String publicKey) {
    return signVersion(
        SignVersion.of(
            Arguments.given(version, "version"),
            Arguments.given(bundle, "bundle"),
            Arguments.given(publicKey, "publicKey")));
  }

  /**
   * Keeps a signature over a version's files that was made elsewhere, once it is verified.
   *
   * @param command what to do, with every option
   * @return the signature
   */
  default VersionSignature signVersion(SignVersion command) {
    return (VersionSignature) execute(Arguments.given(command, "command"));
  }

  /**
   * Says which keys sign the versions of a catalog. Where there is one, versions that none of them
   * has signed cannot be loaded, whatever else is granted.
   *
   * @param catalog the catalog's name
   * @param keys public keys as PEM; none to ask for no signature any more
   * @return the keys
   */
  default SigningKeys setSigningKeys(String catalog, List<String> keys) {
    return setSigningKeys(
        SetSigningKeys.of(Arguments.given(catalog, "catalog"), Arguments.given(keys, "keys")));
  }

  /**
   * Says which keys sign the versions of a catalog.
   *
   * @param command what to do, with every option
   * @return the keys
   */
  default SigningKeys setSigningKeys(SetSigningKeys command) {
    return (SigningKeys) execute(Arguments.given(command, "command"));
  }
}
