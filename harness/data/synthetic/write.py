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
MODALITIES = ("he", "marker", "rescan", "mask")
NOTE = "Made by a program: no tissue, no patient. It checks that the harness finds an effect; it says nothing of medicine."


def write_sample(root: Path, spec: SampleSpec) -> None:
    """Make the sample set in the folder `root`, or leave it be where this very set is there already.

    The set is made beside `root` and renamed, so `root` never holds half of one.

    Raises:
        DataError: `root` holds something else: files of other making, or a set of another spec.
        DiskFullError: No room; nothing is left behind.
    """
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
            f"{str(root)!r} is there and is no sample set",
            mend="name a folder that is empty or does not exist: nothing of other making is overwritten",
        )
    if different := list(differences(found, _made(spec))):
        raise DataError(
            f"{str(root)!r} holds a sample set of another spec: {'; '.join(different)}",
            mend="remove that folder, or name another one",
        )
    return True


def _made_by(root: Path) -> Any:
    try:
        return json.loads((root / SIDE_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _made(spec: SampleSpec) -> dict[str, Any]:
    return {"synthetic": True, "revision": REVISION, "spec": to_plain(spec)}


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
    who = {"id": row.id, "region": row.region_name, "split": row.split}
    return {**who, **paths, "tissue": TISSUES[row.tissue], "cell": NUCLEI[patch.cell]}


def _description() -> dict[str, Any]:
    """dataset.yaml. `cell` counts the nuclei of the mask; `tissue` is what the patch was drawn from."""
    return {
        "name": "synthetic tissue sample",
        "synthetic": True,
        "note": NOTE,
        "group": {"column": "region", "kind": "region"},
        "split": {"column": "split"},
        "modalities": {modality: {"column": modality} for modality in MODALITIES},
        "labels": {
            "tissue": {"column": "tissue", "classes": list(TISSUES), "derived_from": []},
            "cell": {"column": "cell", "classes": list(NUCLEI), "derived_from": ["mask"]},
        },
    }
