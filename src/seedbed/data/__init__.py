"""Components, grammar engine, mixtures, orders: what reads the shelf `data/` and builds corpora from it."""
