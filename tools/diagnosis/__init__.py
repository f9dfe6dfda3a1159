"""What `sppnet doctor` looks at: each check tells what is there, what it costs, and the command that mends it."""
