//! What kind of file system a registry is on. File locks and shared memory keep the programs of one
//! machine in step, and file systems that other machines write to promise neither.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::error::{Detail, IoContext, Result};

/// The number by which the kernel knows all file systems that a program serves.
const FUSE: u64 = 0x6573_5546;

/// File systems that are reached over a network, or shared with other machines, by the kernel's
/// number (`linux/magic.h` and the sources of those outside of the kernel).
const NETWORK: [(u64, &str); 18] = [
    (0x6969, "nfs"),
    (0xFF53_4D42, "cifs"),
    (0xFE53_4D42, "smb2"),
    (0x517B, "smb"),
    (0x0102_1997, "9p"),
    (0x00C3_6400, "ceph"),
    (0x5346_414F, "afs"),
    (0x6B41_4653, "afs"),
    (0x7375_7245, "coda"),
    (0x564C, "ncp"),
    (0x0BD0_0BD0, "lustre"),
    (0x4750_4653, "gpfs"),
    (0x0116_1970, "gfs2"),
    (0x7461_636F, "ocfs2"),
    (0x2003_0528, "orangefs"),
    (0x1980_0202, "beegfs"),
    (0xAAD7_AAEA, "panfs"),
    (0x786F_4256, "vboxsf"),
];

/// The same among those that a program serves, by the name after `fuse.`.
const SERVED: [&str; 22] = [
    "sshfs",
    "s3fs",
    "s3ql",
    "mountpoint-s3",
    "mount-s3",
    "gcsfuse",
    "goofys",
    "blobfuse",
    "blobfuse2",
    "rclone",
    "juicefs",
    "JuiceFS",
    "glusterfs",
    "ceph",
    "ceph-fuse",
    "davfs",
    "curlftpfs",
    "smbnetfs",
    "nfs",
    "seaweedfs",
    "alluxio-fuse",
    "moosefs",
];

/// Refuses a folder, there or to be made, on a file system that is reached over a network.
pub(crate) fn refuse_network(folder: &Path) -> Result<()> {
    let absolute = std::path::absolute(folder).on("find", folder)?;
    let above = absolute.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    // What cannot be asked is judged by what opening it gives.
    let Ok(found) = rustix::fs::statfs(above) else { return Ok(()) };
    // The kernel's own type is narrower on some machines, and signed.
    let number = found.f_type.cast_unsigned() & 0xFFFF_FFFF;
    let mounts = || std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let device = || above.metadata().map_or(0, |metadata| metadata.dev());
    let served = (number == FUSE).then(|| served_as(&mounts(), device())).flatten();
    match network(number, served.as_deref()) {
        None => Ok(()),
        Some(name) => Err(Detail::InvalidArgument(format!(
            "`{}` is on a network file system ({name}), where neither file locks nor shared memory keep programs in step; give a folder on a local disk, or open the registry that is there with `read_only`",
            folder.display()
        ))
        .into()),
    }
}

/// The name of a network file system, by the kernel's number and, where a program serves it, the
/// type that it is mounted as; `None` for any other.
fn network(number: u64, served: Option<&str>) -> Option<String> {
    if let Some((_, name)) = NETWORK.iter().find(|(known, _)| *known == number) {
        return Some((*name).to_owned());
    }
    let name = served?.strip_prefix("fuse.")?;
    SERVED.contains(&name).then(|| format!("fuse.{name}"))
}

/// The type that a device is mounted as, by the text of `/proc/self/mountinfo`.
fn served_as(mounts: &str, device: u64) -> Option<String> {
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    let number = format!("{major}:{minor}");
    mounts
        .lines()
        .filter(|line| line.split(' ').nth(2) == Some(number.as_str()))
        .find_map(|line| line.split_once(" - ")?.1.split(' ').next().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_with_other_machines_is_known_by_number_or_name() {
        let check = |number, served, expected: Option<&str>| {
            assert_eq!(network(number, served).as_deref(), expected, "{number:x} {served:?}");
        };
        for (name, number) in [
            ("nfs", 0x6969),
            ("cifs", 0xFF53_4D42),
            ("smb2", 0xFE53_4D42),
            ("9p", 0x0102_1997),
            ("ceph", 0x00C3_6400),
        ] {
            check(number, None, Some(name));
        }
        // ext4, xfs, btrfs, tmpfs, overlay, zfs, f2fs.
        for number in
            [0xEF53, 0x5846_5342, 0x9123_683E, 0x0102_1994, 0x794C_7630, 0x2FC1_2FC1, 0xF2F5_2010]
        {
            check(number, None, None);
        }
        check(FUSE, Some("fuse.sshfs"), Some("fuse.sshfs"));
        check(FUSE, Some("fuse.fuse-overlayfs"), None);
        check(FUSE, Some("fuseblk"), None);
        check(FUSE, None, None);
    }

    #[test]
    fn a_served_file_system_is_found_by_its_device() {
        let mounts = "\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw
91 22 0:45 / /mnt/my\\040host rw,nosuid shared:7 master:2 - fuse.sshfs me@host:/ rw,user_id=0
92 22 0:46 / /mnt/other rw - fuse.bindfs /x rw
";
        let device = |minor| rustix::fs::makedev(0, minor);
        assert_eq!(served_as(mounts, device(45)).as_deref(), Some("fuse.sshfs"));
        assert_eq!(served_as(mounts, device(46)).as_deref(), Some("fuse.bindfs"));
        assert_eq!(served_as(mounts, device(4)), None);
    }

    #[test]
    fn a_local_folder_is_accepted_also_one_to_be_made() {
        let folder = tempfile::tempdir().unwrap();
        refuse_network(folder.path()).unwrap();
        refuse_network(&folder.path().join("a/b")).unwrap();
    }
}
