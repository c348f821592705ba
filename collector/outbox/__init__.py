"""Store and forward: reports and frames are kept on disk until the remote backend has them."""
