"""Nuclear masks: the type of nucleus that each pixel of a patch lies in, and the commonest type of a patch.

Masks are stored as type numbers; what grey each type is shown in is the view's. The
types are those of PanNuke, on which the paper's HoVer-Net was trained.
"""

TYPES = ("Background", "Neoplastic", "Inflammatory", "Connective", "Dead", "Non-Neoplastic Epithelial")
"""By number, as the paper lists them (section 2.1)."""
