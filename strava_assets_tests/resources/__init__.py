"""The resources, against receivers and stores that really answer."""
