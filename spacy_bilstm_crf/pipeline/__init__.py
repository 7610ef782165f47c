"""The components: docs to scores, scores to annotation, gold to losses."""
