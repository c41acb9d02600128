"""Named steps from a property's text to a field's value. ``find`` is the way in; the table says who lives where.

The modules are imported when a document first needs one of their steps, since phone numbers, countries and dates
bring heavy libraries along.
"""

from __future__ import annotations

import importlib
from functools import cache

from connector.rules.transforms.base import Transform

HOMES: dict[str, str] = {
    "trim": "text", "collapse_spaces": "text", "lower": "text", "upper": "text", "replace": "text", "split": "text",
    "join": "text", "multi": "text", "strip_html": "text", "unescape": "text",
    "title_case": "names", "phone": "phone", "country": "country", "number": "number", "range": "number",
    "date": "moment", "datetime": "moment", "boolean": "choice", "lookup": "choice", "email": "address",
    "domain": "address", "role_level": "role", "department": "role",
}  # fmt: skip


@cache
def find(name: str) -> Transform:
    """The step of that name. The one lazy import of the rules: see the module's docstring for the reason."""
    module = importlib.import_module(f"{__name__}.{HOMES[name]}")
    transforms: dict[str, Transform] = module.TRANSFORMS
    return transforms[name]
