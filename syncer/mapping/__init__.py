"""Row → fields: the sandboxed Jinja environment, the compiler of templates, keys, conversion by field type."""

from syncer.mapping.compile import compile_entity, template_findings
from syncer.mapping.convert import Converter
from syncer.mapping.names import NameNotFound, Names
from syncer.mapping.rows import RowMapping

__all__ = ["Converter", "NameNotFound", "Names", "RowMapping", "compile_entity", "template_findings"]
