"""Equal forms: what can stand for a call, on every implementation. Which of them a target needs is not said here."""
