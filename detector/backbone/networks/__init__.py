"""Conv layers by name: the table of backbones, their layers and where their weights are."""
