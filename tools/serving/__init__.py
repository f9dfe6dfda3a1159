"""`sppnet serve` behind its command: a page, and the HTTP interface that it uses, on this machine."""
