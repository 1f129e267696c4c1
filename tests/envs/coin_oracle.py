"""The Coin Game as its rules say, in slow and plain Python; it shares no code with the package."""

import math

import numpy as np

STEPS = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0), "stay": (0, 0)}


class Oracle:
    """One game with the settings of a ``CoinGame``, as keywords; positions are (row, column)."""

    def __init__(self, height, width, players, **settings):
        self.height, self.width, self.players = height, width, players
        self.settings = settings
        self.board = [(row, column) for row in range(height) for column in range(width)]

    def pick(self, uniform, options):
        """The uniform number's share of the options, multiplied in float32 as the package does."""
        return options[math.floor(np.float32(uniform) * np.float32(len(options)))]

    def free(self, occupied):
        return [cell for cell in self.board if cell not in occupied]

    def reset(self, noise):
        noise = list(noise)
        self.at = []
        for _ in range(self.players):
            taken = [] if self.settings["players_overlap"] else self.at
            self.at.append(self.pick(noise.pop(0), self.free(taken)))
        self.coins = []
        for _ in range(self.settings["num_coins"]):
            self.coins.append(self.new_coin(noise.pop(0)))
        if self.settings["num_coins"] == 1:
            self.owners = [self.pick(noise.pop(0), range(self.players))]
        else:
            self.owners = list(range(self.players))
        assert not noise

    def new_coin(self, uniform):
        return self.pick(uniform, self.free([] if self.settings["coins_on_players"] else self.at))

    def step(self, actions, noise):
        """Rewards, own coins taken, others' coins taken."""
        for seat, action in enumerate(actions):
            down, right = STEPS[(*self.settings["moves"], "stay")[action]]
            row, column = self.at[seat]
            self.at[seat] = (row + down) % self.height, (column + right) % self.width
        rewards, own, other = ([0] * self.players for _ in range(3))
        for i, coin in enumerate(self.coins):
            takers = [seat for seat in range(self.players) if self.at[seat] == coin]
            if self.settings["tie"] == "first":
                takers = takers[:1]
            owner = self.owners[i]
            for seat in takers:
                if seat == owner:
                    own[seat] += 1
                    rewards[seat] += self.settings["rewards"][0]
                else:
                    other[seat] += 1
                    rewards[seat] += self.settings["rewards"][1]
            if any(seat != owner for seat in takers):
                rewards[owner] += self.settings["rewards"][2]
            if takers:
                self.coins[i] = self.new_coin(noise[i])
                if self.settings["next_owner"] == "random":
                    self.owners[i] = self.pick(noise[-1], range(self.players))
                elif self.settings["num_coins"] == 1:
                    self.owners[i] = (owner + 1) % self.players
        return rewards, own, other

    def number(self, cell):
        return cell[0] * self.width + cell[1]

    def state(self):
        return (
            [self.number(cell) for cell in self.at],
            [self.number(cell) for cell in self.coins],
            list(self.owners),
        )

    def view(self, seat):
        """The seat's planes, ``[2 P, H, W]``, and its index features."""
        order = [
            (seat * self.settings["swap_view"] + i) % self.players for i in range(self.players)
        ]

        def seen(cell):
            if not self.settings["shift_view"]:
                return cell
            row, column = self.at[seat]
            return (
                (cell[0] - row + self.height // 2) % self.height,
                (cell[1] - column + self.width // 2) % self.width,
            )

        planes = np.zeros((2 * self.players, self.height, self.width), np.float32)
        for i, player in enumerate(order):
            planes[i][seen(self.at[player])] = 1
        for cell, owner in zip(self.coins, self.owners, strict=True):
            planes[self.players + order.index(owner)][seen(cell)] = 1
        features = [self.number(seen(self.at[player])) for player in order]
        if self.settings["num_coins"] == 1:
            features += [self.number(seen(self.coins[0])), order.index(self.owners[0])]
        else:
            features += [self.number(seen(self.coins[player])) for player in order]
        return planes, features
