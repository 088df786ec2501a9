"""What the command line does: one module for each command, without a word of its own about options."""
