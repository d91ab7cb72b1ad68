//! The program in a container: an arbitrary user who has no name and no home, and a temporary
//! folder from which nothing can be run.

use std::process::Command;

use crate::{PROGRAM, Place};

#[test]
fn a_user_without_a_name_or_a_home_has_everything() {
    let place = Place::new();
    std::fs::create_dir(place.path("tmp")).unwrap();
    let script = "\
set -e
mount -t tmpfs -o noexec,nosuid,mode=1777 none tmp
exec unshare --user --map-user=12345 --map-group=12345 env -i PATH=\"$PATH\" TMPDIR=\"$PWD/tmp\" sh -ec '
test \"$(id -u)\" = 12345
cp \"$0\" tmp/program && ! tmp/program --version 2>/dev/null
\"$0\" init
\"$0\" register risk.credit.default model.onnx --create
\"$0\" alias set risk.credit.default champion 1
\"$0\" download risk.credit.default@champion out
cmp out/model.onnx model.onnx
\"$0\" sweep && \"$0\" compact && \"$0\" check
\"$0\" info
' \"$0\"";
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script, PROGRAM]);
    let ran = command.current_dir(place.folder.path()).output();
    let ran = ran.expect("`unshare` of util-linux is needed for this test");
    assert!(
        ran.status.success(),
        "it failed, or this kernel gives no user and mount namespaces to unprivileged programs: {ran:?}"
    );
    let said = String::from_utf8(ran.stdout).unwrap();
    assert!(said.contains("12345 (os_user)"), "{said}");
    assert!(ran.stderr.is_empty(), "{:?}", String::from_utf8(ran.stderr));
}
