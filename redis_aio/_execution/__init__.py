"""Strategy: which connection, in what order, how often, and who may look on."""
