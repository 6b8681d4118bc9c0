"""The measurements behind the claims in README.md; the product never imports them."""

import os

# The factor library fights OpenBLAS for threads unless this is set before numpy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
