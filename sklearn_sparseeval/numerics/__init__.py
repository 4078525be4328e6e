"""What two rooms or more compute: for the package's own use, and may change in any release."""
