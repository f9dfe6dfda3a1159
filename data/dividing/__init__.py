"""Which images train and which are held out: drawn by class or by content, and copies known again."""
