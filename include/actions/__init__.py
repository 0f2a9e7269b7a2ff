"""What goes out: the outbox, the channels that it is sent by, and reminders to sales people."""
