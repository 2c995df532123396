"""Numbers that Table S1 gave when its revision was last raised.

A run's id holds the revision, so results made before and after a change of output
would share an id. Where this fails and the change is meant, raise `revision` and
add its numbers; never change those of a revision that has been used.
"""

from __future__ import annotations

import pytest

from harness.data.augment.ops.draws import draw
from harness.data.augment.table_s1 import TableS1
from harness.data.augment.table_s1_authors import TableS1Authors
from support.augmenting import images, keys

pytestmark = pytest.mark.usefixtures("form")

MEANS = {1: [0.2849, 0.3127, 0.287, 0.3941, 0.5447, 0.293, 0.3568, 0.5622]}
PIXELS = {1: [0.6548, 0.4738, 0.096, 0.3005, 0.2028, 0.2689, 0.602, 0.9271]}
PARAMETERS = {
    1: {
        "crop_height": 0.805403,
        "crop_width": 0.887033,
        "crop_top": 0.867735,
        "crop_left": 0.180199,
        "angle": 2.889417,
        "threshold": 0.435708,
        "brightness": 0.693444,
        "contrast": 1.328571,
        "saturation": 1.26948,
        "hue": -0.095767,
    }
}
NOISE_KEY = {1: [2190892578, 1750425323]}
AUTHORS_MEANS = {1: [0.3624, 0.4155, 0.4652, 0.3883, 0.406, 0.3605, 0.435, 0.4496]}
AUTHORS_PIXELS = {1: [0.8231, 0.6466, 0.8874, 0.1869, 0.1253, 0.0115, 0.7244, 0.6851]}


def test_output_is_that_of_its_revision() -> None:
    y = TableS1().build(0)(images(8), keys(8), 0, 0)
    assert y.mean(dim=(1, 2, 3)).tolist() == pytest.approx(MEANS[TableS1.revision], abs=1e-4)
    assert y[:, 1, 7, 9].tolist() == pytest.approx(PIXELS[TableS1.revision], abs=1e-4)


def test_the_authors_output_is_that_of_its_revision() -> None:
    y = TableS1Authors().build(0)(images(8), keys(8), 0, 0)
    assert y.mean(dim=(1, 2, 3)).tolist() == pytest.approx(AUTHORS_MEANS[TableS1Authors.revision], abs=1e-4)
    assert y[:, 1, 7, 9].tolist() == pytest.approx(AUTHORS_PIXELS[TableS1Authors.revision], abs=1e-4)


def test_parameters_are_those_of_their_revision() -> None:
    drawn = draw(TableS1(), 0, keys(8), 0, 0)
    first = {name: float(vars(drawn)[name][0]) for name in PARAMETERS[TableS1.revision]}
    assert first == pytest.approx(PARAMETERS[TableS1.revision], abs=1e-6)
    assert drawn.noise_key[0].tolist() == NOISE_KEY[TableS1.revision]
