"""Transforms: datatrove blocks that change one property of a document, exactly, and count what they changed."""
