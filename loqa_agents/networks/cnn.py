"""Convolutions over images, and the layers of `DenseGRU` behind them."""

from dataclasses import dataclass
from typing import Annotated

import jax
import jax.numpy as jnp
from annotated_types import Interval, Len
from flax import linen as nn

from loqa_agents.networks.dense_gru import DenseGRU, Layers, Width
from loqa_agents.networks.inputs import Inputs, scaled
from loqa_envs.observation import Leaf


@dataclass(frozen=True)
class CNN(DenseGRU):
    """Convolutions with ReLU over each image, then dense layers, GRU and all else of `DenseGRU`.

    What the last convolution gives of all images, and whatever else a seat sees, are the inputs of
    the first dense layer. Bytes are scaled to [0, 1]; floats are taken as they are.
    """

    channels: Annotated[tuple[Width, ...], Len(1, 16)] = (16, 32)
    """Channels of the convolutions, one after the other."""
    kernel: Annotated[int, Interval(ge=1, le=64)] = 3
    """Height and width of what each of them looks at."""
    stride: Annotated[int, Interval(ge=1, le=64)] = 1
    """Cells from one place that is looked at to the next; 2 halves height and width each time."""
    circular: bool = False
    """Whether an image is a torus, so that its edges see what is on the other side; otherwise
    there are zeros around it. With stride 1, moving such an image moves what is seen of it."""

    def _layers(self, inputs: Inputs, num_outputs: int) -> Layers:
        if all(leaf.kind != "image" for leaf in inputs.spec.leaves):
            raise ValueError(
                "the network cnn must be given an image, such as uint8 of the shape (height, "
                f"width, channels), so that it has something to convolve; it was given "
                f"{inputs.spec} without any. dense_gru takes that (and the Coin Game shows images "
                "with observation planes and channels_last)."
            )
        return ImageLayers(
            inputs.spec, inputs.seats, self.hidden, self.memory, num_outputs, True, self
        )


class Convolutions(nn.Module):
    """Features ``[T, h, w, c]`` of images ``[T, H, W, C]``."""

    cnn: CNN

    @nn.compact
    def __call__(self, images: jax.Array) -> jax.Array:
        kernel, padding = (self.cnn.kernel,) * 2, "CIRCULAR" if self.cnn.circular else "SAME"
        for channels in self.cnn.channels:
            images = nn.relu(nn.Conv(channels, kernel, self.cnn.stride, padding)(images))
        return images


class ImageLayers(Layers):
    """`Layers` that look at images through `Convolutions`, with weights for each image."""

    cnn: CNN

    def features_of(self, leaf: Leaf, rows: jax.Array) -> jax.Array:
        if leaf.kind != "image":
            return super().features_of(leaf, rows)
        # Where seats are told apart, each has channels of its own, and 0 in those of the others.
        images = rows.reshape(len(rows), self.seats, *leaf.shape)
        images = jnp.moveaxis(images, 1, 3).reshape(len(rows), *leaf.shape[:2], -1)
        return Convolutions(self.cnn)(scaled(leaf, images)).reshape(len(rows), -1)
