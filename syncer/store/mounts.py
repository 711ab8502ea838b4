"""Which file system a path lies on: SQLite's locks and log cannot be trusted on a network's."""

from __future__ import annotations

import os
import re
from pathlib import Path

MOUNT_TABLE = Path("/proc/self/mountinfo")

NETWORK = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb",
        "smb2",
        "smb3",
        "smbfs",
        "9p",
        "afs",
        "ceph",
        "coda",
        "gfs2",
        "glusterfs",
        "lustre",
        "ncpfs",
    }
)
NETWORK_FUSE = frozenset(
    {
        "sshfs",
        "ceph",
        "glusterfs",
        "gcsfuse",
        "s3fs",
        "rclone",
        "davfs",
        "davfs2",
        "curlftpfs",
        "blobfuse",
        "blobfuse2",
        "juicefs",
    }
)


def mount_table() -> str:
    """The text of this process's mount table; empty where the system has none to read."""
    try:
        return MOUNT_TABLE.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""


def network_file_system(path: Path, mounts: str) -> str | None:
    """The type of the network file system that holds `path`, or None; `mounts`: proc_pid_mountinfo(5)."""
    kind = _file_system(os.path.realpath(path), mounts)
    if kind in NETWORK or (kind.removeprefix("fuse.") in NETWORK_FUSE and kind.startswith("fuse.")):
        return kind
    return None


def _file_system(path: str, mounts: str) -> str:
    """The type of the innermost mount above a path; of two at one point the later one covers the other."""
    best, kind = "", ""
    for line in mounts.splitlines():
        before, dash, after = line.partition(" - ")
        fields = before.split(" ")
        if not dash or len(fields) < 5:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda escape: chr(int(escape[1], 8)), fields[4])
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, after.split(" ", 1)[0]
    return kind
