"""From results to a ranked site. Needs no model: nothing here loads torch or transformers."""
