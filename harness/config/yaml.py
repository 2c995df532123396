"""YAML read by the rules of its version 1.2: `1e-3` is a number, `no` and `yes` are words, a key stands once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml as pyyaml

from harness.errors import ConfigError


class _Loader(pyyaml.SafeLoader):
    """PyYAML's safe loader with the scalars of YAML 1.2's core schema."""

    yaml_implicit_resolvers: dict[str, Any] = {}


class _Dumper(pyyaml.SafeDumper):
    """PyYAML's safe dumper with the same scalars, so that what is written reads back as it was."""

    yaml_implicit_resolvers: dict[str, Any] = {}

    def ignore_aliases(self, data: Any) -> bool:
        return True


_SCALARS = {
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "int": (r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    "float": (
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
}
for _kind in (_Loader, _Dumper):
    for _tag, (_pattern, _first) in _SCALARS.items():
        _kind.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first))


def _integer(loader: _Loader, node: pyyaml.ScalarNode) -> int:
    text = loader.construct_scalar(node)
    return int(text, 0) if re.match(r"0[ox]", text) else int(text)


def _mapping(loader: _Loader, node: pyyaml.MappingNode) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, pyyaml.ScalarNode):
            raise ConfigError("a list or mapping is no key", where=_line(key_node), legal="a word")
        key = key_node.value
        if key in found:
            raise ConfigError(
                f"the key {key!r} stands twice",
                where=_line(key_node),
                mend="remove one of the two",
            )
        found[key] = loader.construct_object(value_node, deep=True)
    return found


def _line(node: pyyaml.Node) -> str:
    return f"line {node.start_mark.line + 1}"


_Loader.add_constructor("tag:yaml.org,2002:int", _integer)
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def parse(text: str, where: str) -> Any:
    """The value that a YAML text holds.

    Args:
        text: One YAML document.
        where: Its file, for the error.

    Raises:
        ConfigError: With the line, where the text is not YAML or a key stands twice.
    """
    try:
        return pyyaml.load(text, _Loader)
    except ConfigError as error:
        error.at(where)
        raise
    except pyyaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"{where}, line {mark.line + 1}" if mark else where
        problem = getattr(error, "problem", None) or str(error)
        raise ConfigError(f"this is not valid YAML: {problem}", where=line) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"this YAML has a value that its tag does not fit: {error}", where=where) from error


def read_file(path: Path) -> Any:
    """The value that a YAML file holds; see `parse`."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError(f"there is no file {str(path)!r}", mend="check the path") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{str(path)!r} cannot be read: {error}") from error
    return parse(text, str(path))


def dump(plain: Any) -> str:
    """Plain data as YAML, keys in the order given; `parse` reads it back as it was."""
    return pyyaml.dump(plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100, default_flow_style=None)
