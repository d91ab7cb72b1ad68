package dev.halfback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.Signature;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys that sign checkpoints: in files, and behind a function of the caller. */
class ProofsTest {
  @TempDir Path folder;

  private Registry open() {
    return Registry.open(folder.resolve("models.hb"), Options.defaults().withCreate(true));
  }

  @Test
  void aFunctionSigns() throws Exception {
    KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    String key = publicKey("vault", pair);
    SigningKey signer = SigningKey.of(key, content -> sign(pair, content));
    assertEquals(key, signer.key());
    try (Registry registry = open()) {
      String checkpoint = registry.checkpoint(signer);
      assertEquals(1, registry.verifyLog(checkpoint, key).checkpoint());
      Path file = folder.resolve("log.jsonl");
      assertEquals(checkpoint, registry.exportLog(file, signer, false).checkpoint());
      for (byte[] wrong : new byte[][] {new byte[64], new byte[0]}) {
        SigningKey bad = SigningKey.of(key, content -> wrong);
        HalfbackInvalidException refused =
            assertThrows(HalfbackInvalidException.class, () -> registry.checkpoint(bad));
        assertEquals("invalid_argument", refused.code());
      }
      SigningKey failing =
          SigningKey.of(
              key,
              content -> {
                throw new IllegalStateException("the vault is closed");
              });
      assertThrows(IllegalStateException.class, () -> registry.checkpoint(failing));
    }
  }

  @Test
  void aKeyFileIsItsOwnersAlone() throws Exception {
    Path file = folder.resolve("log.key");
    String key = Proofs.generateLogKey(file, "halfback/test");
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    SigningKey signer = SigningKey.fromFile(file);
    assertEquals(key, signer.key());
    String secret = Files.readString(file).strip();
    assertFalse(signer.toString().contains(secret.substring(secret.length() - 30)));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    HalfbackPermissionDeniedException refused =
        assertThrows(HalfbackPermissionDeniedException.class, () -> SigningKey.fromFile(file));
    assertTrue(refused.getMessage().contains("every user"), refused.getMessage());
    assertThrows(HalfbackInvalidException.class, () -> SigningKey.fromEnv("HALFBACK_NO_SUCH_KEY"));
  }

  private static byte[] sign(KeyPair pair, byte[] content) {
    try {
      Signature signature = Signature.getInstance("Ed25519");
      signature.initSign(pair.getPrivate());
      signature.update(content);
      return signature.sign();
    } catch (java.security.GeneralSecurityException failed) {
      throw new AssertionError(failed);
    }
  }

  /** The text of a public key: its name, its hash, and its type with its bytes. */
  private static String publicKey(String name, KeyPair pair) throws Exception {
    byte[] encoded = pair.getPublic().getEncoded();
    byte[] key = new byte[33];
    key[0] = 1;
    System.arraycopy(encoded, encoded.length - 32, key, 1, 32);
    MessageDigest hash = MessageDigest.getInstance("SHA-256");
    hash.update((name + "\n").getBytes(StandardCharsets.UTF_8));
    byte[] first = Arrays.copyOf(hash.digest(key), 4);
    String code = HexFormat.of().formatHex(first);
    return name + "+" + code + "+" + Base64.getEncoder().encodeToString(key);
  }
}
