"""Webhooks: received, checked and stored; then what they tell is landed and staged."""
