"""Files of packages and servers, fetched into a cache by their digests."""
