"""The version of the package: the build reads it from here, and so does CLIENT SETINFO."""

VERSION = "0.1.0"
