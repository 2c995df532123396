"""A nuclear mask: what kind of nucleus each pixel lies in, as grey levels (paper, section 2.1)."""

from __future__ import annotations

from functools import partial
from typing import Annotated, TypeAlias

from pydantic import Field

from harness.data.views import View, Viewer

Level: TypeAlias = Annotated[int, Field(ge=0, le=255)]

LEVELS = (0, 51, 102, 153, 204, 255)


class Mask(View, name="mask"):
    """Type numbers turned into grey levels, the one channel repeated to three as the paper does.

    The paper's types are 0 background, 1 neoplastic, 2 inflammatory, 3 connective, 4 dead
    and 5 non-neoplastic epithelial. The grey of each is not published: the default is
    even steps from black to white.

    Attributes:
        levels: The grey level of each type number, from 0 on. Background should be 0:
            the augmentation knows it by that.
    """

    levels: Annotated[tuple[Level, ...], Field(min_length=2, max_length=256)] = LEVELS

    def build(self) -> Viewer:
        """The look-up of each pixel's type."""
        from harness.data.views.ops.mask import look_up

        return partial(look_up, levels=self.levels)
