"""Understanding what customers ask, and composing replies to it."""
