"""One gradient of many micro-batches: the mean over tokens, not a mean of means.

Micro-batches seldom hold equally many tokens. The gradient of a large batch's mean loss
is the sum of its tokens' gradients divided by the number of all its tokens; the mean of
the micro-batches' means gives a token of a short micro-batch more weight than it has.
"""

from contextlib import nullcontext

import torch
import torch.nn.functional as F
from torch import nn

IGNORED = -100  # the target where there is none, as in torch


def count_targets(batch):
    """How many tokens of a batch (inputs, targets) are predicted."""
    return int((batch[1] != IGNORED).sum())


class TokenLoss(nn.Module):
    """A model with its loss, so that DistributedDataParallel wraps both as one."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, inputs, targets):
        """inputs, targets (B, T) -> sum of the cross-entropies, in nats."""
        logits = self.model(inputs)
        logits = logits[0] if isinstance(logits, tuple) else logits  # no KV cache
        logits, targets = logits.flatten(0, 1), targets.flatten()
        precise = torch.promote_types(logits.dtype, torch.float32)  # bf16 sums badly
        rule = {"ignore_index": IGNORED, "reduction": "sum"}
        return F.cross_entropy(logits.to(precise), targets, **rule)


def accumulate(loss_sum, micro_batches, n_tokens, no_sync=nullcontext):
    """Add to .grad the gradient of the mean loss a token; return the sum of the losses.

    loss_sum(*micro_batch) is a sum over tokens; n_tokens counts those of all
    micro-batches, other processes' too; under no_sync() gradients stay in the process.
    """
    total, last = 0.0, len(micro_batches) - 1
    for i, micro_batch in enumerate(micro_batches):
        with nullcontext() if i == last else no_sync():
            loss = loss_sum(*micro_batch)
            (loss / n_tokens).backward()
        total += loss.detach()
    return total
