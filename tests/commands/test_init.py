"""A new project: it runs at once, teaches, and takes nothing away."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from syncer.cli.init import PROJECT
from tests.commands.installed import environment, syncer
from tests.forks import SYNCER


def test_from_nothing_to_created_items(tmp_path: Path) -> None:
    """By no more than what the program prints."""
    made = syncer("init", "crm", cwd=tmp_path)
    assert made.code == 0, made
    commands = [line.split("#")[0].split() for line in made.out.partition("Next:")[2].splitlines() if line.strip()]
    assert commands[0] == ["cd", "crm"]
    project = tmp_path / "crm"
    for number, (program, *arguments) in enumerate(commands[1:]):
        assert program == "syncer"
        done = syncer(*arguments, cwd=project)
        assert done.code == 0, done
        assert "6 create" in done.out, number
    (program, *arguments) = done.out.rpartition("Next: ")[2].split()
    assert (program, arguments[0]) == ("syncer", "apply")
    created = syncer(*arguments, cwd=project)
    assert (created.code, "6 created" in created.out) == (0, True), created
    assert syncer("plan", "specs", "--detailed-exitcode", cwd=project).code == 0
    assert syncer("validate", "specs", cwd=project).code == 0


def test_the_project_is_whole_and_leaves_no_rows_in_git(tmp_path: Path) -> None:
    syncer("init", ".", cwd=tmp_path)
    syncer("plan", "specs", "-o", "plan.jsonl", cwd=tmp_path)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    listed = subprocess.run(
        ["git", "status", "--porcelain", "-uall"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    files = {line[3:] for line in listed.stdout.splitlines()}
    templates = {str(path.relative_to(PROJECT)) for path in PROJECT.rglob("*") if path.is_file()}
    assert files == templates | {"data/erp.db", "specs/crm.schema.json"}
    spec = (tmp_path / "specs" / "crm.yaml").read_text(encoding="utf-8")
    assert spec.startswith("# yaml-language-server: $schema=crm.schema.json\n")
    assert json.loads((tmp_path / "specs" / "crm.schema.json").read_text(encoding="utf-8"))["properties"]["entities"]


def test_what_the_comments_of_the_spec_tell_works(tmp_path: Path) -> None:
    """The portal's fields without an option more, and a lock file, which is for Git."""
    syncer("init", ".", cwd=tmp_path)
    spec = tmp_path / "specs" / "crm.yaml"
    text = spec.read_text(encoding="utf-8")
    assert "`syncer portal fields company`" in text
    fields = syncer("portal", "fields", "company", cwd=tmp_path)
    assert (fields.code, "title" in fields.out) == (0, True), fields
    assert "`syncer portal lock specs`" in text
    spec.write_text(text.replace("  # lock: ", "  lock: "), encoding="utf-8")
    missing = syncer("validate", "specs", cwd=tmp_path)
    assert missing.code == 1
    (told,) = (line for line in missing.out.splitlines() if "write it: " in line)
    command = told.partition("write it: ")[2]
    assert command == "syncer portal lock specs/crm.yaml"
    wrote = syncer(*command.split()[1:], cwd=tmp_path)
    assert (wrote.code, "state/crm.lock.yaml is written" in wrote.out) == (0, True), wrote
    assert syncer("validate", "specs", cwd=tmp_path).out == "1 spec checked: no problems.\n"
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    ignored = subprocess.run(
        ["git", "check-ignore", "state/crm.lock.yaml", "state/portal.db"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert ignored.stdout.split() == ["state/portal.db"]


def test_without_a_folder_the_project_is_made_here(tmp_path: Path) -> None:
    made = syncer("init", cwd=tmp_path)
    assert made.code == 0, made
    assert made.out.startswith("A new project:\n")
    assert "  cd " not in made.out
    assert (tmp_path / "specs" / "crm.yaml").exists()


def test_files_that_are_there_stay(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "crm.yaml").write_text("mine")
    (tmp_path / "README.md").write_text("mine")
    syncer("init", ".", cwd=tmp_path).failed(64, "already has README.md, specs/crm.yaml; nothing was written")
    assert {each.name for each in tmp_path.iterdir()} == {"specs", "README.md"}
    assert (tmp_path / "README.md").read_text() == "mine"


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    syncer("init", "file/crm", cwd=tmp_path).failed(1, "cannot be written to file/crm", "name another folder")


def test_a_shell_completes_commands_and_options(tmp_path: Path) -> None:
    for words, expected in (("syncer va", "validate"), ("syncer plan --det", "--detailed-exitcode")):
        done = subprocess.run(
            [SYNCER],
            cwd=tmp_path,
            env=environment(_SYNCER_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(words.count(" "))),
            capture_output=True,
            text=True,
            check=False,
        )
        assert f"plain,{expected}" in done.stdout.splitlines(), done
