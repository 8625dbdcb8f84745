"""Tokenizers: recipes, training, exact encoding, intrinsic measures and the token store."""
