package dev.halfback;

/** The operating system's users by their login names. */
final class OsUsers {
  private OsUsers() {}

  /** The number of the user with a login name. */
  static long number(String login) {
    byte[] name = Arguments.utf8(login, "osUser");
    NativeLibrary.ensureLoaded();
    long number = Native.osUser(name);
    if (number < 0) {
      throw Arguments.invalid(
          "argument `osUser` is `"
              + login
              + "`, who is no user of this machine; give the user's number");
    }
    return number;
  }
}
