"""Images spread over machines: in shards that `sppnet merge` joins, or on the workers of a Ray cluster."""
