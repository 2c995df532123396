"""What every test shares: `tests/` on the path for `support`, one thread a process, a fixed hash of nothing else."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
