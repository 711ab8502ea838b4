"""What holds between the values of a spec: alternatives, names that must exist, addresses, secrets.

The checks look at the tree and not at the models, so that a wrong value in one place hides nothing elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from syncer.log import Secret
from syncer.spec import addresses
from syncer.spec.codes import Code
from syncer.spec.document import Document, Node
from syncer.spec.entity_type import same_field, stamp_field, stamped
from syncer.spec.placeholders import unresolved
from syncer.spec.problems import Problems, did_you_mean


def check(document: Document, problems: Problems) -> None:
    """Every finding of a document whose `${…}` are resolved, or left as they are."""
    _Checks(document, problems).all()


class _Checks:
    def __init__(self, document: Document, problems: Problems) -> None:
        self._document = document
        self._root = document.root
        self._problems = problems

    def all(self) -> None:
        self._portal()
        self._state()
        sources = self._entries("sources")
        for name, source in sources.items():
            self._source(name, source)
        for name, entity in self._entries("entities").items():
            self._entity(name, entity, sources)
        self._vars()

    def _entries(self, *path: str) -> dict[str, Node]:
        node = self._root.get(*path)
        return node.mapping if node is not None else {}

    def _add(self, code: Code, path: tuple[str, ...], message: str, hint: str = "") -> None:
        self._problems.add(code, self._document.span(*path), message, hint)

    def _exactly_one(self, path: tuple[str, ...], keys: tuple[str, ...]) -> None:
        node = self._root.get(*path)
        if node is None or not isinstance(node.value, dict):
            return
        given = [key for key in keys if key in node.value and node.value[key].value is not None]
        if len(given) == 1:
            return
        named = f"`{'.'.join(path)}`"
        listed = " and ".join([", ".join(f"`{key}`" for key in keys[:-1]), f"`{keys[-1]}`"])
        if given:
            span = self._document.key_span(*path, given[1])
            message = f"{named} has {' and '.join(f'`{key}`' for key in given)}"
        else:
            span = self._document.key_span(*path)
            message = f"{named} has none of {listed}"
        self._problems.add(Code.ONE_OF, span, message, f"give exactly one of {listed}")

    def _portal(self) -> None:
        self._exactly_one(("portal",), ("webhook", "oauth", "sandbox"))
        self._oauth()
        node = self._root.get("portal", "webhook")
        if node is None or node.text is None or unresolved(node.text):
            return
        path = ("portal", "webhook")
        fault = addresses.webhook_fault(node.text)
        if fault:
            hint = "copy it from the portal: Developer resources → Inbound webhook; https://HOST/rest/USER/CODE/"
            self._add(Code.WEBHOOK, path, f"the webhook URL cannot be used: {fault}", hint)
        elif addresses.plain_http(node.text):
            host = urlsplit(node.text).hostname
            self._add(
                Code.PLAIN_HTTP,
                path,
                f"plain http would send the webhook's code to {host} in the clear",
                "use https; plain http is for a portal on this machine",
            )

    def _oauth(self) -> None:
        domain, server = (self._root.get("portal", "oauth", key) for key in ("domain", "server"))
        if domain is not None and domain.text and not unresolved(domain.text) and addresses.domain_fault(domain.text):
            path = ("portal", "oauth", "domain")
            self._add(Code.BAD_VALUE, path, "the domain is not a host alone", "such as acme.bitrix24.com")
        if server is None or not server.text or unresolved(server.text):
            return
        if addresses.oauth_server_fault(server.text):
            self._add(
                Code.BAD_VALUE,
                ("portal", "oauth", "server"),
                "the OAuth server is none of the documented ones",
                f"give {' or '.join(addresses.OAUTH_SERVERS)}; plain http is for a server on this machine",
            )

    def _state(self) -> None:
        node = self._root.get("state")
        if node is None or not node.text or unresolved(node.text):
            return
        kind = addresses.scheme(node.text)
        if kind not in addresses.STATES:
            said = "is no URL" if kind is None else f"is kept in {kind}"
            self._add(
                Code.DATABASE_URL,
                ("state",),
                f"the state {said}: it is kept in SQLite or PostgreSQL",
                _url_hint(kind, "sqlite:///state/syncer.db"),
            )

    def _source(self, name: str, source: Node) -> None:
        self._exactly_one(("sources", name), ("url", "files"))
        url = source.get("url")
        if url is None or not url.text or unresolved(url.text):
            return
        kind = addresses.scheme(url.text)
        if kind is None or kind == "postgres":
            said = "is not a SQLAlchemy URL" if kind is None else "starts with postgres://"
            self._add(
                Code.DATABASE_URL,
                ("sources", name, "url"),
                f"the URL of the source `{name}` {said}",
                _url_hint(kind, "sqlite:///data/erp.sqlite"),
            )

    def _entity(self, name: str, entity: Node, sources: dict[str, Node]) -> None:
        path = ("entities", name)
        self._exactly_one(path, ("query", "query_file"))
        source = entity.get("source")
        if source is not None and source.text and source.text not in sources:
            self._add(
                Code.UNKNOWN_SOURCE,
                (*path, "source"),
                f"there is no source `{source.text}`",
                did_you_mean(source.text, sources),
            )
        written = entity.get("type")
        if written is not None and written.value in ("quote", 7) and stamp_field(entity) is None:
            self._add(
                Code.NO_ORIGIN_FIELD,
                (*path, "type"),
                "a quote has no field of its own for its external id",
                "make a string custom field for quotes and name it: `origin_field: ufCrm…`",
            )
        former = entity.get("moved_from")
        if former is not None and former.text and former.text in self._entries("entities"):
            self._add(
                Code.BAD_VALUE,
                (*path, "moved_from"),
                f"`{former.text}` is still an entity of this spec",
                "`moved_from` names one that is gone",
            )
        self._stamped(path, entity)
        bounds = [entity.get("expect", "rows", bound) for bound in ("min", "max")]
        least, most = (node.value if node is not None and type(node.value) is int else None for node in bounds)
        if least is not None and most is not None and least > most:
            self._add(
                Code.BAD_VALUE, (*path, "expect", "rows", "max"), f"no number is at least {least} and at most {most}"
            )

    def _stamped(self, path: tuple[str, ...], entity: Node) -> None:
        fields = entity.get("fields")
        for key in fields.mapping if fields is not None else ():
            if any(same_field(key, field) for field in stamped(entity)):
                self._problems.add(
                    Code.STAMPED_FIELD,
                    self._document.key_span(*path, "fields", key),
                    f"`{key}` holds the item's identity and is stamped by syncer",
                    "leave it out; the key is `originId` of the entity, the source `originatorId`",
                )

    def _vars(self) -> None:
        secrets = set(_secrets(self._root))
        node = self._root.get("vars")
        for path, text in _texts(node, ("vars",)) if node is not None else ():
            if text in secrets or text.rstrip("/") in secrets:
                self._add(
                    Code.PUBLIC_SECRET,
                    path,
                    f"`{'.'.join(path)}` equals a secret, and vars are public",
                    "remove it; templates never need it",
                )


def _url_hint(kind: str | None, example: str) -> str:
    if kind == "postgres":
        return "write postgresql:// in place of postgres://"
    return f"such as {example} or postgresql+psycopg://USER:PASSWORD@HOST/NAME"


def _texts(node: Node, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    match node.value:
        case str():
            yield path, node.value
        case dict():
            for key, inner in node.value.items():
                yield from _texts(inner, (*path, key))
        case list():
            for inner in node.value:
                yield from _texts(inner, path)


def learn_secrets(root: Node) -> None:
    """Teaches `redact` the secrets of a spec, also of one that has findings."""
    for text in _secrets(root):
        if not unresolved(text):
            Secret(text)


def _secrets(root: Node) -> Iterator[str]:
    """Every secret of a spec, as text: the webhook URL and its code, OAuth values, passwords in URLs."""
    webhook = root.get("portal", "webhook")
    if webhook is not None and webhook.text:
        yield webhook.text.rstrip("/")
        if not addresses.webhook_fault(webhook.text):
            yield webhook.text.rstrip("/").rpartition("/")[2]
    oauth = root.get("portal", "oauth")
    for name, node in oauth.mapping.items() if oauth is not None else ():
        if name not in ("domain", "server") and node.text:
            yield node.text
    sources = root.get("sources")
    urls = [
        root.get("state"),
        *(each.get("url") for each in (sources.mapping.values() if sources is not None else ())),
    ]
    for url in urls:
        if url is not None and url.text:
            parts = addresses.secret_parts(url.text)
            yield from parts
            if parts:
                yield url.text
