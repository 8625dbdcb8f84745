"""Filters as datatrove steps, and stages that look at all documents of a source before any of them goes on."""
