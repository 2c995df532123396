"""The two training protocols by name: `paper`, the text, and `authors`, what their published code computes.

A protocol is a short form: ``protocol: authors`` in a grid file stands for all settings
below, with the file's own laid over them. Where the text is silent `paper` takes the
objective's own paper; it is what the defaults are. Nothing is mixed silently: a run says
at its start, and in its tags, in which settings it departs from its protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from harness.config.base import Config
from harness.config.merge import merged
from harness.config.plain import to_plain
from harness.data.augment import Augmentation
from harness.errors import ConfigError, did_you_mean
from harness.models.encoders import Encoder
from harness.models.expander import Expander
from harness.objectives import Objective
from harness.training.optimiser import Adam
from harness.training.schedule import WarmupCosine

if TYPE_CHECKING:
    from jobs.training import Training

Name = Literal["paper", "authors"]

BOTH: dict[str, Any] = {
    "schedule": {"warmup_epochs": 0.1},
    "epochs": 100,
    "steps": None,
    "global_batch_size": 128,
    "batch_norm_group": None,
}
PROTOCOLS: dict[str, dict[str, Any]] = {
    "paper": BOTH
    | {
        "expander": {},
        "augmentation": "table_s1",
        "optimiser": {"lr": 1e-4},
        "normalise": "dataset",
        "shuffle_window": None,
    },
    "authors": BOTH
    | {
        "encoder": "keras_resnet50",
        "expander": {"batch_norm_eps": 1e-3, "batch_norm_momentum": 0.01, "initialisation": "glorot"},
        "objective": "vicreg_authors",
        "augmentation": "table_s1_authors",
        "optimiser": {"lr": 1e-4, "eps": 1e-7, "eps_form": "uncorrected", "clip_norm": 1.0, "clip_scale": "sum"},
        "normalise": "raw",
        "shuffle_window": 1024,
    },
}
PROBES: dict[str, dict[str, Any]] = {
    "paper": {"head": "linear", "head_inputs": "augmented", "augmentation": "table_s1"},
    "authors": {"head": "mlp256", "head_inputs": "augmented", "augmentation": "table_s1_authors"},
}
"""The same for probes, which take the augmentations of pre-training in either protocol."""
COMPONENTS: dict[str, Callable[[Any], Config]] = {
    "encoder": Encoder.parse,
    "expander": Expander.model_validate,
    "objective": Objective.parse,
    "augmentation": Augmentation.parse,
    "optimiser": Adam.model_validate,
    "schedule": WarmupCosine.model_validate,
}
"""How a protocol's settings become what a stage holds, where they are no plain values."""


def laid_under(settings: Mapping[str, Any], fields: Mapping[str, Any], forms: tuple[str, ...]) -> dict[str, Any]:
    """Settings with those of the protocol that they name beneath them.

    Args:
        settings: As a grid file gives them.
        fields: The fields that the stage has.
        forms: Its short forms, which a protocol may speak in, too.

    Raises:
        ConfigError: There is no such protocol, or the settings are written out in branches.
    """
    if "protocol" not in settings:
        return dict(settings)
    name = _known(settings["protocol"])
    if "branches" in settings:
        raise ConfigError(
            "a protocol cannot be laid under branches that are written out",
            where="protocol, branches",
            mend="name views, encoder, expander and augmentation, or take the protocol out",
        )
    known = {key: value for key, value in PROTOCOLS[name].items() if key in fields or key in forms}
    return dict(merged(known, dict(settings)))


def laid_under_probe(settings: Mapping[str, Any]) -> dict[str, Any]:
    """A probe's settings with those of the protocol that they name beneath them, and the name taken out.

    Raises:
        ConfigError: There is no such protocol.
    """
    rest = {key: value for key, value in settings.items() if key != "protocol"}
    return dict(merged(PROBES[_known(settings["protocol"])], rest)) if "protocol" in settings else rest


def _known(name: Any) -> str:
    if name not in PROTOCOLS:
        raise ConfigError(f"protocol is {name!r}", legal=PROTOCOLS, mend=did_you_mean(str(name), PROTOCOLS))
    return str(name)


def departures(stage: Training) -> Iterator[tuple[str, Any, Any]]:
    """Where a stage is other than its protocol: the setting, what it is, and what the protocol has."""
    protocol = PROTOCOLS[stage.protocol]
    for key, value in protocol.items():
        wanted = to_plain(COMPONENTS[key](value)) if key in COMPONENTS else value
        for place, found in _held(stage, key):
            yield from _differences(place, to_plain(found), wanted)


def _held(stage: Training, key: str) -> Iterator[tuple[str, Any]]:
    """What a stage holds for a setting of a protocol: one of each branch where it has several."""
    if key == "augmentation":
        yield from ((f"augmentation of branch {number}", seen.augmentation) for number, seen in enumerate(stage.seen()))
    elif hasattr(stage, f"{key}s") and key not in type(stage).model_fields:
        yield from ((f"{key}s.{number}", held) for number, held in enumerate(getattr(stage, f"{key}s")))
    elif key in type(stage).model_fields and not _of_labels(getattr(stage, key)):
        yield key, getattr(stage, key)


def _of_labels(held: Any) -> bool:
    """Whether it is the objective of a supervised run, for which no protocol has another one."""
    return isinstance(held, Objective) and held.needs_labels


def _differences(place: str, found: Any, wanted: Any) -> Iterator[tuple[str, Any, Any]]:
    """The leaves that differ; a component of another name as a whole."""
    if not isinstance(found, dict) or not isinstance(wanted, dict):
        if found != wanted:
            yield place, found, wanted
        return
    if found.get("name") != wanted.get("name"):
        yield place, found.get("name"), wanted.get("name")
        return
    for key in found:
        yield from _differences(f"{place}.{key}", found[key], wanted.get(key))
