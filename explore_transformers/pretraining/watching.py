"""What a run tells: a plain line a step, a progress bar, and TensorBoard's curves."""

import sys
import time
from contextlib import suppress

from tqdm import tqdm

from explore_transformers.language import text


class Watcher:
    """Tells of a run, in its first process alone: log.txt, terminal, TensorBoard.

    On a terminal a bar stands for the lines, which always go into the file.
    """

    def __init__(self, config, processes, first_step):
        self.on = processes.rank == 0
        if not self.on:
            return
        folder, n_steps = config.place(config.run.folder), config.training.n_steps
        self.log = (folder / "log.txt").open("a", encoding="utf-8", buffering=1)
        self.bar = tqdm(
            total=n_steps, initial=first_step, disable=None, file=sys.stderr
        )
        self.n_steps, self.time, self.board = n_steps, time.perf_counter(), None
        if config.run.tensorboard:
            with suppress(ImportError):
                from torch.utils.tensorboard import SummaryWriter

                place = str(folder / "tensorboard")
                self.board = SummaryWriter(place, purge_step=first_step + 1)

    def step(self, step, loss, rate, norm, n_tokens):
        """A training step: loss in nats a token, learning rate, gradient's norm."""
        if not self.on:
            return
        now = time.perf_counter()
        speed, self.time = n_tokens / (now - self.time), now
        self.line(
            f"step {step}/{self.n_steps}  loss {loss:.4f}  rate {rate:.3e}  "
            f"norm {norm:.3f}  tokens/s {speed:.0f}"
        )
        self.bar.set_postfix_str(f"loss {loss:.3f}", refresh=False)
        self.bar.update()
        values = {"loss": loss, "rate": rate, "norm": norm, "tokens/s": speed}
        self.curves(step, values)

    def evaluated(self, step, loss):
        """An evaluation: mean loss on held-out rows, in nats a token."""
        if self.on:
            self.line(f"step {step}/{self.n_steps}  held-out loss {loss:.4f}")
            self.curves(step, {"held-out loss": loss})
            self.time = time.perf_counter()

    def saved(self, folder):
        if self.on:
            lead = text(ko="체크포인트: ", en="checkpoint: ")
            self.line(f"{lead}{folder}")
            self.time = time.perf_counter()

    def line(self, words):
        """A line for the log, and for the terminal where no bar can be drawn."""
        if self.on:
            print(words, file=self.log)
            if self.bar.disable:
                print(words, flush=True)

    def curves(self, step, values):
        if self.board:
            for name, value in values.items():
                self.board.add_scalar(name, value, step)

    def close(self):
        if self.on:
            self.bar.close()
            self.log.close()
            if self.board:
                self.board.close()
