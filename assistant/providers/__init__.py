"""Models and the embedder: the only place that knows their engines."""
