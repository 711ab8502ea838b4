"""A plan and a run with a row of every kind, made by a real portal; and reports of any rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from syncer.cli.plan import planned
from syncer.cli.session import open_session
from syncer.execute.run import Run
from syncer.model.change import EntityName
from syncer.model.run import RunResult
from syncer.plan.plan import Plan
from syncer.plan.workspace import Workspace
from syncer.report.report import Report, Row, Section, Stored
from tests.plan.project import Project, entity

FIELDS = {
    "title": "{{ row.name }}",
    "comments": "{{ row.note }}",
    "industry": "{{ status('INDUSTRY', 'Manufacturing') }}",
    "revenue": "{{ row.revenue }}",
    "fm": [{"typeId": "EMAIL", "valueType": "WORK", "value": "{{ row.email }}"}],
}
DEAL = {
    "title": "{{ row.name }}",
    "stageId": "{{ stage('New') }}",
    "companyId": "{{ ref('companies', row.customer) }}",
}


@contextmanager
def every_kind(project: Project) -> Iterator[Plan]:
    """A plan of 26 companies and 8 deals: to create, to adopt, blocked; several for one parent that is missing."""
    project.portal.call("crm.item.add", entityTypeId=4, fields={"originatorId": "erp", "originId": "B01"})
    long = "a long text, " * 20
    rows: list[tuple[object, ...]] = [
        (f"B{number:02}", f"Customer {number}", long, number, f"c{number}@example.org") for number in range(1, 25)
    ]
    rows += [("B25", "鍵と錠前" * 10, "tab\there", 5, None), ("B26", "Wrong", "a wrong one", "1,5", None)]
    project.table("customer", "id, name, note, revenue, email", rows)
    project.purchases((1, "B02"), (2, "B01"), (3, "nobody"), *((key, "gone") for key in range(4, 9)))
    project.spec(
        {
            "companies": entity("company", "customer", fields=FIELDS),
            "deals": entity("deal", "purchase", fields=DEAL),
        },
        mask=["fm"],
    )
    with made(project) as plan:
        yield plan


@contextmanager
def made(project: Project) -> Iterator[Plan]:
    """The plan of a project."""
    with open_session(project.load(), mode="read") as session, Workspace() as workspace:
        yield planned(session, *session.targets(()), workspace)


@contextmanager
def done(project: Project) -> Iterator[tuple[Plan, RunResult]]:
    """A finished run of a project, with its plan."""
    with open_session(project.load(), mode="write") as session, Workspace() as workspace:
        run = Run(
            session.state,
            session.portal,
            session.portal_id,
            session.portal_name,
            session.specs,
            patience=0.0,
            stop=session.stop,
        )
        with run:
            targets, names = session.targets(())
            run.settle_earlier(targets)
            plan = planned(session, targets, names, workspace, keep=run.keeper.keep)
            result = run.execute(plan, targets, progress=lambda *_: None)
        yield plan, result


def report(
    *sections: Sequence[Row],
    stored: Sequence[Stored] = (),
    sentences: Sequence[str] = (),
    warnings: Sequence[str] = (),
    facts: Sequence[tuple[str, str]] = (("Portal", "acme"),),
    command: str | None = None,
) -> Report:
    """A report of these rows, an entity for each list of them."""
    counts = [Counter(row.action for row in rows) for rows in sections]
    total: Counter[str] = sum(counts, Counter())
    return Report(
        title="Plan",
        tally=total,
        facts=facts,
        sentences=sentences,
        sections=[
            Section(EntityName("shop", f"e{number}"), "company", Counter(mine), mine, lambda rows=rows: iter(rows))  # type: ignore[misc]
            for number, (rows, mine) in enumerate(zip(sections, counts, strict=True))
        ],
        stored=stored,
        warnings=warnings,
        command=command,
        first=("blocked", "failed"),
    )
