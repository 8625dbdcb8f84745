"""Readers as datatrove steps: each turns one kind of source into documents and says where damaged input is."""
