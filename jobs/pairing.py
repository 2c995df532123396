"""How a grid file says what is paired with what, and the branches that it stands for.

A symmetric pair shows two copies of one image, an asymmetric one two images of the
same tissue (paper, section 2.1). Both are a list of branches, each with a view, an
augmentation, and the index of its encoder and of its expander; weights are shared
where two branches name the same index. The short form::

    views: [he, panck]        # one for each branch; [he, he] is a symmetric pair
    shared_weights: false
    encoder: resnet18         # or one for each branch
    expander: {width: 8192}
    augmentation: table_s1    # or one for each branch

or, with the paper's four settings by name::

    pair: downsample          # immunofluorescence, crop_pad, downsample, nuclear_mask
    asymmetric: true          # false pairs the first view with itself
    partner: self             # group or split: a control, the second view is of another patch there

is written out before anything is hashed, so that two grids which say the same in
different words share their runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from harness.data.source import Partner
from harness.data.views import View
from harness.errors import ConfigError, did_you_mean

PAIRS = {
    "immunofluorescence": ("he", "panck"),
    "crop_pad": ("crop_pad:he", "he"),
    "downsample": ("downsample:he", "he"),
    "nuclear_mask": ("mask:nuclei", "he"),
}
"""The paper's settings (section 2.1): the view that is deployed, and the one that it learns from."""
SHORT_FORMS = ("views", "pair", "asymmetric", "partner", "shared_weights", "encoder", "expander", "augmentation")
WRITTEN_OUT = ("branches", "encoders", "expanders")
DEFAULT_ENCODER = "resnet50"
DEFAULT_AUGMENTATION = "table_s1"


def written_out(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with `branches`, `encoders` and `expanders` in place of the short forms.

    Raises:
        ConfigError: Both forms at once, fewer than two views, or lists that do not fit.
    """
    short = [key for key in SHORT_FORMS if key in settings]
    if any(key in settings for key in WRITTEN_OUT):
        _refuse_both(settings, short)
        return dict(settings)
    views = _views(settings)
    shared = settings.get("shared_weights", False)
    if not isinstance(shared, bool):
        raise ConfigError(f"shared_weights is {shared!r}", legal="true, false")
    augmentations = _each(settings.get("augmentation", DEFAULT_AUGMENTATION), len(views))
    rest = {key: value for key, value in settings.items() if key not in SHORT_FORMS}
    return rest | {
        "encoders": _components(settings.get("encoder", DEFAULT_ENCODER), len(views), shared, "encoder"),
        "expanders": _components(settings.get("expander", {}), len(views), shared, "expander"),
        "branches": [
            {"view": view, "augmentation": augmentation, "encoder": index, "expander": index}
            for view, augmentation, index in zip(views, augmentations, _indices(len(views), shared), strict=True)
        ],
    }


def _views(settings: Mapping[str, Any]) -> Sequence[Any]:
    if any(key in settings for key in ("pair", "asymmetric", "partner")):
        return _named(settings)
    views = settings.get("views")
    if not isinstance(views, list | tuple) or len(views) < 2:
        raise ConfigError(
            f"views is {views!r}", legal="a view for each branch, two or more, as in [he, panck] or [he, he]"
        )
    return views


def _named(settings: Mapping[str, Any]) -> Sequence[Any]:
    """The views of one of the paper's settings."""
    name, asymmetric = settings.get("pair"), settings.get("asymmetric", True)
    if "views" in settings:
        raise ConfigError("the settings name both 'views' and 'pair'", mend="keep one: a pair's name stands for views")
    if name not in PAIRS:
        mend = did_you_mean(str(name), PAIRS) or "name one, or list the views of each branch under 'views'"
        raise ConfigError(f"pair is {name!r}", legal=PAIRS, mend=mend)
    if not isinstance(asymmetric, bool):
        raise ConfigError(f"asymmetric is {asymmetric!r}", legal="true, false")
    partner = settings.get("partner", "self")
    if partner not in get_args(Partner):
        raise ConfigError(f"partner is {partner!r}", legal=get_args(Partner))
    primary, secondary = PAIRS[name]
    seen = View.from_text(secondary if asymmetric else primary)
    return [primary, seen | {"partner": partner}]


def _components(value: Any, branches: int, shared: bool, name: str) -> list[Any]:
    """One component for all branches where weights are shared, else one for each."""
    if not isinstance(value, list | tuple):
        return [value] * (1 if shared else branches)
    if shared:
        raise ConfigError(f"{name} is a list, but shared_weights is true", mend=f"give one {name}")
    return _each(value, branches)


def _each(value: Any, branches: int) -> list[Any]:
    if not isinstance(value, list | tuple):
        return [value] * branches
    if len(value) != branches:
        raise ConfigError(
            f"{len(value)} components for {branches} views: {list(value)!r}", mend="give one for each view"
        )
    return list(value)


def _indices(branches: int, shared: bool) -> list[int]:
    return [0] * branches if shared else list(range(branches))


def _refuse_both(settings: Mapping[str, Any], short: Sequence[str]) -> None:
    if short:
        raise ConfigError(
            f"the settings name {short[0]!r} beside {[key for key in WRITTEN_OUT if key in settings]}",
            mend="use the short forms or the written-out ones, not both",
        )
    for key in WRITTEN_OUT:
        if key not in settings:
            raise ConfigError(f"{key!r} is missing", mend=f"add it: {', '.join(WRITTEN_OUT)} go together")
