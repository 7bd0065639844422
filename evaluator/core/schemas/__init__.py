"""JSON Schemas of what is committed; see evaluator.core.schema."""
