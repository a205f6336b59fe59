"""Floor 3: what the models were used for and what that cost."""
