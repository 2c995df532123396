"""Weights from a file that the user has, into a backbone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from harness.errors import DataError
from harness.files import sha256_of
from harness.models.nets.shell import EncoderModule

SHOWN = 3


def load_weights(encoder: EncoderModule, path: Path, digest: str) -> None:
    """Fill an encoder's backbone from a file.

    The file's names are those of the backbone's own library. A classifier in it is left out.

    Args:
        encoder: The encoder to fill, all of it.
        path: A safetensors file, or a state dict that torch loads without unpickling code.
        digest: The SHA-256 that the file must have.

    Raises:
        DataError: No such file, another digest, no state dict, or tensors that do not fit.
    """
    _verify(path, digest)
    state = _without_classifier(_read(path), encoder.backbone)
    if wrong := misfits(state, encoder.backbone.state_dict()):
        raise DataError(
            f"the weights in {str(path)!r} do not fit the encoder: {wrong}",
            mend="take the model and the number of channels that the file was made with",
        )
    encoder.backbone.load_state_dict(state)


def _verify(path: Path, digest: str) -> None:
    if not path.is_file():
        raise DataError(f"there is no weights file {str(path)!r}", mend="check the path")
    found = sha256_of(path)
    if found != digest:
        raise DataError(
            f"the weights in {str(path)!r} have the digest {found}",
            legal=digest,
            mend="restore the file that was planned with, or plan again with this one's digest",
        )


def _read(path: Path) -> Mapping[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, RuntimeError, EOFError, ValueError, UnpicklingError) as error:
        raise DataError(f"{str(path)!r} holds no weights that can be read safely: {error}") from error
    if not isinstance(found, Mapping) or not all(isinstance(value, Tensor) for value in found.values()):
        raise DataError(f"{str(path)!r} holds no state dict", legal="a mapping from names to tensors")
    return found


def _without_classifier(state: Mapping[str, Tensor], backbone: nn.Module) -> dict[str, Tensor]:
    settings: Any = getattr(backbone, "default_cfg", None) or {}
    classifier = settings.get("classifier") or ()
    names = (classifier,) if isinstance(classifier, str) else tuple(classifier)
    prefixes = tuple(f"{name}." for name in names)
    return {name: value for name, value in state.items() if not name.startswith(prefixes)}


def misfits(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> str:
    """Why a state does not fill a module, the first few reasons; empty where it does."""
    missing = [f"{name} is missing" for name in wanted if name not in state]
    extra = [f"{name} is not the encoder's" for name in state if name not in wanted]
    shapes = [
        f"{name} is {tuple(state[name].shape)}, wanted {tuple(value.shape)}"
        for name, value in wanted.items()
        if name in state and state[name].shape != value.shape
    ]
    reasons = [*missing, *extra, *shapes]
    more = f" and {len(reasons) - SHOWN} more" if len(reasons) > SHOWN else ""
    return "; ".join(reasons[:SHOWN]) + more
