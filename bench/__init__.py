"""Benchmarks as ratios: this application and a typical one, in turn, in one run on the same machine."""
