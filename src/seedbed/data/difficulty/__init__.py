"""How hard a document is: one number per document and measure, higher = harder, stored beside the catalogue."""
