"""The processes of a run: torchrun starts them, torch.distributed joins them.

Their number, and on several nodes where to meet, come from torchrun's own flags.
"""

import os
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from explore_transformers.device import choose_device
from explore_transformers.language import text
from explore_transformers.pretraining.config import PretrainError

LONG = timedelta(days=2)  # tokenizing a large folder, for which all others wait


@dataclass(frozen=True)
class Processes:
    """This process among all: its number from 0 on, how many there are, its device."""

    rank: int = 0
    count: int = 1
    device: str = "cpu"
    patient: object = None  # the group in which the others wait for long

    def total(self, values):
        """The sum over all processes of a list of numbers, in float64 -> a list."""
        kind = torch.float32 if self.device == "mps" else torch.float64
        values = torch.tensor(values, dtype=kind, device=self.device)
        if self.count > 1:
            dist.all_reduce(values)
        return values.tolist()

    def gather(self, value):
        """The tensors of all processes, by their numbers; value on the CPU."""
        found = [value]
        if self.count > 1:
            found = [None] * self.count
            dist.all_gather_object(found, value)
        return found

    def first_does(self, work):
        """work() in the first process, while all others wait; its result in all.

        What it raises, PretrainError or OSError, is raised in all.
        """
        result = None
        try:
            result = work() if self.rank == 0 else None
        except (PretrainError, OSError) as error:
            result = error
        if self.count > 1:
            shared = [result]
            dist.broadcast_object_list(shared, src=0, group=self.patient)
            (result,) = shared
        if isinstance(result, Exception):
            raise result
        return result

    def wrap(self, module):
        """The module, its gradients averaged over all processes, and its no_sync."""
        if self.count == 1:
            return module, nullcontext
        ids = [self.device] if self.device.startswith("cuda") else None
        wrapped = DistributedDataParallel(module, device_ids=ids)
        return wrapped, wrapped.no_sync


def join():
    """Join the processes that torchrun started, if it did -> Processes.

    nccl connects GPUs, gloo CPUs. Raises PretrainError if a node has more processes
    than GPUs.
    """
    device = choose_device()
    if "RANK" not in os.environ:
        return Processes(device=device)
    rank, count, local = (
        int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK")
    )
    if device == "cuda":
        device = f"cuda:{local}"
        if local >= torch.cuda.device_count():
            why = text(
                ko="GPU보다 프로세스가 많습니다. --nproc-per-node를 줄이세요: GPU ",
                en="more processes than GPUs: lower --nproc-per-node. GPUs: ",
            )
            raise PretrainError(f"{why}{torch.cuda.device_count()}")
        torch.cuda.set_device(local)
    elif count > 1:
        device = "cpu"  # Apple's GPU can't be shared in this way
    dist.init_process_group("nccl" if device.startswith("cuda") else "gloo")
    patient = dist.new_group(backend="gloo", timeout=LONG)
    return Processes(rank, count, device, patient)


def share_of_batch(training, processes):
    """How many rows of a batch are this process's. Raises PretrainError if unequal."""
    if training.batch_size % processes.count:
        why = text(
            ko="프로세스 수로 나누어떨어져야 합니다",
            en="must be a multiple of the number of processes",
        )
        said = f"[training] batch_size = {training.batch_size}"
        raise PretrainError(f"{said}: {why} ({processes.count})")
    return training.batch_size // processes.count
