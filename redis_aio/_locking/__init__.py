"""What a lock is made of: its scripts, the line of those who wait, and what goes on in the background."""
