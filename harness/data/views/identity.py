"""The modality as it is stored."""

from __future__ import annotations

from harness.data.views import View, Viewer


class Identity(View, name="identity"):
    """A modality as it is, one channel repeated to the three that encoders take."""

    def manner(self) -> str:
        """Nothing."""
        return ""

    def build(self) -> Viewer:
        """The repetition of a single channel; everything else passes through."""
        from harness.data.views.ops.channels import three_channels

        return three_channels
