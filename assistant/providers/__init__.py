"""Models and embedders: the only home of their SDKs."""
