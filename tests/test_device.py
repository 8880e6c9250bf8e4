"""The lessons compute where it is fast and right, and say so when they can't."""

import pytest
import torch

from explore_transformers import device
from explore_transformers.device import choose_device


@pytest.fixture(autouse=True)
def plain_machine(monkeypatch):
    """A machine without GPUs, hub or settings; torch's threads as before at the end."""
    names = (device.DEVICE_VARIABLE, device.THREADS_VARIABLE, "JUPYTERHUB_USER")
    for name in (*names, "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_cuda_before_apple_before_the_cpu(monkeypatch):
    assert choose_device() == "cpu"
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(device, "agrees_with_cpu", lambda name: True)
    assert choose_device() == "mps"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device() == "cuda"


@pytest.mark.parametrize("language, words", [("ko", "다른 값"), ("en", "other values")])
@pytest.mark.parametrize("name", ["mps", "cuda"])
def test_a_gpu_only_where_it_is_right(monkeypatch, capsys, name, language, words):
    monkeypatch.setattr("explore_transformers.language._language", language)
    place = torch.cuda if name == "cuda" else torch.backends.mps
    monkeypatch.setattr(place, "is_available", lambda: True)
    monkeypatch.setattr(device, "agrees_with_cpu", lambda name: False)
    assert choose_device() == "cpu"
    said = capsys.readouterr().out
    assert words in said and device.DEVICE_VARIABLE in said and name in said


def test_a_gpu_that_torch_sees_but_cannot_use(monkeypatch, capsys):
    """As an old one, or a driver that doesn't fit: the first tensor fails."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    right = torch.nn.Module.to

    def no_kernel(module, place):
        if place == "cuda":
            raise RuntimeError("CUDA error: no kernel image is available")
        return right(module, place)

    monkeypatch.setattr(torch.nn.Module, "to", no_kernel)
    assert choose_device() == "cpu" and "cuda" in capsys.readouterr().out


def test_the_cpu_agrees_with_itself_and_a_device_without_numbers_does_not():
    assert device.agrees_with_cpu("cpu")
    assert not device.agrees_with_cpu("meta")
    assert not device.agrees_with_cpu("nowhere")


def test_a_wrong_gradient_is_seen(monkeypatch):
    right, calls = torch.Tensor.softmax, []

    def wrong_the_second_time(x, dim):
        calls.append(x)
        return right(x, dim) * (1.1 if len(calls) == 2 else 1)

    monkeypatch.setattr(torch.Tensor, "softmax", wrong_the_second_time)
    assert not device.agrees_with_cpu("cpu")


def test_the_variable_decides(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setenv(device.DEVICE_VARIABLE, "cpu")
    assert choose_device() == "cpu"


@pytest.mark.parametrize("name", ["mps", "gpu", "meta"])
def test_a_device_that_is_not_here(monkeypatch, name):
    if name == "mps" and torch.backends.mps.is_built():
        pytest.skip("this torch may have the device")
    monkeypatch.setenv(device.DEVICE_VARIABLE, name)
    with pytest.raises(ValueError, match=name):
        choose_device()


def test_one_thread_on_a_hub_unless_said_otherwise(monkeypatch):
    torch.set_num_threads(2)
    choose_device()
    assert torch.get_num_threads() == 2
    monkeypatch.setenv("JUPYTERHUB_USER", "someone")
    choose_device()
    assert torch.get_num_threads() == 1
    monkeypatch.setenv(device.THREADS_VARIABLE, "2")
    choose_device()
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize("value", ["0", "-1", "many", ""])
def test_a_number_of_threads_that_is_none(monkeypatch, value):
    monkeypatch.setenv(device.THREADS_VARIABLE, value)
    with pytest.raises(ValueError, match=device.THREADS_VARIABLE):
        choose_device()
