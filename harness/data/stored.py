"""One array file of a pack: its shape, its checksum, and what it says of the training split."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from harness.data.index import MEND
from harness.errors import StoreError
from harness.files import sha256_of


@dataclass(frozen=True, eq=False)
class StoredArray:
    """One modality of a pack; the file is opened where it is read, so this travels between processes.

    Attributes:
        path: The file, row after row without a header.
        kind: What a row is.
        dtype: ``|u1`` for images, ``<f4`` for vectors.
        shape: (N, H, W, C) or (N, D).
        sha256: Of the file.
        mean: Over the training split, per channel on a scale of 0..1, or per feature; None without such a split.
        std: Likewise, the root of the mean squared deviation.
    """

    path: Path
    kind: Literal["image", "vector"]
    dtype: str
    shape: tuple[int, ...]
    sha256: str
    mean: tuple[float, ...] | None
    std: tuple[float, ...] | None

    def open(self) -> np.memmap[Any, np.dtype[Any]]:
        """The array, mapped from the file, not writable."""
        return np.memmap(self.path, dtype=np.dtype(self.dtype), mode="r", shape=self.shape)

    def check(self, verify: bool) -> None:
        """Check the file's length and, where asked to, its bytes.

        Raises:
            StoreError: The file is missing, cut short or altered.
        """
        expected = math.prod(self.shape) * np.dtype(self.dtype).itemsize
        try:
            found = self.path.stat().st_size
        except OSError as error:
            raise StoreError(f"the packed file {str(self.path)!r} is not there", mend=MEND) from error
        if found != expected:
            raise StoreError(f"the packed file {str(self.path)!r} has {found} bytes, not {expected}", mend=MEND)
        if verify and sha256_of(self.path) != self.sha256:
            raise StoreError(f"the packed file {str(self.path)!r} was altered: its checksum does not fit", mend=MEND)
