"""The portal's way to say no: a code, a text and an HTTP status.

Codes, texts and statuses are those of _includes/system-errors.md and of the method pages.
"""

from __future__ import annotations


class Refusal(Exception):
    """An error answer `{"error": code, "error_description": text}`."""

    def __init__(self, code: str, text: str, status: int = 400) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text
        self.status = status

    def body(self) -> dict[str, str]:
        """The documented error object."""
        return {"error": self.code, "error_description": self.text}


def value_not_valid(title: str) -> Refusal:
    """A wrong value of one field, named by its display title (how-to-add-contractor.md)."""
    return Refusal("CRM_FIELD_ERROR_VALUE_NOT_VALID", f'Invalid value for field "{title}"')


def required(title: str) -> Refusal:
    """A mandatory field is empty (crm-item-batch-import.md)."""
    return Refusal("CRM_FIELD_ERROR_REQUIRED", f'The "{title}" field is required')


def not_iterable(value: object) -> Refusal:
    """A scalar in a multiple field (crm-item-add.md); the type's name is PHP's."""
    names = {bool: "boolean", int: "integer", float: "double", str: "string", type(None): "NULL"}
    kind = names.get(type(value), "array")
    return Refusal("100", f"Expected iterable value for multiple field, but got `{kind}` instead")


def missing(name: str) -> Refusal:
    """A required parameter is absent (crm-type-add.md)."""
    return Refusal("100", f"Could not find value for parameter {{{name}}}")


def unknown_type() -> Refusal:
    """entityTypeId names no type (crm-item-add.md)."""
    return Refusal("NOT_FOUND", "Smart process not found")


def no_item() -> Refusal:
    """No such item, or not visible (crm-item-get.md)."""
    return Refusal("NOT_FOUND", "Element not found")


def access_denied(text: str = "Access denied") -> Refusal:
    """No permission for the object (crm-item-add.md)."""
    return Refusal("ACCESS_DENIED", text)


def not_supported(title: str) -> Refusal:
    """A type without crm.item.* or without pipelines (universal/index.md, crm-category-list.md)."""
    return Refusal("ENTITY_TYPE_NOT_SUPPORTED", f"Entity type `{title}` is not supported")


def bad_filter(name: str, why: str = "is not allowed in filter") -> Refusal:
    """A filter the portal refuses (crm-item-list.md)."""
    return Refusal("INVALID_ARG_VALUE", f"Invalid filter: field '{name}' {why}")


def bad_order(name: str) -> Refusal:
    """A field that may not be sorted by (crm-item-list.md)."""
    return Refusal("INVALID_ARG_VALUE", f"Invalid order: field '{name}' is not allowed in order")


def bad_direction(name: str, given: object) -> Refusal:
    """A way to sort that is none (crm-item-list.md)."""
    text = f"allowed sort directions are `ASC, DESC`. But got '{given}' for field '{name}'"
    return Refusal("INVALID_ARG_VALUE", f"Invalid order: {text}")
