"""A suite: several games under one protocol with a version, and who has gone through them."""
