"""What customers ask, and replies to it: messages are understood (`understanding`), and what is known of who asks is put
into the reply (`compose`), unless the reply needs what is not known (`lacks`)."""
