"""The grammar engine: corpora, probe items and gold syntax from a file of rules on the shelf `data/grammars`."""
