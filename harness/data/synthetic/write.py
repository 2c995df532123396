"""The sample set on disk, in the layout of the `folder` dataset: all of it or nothing."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import uuid
from pathlib import Path
from typing import Any

from PIL import Image

from harness.config import yaml
from harness.config.identity import differences
from harness.config.plain import to_plain
from harness.data.synthetic.patch import make_patch
from harness.data.synthetic.rows import Row, rows_of
from harness.data.synthetic.spec import NUCLEI, REVISION, TISSUES, SampleSpec
from harness.errors import DataError
from harness.files import naming_full_disk

SIDE_FILE = "sample.json"
MAKER = "harness.data.synthetic"
NAME = "synthetic tissue sample"
MODALITIES: dict[str, dict[str, str]] = {"he": {}, "marker": {}, "rescan": {}, "mask": {"resize": "nearest"}}
NOTE = (
    "Made by a program: no tissue, no patient. It shows whether the harness finds an effect, and nothing of medicine."
)


def write_sample(root: Path, spec: SampleSpec) -> None:
    """Make the sample set in the folder `root`, or leave it be where this very set is there already.

    The set is made beside `root` and renamed, so `root` never holds half of one. Read
    it with the data set `folder`.

    Args:
        root: The folder, which may be missing or empty.
        spec: The set to make.

    Raises:
        DataError: `root` holds something else: files of other making, a set of another spec, or half a set.
        DiskFullError: No room; nothing is left behind.
    """
    root = root.expanduser().resolve()
    if _is_there(root, spec):
        return
    root.parent.mkdir(parents=True, exist_ok=True)
    temporary = root.parent / f".{root.name}.{uuid.uuid4().hex[:8]}.tmp"
    try:
        with naming_full_disk(root):
            _fill(temporary, spec)
        _rename(temporary, root, spec)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _rename(temporary: Path, root: Path, spec: SampleSpec) -> None:
    """Put the finished set in place; where another process was first, its set must be the same."""
    try:
        os.rename(temporary, root)
    except OSError:
        if not _is_there(root, spec):
            raise


def _is_there(root: Path, spec: SampleSpec) -> bool:
    """Whether `root` holds the set that is asked for; False where it is missing or empty."""
    if not root.exists() or (root.is_dir() and not any(root.iterdir())):
        return False
    found = _made_by(root)
    if found is None:
        raise DataError(
            f"{str(root)!r} is there already and is no sample set",
            legal="a folder that is empty or does not exist",
            mend="name another folder: nothing of other making is overwritten",
        )
    if different := list(differences(found, _made(spec))):
        raise DataError(
            f"{str(root)!r} holds another sample set: {'; '.join(different)}",
            mend="remove that folder, or name another one",
        )
    for modality in MODALITIES:
        _check_whole(root / modality, spec.patches)
    return True


def _check_whole(folder: Path, wanted: int) -> None:
    count = len(list(folder.glob("*.png")))
    if count != wanted:
        raise DataError(
            f"the sample set in {str(folder.parent)!r} is not whole: {count} of {wanted} images in {folder.name!r}",
            mend="remove that folder; it is made anew",
        )


def _made_by(root: Path) -> dict[str, Any] | None:
    """What the set in `root` says of its making; None where nothing here made it."""
    try:
        found = json.loads((root / SIDE_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.get("made_by") == MAKER else None


def _made(spec: SampleSpec) -> dict[str, Any]:
    return {"made_by": MAKER, "synthetic": True, "revision": REVISION, "spec": to_plain(spec)}


def _fill(folder: Path, spec: SampleSpec) -> None:
    for modality in MODALITIES:
        (folder / modality).mkdir(parents=True)
    table = [_written(folder, spec, row) for row in rows_of(spec)]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(table[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    (folder / "manifest.csv").write_text(text.getvalue(), encoding="utf-8")
    (folder / "dataset.yaml").write_text(yaml.dump(_description()), encoding="utf-8")
    (folder / SIDE_FILE).write_text(json.dumps(_made(spec), indent=1) + "\n", encoding="utf-8")


def _written(folder: Path, spec: SampleSpec, row: Row) -> dict[str, str]:
    """Save the images of one patch; its line of the manifest."""
    patch = make_patch(spec, row)
    paths = {modality: f"{modality}/{row.id}.png" for modality in MODALITIES}
    for modality, path in paths.items():
        Image.fromarray(patch.images[modality]).save(folder / path)
    who = {"id": row.id, "region": row.group, "split": row.split}
    return {**who, **paths, "tissue": TISSUES[row.tissue], "cell": NUCLEI[patch.cell]}


def _description() -> dict[str, Any]:
    """dataset.yaml. `tissue` is what the patch was drawn from, `cell` is counted on the nuclei of the mask."""
    return {
        "name": NAME,
        "synthetic": True,
        "note": NOTE,
        "group": {"kind": "region", "column": "region"},
        "split": {"column": "split"},
        "modalities": {modality: {"column": modality, **more} for modality, more in MODALITIES.items()},
        "labels": {
            "tissue": {"column": "tissue", "classes": list(TISSUES), "derived_from": []},
            "cell": {"column": "cell", "classes": list(NUCLEI), "derived_from": ["mask"]},
        },
    }
