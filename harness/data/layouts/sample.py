"""The sample set of `harness.data.synthetic`, in the layout of `folder`: the one with an effect built in."""

from __future__ import annotations

from pathlib import Path

from harness.data.layouts import Layout
from harness.data.synthetic import SampleSpec, write_sample


class Sample(SampleSpec, Layout, name="sample"):
    """The sample set; its settings are those of `SampleSpec`."""

    def write(self, folder: Path) -> str:
        """See `Layout.write`."""
        write_sample(folder, SampleSpec(**self.model_dump()))
        return f"{self.patches} synthetic pairs from {self.regions} regions (no tissue, no patient)"
