"""Agents as files, and what plays that is no scripted player of ``loqa_envs``."""
