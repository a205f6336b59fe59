"""Floor 3: which models people may use, which one answers, and what takes its place when it cannot."""
