"""Method text to metadata: sections, then tags with character offsets, then BIDS, NWB and openMINDS fields."""
