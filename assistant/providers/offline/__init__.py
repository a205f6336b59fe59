"""The model that needs no key and no network: it answers by quoting the passages, and plans by rules."""
