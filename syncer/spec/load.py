"""Paths on the command line → checked specs, or every finding of every file at once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from syncer.errors import Finding, Span, SpecError, UsageError
from syncer.log import redact
from syncer.spec import checks, placeholders, structure, templates
from syncer.spec.build import build, digest, project_root, relative
from syncer.spec.codes import Code
from syncer.spec.document import Document, parse
from syncer.spec.instead import Instead
from syncer.spec.model import Spec
from syncer.spec.problems import Problems

ENDINGS = (".yaml", ".yml")
_ASIDE = frozenset({
    Code.QUERY_FILE, Code.UNKNOWN_SOURCE, Code.NO_ORIGIN_FIELD, Code.STAMPED_FIELD,
    Code.TEMPLATE_SYNTAX, Code.STATEMENT, Code.UNKNOWN_FUNCTION, Code.UNKNOWN_FILTER, Code.UNKNOWN_NAME,
    Code.UNKNOWN_ENTITY, Code.REFERENCE_PLACE, Code.REFERENCE_NAME, Code.UNKNOWN_VARIABLE,
})  # fmt: skip
"""Faults that leave the rest of a spec fit to be looked at."""
LARGEST_FILE = 16 * 1024 * 1024  # bytes; what is larger was not written by a person


@dataclass(frozen=True, slots=True)
class Gathered:
    """Specs, with what is wrong with their files. A spec whose faults are few enough to be looked at is here, too."""

    specs: tuple[Spec, ...]
    findings: tuple[Finding, ...]
    checked: int


def load_specs(
    paths: Sequence[Path],
    environment: Mapping[str, str] | None = None,
    *,
    state: str | None = None,
    sandbox: Path | None = None,
) -> tuple[Spec, ...]:
    """The specs of files and folders, in the order given (a folder's files sorted by path).

    `environment` is where `${…}` are read from; None leaves them unresolved, for a check without secrets.
    `state` (a SQLAlchemy URL) and `sandbox` (a file) take the place of the spec's own state and portal, as
    the command line may ask; relative paths in them start at the working directory.
    Raises `SpecError` with all findings of all files, and `UsageError` when the specs cannot go together.
    """
    gathered = gather_specs(paths, environment, state=state, sandbox=sandbox)
    if gathered.findings:
        raise SpecError(gathered.findings)
    return gathered.specs


def gather_specs(
    paths: Sequence[Path],
    environment: Mapping[str, str] | None = None,
    *,
    state: str | None = None,
    sandbox: Path | None = None,
) -> Gathered:
    """As `load_specs`, but what is wrong stops nothing that can be looked at all the same."""
    if not paths:
        raise UsageError("no spec is named", hint="name a spec file, or a folder of them")
    problems = Problems()
    instead = Instead.of(state, sandbox)
    loaded = [_load(file, environment, instead, problems) for file in _files(paths, problems)]
    specs = tuple(spec for spec in loaded if spec is not None)
    findings = tuple(_redacted(finding) for finding in problems.findings)
    if not findings:
        _named_apart(specs)
    if environment is not None and specs:  # to check files, they need not go together
        _together(specs)
    return Gathered(specs, findings, len(loaded))


def _redacted(finding: Finding) -> Finding:
    return replace(finding, message=redact(finding.message), hint=redact(finding.hint))


def _files(paths: Sequence[Path], problems: Problems) -> Iterator[Path]:
    told: set[Path] = set()
    for path in paths:
        # Path.is_dir and Path.is_file raise for a name that is too long
        found = sorted(_within(path)) if os.path.isdir(path) else [path]  # noqa: PTH112
        if not found:
            problems.add(
                Code.UNREADABLE,
                Span(str(path), 1, 1),
                "the folder has no spec in it",
                "a spec is a file ending in .yaml or .yml",
            )
        for file in found:
            if file.resolve() not in told:
                told.add(file.resolve())
                yield file


def _within(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        lock = path.stem.endswith(".lock")  # the portal's, not a spec
        if path.suffix.lower() in ENDINGS and not hidden and not lock and path.is_file():
            yield path


def _load(file: Path, environment: Mapping[str, str] | None, instead: Instead, problems: Problems) -> Spec | None:
    before = len(problems.findings)
    content = _content(file, Code.UNREADABLE, Span(str(file), 1, 1), problems)
    document = None if content is None else parse(content, str(file), problems)
    if content is None or document is None:
        return None
    document = instead.within(document)
    document = placeholders.resolve(document, environment, problems)
    checks.learn_secrets(document.root)
    checks.check(document, problems)
    references = templates.check(document, problems)
    written = structure.read(document, problems)
    root = project_root(file)
    files = {relative(file.absolute(), root): digest(content)}
    queries = dict(_queries(document, root, files, problems))
    _lock(document, root, files)
    if written is None or any(each.code not in _ASIDE for each in problems.findings[before:]):
        return None
    refs = {name: frozenset(parents) for name, parents in references.items()}
    return build(written, document, file, files, queries, refs)


def _queries(document: Document, root: Path, files: dict[str, str], problems: Problems) -> Iterator[tuple[str, str]]:
    """The text of every query_file by entity; its digest goes to `files`."""
    entities = document.root.get("entities")
    for name, entity in entities.mapping.items() if entities is not None else ():
        node = entity.get("query_file")
        if node is None or not node.text:
            continue
        path = root / node.text
        beside = Path(document.file).absolute().parent / node.text
        instead = relative(beside, root) if os.path.isfile(beside) else ""  # noqa: PTH113
        content = _content(path, Code.QUERY_FILE, document.at(node), problems, instead=instead)
        if content is None:
            continue
        try:
            query = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            problems.add(Code.QUERY_FILE, document.at(node), f"{path} is not UTF-8 text", "save it as UTF-8")
            continue
        if not query.strip():
            problems.add(Code.QUERY_FILE, document.at(node), f"{path} is empty")
        files[relative(path, root)] = digest(content)
        yield name, query


def _lock(document: Document, root: Path, files: dict[str, str]) -> None:
    """The digest of the portal lock file: a plan holds for the one that it was made with."""
    node = document.root.get("portal", "lock")
    if node is not None and node.text and not placeholders.unresolved(node.text):
        with suppress(OSError, ValueError):
            files[relative(root / node.text, root)] = digest((root / node.text).read_bytes())


def _content(path: Path, code: Code, span: Span, problems: Problems, *, instead: str = "") -> bytes | None:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        hint = "" if code is Code.UNREADABLE else "relative paths start at the project's root"
        hint += f": write {instead}" if instead else ""
        problems.add(code, span, f"there is no file {path}", hint)
    except IsADirectoryError:
        problems.add(code, span, f"{path} is a folder, not a file")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        problems.add(code, span, f"{path} cannot be read: {reason}")
    else:
        if len(content) <= LARGEST_FILE:
            return content
        problems.add(code, span, f"{path} is larger than {LARGEST_FILE // 1024 // 1024} MB")
    return None


def _named_apart(specs: Sequence[Spec]) -> None:
    by_name: dict[str, Spec] = {}
    for spec in specs:
        other = by_name.setdefault(spec.name, spec)
        if other is not spec:
            raise UsageError(
                f"two specs are named {spec.name!r}: {other.file} and {spec.file}",
                hint="give one of them a name of its own",
            )


def _together(specs: Sequence[Spec]) -> None:
    """The specs of one command share one portal and one state."""
    first = specs[0]
    for spec in specs[1:]:
        if _known(first, spec, "portal") and spec.portal != first.portal:
            raise _differ(first, spec, "portal")
        if _known(first, spec, "state") and spec.state != first.state:
            raise _differ(first, spec, "state")


def _known(one: Spec, other: Spec, section: str) -> bool:
    """Whether a section of both is resolved; what is not cannot be told apart."""
    return not any(placeholders.within(spec.document.root.get(section)) for spec in (one, other))


def _differ(one: Spec, other: Spec, section: str) -> UsageError:
    return UsageError(
        f"{one.file} and {other.file} differ in `{section}`",
        detail="the specs of one command share one portal and one state",
        hint="write the same in both, or run a command for each",
    )
