"""PPO as single-agent libraries have it: one loss of actor and values, minibatches, passes."""
