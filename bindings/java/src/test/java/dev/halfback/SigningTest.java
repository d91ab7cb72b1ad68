package dev.halfback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Signed versions: keys in files and behind functions, and what is refused. */
class SigningTest {
  @TempDir Path folder;

  private Registry open() {
    Registry registry =
        Registry.open(folder.resolve("models.hb"), Options.defaults().withCreate(true));
    registry.createModel("fraud");
    for (String weights : List.of("one", "two")) {
      byte[] bytes = weights.getBytes(StandardCharsets.UTF_8);
      registry.registerVersion(NewVersion.of("fraud", Content.bytes("model.bin", bytes)));
    }
    return registry;
  }

  @Test
  void aCatalogAsksForSignatures() throws Exception {
    try (Registry registry = open()) {
      Path file = folder.resolve("release.pem");
      String publicKey = ModelKey.generate(file);
      ModelKey key = ModelKey.fromFile(file);
      assertEquals(publicKey, key.publicKey());
      assertEquals(publicKey, ModelKey.fromPem(Files.readString(file)).publicKey());
      assertFalse(key.toString().contains("PRIVATE"));
      assertTrue(registry.setSigningKeys("main", List.of(publicKey)).required());
      assertThrows(
          HalfbackPermissionDeniedException.class,
          () -> registry.download("fraud/1", folder.resolve("out")));
      assertTrue(registry.signVersion("fraud/1", key).trusted());
      registry.download("fraud/1", folder.resolve("out"));
      assertEquals(1, registry.listSignatures("fraud/1").count());
      assertEquals(List.of(publicKey), registry.getSigningKeys("main").keys());
      Path path = registry.bundle("fraud/1", folder.resolve("fraud.hbz"));
      assertEquals(1, Bundle.open(path).verify(List.of(publicKey)).signedBy().size());
      assertThrows(HalfbackNotFoundException.class, () -> Bundle.open(path).verify(List.of()));
      Path exported = registry.exportSignature("fraud/1", publicKey, folder.resolve("model.sig"));
      String bundle = Files.readString(exported);
      assertEquals(registry.verifySignature("fraud/1", publicKey).bundle(), bundle);
      assertThrows(
          FileAlreadyExistsException.class,
          () -> registry.exportSignature("fraud/1", publicKey, exported));
      assertThrows(
          HalfbackInvalidException.class, () -> registry.signVersion("fraud/2", bundle, publicKey));
    }
  }

  @Test
  void aFunctionSigns() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    KeyPair pair = generator.generateKeyPair();
    byte[] encoded = pair.getPublic().getEncoded();
    String base64 =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(encoded);
    String publicKey = "-----BEGIN PUBLIC KEY-----\n" + base64 + "\n-----END PUBLIC KEY-----\n";
    try (Registry registry = open()) {
      ModelKey key = ModelKey.of(publicKey, message -> sign(pair, message));
      assertEquals(publicKey, registry.signVersion("fraud/1", key).publicKey());
      for (byte[] wrong : new byte[][] {new byte[64], new byte[0]}) {
        ModelKey bad = ModelKey.of(publicKey, message -> wrong);
        assertThrows(HalfbackInvalidException.class, () -> registry.signVersion("fraud/1", bad));
      }
      ModelKey failing =
          ModelKey.of(
              publicKey,
              message -> {
                throw new IllegalStateException("the vault is closed");
              });
      assertThrows(IllegalStateException.class, () -> registry.signVersion("fraud/1", failing));
    }
  }

  @Test
  void aKeyFileIsItsOwnersAlone() throws Exception {
    Path file = folder.resolve("open.pem");
    ModelKey.generate(file);
    assertThrows(HalfbackConflictException.class, () -> ModelKey.generate(file));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    assertThrows(HalfbackPermissionDeniedException.class, () -> ModelKey.fromFile(file));
    assertThrows(HalfbackInvalidException.class, () -> ModelKey.fromPem("no key"));
    assertThrows(HalfbackInvalidException.class, () -> ModelKey.fromEnv("NO_SUCH_KEY"));
    assertThrows(HalfbackInvalidException.class, () -> ModelKey.of("no key", message -> message));
  }

  private static byte[] sign(KeyPair pair, byte[] message) {
    try {
      Signature signature = Signature.getInstance("SHA256withECDSA");
      signature.initSign(pair.getPrivate());
      signature.update(message);
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
