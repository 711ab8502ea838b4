"""The files of rows: read when their rows are about to be sent, and held no longer than until they are.

A plan knows files by their paths and hashes. A row whose file is another one by now, or is gone, is not sent.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from syncer.bitrix24.encode import travels_alone
from syncer.model.attachment import Attachment, NoAttachment, attached, with_content
from syncer.model.change import Reason
from syncer.plan.plan import Target
from syncer.plan.workspace import Workspace
from syncer.source import Attachments

ALONE_BYTES: Final = 1_000_000
"""A row with more than that of files goes alone, as JSON: in a batch all of it would be percent-encoded."""
REQUEST_BYTES: Final = 8_000_000
"""Files of all rows in one request."""

Fields = Mapping[str, Any]


def file_bytes(fields: Fields) -> int:
    """Bytes of a row's files; 0 where it has none, for no file is empty."""
    return sum([each.size for each in attached(fields)])


def outline(fields: Fields) -> Fields:
    """The fields as they are sent, without what is in the files."""
    return with_content(fields, lambda _: "") if file_bytes(fields) else fields


def goes_alone(fields: Fields) -> bool:
    """Whether a row goes as JSON outside a batch."""
    return file_bytes(fields) > ALONE_BYTES or travels_alone({"fields": outline(fields)})


class Attaching:
    """Reads the files of rows."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._folders: dict[Path, Attachments] = {}
        self._held: dict[tuple[int, str], Fields] = {}

    def forget(self) -> None:
        """Lets go of what was read for rows that were not sent after all."""
        self._held.clear()

    def holds(self, target: Target, key: str, fields: Fields) -> bool:
        """Reads the files of a row that is about to be sent.

        False: one of them is not as it was planned. The row is blocked then.
        """
        if not file_bytes(fields):
            return True
        try:
            self._held[target.index, key] = with_content(fields, lambda each: self._content(target, each))
        except NoAttachment as error:
            self._workspace.block(target.index, key, Reason.VALUE, str(error), unknown=True)
            return False
        return True

    def outgoing(self, target: Target, key: str, fields: Fields) -> Fields:
        """The fields of a row as they are sent, with what is in its files."""
        return self._held.pop((target.index, key), fields)

    def _content(self, target: Target, attachment: Attachment) -> str:
        folder = target.spec.attachments
        if folder is None:
            raise NoAttachment(f"{attachment.path} cannot be read: the spec names no folder `attachments`")
        files = self._folders.setdefault(folder, Attachments(folder))
        return base64.b64encode(files.read(attachment)).decode()
