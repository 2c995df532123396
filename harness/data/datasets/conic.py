"""CoNIC: 4,981 patches of colon, 256 px, whose nuclei are outlined and typed (Graham et al. 2021).

H&E at 0.5 um/px, cut from the images of the Lizard set without overlap. The folder holds
the training data as the challenge gives them away, row i of each the same patch::

    root/
        images.npy        uint8 (N, 256, 256, 3)
        labels.npy        whole numbers (N, 256, 256, 2): which nucleus, and its type 0 to 6
        counts.csv        neutrophil, epithelial, lymphocyte, plasma, eosinophil, connective: nuclei of each type
        patch_info.csv    one column, the patch's name: consep_1-0000 is of the source image consep_1

The modality `nuclei` is the map of types: 0 where there is no nucleus, else the number of
the type in the order above. The label `cell` is the type that most nuclei of the patch
have by `counts.csv`, which counts those in its central 224 px; ties go to the lowest
number, and a patch without nuclei has no label. The label is derived from the masks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from harness.data.arrays import mapped_images
from harness.data.datasets import Dataset
from harness.data.manifest import Label, Manifest, Modality
from harness.data.nuclei.label import commonest, tie_rate
from harness.data.pixels import Pixels
from harness.data.subset import sample_keys
from harness.data.table import read_columns, read_table
from harness.data.twin import is_synthetic
from harness.errors import DataError

CLASSES = ("Neutrophil", "Epithelial", "Lymphocyte", "Plasma", "Eosinophil", "Connective")
"""In the order of their numbers, which begin with 1; `counts.csv` has them in small letters."""
IMAGES, LABELS, COUNTS, NAMES = "images.npy", "labels.npy", "counts.csv", "patch_info.csv"
PATCHES = 4981
TYPE = 1
"""The channel of `labels.npy` that holds the types."""
NOTE = "CoNIC challenge, Graham et al. 2021, from the Lizard set, CC BY-NC-SA 4.0"


class Conic(Dataset, name="conic"):
    """The data set of a folder laid out as this module's text says.

    Attributes:
        split: `source` tests on whole source images, chosen by a hash of their names until they
            make up a tenth of the patches. `patch` tests on a tenth of the patches, chosen by a hash of
            theirs, as the paper's 499 suggest: neighbours then stand on both sides, and each
            patch is a group of its own.
        complete: Whether the arrays must hold the published number of patches.
    """

    split: Literal["source", "patch"] = "source"
    complete: bool = True

    def read(self) -> Manifest:
        """The manifest of the arrays, patches in the order of their names."""
        folder = self.folder
        names, counts = _names(folder / NAMES), _counts(folder / COUNTS)
        images, labels = mapped_images(folder / IMAGES, 3), mapped_images(folder / LABELS, 2, whole=True)
        _check_lengths(folder, {IMAGES: len(images), LABELS: len(labels), COUNTS: len(counts), NAMES: len(names)})
        if self.complete and len(names) != PATCHES:
            raise _not_whole(folder, len(names))
        order = np.array(sorted(range(len(names)), key=names.__getitem__), dtype=np.int64)
        ids = [names[row] for row in order]
        groups = ids if self.split == "patch" else [name.rpartition("-")[0] or name for name in ids]
        he = Pixels(images, folder / IMAGES, order)
        types = Pixels(labels, folder / LABELS, order, channel=TYPE, largest=len(CLASSES))
        return Manifest(
            name="conic",
            ids=tuple(ids),
            groups=tuple(groups),
            group_kind="patch" if self.split == "patch" else "region",
            splits=_splits(groups, folder),
            modalities={
                "he": Modality("he", "image", pixels=he),
                "nuclei": Modality("nuclei", "image", pixels=types, resize="nearest"),
            },
            labels={"cell": Label("cell", CLASSES, commonest(counts[order]), ("nuclei",))},
            synthetic=is_synthetic(folder),
            note=f"{NOTE}; the commonest type is a tie in {tie_rate(counts):.1%} of the patches",
        )


def _splits(groups: Sequence[str], folder: Path) -> tuple[str, ...]:
    """Test for whole groups in the order of their hashes, until they make up a tenth."""
    sizes = Counter(groups)
    names = list(sizes)
    if len(names) < 2:
        raise DataError(
            f"all patches are of one source, {names[0]!r}" if names else "the data set has no samples",
            where=str(folder),
            legal="two or more source images",
            mend="set data.split=patch",
        )
    tested: set[str] = set()
    for place in np.argsort(sample_keys(names), kind="stable").tolist():
        if 10 * sum(sizes[name] for name in tested) >= len(groups):
            break
        tested.add(names[place])
    return tuple("test" if name in tested else "train" for name in groups)


def _names(path: Path) -> list[str]:
    columns = read_columns(path)
    if len(columns) != 1:
        raise DataError(
            f"the table has {len(columns)} columns: {', '.join(columns) or '(none)'}",
            where=str(path),
            legal="one, the patches' names",
            mend="restore the file as it was published",
        )
    return read_table(path, columns).columns[columns[0]]


def _counts(path: Path) -> NDArray[np.int64]:
    """Nuclei of each type, (patches, types)."""
    table = read_table(path, [name.lower() for name in CLASSES])
    counts_NT = np.array([table.numbers(name.lower()) for name in CLASSES]).T.reshape(-1, len(CLASSES))
    bad = np.flatnonzero(((counts_NT < 0) | (counts_NT != np.floor(counts_NT))).any(axis=1))
    if len(bad):
        raise DataError(
            f"a patch has {' '.join(map(str, counts_NT[bad[0]].tolist()))} nuclei",
            where=f"{path}, line {table.lines[bad[0]]}",
            legal="whole numbers from 0",
            mend="restore the file as it was published",
        )
    return counts_NT.astype(np.int64)


def _check_lengths(folder: Path, lengths: dict[str, int]) -> None:
    if len(set(lengths.values())) > 1:
        raise DataError(
            f"the parts have unequal lengths: {', '.join(f'{name} {count}' for name, count in lengths.items())}",
            where=str(folder),
            legal="one row for every patch in each of them",
            mend="take all four from one release",
        )


def _not_whole(folder: Path, count: int) -> DataError:
    return DataError(
        f"the set has {count} patches",
        where=str(folder),
        legal=f"the published {PATCHES}",
        mend="fetch it again, or set data.complete=false to work on a part",
    )
