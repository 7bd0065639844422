"""From a submission to results: data, requests, packs, run, score. Needs a model; torch stays in backends."""
