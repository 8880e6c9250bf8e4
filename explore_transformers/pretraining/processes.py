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
        """The values of all processes, in order."""
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
    if "RANK" not in os.environ:
        return Processes(device=choose_device())
    names = "RANK", "WORLD_SIZE", "LOCAL_RANK"
    rank, count, local = (int(os.environ[name]) for name in names)
    device = own_device(local, count)
    dist.init_process_group("nccl" if device.startswith("cuda") else "gloo")
    patient = dist.new_group(backend="gloo", timeout=LONG)
    return Processes(rank, count, device, patient)


def leave():
    """The end of a run that went well."""
    if dist.is_initialized():
        dist.destroy_process_group()


def own_device(local, count):
    """The device of a node's process number `local`, one GPU each where there are."""
    device = choose_device()
    if device.startswith("cuda"):
        if local >= torch.cuda.device_count():
            why = text(
                ko="GPU보다 프로세스가 많습니다. --nproc-per-node를 줄이세요: GPU ",
                en="more processes than GPUs: lower --nproc-per-node. GPUs: ",
            )
            raise PretrainError(f"{why}{torch.cuda.device_count()}")
        torch.cuda.set_device(local)
        return f"cuda:{local}"
    return "cpu" if count > 1 else device  # Apple's GPU can't be shared in this way


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
