"""NTREX-128: English and Chinese news, translated from `zh` to `en`. Sources in `ntrex.py`."""

from evaluator.tasks.ntrex import translation_task

TASK = translation_task("ntrex_zh_en", "zh", "en")
