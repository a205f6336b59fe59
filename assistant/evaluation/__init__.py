"""Floor 3: how good search, answers, abstention, routing and reading are, measured on question sets of a fixed form."""
