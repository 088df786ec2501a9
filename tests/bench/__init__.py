"""The project's benchmark: what a round, the store, the rules, the settings and the metrics cost on this machine."""
