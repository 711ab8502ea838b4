"""From a pull request to created items: the action's own steps, on a project of `syncer init`, with a real portal."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tests.commands.installed import syncer
from tests.conftest import ROOT
from tests.docs.pages import PAGES, blocks
from tests.gitops.runner import GitHub, Runner
from tests.postgres import Postgres
from tests.sandbox_process import RunningSandbox

DEAL, COMPANY = 2, 4


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What `syncer init` makes, on a portal behind a webhook."""
    folder = tmp_path / "crm"
    assert syncer("init", folder, cwd=tmp_path).code == 0
    spec = folder / "specs" / "crm.yaml"
    text = spec.read_text(encoding="utf-8")
    text = text.replace("  sandbox: state/portal.db", "  # sandbox: state/portal.db").replace(
        "  # webhook:", "  webhook:"
    )
    spec.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[RunningSandbox]:
    with RunningSandbox(tmp_path / "portal.db") as running:
        yield running


@pytest.fixture
def runner(project: Path, portal: RunningSandbox, postgres: Postgres, tmp_path: Path) -> Iterator[Runner]:
    temporary = tmp_path / "runner"
    temporary.mkdir()
    secrets = {"BITRIX24_WEBHOOK_URL": portal.url, "SYNCER_STATE": postgres.fresh_database()}
    with GitHub().serving() as github:
        yield Runner(project, temporary, github, secrets)


def test_what_was_reviewed_is_what_the_merge_creates(runner: Runner, portal: RunningSandbox) -> None:
    github = runner.github
    assert runner.act("validate", event="pull_request", sha="m1", head="h1").code == 0

    for _ in range(2):  # a second push renews the comment
        shown = runner.act("plan", event="pull_request", sha="m1", head="h1")
        assert shown.code == 0, shown.text
    assert len(github.comments) == 1
    assert "6 create" in github.comments[0]["body"]
    assert shown.summary in github.comments[0]["body"]
    digest = shown.outputs.pop("digest")
    assert shown.outputs == {"changes": "6", "create": "6", "blocked": "0"}
    assert github.statuses["h1"]["description"] == digest
    assert portal.items(COMPANY) == []

    github.merged["main1"] = "h1"
    for created in ("6", "0"):  # applied again, as a job that is run once more does
        shutil.rmtree(runner.temporary)
        runner.temporary.mkdir()
        done = runner.act("apply", event="push", sha="main1")
        assert done.code == 0, done.text
        assert done.outputs["create"] == created
    assert (len(portal.items(COMPANY)), len(portal.items(DEAL))) == (3, 3)
    assert github.tokens == {"Bearer gh-token"}


def git(folder: Path, *arguments: str) -> str:
    own = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *own, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_branch_is_planned_and_its_merge_applied_in_fresh_clones(
    runner: Runner, portal: RunningSandbox, tmp_path: Path
) -> None:
    """With a repository, the lock file in it, and nothing on a runner but what was pushed."""
    desk, origin = runner.checkout, tmp_path / "origin.git"
    spec = desk / "specs" / "crm.yaml"
    text = spec.read_text(encoding="utf-8")
    spec.write_text(text.replace("  # lock: ", "  name: acme\n  lock: "), encoding="utf-8")
    assert syncer("portal", "lock", "specs", cwd=desk, **runner.secrets).code == 0
    git(tmp_path, "init", "-q", "--bare", str(origin))
    git(desk, "init", "-q")
    git(desk, "add", "-A")
    git(desk, "commit", "-qm", "As it begins")
    git(desk, "push", "-q", str(origin), "HEAD:main")
    git(desk, "checkout", "-qb", "titles")
    spec.write_text(spec.read_text(encoding="utf-8").replace('"Purchase {{', '"Order {{'), encoding="utf-8")
    git(desk, "commit", "-qam", "Call it an order")
    git(desk, "push", "-q", str(origin), "titles")
    head = git(desk, "rev-parse", "HEAD")

    def cloned(name: str, commit: str) -> Runner:
        git(tmp_path, "clone", "-q", str(origin), name)
        git(tmp_path / name, "checkout", "-q", commit)
        return replace(runner, checkout=tmp_path / name)

    branch = cloned("branch", head)
    without = replace(branch, secrets={})
    assert without.act("validate", event="pull_request", sha=head, head=head).code == 0, "exact, and without a secret"
    shown = branch.act("plan", event="pull_request", sha=head, head=head)
    assert (shown.code, "Order 1001 of" in shown.summary) == (0, True), shown.text
    git(desk, "checkout", "-q", "main")
    git(desk, "merge", "-q", "--no-ff", "-m", "Merge titles", "titles")
    git(desk, "push", "-q", str(origin), "main")
    merged = git(desk, "rev-parse", "HEAD")
    runner.github.merged[merged] = head
    done = cloned("merge", merged).act("apply", event="push", sha=merged)
    assert (done.code, done.outputs["create"]) == (0, "6"), done.text
    assert {item["title"].split()[0] for item in portal.items(DEAL)} == {"Order"}
    (run,) = syncer("runs", "list", "--format", "json", cwd=desk, **runner.secrets).json
    assert run["git_commit"] == merged


def test_nothing_is_applied_that_nobody_was_shown(runner: Runner, portal: RunningSandbox) -> None:
    pushed = runner.act("apply", event="push", sha="direct")
    assert pushed.code != 0
    assert "no merged pull request has the commit direct" in pushed.text
    runner.act("plan", event="pull_request", sha="m1", head="h1")
    runner.github.merged["main1"] = "h1"
    runner.github.statuses["h1"]["description"] = "sha256:" + "0" * 64
    other = runner.act("apply", event="push", sha="main1")
    assert other.code == 6, other.text
    runner.github.artifacts.clear()
    gone = runner.act("apply", event="push", sha="main1")
    assert "is gone; open a pull request that plans anew" in gone.text
    assert portal.items(COMPANY) == []


def test_a_mistake_is_shown_at_its_line(runner: Runner) -> None:
    spec = runner.checkout / "specs" / "crm.yaml"
    lines = spec.read_text(encoding="utf-8").splitlines()
    number = next(number for number, line in enumerate(lines, 1) if "title:" in line)
    spec.write_text("\n".join(lines).replace("row.name }}", "row.name | no_such }}"), encoding="utf-8")
    done = runner.act("validate", event="pull_request", sha="m1", head="h1")
    assert done.code == 1
    assert f"::error file=specs/crm.yaml,line={number},col=" in done.text
    planned = runner.act("plan", event="pull_request", sha="m1", head="h1")
    assert planned.code == 1
    assert "syncer made no plan" in runner.github.comments[0]["body"]


def test_without_a_saved_plan_nothing_of_the_rows_is_left_behind(runner: Runner, portal: RunningSandbox) -> None:
    options = {"saved-plan": "false"}
    assert runner.act("plan", event="pull_request", sha="m1", head="h1", **options).code == 0
    assert (runner.github.artifacts, runner.github.statuses) == ({}, {})
    assert runner.act("apply", event="push", sha="main1", **options).code == 0
    assert len(portal.items(COMPANY)) == 3


def workflows() -> dict[str, str]:
    """Every workflow that we give: to a new project and on pages, and the action's own steps as a job."""
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    inputs = {
        name: {"type": "string", "required": each.get("required", False)} for name, each in action["inputs"].items()
    }
    job = {"runs-on": "ubuntu-latest", "steps": action["runs"]["steps"]}
    found = {
        "init": (ROOT / "syncer/cli/project/.github/workflows/crm.yml").read_text(encoding="utf-8"),
        "action": yaml.safe_dump({"on": {"workflow_call": {"inputs": inputs}}, "jobs": {"action": job}}),
    }
    for page in PAGES:
        for block in blocks(page.read_text(encoding="utf-8")):
            if block.language == "yaml" and "runs-on:" in block.text:
                whole = block.text if "\non:" in block.text else f"on: [push, pull_request]\n{block.text}"
                found[f"{page.name}:{block.start}"] = whole
    return found


def test_the_workflows_are_sound(tmp_path: Path) -> None:
    """By actionlint, whose word it is also which versions of actions still run."""
    files = []
    for name, text in workflows().items():
        files.append(tmp_path / f"{name.replace(':', '-')}.yml")
        files[-1].write_text(text, encoding="utf-8")
    assert len(files) >= 4
    program = Path(sys.executable).with_name("actionlint")
    done = subprocess.run([program, "-no-color", *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_gitlab_template_calls_what_there_is() -> None:
    jobs = yaml.safe_load((ROOT / "docs" / "ci" / "gitlab-ci.yml").read_text(encoding="utf-8"))
    lines = [line for job in jobs.values() if isinstance(job, dict) for line in job.get("script", [])]
    assert [line.split()[:2] for line in lines] == [["syncer", each] for each in ("validate", "plan", "apply")]
    assert jobs["syncer-apply"]["resource_group"]
    assert jobs["syncer-apply"]["interruptible"] is False


def test_the_gitlab_jobs_run(runner: Runner, portal: RunningSandbox) -> None:
    jobs = yaml.safe_load((ROOT / "docs" / "ci" / "gitlab-ci.yml").read_text(encoding="utf-8"))
    for name in ("syncer-validate", "syncer-plan", "syncer-apply"):
        for line in jobs[name]["script"]:
            words = line.replace("$SYNCER_SPECS", "specs").split()[1:]
            done = syncer(*words, cwd=runner.checkout, CI="true", **runner.secrets)
            assert done.code == 0, done
        for file in jobs[name].get("artifacts", {}).get("paths", []):
            assert (runner.checkout / file).stat().st_size
    assert len(portal.items(COMPANY)) == 3


def test_the_hook_checks_the_files_it_is_given(tmp_path: Path, project: Path) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    program, command = hook["entry"].split()
    assert (program, command) == ("syncer", "validate")
    assert syncer(command, "specs/crm.yaml", cwd=project).code == 0


def test_outputs_that_cannot_be_written_stop_nothing(project: Path, portal: RunningSandbox, tmp_path: Path) -> None:
    done = syncer(
        "plan", "specs", "--format", "json", cwd=project, BITRIX24_WEBHOOK_URL=portal.url, GITHUB_OUTPUT=str(tmp_path)
    )
    assert done.code == 0
    assert "GITHUB_OUTPUT cannot be written" in done.errors
    assert json.loads(done.out)["summary"]["create"] == 6
