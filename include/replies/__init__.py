"""What customers ask, and replies to it.

A message is understood (`understanding`), what is known of who asks is read (`compose.ticket_facts`), and put into the
reply of the intent (`compose.compose`), unless the reply needs what is not known (`compose.lacks`).
"""
