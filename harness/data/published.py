"""What the paper prints about its data, to be set beside what is at hand."""

from __future__ import annotations

TABLE_S2: dict[str, dict[str, dict[str, tuple[int, int]]]] = {
    "nct": {
        "tissue": {
            "ADI": (10404, 1337),
            "BACK": (10564, 847),
            "DEB": (11503, 339),
            "LYM": (11556, 634),
            "MUC": (8892, 1034),
            "MUS": (13534, 592),
            "NORM": (8760, 741),
            "STR": (10444, 421),
            "TUM": (14311, 1232),
        },
        "cell": {
            "Background": (19028, 1613),
            "Neoplastic": (34891, 2501),
            "Inflammatory": (3357, 415),
            "Connective": (22229, 1540),
            "Dead": (18495, 1054),
            "Non-Neoplastic Epithelial": (1968, 54),
        },
    }
}
"""Table S2: training and test patches by data set, label and class."""
