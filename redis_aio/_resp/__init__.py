"""The wire protocol in both directions: commands to bytes, bytes to replies. No I/O."""
