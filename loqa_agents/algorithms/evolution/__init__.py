"""Learning from what whole lives bring, without gradients."""
