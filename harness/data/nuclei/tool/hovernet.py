"""HoVer-Net (fast, PanNuke) through TIAToolbox, run by the Python of its own environment:

    python hovernet.py REQUEST.json

TIAToolbox needs an older torch and OpenCV than we do, so this file is no part of the
program: it is started by path, imports nothing of ours, and leaves a file an image. The
request holds `images`, `out`, `weights`, `device` and `batch_size`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main() -> None:
    """Segment every image of the request; NAME.json for NAME.png."""
    from tiatoolbox.models.engine.multi_task_segmentor import (  # type: ignore[import-not-found]
        MultiTaskSegmentor,
    )

    request = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    segmentor = MultiTaskSegmentor(
        model="hovernet_fast-pannuke",
        weights=request["weights"],
        device=request["device"],
        batch_size=request["batch_size"],
        verbose=False,
    )
    segmentor.run(
        images=[Path(image) for image in request["images"]],
        patch_mode=False,
        output_type="qupath",
        save_dir=Path(request["out"]),
        overwrite=True,
        auto_get_mask=False,
        input_resolutions=[{"units": "baseline", "resolution": 1.0}],
    )


if __name__ == "__main__":
    main()
