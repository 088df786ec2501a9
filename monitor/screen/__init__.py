"""What a person at a terminal sees: one module for each thing shown, in Chinese or English."""
