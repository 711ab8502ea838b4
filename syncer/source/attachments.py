"""The files that rows attach: below one declared folder, and nowhere else.

A path is looked at step by step. What a link inside the folder points to is taken only if it lies inside as well, and
the file is then opened without following any link, so that nothing can be exchanged in between.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import Final

from syncer.model.attachment import LARGEST, Attachment, NoAttachment
from syncer.model.units import size_text

_BLOCK: Final = 1 << 20
_MOST_KEPT: Final = 10_000
_LONGEST: Final = 1000
_NO_NAME: Final = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # not waiting for the other end of a pipe
_FOLDER: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC

Version = tuple[int, ...]
"""What tells whether a file was written since: device, inode, bytes, times of change."""


class Attachments:
    """One folder of files. Nothing is kept of their content."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: dict[str, tuple[Version, Attachment]] = {}

    def describe(self, path: str) -> Attachment:
        """The file of that path below the folder. Raises NoAttachment."""
        handle = self._open(path)
        try:
            facts = self._checked(handle, path)
            version = (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
            kept = self._kept.get(path)
            if kept is not None and kept[0] == version:
                return kept[1]
            content = hashlib.sha256()
            size = 0
            while block := os.read(handle, _BLOCK):
                content.update(block)
                size += len(block)
        except OSError as error:
            raise NoAttachment(f"{path} cannot be read: {error.strerror}") from None
        finally:
            os.close(handle)
        found = Attachment(path, f"sha256:{content.hexdigest()}", size)
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[path] = version, found
        return found

    def read(self, attachment: Attachment) -> bytes:
        """The content. Raises NoAttachment when it is not the one that was described."""
        handle = self._open(attachment.path)
        try:
            self._checked(handle, attachment.path)
            blocks = []
            while block := os.read(handle, _BLOCK):
                blocks.append(block)
        except OSError as error:
            raise NoAttachment(f"{attachment.path} cannot be read: {error.strerror}") from None
        finally:
            os.close(handle)
        content = b"".join(blocks)
        if f"sha256:{hashlib.sha256(content).hexdigest()}" != attachment.digest:
            raise NoAttachment(f"{attachment.path} has changed since the plan was made: plan again")
        return content

    def _open(self, path: str) -> int:
        """A handle of the file. Raises NoAttachment where the path is none, or leads out of the folder."""
        steps = _steps(path)
        try:
            folder = self._folder.resolve(strict=True)
        except OSError:
            raise NoAttachment(f"there is no folder {self._folder}, in which attachments are looked for") from None
        try:
            inside = folder.joinpath(*steps).resolve(strict=True).relative_to(folder)
        except ValueError:
            raise NoAttachment(f"{path} leads out of the folder of attachments, by a link") from None
        except (OSError, RuntimeError):  # RuntimeError: links in a circle
            raise NoAttachment(f"there is no file {path} in the folder of attachments") from None
        *above, name = inside.parts or (".",)
        with ExitStack() as leaving:
            try:
                handle = _closed(leaving, os.open(folder, _FOLDER))
                for step in above:
                    handle = _closed(leaving, os.open(step, _FOLDER, dir_fd=handle))
                return os.open(name, _FILE, dir_fd=handle)
            except OSError as error:
                raise NoAttachment(f"{path} cannot be read: {error.strerror}") from None

    def _checked(self, handle: int, path: str) -> os.stat_result:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            raise NoAttachment(f"{path} is no file, or not a plain one")
        if not facts.st_size:
            raise NoAttachment(f"{path} is empty, and a portal keeps no empty file")
        if facts.st_size > LARGEST:
            raise NoAttachment(
                f"{path} has {size_text(facts.st_size)}; at most {size_text(LARGEST)} are sent with a row"
            )
        return facts


def _closed(leaving: ExitStack, handle: int) -> int:
    """The handle, which is closed in the end."""
    leaving.callback(os.close, handle)
    return handle


def _steps(path: str) -> tuple[str, ...]:
    """The steps of a path from the folder down. Raises NoAttachment for any other path."""
    if not path.strip():
        raise NoAttachment("the path of a file is empty: write `{{ file(row.x) if row.x }}` to leave the field out")
    if len(path) > _LONGEST or _NO_NAME.search(path):
        raise NoAttachment("the path of a file is too long, or has characters that no path has")
    if path.startswith(("/", "\\")) or ".." in path.replace("\\", "/").split("/"):
        raise NoAttachment(f"{path} is no path below the folder of attachments: it has `..`, or starts at a root")
    return PurePosixPath(path).parts
