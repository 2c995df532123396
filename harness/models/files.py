"""Trained encoders as files: safetensors, with what a reader must know beside the weights.

Tensor names are the backbone's own, so that the file also loads without this program
(``timm.create_model("resnet18", num_classes=0).load_state_dict(load_file(path))``).
The same weights and metadata give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from harness.errors import StoreError
from harness.files import write_atomic
from harness.models.nets.shell import EncoderModule
from harness.models.nets.weights import misfits

KEY = "harness"


def save_encoder(path: Path, encoder: EncoderModule, metadata: Mapping[str, str]) -> None:
    """Write an encoder's weights and batch-norm statistics.

    Args:
        path: The file, replaced as a whole where it exists.
        encoder: The encoder.
        metadata: What its user must know, such as the model's name and the input's mean and
            standard deviation.

    Raises:
        DiskFullError: No room; nothing half-written is left.
    """
    state = {name: value.detach().cpu().contiguous() for name, value in encoder.backbone.state_dict().items()}
    # One key, because safetensors writes several in an order that changes from process to process.
    write_atomic(path, save(state, metadata={KEY: json.dumps(dict(metadata), sort_keys=True)}))


def load_encoder(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The backbone's state and the metadata that `save_encoder` wrote.

    Raises:
        StoreError: The file is missing, damaged, or not one of ours.
    """
    try:
        with safe_open(path, framework="pt") as file:
            notes = (file.metadata() or {}).get(KEY)
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    except (SafetensorError, OSError) as error:
        raise StoreError(f"the encoder {str(path)!r} cannot be read: {error}", mend="run its stage again") from error
    if notes is None:
        raise StoreError(
            f"{str(path)!r} was not written by this program: it does not say what it was trained on",
            mend="give it to an encoder as `weights`",
        )
    return state, json.loads(notes)


def restore_encoder(path: Path, encoder: EncoderModule) -> dict[str, str]:
    """Fill an encoder from a file of `save_encoder`, and return the metadata.

    Raises:
        StoreError: The file is missing, damaged, or of another encoder.
    """
    state, metadata = load_encoder(path)
    if wrong := misfits(state, encoder.backbone.state_dict()):
        raise StoreError(f"{str(path)!r} holds another encoder: {wrong}", mend="build the one it was trained as")
    encoder.backbone.load_state_dict(state)
    return metadata
