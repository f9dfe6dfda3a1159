"""How verbs share console and progress; in the rooms what they share beyond."""
