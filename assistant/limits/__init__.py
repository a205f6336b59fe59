"""Floor 3: what people may use up, and what happens at the limit."""
