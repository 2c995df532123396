"""The sparse view is weak and the paired view strong, for a linear head on a few features of each image.

tests/support/calibrate_sample.py has the figures of networks.
"""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from harness.data.synthetic import SampleSpec
from harness.data.synthetic.patch import Patch, make_patch
from harness.data.synthetic.rows import Row, rows_of
from harness.data.synthetic.spec import NEOPLASTIC
from support.pooled import pooled

SPEC = SampleSpec(patches=300)

Sample = tuple[list[Row], list[Patch]]


@pytest.fixture(scope="module")
def sample() -> Sample:
    rows = rows_of(SPEC)
    return rows, [make_patch(SPEC, row) for row in rows]


def accuracy(sample: Sample, inputs: NDArray[np.float64]) -> float:
    """Balanced accuracy on the test regions of a logistic regression on the training regions."""
    rows, _ = sample
    tissue, train = np.array([row.tissue for row in rows]), np.array([row.split == "train" for row in rows])
    head = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    head.fit(inputs[train], tissue[train])
    return float(balanced_accuracy_score(tissue[~train], head.predict(inputs[~train])))


def alone(sample: Sample, name: str) -> float:
    return accuracy(sample, np.stack([pooled(patch.images[name]) for patch in sample[1]]))


def test_the_marker_is_strong_and_the_sparse_views_are_weak(sample: Sample) -> None:
    marker, sparse, rescan = (alone(sample, name) for name in ("marker", "he", "rescan"))
    assert marker > 0.88
    assert 0.45 < sparse < 0.7
    assert 0.45 < rescan < 0.7


def test_the_rescan_adds_nothing_to_the_sparse_view(sample: Sample) -> None:
    both = [np.concatenate([pooled(patch.images[name]) for name in ("he", "rescan")]) for patch in sample[1]]
    assert accuracy(sample, np.stack(both)) < alone(sample, "he") + 0.05


def test_the_size_of_a_file_tells_little(sample: Sample) -> None:
    def size(patch: Patch) -> int:
        file = io.BytesIO()
        Image.fromarray(patch.images["he"]).save(file, "png")
        return len(file.getvalue())

    assert accuracy(sample, np.array([[size(patch)] for patch in sample[1]], dtype=float)) < 0.45


def test_the_difference_is_in_the_sparse_view_for_who_knows_where_to_look(sample: Sample) -> None:
    """Of each epithelial nucleus, given by the mask: is its middle darker than its border? Summed, that counts them."""
    contrast, marked = [], []
    for patch in sample[1]:
        epithelial = np.isin(patch.images["mask"], (NEOPLASTIC, 5))
        inner = epithelial.copy()
        for _ in range(2):
            padded = np.pad(inner, 1)
            inner &= padded[2:, 1:-1] & padded[:-2, 1:-1] & padded[1:-1, 2:] & padded[1:-1, :-2]
        red = patch.images["he"][..., 0].astype(float)
        contrast.append(red[epithelial & ~inner].mean() - red[inner].mean())
        marked.append(patch.counts[NEOPLASTIC])
    inputs = np.array(contrast)[:, None]
    assert LinearRegression().fit(inputs, marked).score(inputs, marked) > 0.4
