"""Annotators as datatrove steps: each reads a document's parse and says what constructions are in it."""
