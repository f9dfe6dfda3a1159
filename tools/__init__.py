"""What a person runs: one file per verb of the `sppnet` command, nothing else computes here."""
