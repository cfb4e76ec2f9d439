"""What builds from source: for machines where no image registry answers, and for the tests."""
