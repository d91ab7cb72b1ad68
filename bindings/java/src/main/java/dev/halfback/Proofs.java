package dev.halfback;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Evidence from the log for those who have no registry. */
public final class Proofs {
  static {
    NativeLibrary.ensureLoaded();
  }

  private Proofs() {}

  /**
   * Makes a key that signs checkpoints, in a new file that only its owner may read. Keep the file
   * where those who can write the registry cannot read it.
   *
   * @param file the file to make
   * @param name the key's name, at best the log's own: {@code halfback/} and the registry's id
   * @return the public key, for everybody who verifies
   */
  public static String generateLogKey(Path file, String name) {
    byte[] path = NativePath.encode(file, "file");
    byte[] key = Native.generateLogKey(path, Arguments.utf8(name, "name"));
    return new String(key, StandardCharsets.UTF_8);
  }

  /**
   * Verifies that a proof is one of its own root. Whether that is the log's, a checkpoint says.
   *
   * @param proof the proof
   * @return the commit that the entry tells of, without the name of who made it
   */
  public static Commit verifyInclusion(InclusionProof proof) {
    return included(request(proof));
  }

  /**
   * Verifies that an entry is in the log that a checkpoint is of.
   *
   * @param proof the proof
   * @param checkpoint the checkpoint of the proof's size
   * @param key the public key that the checkpoint is signed with
   * @return the commit that the entry tells of, without the name of who made it
   */
  public static Commit verifyInclusion(InclusionProof proof, String checkpoint, String key) {
    return included(signed(request(proof), checkpoint, key));
  }

  /**
   * Verifies that a proof is one of its own roots. Whether these are the log's, checkpoints say.
   *
   * @param proof the proof
   */
  public static void verifyConsistency(ConsistencyProof proof) {
    Native.verifyConsistency(Json.bytes(request(proof)));
  }

  /**
   * Verifies that a log has only grown between the sizes of two checkpoints.
   *
   * @param proof the proof
   * @param checkpoint the checkpoints of both sizes, one after the other
   * @param key the public key that they are signed with
   */
  public static void verifyConsistency(ConsistencyProof proof, String checkpoint, String key) {
    Native.verifyConsistency(Json.bytes(signed(request(proof), checkpoint, key)));
  }

  private static Commit included(ObjectNode request) {
    return Json.read(Native.verifyInclusion(Json.bytes(request)), Commit.class);
  }

  private static ObjectNode request(Object proof) {
    ObjectNode request = Json.object();
    request.set("proof", Json.tree(Arguments.given(proof, "proof")));
    return request;
  }

  private static ObjectNode signed(ObjectNode request, String checkpoint, String key) {
    return request
        .put("checkpoint", Queries.text(checkpoint, "checkpoint"))
        .put("key", Queries.text(key, "key"));
  }
}
