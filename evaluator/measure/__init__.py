"""From a submission to results: data, requests, packs, run, score. torch stays in backends."""
