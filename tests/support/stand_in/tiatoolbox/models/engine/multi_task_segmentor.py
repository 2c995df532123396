"""Finds in every image one square nucleus, its type by the image's brightness; writes it as TIAToolbox does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

NAMES = ("Background", "Neoplastic", "Inflammatory", "Connective", "Dead", "Non-Neoplastic Epithelial")


class MultiTaskSegmentor:
    """Takes what the real one takes."""

    def __init__(self, model: str, weights: str, device: str, batch_size: int, verbose: bool) -> None:
        assert model == "hovernet_fast-pannuke"
        assert (device, batch_size > 0, verbose) == ("cpu", True, False)
        if Path(weights).read_text() == "broken":
            raise RuntimeError("these weights do not fit")

    def run(self, images: Sequence[Path], patch_mode: bool, output_type: str, save_dir: Path, **options: Any) -> None:
        """Write NAME.json for NAME.png."""
        assert (patch_mode, output_type, options["overwrite"]) == (False, "qupath", True)
        save_dir.mkdir(parents=True, exist_ok=True)
        for path in images:
            pixels = np.asarray(Image.open(path))
            side, kind = len(pixels) / 2, 1 + int(pixels.mean()) // 35 % 5
            corners = [[0, 0], [side, 0], [side, side], [0, side], [0, 0]]
            feature = {
                "type": "Feature",
                "geometry": {"type": "Polygon", "coordinates": [corners]},
                "properties": {"type": NAMES[kind], "class_value": kind},
            }
            content = {"type": "FeatureCollection", "features": [feature]}
            (save_dir / f"{path.stem}.json").write_text(json.dumps(content))
