"""Measures, counts and draws corpora and pipelines. Nothing here prints."""
