"""The nuclei stage's work: patches to the tool, its files to a folder of masks."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from harness.data.nuclei import tool
from harness.data.nuclei.folder import ABOUT, SEGMENTED, PatchNuclei, side_of, write_nuclei
from harness.data.nuclei.formats import read_tiatoolbox
from harness.data.nuclei.outlines import patch_of
from harness.data.reading import native_image
from harness.errors import ConfigError, DataError, MissingDependencyError
from harness.files import read_text, sha256_of
from harness.grid.stage import Outcome
from harness.grid.work import Work
from harness.training.interrupted import Interrupted

if TYPE_CHECKING:
    from harness.data.manifest import Manifest
    from jobs.nuclei import Nuclei

SCRIPT = Path(tool.__file__).with_name("hovernet.py")
FOLDER = "nuclei"
TOOL = "HoVer-Net, fast mode, PanNuke, by TIAToolbox"


def segmented(stage: Nuclei, work: Work) -> Outcome:
    """Segment every patch; the tool's files are kept between attempts and go with the result."""
    manifest = stage.data.manifest(work.store.packs)
    if SEGMENTED not in manifest.modalities:
        raise ConfigError(
            f"the data set {manifest.name!r} has no modality {SEGMENTED!r}",
            legal=manifest.modalities,
            mend="segment a data set whose H&E is the modality 'he'",
        )
    check_tool(stage)
    found = work.run.checkpoints / "segmented"
    for rows in _undone(stage, manifest, found):
        if work.stop():
            raise Interrupted(rows[0])
        _segment(stage, manifest, rows, found)
    made_by = {"tool": TOOL, "weights": stage.weights_digest, "scale": stage.upscale}
    ties = write_nuclei(work.path(FOLDER), _patches(stage, manifest, found), made_by)
    facts = {"synthetic": manifest.synthetic, "data_name": manifest.name, "samples": len(manifest), "ties": ties}
    return Outcome({}, facts, {FOLDER: work.path(FOLDER) / ABOUT})


def check_tool(stage: Nuclei) -> None:
    """Check the weights and the environment before any patch is written.

    Raises:
        DataError: The weights are missing, or others than promised.
        MissingDependencyError: The Python that is named has no TIAToolbox.
    """
    weights = Path(stage.weights).expanduser()
    if not weights.is_file():
        raise DataError(
            f"there is no file {stage.weights!r}",
            where="weights",
            legal="HoVer-Net's weights, fast mode, trained on PanNuke",
            mend="get hovernet_fast-pannuke.pth from TIAToolbox's model zoo and name its path",
        )
    digest = sha256_of(weights)
    if digest != stage.weights_digest:
        raise DataError(f"the weights {stage.weights!r} have the SHA-256 {digest}", legal=stage.weights_digest)
    try:
        asked = [stage.python, "-c", "import tiatoolbox"]
        answer = subprocess.run(asked, capture_output=True, text=True, check=False)
    except OSError as error:
        raise _no_tool(stage, str(error)) from error
    if answer.returncode:
        raise _no_tool(stage, answer.stderr.strip().splitlines()[-1])


def _no_tool(stage: Nuclei, reason: str) -> MissingDependencyError:
    return MissingDependencyError(
        f"{stage.python!r} cannot run TIAToolbox: {reason}",
        where="python",
        mend="make an environment for it alone (python3 -m venv hovernet-env && hovernet-env/bin/pip install "
        "tiatoolbox) and set python=hovernet-env/bin/python",
    )


def _undone(stage: Nuclei, manifest: Manifest, found: Path) -> Iterator[list[int]]:
    """The patches without a file, some at a time."""
    found.mkdir(parents=True, exist_ok=True)
    rows = [row for row in range(len(manifest)) if not (found / f"{row}.json").exists()]
    for start in range(0, len(rows), stage.at_once):
        yield rows[start : start + stage.at_once]


def _segment(stage: Nuclei, manifest: Manifest, rows: list[int], found: Path) -> None:
    """Have the tool segment some patches; its files move to `found` when all are there."""
    scratch = found / "scratch"
    scratch.mkdir(exist_ok=True)
    images = [_enlarged(stage, manifest, row, scratch) for row in rows]
    request = {
        "images": list(map(str, images)),
        "out": str(scratch / "out"),
        "weights": stage.weights,
        "device": stage.device,
        "batch_size": stage.batch_size,
    }
    (scratch / "request.json").write_text(json.dumps(request), encoding="utf-8")
    command = [stage.python, str(SCRIPT), str(scratch / "request.json")]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    print(answer.stdout, answer.stderr, flush=True)
    if answer.returncode:
        said = answer.stderr.strip().rpartition("\n")[2]
        raise DataError(f"the segmentation ended with status {answer.returncode}: {said}", mend="see the run's log")
    for image in images:
        (scratch / "out" / f"{image.stem}.json").replace(found / f"{image.stem}.json")
        image.unlink()


def _enlarged(stage: Nuclei, manifest: Manifest, row: int, scratch: Path) -> Path:
    """A patch as the tool is to see it."""
    pixels = native_image(manifest.modalities[SEGMENTED], row, manifest.image_hashes[SEGMENTED][row])
    side = round(len(pixels) * stage.upscale)
    path = scratch / f"{row}.png"
    Image.fromarray(np.ascontiguousarray(pixels)).resize((side, side), Image.Resampling.BICUBIC).save(path)
    return path


def _patches(stage: Nuclei, manifest: Manifest, found: Path) -> Iterator[PatchNuclei]:
    part = manifest.modalities[SEGMENTED]
    for row, name in enumerate(manifest.ids):
        path = found / f"{row}.json"
        yield patch_of(name, read_tiatoolbox(read_text(path), str(path)), side_of(part, row), stage.upscale)
