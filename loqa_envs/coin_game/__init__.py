"""The Coin Game: its settings and rules, what players see, scripted players, and its picture.

`loqa_envs.coin_game.game` puts them together; none of the other modules imports it.
"""
