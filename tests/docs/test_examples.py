"""What the pages show is what the commands print, and the specs on them are valid."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from syncer.spec import load_specs
from tests.conftest import needs
from tests.docs.console import difference, run, same
from tests.docs.pages import PAGES, Block, blocks, name

TEXTS = {name(page): page.read_text(encoding="utf-8") for page in PAGES}
EXAMPLES = [page for page, text in TEXTS.items() if any(block.language == "console" for block in blocks(text))]
SPECS = [
    pytest.param(block, id=f"{page}:{block.start}")
    for page, text in TEXTS.items()
    for block in blocks(text)
    if block.is_spec
]


@pytest.mark.parametrize("page", EXAMPLES)
def test_what_a_page_shows_is_what_its_commands_print(page: str, tmp_path: Path) -> None:
    needs("bash, make, sed and curl", all(map(shutil.which, ("bash", "make", "sed", "curl"))))
    wrong = [
        f"{page}:{block.start + command.start - 1}: $ {command.text}\n{difference(command.shown, printed)}"
        for block, command, printed in run(TEXTS[page], tmp_path)
        if not same(command.shown, printed)
    ]
    assert not wrong, "\n\n".join([*wrong, "`python -m tests.docs.refresh` writes what is printed now into the pages"])


@pytest.mark.parametrize("block", SPECS)
def test_a_whole_spec_is_valid(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "specs" / "shown.yaml"
    file.parent.mkdir()
    file.write_text(block.text, encoding="utf-8")
    assert load_specs([file])


def test_there_are_whole_specs_and_examples() -> None:
    assert len(SPECS) >= 3
    assert "README.md" in EXAMPLES


@pytest.mark.parametrize("page", TEXTS)
def test_fences_are_of_a_known_kind_and_yaml_is_yaml(page: str) -> None:
    for block in blocks(TEXTS[page]):
        assert block.language in {"console", "yaml", "sh", "text"}, f"{page}:{block.start}"
        if block.language == "yaml":
            yaml.safe_load(block.text)
