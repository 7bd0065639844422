"""NTREX-128: English and Chinese news, translated from `en` to `zh`. Sources in `ntrex.py`."""

from evaluator.tasks.ntrex import translation_task

TASK = translation_task("ntrex_en_zh", "en", "zh")
