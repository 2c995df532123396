"""What must be known to use an encoder that a training run leaves; it stands in the file beside the weights."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from harness.config.plain import to_plain

if TYPE_CHECKING:
    from harness.models.encoders import Encoder
    from jobs.run.feed import Feed


def encoder_notes(feed: Feed, encoder: Encoder) -> dict[str, str]:
    """The run, the encoder's architecture, and each branch's view with the statistics that standardise its input.

    Args:
        feed: What the run was fed with.
        encoder: The settings of the encoder that is kept.
    """
    seen = feed.stage.seen()
    return {
        "run": feed.work.run.key,
        "encoder": json.dumps(to_plain(encoder)),
        "statistics": json.dumps([each.statistics for each in feed.inputs[: len(seen)]]),
        "views": json.dumps([to_plain(each.view) for each in seen]),
    }
