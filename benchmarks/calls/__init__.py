"""What calls cost in browsers, and forms of them that compute the same: ``python -m benchmarks.calls`` writes docs/browser-calls.md."""
