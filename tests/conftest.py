"""What every test shares.

`tests/` is on the path, for `support`; each process has one thread, set before
anything imports torch; a test has a limit of time; what is left out is listed at
the end, and where `HARNESS_NO_SKIPS` is set nothing may skip.
"""

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path[:0] = [str(HERE), str(HERE.parent)]

pytest_plugins = ["support.left_out", "support.no_skips", "support.libraries", "support.time_limit"]
