"""What is known of a user: the profile, how enrolment makes it, and what it shifts."""
