package dev.halfback;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;

/** Pictures of evaluations and comparisons as SVG, read in light and dark. */
public final class Pictures {
  private Pictures() {}

  /** What is drawn of an evaluation. */
  public enum Kind {
    /** The ROC curve; of more than two classes one for each, and their average. */
    ROC("roc"),
    /** The precision-recall curve. */
    PRECISION_RECALL("precision_recall"),
    /** The reliability diagram: observed shares by probability. */
    CALIBRATION("calibration"),
    /** The confusion matrix. */
    CONFUSION("confusion"),
    /** The main metric over all rows and by slice, with intervals. */
    SLICES("slices");

    private final String word;

    Kind(String word) {
      this.word = word;
    }
  }

  /**
   * A picture of an evaluation; with code {@code invalid_argument} where it has none of that kind.
   *
   * @param evaluation the evaluation, with its curves
   * @param kind what is drawn
   * @return the picture as SVG
   */
  public static String svg(Evaluation evaluation, Kind kind) {
    ObjectNode request = Json.object().put("picture", Arguments.given(kind, "kind").word);
    return draw(request, "evaluation", Arguments.given(evaluation, "evaluation"));
  }

  /**
   * The differences over all rows and by slice, with intervals: a forest plot.
   *
   * @param comparison the comparison
   * @return the picture as SVG
   */
  public static String svg(Comparison comparison) {
    return draw(Json.object(), "comparison", Arguments.given(comparison, "comparison"));
  }

  private static String draw(ObjectNode request, String name, Object record) {
    request.putObject("of").set(name, Json.tree(record));
    NativeLibrary.ensureLoaded();
    return new String(Native.picture(Json.bytes(request)), StandardCharsets.UTF_8);
  }
}
