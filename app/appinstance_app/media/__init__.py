"""Where the bytes of pictures are kept: S3, or a folder in development."""
