"""How verbs share options, console and progress."""
