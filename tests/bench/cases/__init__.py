"""The benchmarks, one module each: `TITLE`, `LIMIT` in seconds, and `run`, which yields figures."""
