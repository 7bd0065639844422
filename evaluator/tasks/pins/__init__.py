"""Pinned files, one JSON a benchmark; see evaluator.tasks.load_pins."""
