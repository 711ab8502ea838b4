"""Files are found below one folder, and nowhere else; what is read is what was described."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from syncer.model.attachment import LARGEST, Attachment, NoAttachment
from syncer.source import Attachments


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file, one below it, links that stay and links that lead out; a secret lies beside it."""
    folder = tmp_path / "files"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("hello")
    (folder / "deep" / "Ü b.pdf").write_bytes(b"\x00\x01")
    (folder / "empty").touch()
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "files-of-others").mkdir()
    (tmp_path / "files-of-others" / "x").write_text("x")
    (folder / "inside").symlink_to("deep/Ü b.pdf")
    (folder / "below").symlink_to("deep")
    (folder / "out").symlink_to("../secret")
    (folder / "out-below").symlink_to(tmp_path)
    (folder / "absolute").symlink_to("/etc/passwd")
    (folder / "round").symlink_to("round")
    os.mkfifo(folder / "pipe")
    return folder


def test_a_file_is_known_by_its_path_hash_and_size(folder: Path) -> None:
    files = Attachments(folder)
    found = files.describe("a.txt")
    assert found == Attachment("a.txt", f"sha256:{hashlib.sha256(b'hello').hexdigest()}", 5)
    assert (found.name, files.read(found)) == ("a.txt", b"hello")
    for path in ("deep/Ü b.pdf", "./deep/Ü b.pdf", "inside", "below/Ü b.pdf"):
        assert files.read(files.describe(path)) == b"\x00\x01", path
    assert files.describe("deep/Ü b.pdf").name == "Ü b.pdf"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("missing.txt", "there is no file missing.txt"),
        ("a.txt/b", "there is no file"),
        ("../secret", "`..`"),
        ("deep/../../secret", "`..`"),
        ("deep/../a.txt", "`..`"),
        ("..\\secret", "`..`"),
        ("/etc/passwd", "starts at a root"),
        ("C:/secret", "there is no file"),
        ("\\\\host\\share", "starts at a root"),
        ("out", "leads out"),
        ("absolute", "leads out"),
        ("out-below/secret", "leads out"),
        ("out-below/files-of-others/x", "leads out"),
        ("round", "there is no file"),
        (".", "no file"),
        ("deep", "no file"),
        ("pipe", "no file"),
        ("empty", "is empty"),
        ("a.txt\x00", "characters that no path has"),
        ("a\nb", "characters that no path has"),
        ("x" * 2000, "too long"),
        ("x" * 300, "there is no file"),
    ],
)
def test_nothing_else_is_read(folder: Path, path: str, words: str) -> None:
    with pytest.raises(NoAttachment) as refusal:
        Attachments(folder).describe(path)
    assert words in str(refusal.value)
    assert "secret" not in str(refusal.value).replace(path, "")


def test_a_file_that_is_too_large_is_not_even_read(folder: Path) -> None:
    with (folder / "big").open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(NoAttachment, match=r"big has 32 MB; at most 32 MB"):
        Attachments(folder).describe("big")


def rewritten(file: Path) -> None:
    """Other content of the same length and time."""
    file.write_text("jello")
    os.utime(file, ns=(1, 1))


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file.write_text("jello"),
        lambda file: file.unlink(),
        lambda file: (file.unlink(), file.symlink_to("../secret")),
        rewritten,
    ],
    ids=["other content", "gone", "a link out", "an old time"],
)
def test_what_changed_since_is_neither_read_nor_taken_for_the_same(
    folder: Path, change: Callable[[Path], object]
) -> None:
    files = Attachments(folder)
    os.utime(folder / "a.txt", ns=(1, 1))
    before = files.describe("a.txt")
    change(folder / "a.txt")
    with pytest.raises(NoAttachment):
        files.read(before)
    with suppress(NoAttachment):
        assert files.describe("a.txt") != before


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoAttachment, match=r"there is no folder .*gone"):
        Attachments(tmp_path / "gone").describe("a.txt")
