"""Options that several verbs have, or that fill a page."""
