"""What is measured, counted and shown of corpora and pipelines. Nothing here prints."""
