"""The structure of a spec against the written models: what pydantic finds, in plain words, at its place."""

from __future__ import annotations

import re
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from syncer.errors import Span
from syncer.spec.codes import Code
from syncer.spec.document import Document
from syncer.spec.problems import Problems, did_you_mean, found
from syncer.spec.written import SpecWritten

Path = tuple[str | int, ...]

_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "a mapping (`key: value`)",
    "model_type": "a mapping (`key: value`)",
    "list_type": "a list",
    "tuple_type": "a list",
}
_PATTERNS = {
    "name": "a name has letters, digits, `_`, `-` and `.`, and starts with a letter, a digit or `_`",
    "originatorId": "an originatorId holds neither `:` nor control characters",
    "origin_field": "a custom field is named `ufCrm…` or `UF_CRM_…`",
}
_FOLLOWS = {"default_factory_not_called"}  # says that another value is wrong, which is told where it stands


def read(document: Document, problems: Problems) -> SpecWritten | None:
    """The written spec; None, with findings, when its structure is wrong."""
    try:
        return SpecWritten.model_validate(document.root.plain())
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_context=True):
            if detail["type"] not in _FOLLOWS:
                _tell(detail, document, problems)
        return None


def is_private(path: Path) -> bool:
    """Whether a value at this path may be a secret, and so is never shown."""
    return path[:1] in (("portal",), ("state",), ("sources",)) and path[:2] != ("portal", "limits")


def _tell(detail: ErrorDetails, document: Document, problems: Problems) -> None:
    of_key = detail["loc"][-1:] == ("[key]",)
    path: Path = detail["loc"][:-1] if of_key else detail["loc"]
    kind, context = detail["type"], detail.get("ctx", {})
    match kind:
        case "missing":
            _missing(path, document, problems)
        case "extra_forbidden":
            problems.add(
                Code.UNKNOWN_KEY,
                document.key_span(*path),
                f"unknown key{_key(str(path[-1]))}{_within(path)}",
                did_you_mean(str(path[-1]), _fields(path[:-1])),
            )
        case "string_pattern_mismatch" | "string_too_long" | "string_too_short" | "too_short":
            span = document.key_span(*path) if of_key else document.span(*path)
            problems.add(Code.BAD_VALUE, span, *_bad_text(kind, path, of_key, context))
        case "bad_value":
            problems.add(
                Code.BAD_VALUE,
                document.span(*path),
                f"{_named(path)}: {detail['msg']}",
                str(context.get("hint", "")),
            )
        case "literal_error":
            problems.add(
                Code.BAD_VALUE,
                document.span(*path),
                f"{_named(path)} is {context['expected']}, not {_found(detail, path)}",
            )
        case _ if kind in _EXPECTED or kind == "wrong_type":
            _wrong_type(detail, path, document, problems)
        case _:
            problems.add(Code.BAD_VALUE, document.span(*path), f"{_named(path)}: {_lower(detail['msg'])}")


def _wrong_type(detail: ErrorDetails, path: Path, document: Document, problems: Problems) -> None:
    kind = detail["type"]
    expected = _EXPECTED.get(kind) or str(detail["ctx"]["expected"])
    problems.add(
        Code.WRONG_TYPE,
        document.span(*path),
        f"{_named(path)}: expected {expected}, found {_found(detail, path)}",
        _type_hint(kind, detail["input"], private=is_private(path)),
    )


def _missing(path: Path, document: Document, problems: Problems) -> None:
    above = path[:-1]
    span = document.key_span(*above) if above else Span(document.file, 1, 1)
    known = _fields(above).get(str(path[-1]))
    hint = known.description or "" if known is not None else ""
    problems.add(Code.MISSING_KEY, span, f"`{path[-1]}` is missing{_within(path)}", hint)


def _bad_text(kind: str, path: Path, of_key: bool, context: dict[str, Any]) -> tuple[str, str]:
    last = str(path[-1])
    if kind == "string_too_long":
        return f"{_named(path)} has more than {context['max_length']} characters", ""
    if kind in ("string_too_short", "too_short"):
        return f"{_named(path)} is empty", ""
    pattern = _PATTERNS["name"] if of_key else _PATTERNS.get(last, "")
    said = "key" if of_key else "value"
    return f"{_named(path)}: this {said} cannot be used", pattern


def _key(name: str) -> str:
    """A key as it is shown: not when it is no name, as a webhook's URL after a forgotten blank."""
    return f" `{name}`" if re.fullmatch(r"[\w .-]{1,60}", name) else ""


def _found(detail: ErrorDetails, path: Path) -> str:
    return found(detail["input"], private=is_private(path))


def _type_hint(kind: str, value: Any, *, private: bool) -> str:
    if kind == "string_type" and isinstance(value, int | float | bool) and not private:
        text = str(value).lower() if isinstance(value, bool) else value
        return f'put it in quotes: "{text}"'
    if kind == "bool_type" and isinstance(value, str):
        return "YAML 1.2 knows true and false; yes, no, on and off are text"
    if kind in ("int_type", "float_type") and isinstance(value, str):
        return "write a plain decimal number without quotes"
    return ""


def _named(path: Path) -> str:
    return f"`{'.'.join(map(str, path))}`" if path else "the spec"


def _within(path: Path) -> str:
    return f" in {_named(path[:-1])}" if len(path) > 1 else ""


def _lower(message: str) -> str:
    return message.removeprefix("Input ").lower() if message.startswith("Input ") else message


def _fields(path: Path) -> dict[str, FieldInfo]:
    """The known keys at a path, by the names they are written with."""
    model: Any = SpecWritten
    for step in path:
        model = _inner(model, str(step))
    model = _model(model)
    if model is None:
        return {}
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _inner(annotation: Any, step: str) -> Any:
    model = _model(annotation)
    if model is not None:
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        return fields[step].annotation if step in fields else None
    return next((arg for arg in reversed(_parts(annotation)) if _model(arg) is not None), None)


def _model(annotation: Any) -> type[BaseModel] | None:
    """The model an annotation stands for: itself, or the one within Annotated, Optional and unions."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if annotation is None or get_origin(annotation) in (dict, tuple, list):
        return None
    return next((model for model in map(_model, get_args(annotation)) if model is not None), None)


def _parts(annotation: Any) -> tuple[Any, ...]:
    """The arguments of a dict or tuple, also of one that may be missing."""
    if get_origin(annotation) in (dict, tuple, list):
        return get_args(annotation)
    return next((parts for parts in map(_parts, get_args(annotation)) if parts), ())
