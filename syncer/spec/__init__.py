"""YAML with line numbers → a checked, frozen `Spec`; the order of entities by their references."""

from syncer.spec.addresses import DatabaseUrl, WebhookUrl
from syncer.spec.codes import Code
from syncer.spec.load import gather_specs, load_specs
from syncer.spec.model import EntitySpec, FileSource, Oauth, PortalSpec, Source, Spec, SqlSource
from syncer.spec.written import EntityGuards, FileTable, Guards, Limits, SpaTitle, schema

__all__ = [
    "Code",
    "DatabaseUrl",
    "EntityGuards",
    "EntitySpec",
    "FileSource",
    "FileTable",
    "Guards",
    "Limits",
    "Oauth",
    "PortalSpec",
    "Source",
    "SpaTitle",
    "Spec",
    "SqlSource",
    "WebhookUrl",
    "gather_specs",
    "load_specs",
    "schema",
]
