"""Settings laid over settings: `extends`, axes and `key=value` on the command line.

A mapping is merged key by key, but a component that changes its name takes none
of the other's settings along.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from harness.config.yaml import parse
from harness.errors import ConfigError


def merged(base: Any, over: Any) -> Any:
    """`over` laid on `base`; neither is changed."""
    if not isinstance(base, dict) or not isinstance(over, dict) or _renamed(base, over):
        return over
    return base | {key: merged(base[key], value) if key in base else value for key, value in over.items()}


def _renamed(base: dict[str, Any], over: dict[str, Any]) -> bool:
    return "name" in over and over["name"] != base.get("name", over["name"])


def with_value(settings: dict[str, Any], dotted: str, value: Any) -> dict[str, Any]:
    """`settings` with the value at a dotted path replaced, or merged where both are mappings.

    A bare component name on the way (`objective: ntxent`, path `objective.temperature`)
    becomes a mapping with that name. Digits address the items of a list.

    Raises:
        ConfigError: The path runs through a value that has no parts.
    """
    placed: dict[str, Any] = _placed(settings, dotted.split("."), value, dotted)
    return placed


def _placed(settings: Any, parts: list[str], value: Any, dotted: str) -> Any:
    if not parts:
        return merged(settings, value)
    head, rest = parts[0], parts[1:]
    if isinstance(settings, list) and head.isdigit() and int(head) < len(settings):
        items = list(settings)
        items[int(head)] = _placed(items[int(head)], rest, value, dotted)
        return items
    if isinstance(settings, str):
        settings = {"name": settings}
    if settings is not None and not isinstance(settings, dict):
        raise ConfigError(f"{dotted!r} runs through {settings!r}, which has no part {head!r}", mend="check the path")
    known = settings or {}
    return merged(known, {head: _placed(known.get(head), rest, value, dotted)})


def overridden(settings: dict[str, Any], words: Iterable[str]) -> dict[str, Any]:
    """`settings` with `key=value` words of the command line laid over, values read as YAML.

    Raises:
        ConfigError: A word has no `=` or its value is no YAML.
    """
    for word in words:
        key, equals, text = word.partition("=")
        if not equals or not key:
            raise ConfigError(f"{word!r} is no setting", legal="key=value, as in objective=ntxent or data.root=PATH")
        settings = with_value(settings, key, parse(text, f"the command line, {word!r}"))
    return settings
