"""What tells of who somebody is, found in text and replaced: names, dates, numbers, addresses."""
