"""The ground floor: records, errors, files, schemas and statistics. Imports nothing from above."""
