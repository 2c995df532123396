"""A sample set that the program makes: tissue-like patches with a paired stain, typed masks and labels. Synthetic.

It shows whether the harness finds an effect where one was built in and none where
none was. Every patch has four images of one made-up piece of tissue:

he      an H&E image. The neoplastic nuclei differ from the other epithelial ones by
        their chromatin, and a little by size and darkness, amid stain, fibres, vacuoles
        and cells that vary freely: what tells the tissue is in it, and hard to find.
marker  a one-channel fluorescence stain of the neoplastic nuclei: it shows the same plainly.
rescan  the same tissue in H&E again, stained and scanned anew: it adds nothing about the label.
mask    the type of each nucleus, 0 to 5.

The label `tissue` is the class from which the patch was drawn, `cell` the most common
type among its nuclei. The generator was set by the accuracies of supervised heads
alone (tests/support/calibrate_sample.py) and is not changed after. Everything it
makes says that it is synthetic: the set's name, `synthetic: true` in its description,
and `sample.json`, which holds the spec.

Labels are the same everywhere, pixels on one machine: the last bit of a logarithm or
of a Fourier transform may differ between processors.
"""

from __future__ import annotations

from harness.data.synthetic.spec import NUCLEI, REVISION, TISSUES, SampleSpec
from harness.data.synthetic.write import write_sample

__all__ = ["NUCLEI", "REVISION", "TISSUES", "SampleSpec", "write_sample"]
