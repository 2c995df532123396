"""Weights that Keras saved, for `keras_resnet50`: the authors' released ones above all.

A convolution's kernel is (height, width, in, out) in Keras and (out, in, height,
width) here; batch norm's four arrays are gamma, beta and the moving mean and variance.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError, MissingDependencyError

Arrays = Mapping[str, NDArray[Any]]

PARTS = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}
LAYER = re.compile(r"(conv\d+_block\d+)_(\d)_(conv|bn)")
FIRST = ("conv1_conv", "conv1_bn")


def converted(arrays: Arrays) -> dict[str, NDArray[Any]]:
    """A state of `keras_resnet50`'s backbone.

    Args:
        arrays: By Keras' names, such as ``conv2_block1_1_conv/kernel:0``; what stands before
            the layer's name is passed over, and so is a classifier.

    Raises:
        DataError: There is no layer of ResNet-50 among them, or one stands twice.
    """
    state: dict[str, NDArray[Any]] = {}
    for name, array in arrays.items():
        place = _place(name)
        if place is None:
            continue
        if place in state:
            raise DataError(f"the layer of {name!r} stands twice", mend="convert the file of one encoder")
        state[place] = _turned(np.asarray(array, dtype=np.float32))
        if place.endswith(".running_mean"):
            state[place.replace("running_mean", "num_batches_tracked")] = np.array(0)
    if not state:
        raise DataError(
            f"the file holds no layer of Keras' ResNet-50, but {', '.join(list(arrays)[:3]) or 'nothing'}",
            legal="names such as conv2_block1_1_conv/kernel:0",
            mend="convert the weights of the encoder, as model.save_weights writes them",
        )
    return state


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of an .npz or an HDF5 file, by their names in it.

    Raises:
        DataError: It is neither, or cannot be read.
        MissingDependencyError: HDF5 needs h5py, which is not installed.
    """
    try:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as opened:
                return dict(opened)
        return _of_hdf5(path)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{str(path)!r} cannot be read: {error}", legal=".npz, or HDF5 (.h5, .hdf5, .keras' weights)"
        ) from error


def _of_hdf5(path: Path) -> dict[str, NDArray[Any]]:
    try:
        import h5py  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError as error:
        raise MissingDependencyError(
            "HDF5 files need h5py, which is not installed", mend="pip install h5py, or save the arrays as .npz"
        ) from error
    found: dict[str, NDArray[Any]] = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.update({name: item[()]} if hasattr(item, "shape") else {}))
    return found


def _place(name: str) -> str | None:
    """Where an array goes; None for what is no part of the encoder."""
    words = name.removesuffix(":0").split("/")
    part = PARTS.get(words[-1])
    if part is None or len(words) < 2:
        return None
    if words[-2] in FIRST:
        return f"{words[-2]}.{part}"
    layer = LAYER.fullmatch(words[-2])
    return f"blocks.{layer[1]}.{layer[3]}_{layer[2]}.{part}" if layer else None


def _turned(array: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.ascontiguousarray(array.transpose(3, 2, 0, 1)) if array.ndim == 4 else array
