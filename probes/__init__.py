"""What we saw: the nouns of measurement, one module per probe, and the one door to the network."""
