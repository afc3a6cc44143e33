"""The homes beside Google's, on emulators, and other readers of what is published."""
