"""What every test runs under, set before JAX is imported; child processes inherit it."""

import os
import tempfile

# Windows are drawn unseen.
os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
# Most of the suite's time is XLA's: equal programs are compiled once, and less thoroughly.
_cache = tempfile.TemporaryDirectory(prefix="loqa-tests-")
os.environ["JAX_COMPILATION_CACHE_DIR"] = _cache.name
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_backend_optimization_level=1"
