"""Floor 3: one question from the guard to the stored answer."""
